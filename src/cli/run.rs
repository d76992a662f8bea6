//! What gate, check and load have in common: a target, a report that is
//! written whatever happens, and an end.

use std::io::Write;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::conformance::{Preflight, PreflightError, Setting};
use crate::gateway::{Running, Variants};
use crate::load::Scenario;
use crate::protocol::Timestamp;
use crate::report::{
    Collector, Lines, LiveMetrics, Progress, Redactor, RunFolder, annotations, json, terminal,
};
use crate::verdict::{
    Event, ExitCode, FailureDetail, Level, Observer, Observers, RuleOutcome, RunPlan, Shard,
    Verdict,
};

use super::error::CliError;
use super::interrupt;
use super::metrics::{Listener, Server};
use super::output::{Format, OutputArgs};
use super::selftest::calibrate;
use super::target::{Target, TargetArgs};

/// How a run ended, and why, in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    pub exit: ExitCode,
    pub reason: String,
}

impl End {
    pub(super) fn new(exit: ExitCode, reason: impl Into<String>) -> Self {
        Self {
            exit,
            reason: reason.into(),
        }
    }

    /// Of two ends the graver, with its reason.
    pub(super) fn graver(self, other: Self) -> Self {
        if self.exit.graver(other.exit) == self.exit {
            self
        } else {
            other
        }
    }
}

/// A run that has begun and has not ended.
pub(super) struct Run {
    /// What rules and load work with.
    pub setting: Setting,
    /// Who is told what happens.
    pub observers: Arc<Observers>,
    /// Cancelled by Ctrl-C.
    pub cancel: CancellationToken,
    /// What keeps sign keys out of what is written.
    pub redactor: Redactor,
    reporting: Reporting,
    gateway: Option<Running>,
}

impl Run {
    /// Opens the target and the folder that the reports go to.
    ///
    /// # Errors
    /// [`CliError`] where the target's flags or the folder can't be used.
    pub(super) async fn start(
        command: &str,
        target: &TargetArgs,
        cases: usize,
        output: &OutputArgs,
    ) -> Result<Self, CliError> {
        let cancel = interrupt::token();
        let started = Timestamp::now();
        let Target {
            setting,
            gateway,
            secrets,
        } = target.open(cases, Variants::default()).await?;
        let redactor = Redactor::new(secrets);
        let reporting = Reporting::start(command, started, output, redactor.clone())?;
        let observers = Arc::clone(&reporting.observers);
        observers.emit(&Event::Started(RunPlan {
            command: command.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            target: setting.caller.endpoint.url().to_owned(),
            in_process: gateway.is_some(),
            partner: setting.caller.partner.number.to_string(),
            profile: setting.caller.profile.name.clone(),
            seed: setting.seed,
            clock: setting.caller.clock.start().exact(),
            started: started.to_string(),
        }));
        if let Some(calibration) = calibrate::kept(&output.report) {
            observers.emit(&Event::Calibrated(Box::new(calibration)));
        }
        Ok(Self {
            setting,
            observers,
            cancel,
            redactor,
            reporting,
            gateway,
        })
    }

    /// Makes it the part of a run that goes on on several machines: its numbers
    /// and its orders are others than theirs.
    pub(super) fn take_part(&mut self, shard: Option<Shard>) {
        if let Some(shard) = shard {
            let numbers = self.setting.caller.numbers.of_shard(shard);
            self.setting.caller.numbers = Arc::new(numbers);
            self.setting.orders.keep(shard);
        }
    }

    /// Has whoever asks `listener`, if there is one, told how the run stands,
    /// until what is given back is dropped.
    ///
    /// # Errors
    /// [`CliError::Output`] where nobody can be answered.
    pub(super) fn tell_live(
        &mut self,
        listener: Option<Listener>,
        scenario: &Scenario,
        shard: Option<Shard>,
    ) -> Result<Option<Server>, CliError> {
        let Some(listener) = listener else {
            return Ok(None);
        };
        let Reporting {
            command, output, ..
        } = &self.reporting;
        let metrics = Arc::new(LiveMetrics::new(
            command,
            &scenario.name,
            shard,
            self.redactor.clone(),
        ));
        let server = listener.serve(Arc::clone(&metrics), output.quiet)?;
        let observers = Observers::clone(&self.observers).with(metrics);
        self.observers = Arc::new(observers);
        self.reporting.observers = Arc::clone(&self.observers);
        Ok(Some(server))
    }

    /// Looks whether the target can be tested at all, and goes on in its dialect.
    ///
    /// # Errors
    /// The end of the run, with a diagnosis.
    pub(super) async fn preflight(&mut self) -> Result<(), End> {
        let flight = tokio::select! {
            flight = Preflight::fly(&self.setting, self.observers.as_ref()) => flight,
            () = self.cancel.cancelled() => return Err(interrupted()),
        };
        match flight {
            Ok(preflight) => {
                self.setting = preflight.setting;
                Ok(())
            }
            Err(error) => {
                let diagnosis = error.diagnosis.clone();
                let exit = if error.is_failure {
                    ExitCode::RuleFailed
                } else {
                    ExitCode::NoVerdict
                };
                if let Some(outcome) = blocked(error) {
                    self.observers.emit(&Event::RuleFinished(Box::new(outcome)));
                }
                Err(End::new(exit, diagnosis))
            }
        }
    }

    /// Where the history of this run belongs.
    pub(super) fn folder(&self) -> &RunFolder {
        &self.reporting.folder
    }

    /// Whether the target is the reference gateway, started for this run.
    pub(super) const fn is_in_process(&self) -> bool {
        self.gateway.is_some()
    }

    /// Ends the run: writes the reports and tells the person.
    ///
    /// # Errors
    /// [`CliError::Output`] where a report can't be written.
    pub(super) async fn end(self, end: End) -> Result<ExitCode, CliError> {
        if let Some(gateway) = self.gateway {
            gateway.stop().await;
        }
        self.reporting.end(&end)
    }
}

/// A pre-flight that stopped the run, with the exchange that shows why, where
/// there is one: what came back is what its reader wants to see.
fn blocked(error: PreflightError) -> Option<RuleOutcome> {
    let evidence = error.evidence?;
    Some(RuleOutcome {
        id: "preflight.target".to_owned(),
        level: Level::Must,
        title: "The target is a refund gateway that can be tested.".to_owned(),
        clauses: Vec::new(),
        verdict: if error.is_failure {
            Verdict::Fail
        } else {
            Verdict::Blocked
        },
        message: error.diagnosis,
        is_money: false,
        detail: FailureDetail::default(),
        evidence: vec![*evidence],
        exchanges: 1,
        duration_micros: 0,
    })
}

/// The end of a run that was stopped.
pub(super) fn interrupted() -> End {
    End::new(ExitCode::NoVerdict, "the run was interrupted")
}

/// Where a run's events go, with or without a target.
pub(super) struct Reporting {
    pub observers: Arc<Observers>,
    pub folder: RunFolder,
    command: String,
    collector: Arc<Collector>,
    output: OutputArgs,
}

impl Reporting {
    /// Makes the folder and the observers of a run.
    ///
    /// # Errors
    /// [`CliError::Output`] where the folder can't be made.
    pub(super) fn start(
        command: &str,
        started: Timestamp,
        output: &OutputArgs,
        redactor: Redactor,
    ) -> Result<Self, CliError> {
        let folder =
            RunFolder::create(&output.report, command, &started.compact()).map_err(|error| {
                CliError::Output {
                    what: format!(
                        "the run's folder in {} (choose another with --report)",
                        output.report.display()
                    ),
                    error,
                }
            })?;
        let collector = Arc::new(Collector::new(redactor.clone()));
        let progress: Arc<dyn Observer> = if output.wants_lines() {
            Arc::new(Lines::on_stderr(redactor))
        } else {
            Arc::new(Progress::new(
                output.quiet,
                output.stderr_palette(),
                redactor,
            ))
        };
        let observers = Observers::new()
            .with(Arc::clone(&collector) as Arc<dyn Observer>)
            .with(progress);
        Ok(Self {
            observers: Arc::new(observers),
            folder,
            command: command.to_owned(),
            collector,
            output: output.clone(),
        })
    }

    /// Writes the reports and tells the person.
    ///
    /// # Errors
    /// [`CliError::Output`] where a report can't be written.
    pub(super) fn end(self, end: &End) -> Result<ExitCode, CliError> {
        self.observers.emit(&Event::Finished {
            exit: end.exit,
            reason: end.reason.clone(),
        });
        let mut report = self.collector.report();
        let written = self.folder.write(&mut report);
        let mut stdout = std::io::stdout().lock();
        let shown = match self.output.format {
            Format::Json => json::write(&report, &mut stdout),
            Format::Text if self.output.quiet => {
                writeln!(stdout, "exit code {}: {}", end.exit.number(), end.reason)
            }
            Format::Text => terminal::write(&report, self.output.stdout_palette(), &mut stdout),
        };
        // Nobody reads any more (a closed pipe): the files are there.
        let _ = shown.and_then(|()| stdout.flush());
        if std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true") {
            // Its runner reads both streams, and stdout may be somebody's JSON.
            let _ = annotations::write(&report, &mut std::io::stderr().lock());
        }
        match written {
            Ok(()) => Ok(end.exit),
            Err(error) => {
                eprintln!("recoup: failed to write {error}");
                if let Some(hint) = error.hint() {
                    eprintln!("recoup: {hint}");
                }
                Ok(end.exit.graver(ExitCode::NoVerdict))
            }
        }
    }
}
