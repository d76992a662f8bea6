//! `recoup merge`: one report from the runs of several machines.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::audit::{Contradiction, History, RefundOutcome, judge_together};
use crate::load::measured::FILE;
use crate::load::merge::{Merged, ShardRun, merge};
use crate::load::{Measured, MergeError};
use crate::protocol::Timestamp;
use crate::report::Redactor;
use crate::verdict::{AuditSummary, Event, ExitCode, Observers, RunPlan};

use super::audit::{history_file, read};
use super::error::CliError;
use super::load::{end_of_audit, end_of_load};
use super::output::OutputArgs;
use super::run::{End, Reporting};

/// One report from the runs of several machines (load --shard I/N): figures,
/// thresholds, and the audit over all histories.
#[derive(Debug, Clone, Args)]
pub struct MergeArgs {
    /// The folders of the runs, one of each shard
    #[arg(value_name = "RUN", required = true)]
    pub runs: Vec<PathBuf>,

    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
}

impl MergeArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// [`CliError`] where the runs are not all the shards of one load, or their
    /// histories can't be judged: what is not whole is refused, never passed.
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let started = Timestamp::now();
        let mut runs: Vec<ShardRun> = Vec::with_capacity(self.runs.len());
        for folder in &self.runs {
            runs.push(read_run(folder)?);
        }
        runs.sort_by_key(|run| run.measured.about.shard);
        let merged = merge(&runs)?;
        let audit = audit(&runs)?;
        let reporting =
            Reporting::start("merge", started, &self.output, Redactor::new(Vec::new()))?;
        let about = &merged.measured.about;
        reporting.observers.emit(&Event::Started(RunPlan {
            command: "merge".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            target: about.target.clone(),
            in_process: false,
            partner: about.partner.clone(),
            profile: about.profile.clone(),
            seed: about.seed,
            clock: String::new(),
            started: started.to_string(),
        }));
        tell(&runs, &merged, &reporting.observers);
        let summary = merged.measured.summary();
        let end = end_of_load(&summary)
            .graver(end_of_audit(&audit))
            .graver(end_of_recordings(&runs));
        reporting
            .observers
            .emit(&Event::LoadFinished(Box::new(summary)));
        reporting
            .observers
            .emit(&Event::AuditFinished(Box::new(audit)));
        let written = reporting.folder.write_histograms(&merged.measured);
        let exit = reporting.end(&end)?;
        written.map_err(|error| CliError::Output {
            what: error.file.display().to_string(),
            error: error.source,
        })?;
        Ok(exit)
    }
}

fn read_run(folder: &Path) -> Result<ShardRun, CliError> {
    let file = folder.join(FILE);
    let measured = Measured::read(&file).map_err(|error| {
        CliError::Usage(format!(
            "read {}: {error} (give the folder of a run of load --shard that came to its end)",
            file.display()
        ))
    })?;
    Ok(ShardRun {
        name: folder.display().to_string(),
        measured,
    })
}

/// Judges all histories together.
fn audit(runs: &[ShardRun]) -> Result<AuditSummary, CliError> {
    let mut histories = Vec::with_capacity(runs.len());
    let mut files = Vec::with_capacity(runs.len());
    for run in runs {
        let file = history_file(Path::new(&run.name))?;
        let history = read(&file)?;
        let (told, found) = (run.measured.about.operations, operations(&history));
        if told != found {
            return Err(CliError::History(format!(
                "audit {}: it holds {found} operations, and the run recorded {told} (copy the whole file into the run's folder)",
                file.display()
            )));
        }
        histories.push(history);
        files.push(file.display().to_string());
    }
    let mut audit =
        judge_together(&histories).map_err(|contradiction| contradicted(&files, &contradiction))?;
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    audit.name_histories(&files);
    Ok(audit)
}

fn operations(history: &History) -> u64 {
    let count = |order: &crate::audit::OrderHistory| {
        let sent = order
            .attempts
            .iter()
            .filter(|attempt| attempt.outcome != RefundOutcome::NotSent);
        sent.count() + order.queries.len()
    };
    history.orders.iter().map(count).sum::<usize>() as u64
}

fn contradicted(files: &[String], contradiction: &Contradiction) -> CliError {
    let [one, other] = contradiction.histories().map(|index| &files[index]);
    CliError::History(format!(
        "audit {one} with {other}: {contradiction} (name the runs of one load, all against one gateway)"
    ))
}

/// Tells which runs these are, and what to know of them together.
fn tell(runs: &[ShardRun], merged: &Merged, observers: &Observers) {
    for (run, delay) in runs.iter().zip(&merged.delays) {
        let (about, name) = (&run.measured.about, &run.name);
        let shard = about.shard.unwrap_or_default();
        observers.emit(&Event::Notice(format!(
            "shard {shard} is {name}: {} requests in {:.1} s, from {delay:.1} s on",
            run.measured.all.requests, about.seconds
        )));
    }
    if merged.measured.about.in_process {
        observers.emit(&Event::Notice(
            "a shard started a reference gateway of its own: together the shards show nothing about one gateway".to_owned(),
        ));
    }
}

/// A shard whose history could not be written has shown less than it did.
fn end_of_recordings(runs: &[ShardRun]) -> End {
    let broken = runs.iter().find_map(|run| {
        let fault = run.measured.about.recording.as_ref()?;
        Some(format!("{}: {fault}", run.name))
    });
    match broken {
        None => End::new(
            ExitCode::Success,
            "the load's thresholds held, and the audit of all histories found nothing amiss",
        ),
        Some(reason) => End::new(ExitCode::NoVerdict, reason),
    }
}

impl From<MergeError> for CliError {
    fn from(error: MergeError) -> Self {
        Self::Usage(error.to_string())
    }
}
