//! `recoup load`: load from a scenario, audited as it runs.

use std::fs::File;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use crate::audit::{Form, Recorder, settle};
use crate::conformance::raced::release_in_load;
use crate::load::{Attack, Attacked, Earlier, Law, Scenario, Threshold};
use crate::target::Clock;
use crate::verdict::{AuditSummary, Event, ExitCode, LoadSummary, Observer, RunVerdict, Severity};

use super::error::CliError;
use super::metrics::MetricsArgs;
use super::open_files::make_room;
use super::output::OutputArgs;
use super::run::{End, Run, interrupted};
use super::shard::{self, Part, ShardArgs};
use super::shrink::ShrinkArgs;
use super::target::TargetArgs;

/// Where the scenario is looked for where none is named.
const DEFAULT_SCENARIO: &str = "scenarios/sustained.toml";
/// What is said where nothing was learned about how volleys leave best.
const UNMEASURED: &str = "harmless requests before the load were not answered in time, so nothing says how volleys leave best: each request leaves in one write";

/// Load from a scenario, audited as it runs.
#[derive(Debug, Clone, Args)]
pub struct LoadArgs {
    /// What traffic, and how long.
    #[command(flatten)]
    pub traffic: TrafficArgs,
    /// What to test.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What traffic, and how long. A flag overrides the scenario.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Load")]
pub struct TrafficArgs {
    /// The scenario's file [default: scenarios/sustained.toml, built in where
    /// the file is absent]
    #[arg(value_name = "SCENARIO")]
    pub scenario: Option<PathBuf>,

    /// Concurrent users, each with one connection
    #[arg(long, value_name = "N")]
    pub users: Option<NonZeroUsize>,

    /// Users started per second [default: all within a second,
    /// at most 2000 a second]
    #[arg(long, value_name = "N")]
    pub hatch_rate: Option<f64>,

    /// Arrivals per second: latency counts from the intended start
    #[arg(long, value_name = "N")]
    pub rate: Option<f64>,

    /// How arrivals are spaced: constant, or poisson, as independent callers
    /// come
    #[arg(long, value_name = "LAW")]
    pub arrivals: Option<Law>,

    /// How long is measured; stages keep their proportions
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub duration: Option<Duration>,

    /// How long is run before anything is measured
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub warmup: Option<Duration>,

    /// What must hold, instead of the scenario's thresholds; repeatable
    #[arg(long = "threshold", value_name = "'p99<50ms'")]
    pub thresholds: Vec<Threshold>,

    /// End the run where a threshold is broken: exit code 4, and a report
    #[arg(long)]
    pub abort_on_threshold: bool,

    /// How long is measured before a threshold may end the run [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub abort_grace: Option<Duration>,

    /// Compare with an earlier run: its folder, or its report.json. What is
    /// worse by more than the band is a broken threshold
    #[arg(long, value_name = "RUN")]
    pub compare: Option<PathBuf>,

    /// By how much, in percent, a figure may be worse than the earlier run's
    #[arg(long, value_name = "PERCENT", default_value = "20")]
    pub compare_band: f64,

    /// Which part of the load this machine runs.
    #[command(flatten)]
    pub shard: ShardArgs,

    /// Where live figures can be had.
    #[command(flatten)]
    pub metrics: MetricsArgs,

    /// Where the history of all refunds goes: text where the name ends in
    /// .ndjson, else the compact binary form [default: history.bin in the run's
    /// folder]
    #[arg(long, value_name = "FILE|off")]
    pub history: Option<String>,

    /// What becomes of violations about money.
    #[command(flatten)]
    pub shrink: ShrinkArgs,
}

impl LoadArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// [`CliError`] where it can't be run at all.
    pub(super) async fn run(self) -> Result<ExitCode, CliError> {
        let scenario = self.traffic.scenario()?;
        let earlier = self.traffic.earlier()?;
        let part = self.traffic.shard.part(&scenario, &self.target)?;
        TrafficArgs::make_room(&scenario, &part, &self.target)?;
        let metrics = self.traffic.metrics.listen()?;
        let mut run = Run::start("load", &self.target, 1, &self.output).await?;
        run.take_part(part.shard);
        let _serving = run.tell_live(metrics, &scenario, part.shard)?;
        let sink = self.traffic.history_sink(&run)?;
        let end = match run.preflight().await {
            Ok(()) => load(&run, scenario, part, earlier, sink, self.traffic.shrink).await,
            Err(end) => end,
        };
        run.end(end).await
    }
}

impl TrafficArgs {
    /// The scenario with the flags laid over it.
    ///
    /// # Errors
    /// [`CliError::Scenario`] where the file or a setting can't be used.
    pub(super) fn scenario(&self) -> Result<Scenario, CliError> {
        let mut scenario = match &self.scenario {
            Some(path) => Scenario::read(path)?,
            None if Path::new(DEFAULT_SCENARIO).is_file() => {
                Scenario::read(Path::new(DEFAULT_SCENARIO))?
            }
            None => Scenario::parse(Scenario::SUSTAINED, "the built-in scenario")?,
        };
        if let Some(users) = self.users {
            scenario.set_users(users.get());
        }
        if let Some(duration) = self.duration {
            scenario.set_duration(duration);
        }
        if let Some(warmup) = self.warmup {
            scenario.warmup = warmup;
        }
        if let Some(rate) = self.rate {
            scenario.set_rate(rate);
        }
        if self.hatch_rate.is_some() {
            scenario.hatch_rate = self.hatch_rate;
        }
        if let Some(arrivals) = self.arrivals {
            scenario.arrivals = arrivals;
        }
        if !self.thresholds.is_empty() {
            scenario.thresholds.clone_from(&self.thresholds);
        }
        scenario.abort_on_threshold |= self.abort_on_threshold;
        if let Some(grace) = self.abort_grace {
            scenario.abort_grace = grace;
        }
        scenario.check()?;
        Ok(scenario)
    }

    /// Makes room for the connections of this machine's users, whose other
    /// sockets a reference gateway has that is started for the run.
    ///
    /// # Errors
    /// [`CliError::Usage`] where the system allows fewer.
    pub(super) fn make_room(
        scenario: &Scenario,
        part: &Part,
        target: &TargetArgs,
    ) -> Result<(), CliError> {
        let users = part.shard.unwrap_or_default().share(scenario.most_users());
        let sockets = if target.target.is_none() { 2 } else { 1 };
        make_room(users, sockets).map_err(|too_few| {
            let needed = too_few.needed;
            CliError::Usage(format!(
                "connect {users} users: {too_few} (raise it with ulimit -n {needed}, ask for fewer --users, or load from several machines with --shard)"
            ))
        })
    }

    /// The earlier run to compare with, if there is one.
    ///
    /// # Errors
    /// [`CliError`] where it can't be read, or the band is none.
    pub(super) fn earlier(&self) -> Result<Option<Earlier>, CliError> {
        let band = self.compare_band;
        if !(0.0..=1_000.0).contains(&band) {
            return Err(CliError::Usage(format!(
                "use --compare-band {band}: give a percentage from 0 to 1000, such as 20"
            )));
        }
        let Some(path) = &self.compare else {
            return Ok(None);
        };
        Ok(Some(Earlier::read(path, band / 100.0)?))
    }

    /// Opens the history's file, before any work that would be lost if it
    /// can't be.
    ///
    /// # Errors
    /// [`CliError::Usage`] where it can't be.
    pub(super) fn history_sink(&self, run: &Run) -> Result<Sink, CliError> {
        let path = match self.history.as_deref() {
            Some("off") => return Ok(None),
            Some(path) => PathBuf::from(path),
            None => run.folder().history_path(Form::Binary.ending()),
        };
        let file = File::create(&path).map_err(|error| {
            CliError::Usage(format!(
                "write the history {}: {error} (see --history)",
                path.display()
            ))
        })?;
        Ok(Some(HistoryFile {
            form: Form::for_name(&path),
            path,
            out: Box::new(file),
        }))
    }
}

/// A place that a history is written to; none where it is kept in memory alone.
pub(super) type Sink = Option<HistoryFile>;

/// A history's file.
pub(super) struct HistoryFile {
    path: PathBuf,
    form: Form,
    out: Box<dyn Write + Send>,
}

/// Runs the traffic, resolves and drains, and has the history judged.
pub(super) async fn load(
    run: &Run,
    scenario: Scenario,
    mut part: Part,
    earlier: Option<Earlier>,
    sink: Sink,
    shrink: ShrinkArgs,
) -> End {
    if let Some(earlier) = &earlier
        && earlier.scenario != scenario.name
    {
        run.observers.emit(&Event::Notice(format!(
            "the earlier run that this one is compared with ran another scenario, {}",
            earlier.scenario
        )));
    }
    let shared_orders = match part.begin() {
        Ok(orders) => orders,
        Err(error) => return End::new(ExitCode::NoVerdict, format!("failed to {error}")),
    };
    // A load takes long, and no two go alike: its messages tell the time.
    let caller = run
        .setting
        .caller
        .for_scope("load")
        .with_clock(Clock::present());
    let release = if scenario.has_volleys() {
        tokio::select! {
            release = release_in_load(&run.setting) => {
                if release.is_none() {
                    run.observers.emit(&Event::Notice(UNMEASURED.to_owned()));
                }
                release
            }
            // Who stops it here stops the load before it begins.
            () = run.cancel.cancelled() => None,
        }
    } else {
        None
    };
    let history_path = sink.as_ref().map(|file| file.path.display().to_string());
    let recorder = Arc::new(Recorder::writing(
        &caller.profile,
        sink.map(|file| (file.form, file.out)),
    ));
    let attack = Attack {
        scenario,
        caller: caller.clone(),
        orders: Arc::clone(&run.setting.orders),
        recorder: Arc::clone(&recorder),
        observer: Arc::clone(&run.observers) as Arc<dyn Observer>,
        cancel: run.cancel.clone(),
        seed: run.setting.seed,
        shard: part.shard,
        release,
        shared_orders,
        start_at: part.start_at,
        earlier,
    };
    let Attacked {
        summary,
        mut measured,
        settled: clear,
    } = match attack.run().await {
        Ok(attacked) => attacked,
        Err(error) => {
            // The file is whole all the same; what ended the load says more
            // than what may be wrong with it.
            drop(recorder.finish());
            return End::new(ExitCode::NoVerdict, format!("failed to {error}"));
        }
    };
    shard::tell_what_is_left(&measured, run.observers.as_ref());
    run.observers
        .emit(&Event::LoadFinished(Box::new(summary.clone())));
    // Whoever stops the load wants it drained all the same; whoever stops the
    // drain does not.
    let is_stopped = run.cancel.is_cancelled();
    let settled = tokio::select! {
        settled = settle::resolve_and_drain(&caller, &recorder, settle::QUIET, run.observers.as_ref()) => Some(settled),
        () = run.cancel.cancelled(), if !is_stopped => None,
    };
    let (history, fault) = match recorder.finish() {
        Ok(history) => (history, None),
        Err(broken) => (*broken.history, Some(broken.fault)),
    };
    let drained = clear.drained() + settled.map_or(0, |settled| settled.drained);
    let mut audit = clear.and(&history);
    audit.name_history(&history_path.unwrap_or_default());
    audit.exposure.drained_orders = drained;
    shard::leave_to_merge(&mut audit, run.observers.as_ref());
    shrink.shrink(run, &caller, &history, &mut audit).await;
    run.observers
        .emit(&Event::AuditFinished(Box::new(audit.clone())));
    let mut end = end_of_load(&summary).graver(end_of_audit(&audit));
    if run.cancel.is_cancelled() {
        end = end.graver(interrupted());
    }
    measured.about.in_process = run.is_in_process();
    measured.about.operations = audit.operations;
    measured.about.recording = fault.as_ref().map(ToString::to_string);
    run.redactor.text(&mut measured.about.target);
    if let Err(error) = run.folder().write_histograms(&measured) {
        let reason = format!("failed to write {error}");
        end = end.graver(End::new(ExitCode::NoVerdict, reason));
    }
    match fault {
        None => end,
        Some(fault) => end.graver(End::new(
            ExitCode::NoVerdict,
            format!("{fault} (choose another place with --history, or --history off)"),
        )),
    }
}

/// What the figures of a load amount to.
pub(super) fn end_of_load(summary: &LoadSummary) -> End {
    let thresholds = summary
        .thresholds
        .iter()
        .filter(|threshold| !threshold.held)
        .map(|threshold| threshold.threshold.clone());
    let figures = summary
        .comparison
        .iter()
        .filter(|line| !line.held)
        .map(|line| format!("{} no worse than the earlier run's", line.measure));
    let broken: Vec<String> = thresholds.chain(figures).collect();
    if let Some(reason) = &summary.aborted {
        End::new(
            ExitCode::ThresholdBroken,
            format!("a load threshold ended the run: {reason}"),
        )
    } else if let Some(reason) = &summary.interrupted {
        End::new(
            ExitCode::NoVerdict,
            format!("the load ended early: {reason}"),
        )
    } else if let Some(reason) = &summary.inconclusive {
        End::new(ExitCode::NoVerdict, reason.clone())
    } else if !broken.is_empty() {
        End::new(
            ExitCode::ThresholdBroken,
            format!("a load threshold was broken: {}", broken.join(", ")),
        )
    } else {
        End::new(ExitCode::Success, "the load's thresholds held")
    }
}

/// What the verdict of an audit amounts to.
pub(super) fn end_of_audit(audit: &AuditSummary) -> End {
    if let Some(gravest) = audit.violations.first() {
        let exit = match gravest.severity {
            Severity::MoneyLost | Severity::MoneyStuck => ExitCode::Money,
            Severity::Protocol => ExitCode::RuleFailed,
        };
        return End::new(
            exit,
            format!(
                "{} ({}): {}",
                gravest.invariant, gravest.severity, gravest.message
            ),
        );
    }
    match audit.verdict {
        RunVerdict::Pass => End::new(ExitCode::Success, "the audit found nothing amiss"),
        RunVerdict::Fail => End::new(ExitCode::RuleFailed, "the audit failed"),
        RunVerdict::Inconclusive => End::new(
            ExitCode::NoVerdict,
            audit
                .reason
                .clone()
                .unwrap_or_else(|| "the audit decides nothing".to_owned()),
        ),
    }
}
