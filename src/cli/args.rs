//! The arguments of all commands, from the command line, the environment and
//! the configuration file, in this order.

use std::ffi::OsString;

use clap::{Arg, ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::verdict::ExitCode;

use super::audit::AuditArgs;
use super::check::CheckArgs;
use super::config_file::ConfigFile;
use super::error::CliError;
use super::gate::GateArgs;
use super::history::HistoryArgs;
use super::load::LoadArgs;
use super::merge::MergeArgs;
use super::replay::ReplayArgs;
use super::rules::RulesArgs;
use super::selftest::SelftestArgs;
use super::serve::ServeArgs;
use super::shell::{CompletionsArgs, ManArgs};
use super::sign::{SignArgs, VerifyArgs};

/// Conformance and load testing for signed refund gateways.
///
/// Without --target the reference gateway is started for the run, so each
/// command works on a fresh machine. Every flag has an environment name,
/// RECOUP_ and its own in capitals, and can be set in recoup.toml; the command
/// line wins over the environment, and that over the file. The sign key comes
/// from RECOUP_SIGN_KEY or --sign-key-file.
///
/// Exit codes: 0 all held, 1 a rule failed, 2 usage, 3 no verdict, 4 a load
/// threshold was broken, 5 a refund invariant was violated (wins over all),
/// 70 a defect of recoup.
#[derive(Debug, Parser)]
#[command(
    name = "recoup",
    version,
    propagate_version = true,
    max_term_width = 100
)]
pub struct Cli {
    /// Settings for all flags [default: recoup.toml, where there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<std::path::PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The whole gate for CI: pre-flight, check, load, drain and audit
    Gate(GateArgs),
    /// Conformance: every rule against the target
    Check(CheckArgs),
    /// Load from a scenario, audited as it runs
    Load(LoadArgs),
    /// Audit recorded histories; needs no target
    Audit(AuditArgs),
    /// Write a recorded history in another form
    History(HistoryArgs),
    /// One report from the runs of several machines
    Merge(MergeArgs),
    /// Run the reference gateway
    Serve(ServeArgs),
    /// Run the harness against each known fault: the kill matrix
    Selftest(SelftestArgs),
    /// Print the catalogue of rules
    Rules(RulesArgs),
    /// Send a recorded exchange again
    Replay(ReplayArgs),
    /// Sign a bare request value: stdin to stdout
    Sign(SignArgs),
    /// Verify an envelope on stdin
    Verify(VerifyArgs),
    /// Print the completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write one for each command
    Man(ManArgs),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// [`CliError`] where it could not do what it was asked for.
    pub async fn run(self) -> Result<ExitCode, CliError> {
        match self {
            Self::Gate(args) => args.run().await,
            Self::Check(args) => args.run().await,
            Self::Load(args) => args.run().await,
            Self::Audit(args) => args.run(),
            Self::History(args) => args.run(),
            Self::Merge(args) => args.run(),
            Self::Serve(args) => {
                super::serve::run(args).await?;
                Ok(ExitCode::Success)
            }
            Self::Selftest(args) => args.run().await,
            Self::Rules(args) => args.run(),
            Self::Replay(args) => args.run().await,
            Self::Sign(args) => args.run(),
            Self::Verify(args) => args.run(),
            Self::Completions(args) => args.run(),
            Self::Man(args) => args.run(),
        }
    }
}

/// Parses the arguments; help and errors are printed, and end the process
/// with the code that is given back.
pub(super) fn parse(arguments: &[OsString]) -> Result<Cli, ExitCode> {
    let fail = |error: &CliError| {
        eprintln!("recoup: {error}");
        error.exit_code()
    };
    let file = ConfigFile::find(arguments).map_err(|error| fail(&error))?;
    let command = Cli::command().mut_args(name_environment);
    let command = command.mut_subcommands(|command| {
        let command = command.mut_args(name_environment);
        file.as_ref().map_or_else(
            || command.clone(),
            |file| file.set_defaults(command.clone()),
        )
    });
    if let Some(file) = &file {
        file.check(&command).map_err(|error| fail(&error))?;
    }
    command
        .try_get_matches_from(arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches))
        .map_err(|error| {
            // Help and version are no errors; clap knows where each is printed.
            let _ = error.print();
            if error.use_stderr() {
                ExitCode::Usage
            } else {
                ExitCode::Success
            }
        })
}

/// Gives a flag its environment name, unless it has one.
fn name_environment(arg: Arg) -> Arg {
    let takes_part = !matches!(
        arg.get_action(),
        ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
    );
    match arg.get_long() {
        Some(long) if takes_part => {
            let name = format!("RECOUP_{}", long.replace('-', "_").to_uppercase());
            let arg = if arg.get_env().is_none() {
                arg.env(name)
            } else {
                arg
            };
            arg.hide_env(true)
        }
        _ => arg,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().mut_args(name_environment).debug_assert();
    }

    #[test]
    fn every_flag_has_an_environment_name() {
        let command = Cli::command().mut_subcommands(|command| command.mut_args(name_environment));
        for command in command.get_subcommands() {
            for arg in command.get_arguments() {
                let Some(long) = arg.get_long() else { continue };
                let expected = format!("RECOUP_{}", long.replace('-', "_").to_uppercase());
                assert_eq!(
                    arg.get_env().and_then(|name| name.to_str()),
                    Some(expected.as_str()),
                    "{} --{long}",
                    command.get_name()
                );
            }
        }
    }
}
