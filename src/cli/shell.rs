//! `recoup completions` and `recoup man`: what a shell and `man` want to know of
//! the commands, made from their definition.

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::verdict::ExitCode;

use super::args::Cli;
use super::error::CliError;

/// The name of the program, as a shell knows it.
const NAME: &str = "recoup";

/// Print the completions for a shell.
#[derive(Debug, Clone, Args)]
pub struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

impl CompletionsArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// [`CliError::Output`] where stdout takes nothing.
    pub(super) fn run(&self) -> Result<ExitCode, CliError> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), NAME, &mut script);
        print(&script)
    }
}

/// Print the manual page, or write one for each command.
#[derive(Debug, Clone, Args)]
pub struct ManArgs {
    /// Write recoup.1, and a page for each command (recoup-gate.1), to this
    /// folder instead
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

impl ManArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// [`CliError::Output`] where a page can't be written.
    pub(super) fn run(&self) -> Result<ExitCode, CliError> {
        if let Some(folder) = &self.output {
            std::fs::create_dir_all(folder)
                .and_then(|()| clap_mangen::generate_to(Cli::command(), folder))
                .map_err(|error| CliError::Output {
                    what: format!(
                        "the manual pages to {} (choose another folder with --output)",
                        folder.display()
                    ),
                    error,
                })?;
            return Ok(ExitCode::Success);
        }
        let mut page = Vec::new();
        Man::new(Cli::command())
            .render(&mut page)
            .expect("a text in memory takes every byte");
        print(&page)
    }
}

/// Writes to stdout; that nobody reads any more (a closed pipe) is no failure.
fn print(text: &[u8]) -> Result<ExitCode, CliError> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CliError::Output {
            what: "to stdout".to_owned(),
            error,
        }),
        _ => Ok(ExitCode::Success),
    }
}
