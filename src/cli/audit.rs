//! `recoup audit`: the verdict on recorded histories, without a target.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::audit::offline::{self, Memory};
use crate::audit::{Form, HistoryError, HistoryReader, combine};
use crate::protocol::Timestamp;
use crate::report::Redactor;
use crate::verdict::{Event, ExitCode, RunPlan};

use super::error::CliError;
use super::history::name_in_a_folder;
use super::load::end_of_audit;
use super::output::OutputArgs;
use super::run::Reporting;

/// Audit recorded histories: was any order refunded beyond what was paid?
#[derive(Debug, Clone, Args)]
pub struct AuditArgs {
    /// History files, or the folders of runs that hold one
    #[arg(value_name = "HISTORY", required = true)]
    pub histories: Vec<PathBuf>,

    /// How much memory it may use, about; a history that needs more is put into
    /// parts below TMPDIR first, with the same verdict
    #[arg(long, value_name = "SIZE", default_value = "512MiB")]
    pub memory: Memory,

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
            let file = history_file(path)?;
            let audited = offline::audit(&file, self.memory);
            let mut summary = audited.map_err(|error| broken(&file, &error))?;
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
///
/// # Errors
/// [`CliError::Usage`] where a folder holds one of each form.
pub(super) fn history_file(path: &Path) -> Result<PathBuf, CliError> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let [text, binary] = [Form::Text, Form::Binary].map(|form| path.join(name_in_a_folder(form)));
    match (text.is_file(), binary.is_file()) {
        (true, true) => Err(CliError::Usage(format!(
            "choose a history of {}: it holds two (name one of them, {} or {})",
            path.display(),
            binary.display(),
            text.display()
        ))),
        (true, false) => Ok(text),
        (false, _) => Ok(binary),
    }
}

/// Opens a history to `what` it.
///
/// # Errors
/// [`CliError::History`] names the file.
pub(super) fn open(what: &str, file: &Path) -> Result<BufReader<File>, CliError> {
    match File::open(file) {
        Ok(opened) => Ok(BufReader::with_capacity(1 << 20, opened)),
        Err(error) => Err(CliError::History(format!(
            "{what} {}: {error} (name a history file, or the folder of a run that holds one)",
            file.display()
        ))),
    }
}

/// Reads the history in a file.
///
/// # Errors
/// [`CliError::History`] names the file, the line and the cure.
pub(super) fn read(file: &Path) -> Result<crate::audit::History, CliError> {
    HistoryReader::new(open("audit", file)?)
        .and_then(HistoryReader::read_all)
        .map_err(|error| broken(file, &error))
}

/// A history that is refused.
fn broken(file: &Path, error: &HistoryError) -> CliError {
    CliError::History(format!(
        "audit {}: {error} ({})",
        file.display(),
        error.hint()
    ))
}
