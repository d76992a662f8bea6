//! `recoup audit`: the verdict on recorded histories, without a target.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::audit::{TextReader, combine, judge};
use crate::protocol::Timestamp;
use crate::report::Redactor;
use crate::verdict::{Event, ExitCode, RunPlan};

use super::error::CliError;
use super::load::end_of_audit;
use super::output::OutputArgs;
use super::run::Reporting;

/// The name of a history in a run's folder.
pub(super) const IN_A_FOLDER: &str = "history.ndjson";

/// Audit recorded histories: was any order refunded beyond what was paid?
#[derive(Debug, Clone, Args)]
pub struct AuditArgs {
    /// History files, or the folders of runs that hold one
    #[arg(value_name = "HISTORY", required = true)]
    pub histories: Vec<PathBuf>,

    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
}

impl AuditArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// [`CliError::History`] where a history can't be read or is broken: a
    /// broken history is refused, never passed.
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let started = Timestamp::now();
        let mut summaries = Vec::with_capacity(self.histories.len());
        for path in &self.histories {
            let file = history_file(path);
            let mut summary = judge(&read(&file)?);
            summary.name_history(&file.display().to_string());
            summaries.push(summary);
        }
        let reporting =
            Reporting::start("audit", started, &self.output, Redactor::new(Vec::new()))?;
        reporting.observers.emit(&Event::Started(RunPlan {
            command: "audit".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            target: shown(&self.histories),
            in_process: false,
            partner: String::new(),
            profile: String::new(),
            seed: 0,
            clock: String::new(),
            started: started.to_string(),
        }));
        let summary = combine(summaries);
        reporting
            .observers
            .emit(&Event::AuditFinished(Box::new(summary.clone())));
        reporting.end(&end_of_audit(&summary))
    }
}

fn shown(histories: &[PathBuf]) -> String {
    let paths: Vec<String> = histories
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    paths.join(", ")
}

/// The file itself, or the one in a run's folder.
pub(super) fn history_file(path: &Path) -> PathBuf {
    if path.is_dir() {
        path.join(IN_A_FOLDER)
    } else {
        path.to_owned()
    }
}

/// Reads the history in a file.
///
/// # Errors
/// [`CliError::History`] names the file, the line and the cure.
pub(super) fn read(file: &Path) -> Result<crate::audit::History, CliError> {
    let fail = |reason: String| CliError::History(format!("audit {}: {reason}", file.display()));
    let source = File::open(file).map_err(|error| fail(error.to_string()))?;
    TextReader::new(BufReader::with_capacity(1 << 20, source))
        .and_then(TextReader::read_all)
        .map_err(|error| fail(format!("{error} ({})", error.hint())))
}
