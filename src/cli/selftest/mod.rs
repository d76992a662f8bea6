//! `recoup selftest`: the harness against each known fault.

pub(super) mod calibrate;
mod kill_matrix;
mod subject;

use std::io::Write as _;
use std::num::{NonZeroU32, NonZeroUsize};

use clap::Args;
use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::conformance::catalogue;
use crate::gateway::{Fault, Variant};
use crate::protocol::Timestamp;
use crate::report::Redactor;
use crate::verdict::{
    Event, ExitCode, FailureDetail, Level, Observer, Observers, RuleOutcome, RunPlan, Verdict,
};

use self::subject::{Ground, Subject, Tested};
use super::error::CliError;
use super::interrupt;
use super::output::{Format, OutputArgs};
use super::run::{End, Reporting, interrupted};
use super::serve;

/// Run the harness against each known fault: every fault must be caught, every
/// rule must catch one, and the clean gateway must pass in every dialect.
#[derive(Debug, Clone, Args)]
pub struct SelftestArgs {
    /// Only faults and variants whose name matches this glob; repeatable
    #[arg(long, value_name = "GLOB")]
    pub only: Vec<String>,

    /// How many gateways are tested at once [default: twice the processors]
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,

    /// How many cases each property tries
    #[arg(long, value_name = "N", default_value = "16")]
    pub cases: NonZeroUsize,

    /// What every generated request follows from [default: drawn, and printed]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Where the gateways keep orders and refunds: memory, sqlite:PATH (a file
    /// for each, PATH and its name) or postgres://USER@HOST:PORT/DATABASE; those
    /// that keep money wrong do so in memory
    // It may hold a password: see recoup serve.
    #[arg(
        long,
        value_name = "STORE",
        default_value = "memory",
        hide_default_value = true
    )]
    pub store: String,

    /// Measure instead how short a race may be and still be seen on this host:
    /// duels with a gateway that checks first and books later
    #[arg(long, conflicts_with_all = ["only", "jobs", "cases", "store"])]
    pub calibrate: bool,

    /// How many duels each window gets
    #[arg(long, value_name = "N", default_value = "200", requires = "calibrate")]
    pub duels: NonZeroU32,

    /// The windows from the check to the booking [default: 1, 10, 100, 1000]
    #[arg(long = "window", value_name = "µs", requires = "calibrate")]
    pub windows: Vec<u64>,

    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
}

impl SelftestArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// [`CliError`] where it can't be run at all.
    pub(super) async fn run(self) -> Result<ExitCode, CliError> {
        if self.calibrate {
            return calibrate::run(&self).await;
        }
        let subjects = self.subjects()?;
        let store = serve::store_named(&self.store)
            .map_err(|problem| CliError::Usage(format!("use the --store: {problem}")))?;
        let cancel = interrupt::token();
        let started = Timestamp::now();
        let seed = self.seed.unwrap_or_else(rand::random);
        let reporting =
            Reporting::start("selftest", started, &self.output, Redactor::new(Vec::new()))?;
        let observers = std::sync::Arc::clone(&reporting.observers);
        observers.emit(&Event::Started(plan(seed, started)));
        let ground = Ground {
            store,
            seed,
            cases: self.cases.get(),
            started,
        };
        let tested = self.test(subjects, ground, &observers, &cancel).await?;
        if self.output.format == Format::Text && !self.output.quiet {
            // A closed pipe is no failure: the reports hold the same.
            let _ = std::io::stdout()
                .lock()
                .write_all(kill_matrix::on_screen(&tested).as_bytes());
        }
        let file = reporting.folder.path().join("kill-matrix.csv");
        if let Err(error) = std::fs::write(&file, kill_matrix::as_csv(&tested)) {
            eprintln!("recoup: failed to write {}: {error}", file.display());
        }
        let end = if cancel.is_cancelled() {
            interrupted()
        } else {
            end_of(&tested, self.only.is_empty())
        };
        reporting.end(&end)
    }

    fn subjects(&self) -> Result<Vec<Subject>, CliError> {
        let mut all = Subject::all();
        if self.only.is_empty() {
            return Ok(all);
        }
        let mut globs = globset::GlobSetBuilder::new();
        for glob in &self.only {
            globs.add(globset::Glob::new(glob).map_err(|error| {
                CliError::Usage(format!("use --only {glob:?}: {}", error.kind()))
            })?);
        }
        let globs = globs
            .build()
            .map_err(|error| CliError::Usage(format!("use --only: {}", error.kind())))?;
        all.retain(|subject| match subject.fault {
            Some(fault) => globs.is_match(fault.name()),
            None => globs.is_match(subject.dialect()),
        });
        if all.is_empty() {
            return Err(CliError::Usage(
                "--only matches no fault and no variant (recoup serve --list-faults and --list-variants show them)"
                    .to_owned(),
            ));
        }
        Ok(all)
    }

    async fn test(
        &self,
        subjects: Vec<Subject>,
        ground: Ground,
        observers: &Observers,
        cancel: &CancellationToken,
    ) -> Result<Vec<Tested>, CliError> {
        observers.observe(&Event::CheckStarted {
            rules: subjects.len(),
        });
        // A good part of a test is waiting for gateways that hang or dawdle.
        let processors = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
        let jobs = self.jobs.map_or(processors * 2, NonZeroUsize::get);
        let mut testing = futures_util::stream::iter(subjects)
            .map(|subject| tokio::spawn(subject.test(ground.clone(), cancel.clone())))
            .buffer_unordered(jobs);
        let mut tested: Vec<Tested> = Vec::new();
        while let Some(one) = testing.next().await {
            let one = one.expect("a test of a gateway does not panic")?;
            observers.observe(&Event::RuleFinished(Box::new(verdict_on(&one))));
            tested.push(one);
        }
        tested.sort_by_key(|one| one.subject);
        Ok(tested)
    }
}

fn plan(seed: u64, started: Timestamp) -> RunPlan {
    RunPlan {
        command: "selftest".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        target: "the reference gateway, clean and with each fault".to_owned(),
        in_process: true,
        partner: "10001".to_owned(),
        profile: "built-in".to_owned(),
        seed,
        clock: String::new(),
        started: started.to_string(),
    }
}

/// The same as the verdict on a rule, for the reports.
fn verdict_on(tested: &Tested) -> RuleOutcome {
    let complaint = tested.complaint();
    RuleOutcome {
        id: format!("{}.{}", tested.subject.wrong(), tested.subject.dialect()),
        level: Level::Must,
        title: tested.subject.fault.map_or_else(
            || "The clean gateway passes every rule.".to_owned(),
            |fault| format!("Caught: {}", fault.description()),
        ),
        clauses: Vec::new(),
        verdict: if complaint.is_some() {
            Verdict::Fail
        } else {
            Verdict::Pass
        },
        message: complaint.unwrap_or_else(|| match &tested.stopped {
            Some(reason) => format!("the pre-flight: {reason}"),
            None => tested.caught_by().join(", "),
        }),
        is_money: false,
        detail: FailureDetail::default(),
        evidence: Vec::new(),
        exchanges: tested.rules.iter().map(|rule| rule.exchanges).sum(),
        duration_micros: tested.duration_micros,
    }
}

/// Whether the harness held what it promises. Rules that caught nothing are
/// held against it only where every fault was tried.
fn end_of(tested: &[Tested], is_whole: bool) -> End {
    let complaints: Vec<String> = tested
        .iter()
        .filter_map(|one| {
            let complaint = one.complaint()?;
            let (wrong, dialect) = (one.subject.wrong(), one.subject.dialect());
            Some(format!("{wrong} ({dialect}): {complaint}"))
        })
        .collect();
    if let Some(first) = complaints.first() {
        let more = match complaints.len() {
            1 => String::new(),
            count => format!(" (and {} more)", count - 1),
        };
        return End::new(ExitCode::RuleFailed, format!("{first}{more}"));
    }
    let idle = if is_whole {
        kill_matrix::idle_rules(tested)
    } else {
        Vec::new()
    };
    if !idle.is_empty() {
        return End::new(
            ExitCode::RuleFailed,
            format!("no fault makes these rules fail: {}", idle.join(", ")),
        );
    }
    let scope = if is_whole {
        format!(
            "every one of {} faults is caught, every one of {} rules catches one or tells dialects apart, and the clean gateway passes in {} dialects",
            Fault::ALL.len(),
            catalogue().len(),
            Variant::ALL.len() + 1
        )
    } else {
        format!(
            "{} gateways tested as --only asks, and all is as it should be",
            tested.len()
        )
    };
    End::new(ExitCode::Success, scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_name_faults_that_exist() {
        for rule in catalogue() {
            for name in rule.catches {
                assert!(name.parse::<Fault>().is_ok(), "{} catches {name}", rule.id);
            }
        }
    }
}
