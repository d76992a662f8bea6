//! `recoup selftest`: the harness against each known fault.

use std::fmt::Write as _;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::time::Instant;

use clap::Args;
use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::conformance::runner::Options;
use crate::conformance::{CheckOutcome, Preflight, catalogue};
use crate::gateway::{Fault, Settings, Variant, Variants};
use crate::protocol::Timestamp;
use crate::report::Redactor;
use crate::verdict::{
    Event, ExitCode, FailureDetail, Level, Observers, RuleOutcome, RunPlan, Verdict,
};

use super::error::CliError;
use super::interrupt;
use super::output::{Format, OutputArgs};
use super::run::{End, Reporting, interrupted};
use super::target::in_process_setting;

/// Run the harness against each known fault: every fault must be caught, and
/// the clean gateway must pass, whether it replays repeated refund numbers or
/// refuses them.
#[derive(Debug, Clone, Args)]
pub struct SelftestArgs {
    /// How many gateways are tested at once [default: the processors]
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,

    /// How many cases each property tries
    #[arg(long, value_name = "N", default_value = "16")]
    pub cases: NonZeroUsize,

    /// What every generated request follows from [default: drawn, and printed]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// The dialects that every fault is tried in: repeated refund numbers are
/// replayed, or refused.
const DIALECTS: [Option<Variant>; 2] = [None, Some(Variant::RefuseDuplicates)];

/// One gateway to test.
#[derive(Debug, Clone, Copy)]
struct Subject {
    variant: Option<Variant>,
    fault: Option<Fault>,
}

impl Subject {
    /// The dialect that it speaks.
    const fn dialect(self) -> &'static str {
        match self.variant {
            None => "default",
            Some(variant) => variant.name(),
        }
    }

    /// What is wrong with it.
    const fn wrong(self) -> &'static str {
        match self.fault {
            None => "no-fault",
            Some(fault) => fault.name(),
        }
    }
}

/// What testing it brought.
struct Tested {
    subject: Subject,
    outcome: CheckOutcome,
    /// A gateway that can't even be tested, and why.
    stopped: Option<String>,
    duration_micros: u64,
}

impl SelftestArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// [`CliError`] where it can't be run at all.
    pub(super) async fn run(self) -> Result<ExitCode, CliError> {
        let cancel = interrupt::token();
        let started = Timestamp::now();
        let seed = self.seed.unwrap_or_else(rand::random);
        let reporting =
            Reporting::start("selftest", started, &self.output, Redactor::new(Vec::new()))?;
        let observers = std::sync::Arc::clone(&reporting.observers);
        observers.emit(&Event::Started(plan(seed, started)));
        let subjects = subjects();
        observers.emit(&Event::CheckStarted {
            rules: subjects.len(),
        });
        let processors = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
        let jobs = self.jobs.map_or(processors, NonZeroUsize::get);
        let mut testing = futures_util::stream::iter(subjects)
            .map(|subject| tokio::spawn(test(subject, seed, self.cases.get(), cancel.clone())))
            .buffer_unordered(jobs);
        let mut tested: Vec<Tested> = Vec::new();
        while let Some(one) = testing.next().await {
            let one = one.expect("a test of a gateway does not panic")?;
            observers.emit(&Event::RuleFinished(Box::new(verdict_on(&one))));
            tested.push(one);
        }
        tested.sort_by_key(|one| (one.subject.fault.map(Fault::name), one.subject.dialect()));
        if self.output.format == Format::Text && !self.output.quiet {
            // A closed pipe is no failure: the reports hold the same.
            let _ = std::io::stdout()
                .lock()
                .write_all(matrix(&tested).as_bytes());
        }
        let end = if cancel.is_cancelled() {
            interrupted()
        } else {
            end_of(&tested)
        };
        reporting.end(&end)
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

/// The clean gateway in every dialect, then each fault in those that matter to it.
fn subjects() -> Vec<Subject> {
    let clean = std::iter::once(None)
        .chain(Variant::ALL.iter().copied().map(Some))
        .map(|variant| Subject {
            variant,
            fault: None,
        });
    let faulty = Fault::ALL.iter().flat_map(|fault| {
        DIALECTS.into_iter().map(|variant| Subject {
            variant,
            fault: Some(*fault),
        })
    });
    clean.chain(faulty).collect()
}

async fn test(
    subject: Subject,
    seed: u64,
    cases: usize,
    cancel: CancellationToken,
) -> Result<Tested, CliError> {
    let started = Instant::now();
    let variants: Variants = subject.variant.into_iter().collect();
    let gateway = crate::gateway::start(Settings {
        variants,
        faults: subject.fault.into_iter().collect(),
        ..Settings::default()
    })
    .await?;
    let setting = in_process_setting(&gateway, seed, cases)?;
    let nobody = Observers::new();
    let rules: Vec<_> = catalogue().iter().collect();
    let options = Options {
        jobs: 4,
        should_fails: false,
        fail_fast: false,
        ..Options::default()
    };
    let (outcome, stopped) = match Preflight::fly(&setting, &nobody).await {
        Ok(preflight) => (
            crate::conformance::run(&preflight.setting, &rules, options, &nobody, &cancel).await,
            None,
        ),
        Err(error) => (CheckOutcome::default(), Some(error.to_string())),
    };
    gateway.stop().await;
    Ok(Tested {
        subject,
        outcome,
        stopped,
        duration_micros: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
    })
}

impl Tested {
    /// The rules that failed.
    fn caught_by(&self) -> Vec<&str> {
        self.outcome
            .rules
            .iter()
            .filter(|rule| rule.verdict == Verdict::Fail)
            .map(|rule| rule.id.as_str())
            .collect()
    }

    /// What is wrong with the harness, where anything is.
    fn complaint(&self) -> Option<String> {
        if let Some(reason) = &self.stopped {
            return Some(format!("the pre-flight stopped: {reason}"));
        }
        if let Some(fault) = self.subject.fault {
            let caught = self.caught_by();
            if caught.is_empty() {
                return Some("no rule caught it".to_owned());
            }
            let silent: Vec<&str> = catalogue()
                .iter()
                .filter(|rule| rule.catches.contains(&fault.name()))
                .map(|rule| rule.id)
                .filter(|id| !caught.contains(id))
                .collect();
            return (!silent.is_empty())
                .then(|| format!("{} should have caught it and did not", silent.join(", ")));
        }
        let accused: Vec<String> = self
            .outcome
            .rules
            .iter()
            .filter(|rule| !matches!(rule.verdict, Verdict::Pass | Verdict::Observed))
            .map(|rule| format!("{} ({}: {})", rule.id, rule.verdict, rule.message))
            .collect();
        (!accused.is_empty())
            .then(|| format!("the clean gateway is accused by {}", accused.join("; ")))
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
        message: complaint.unwrap_or_else(|| tested.caught_by().join(", ")),
        is_money: false,
        detail: FailureDetail::default(),
        evidence: Vec::new(),
        exchanges: tested.outcome.rules.iter().map(|rule| rule.exchanges).sum(),
        duration_micros: tested.duration_micros,
    }
}

/// The kill matrix: a line for each gateway, with the rules that failed.
fn matrix(tested: &[Tested]) -> String {
    let width = |name: fn(Subject) -> &'static str| {
        let lengths = tested.iter().map(|one| name(one.subject).len());
        lengths.max().unwrap_or(0)
    };
    let (wrong, dialect) = (width(Subject::wrong), width(Subject::dialect));
    let mut text = String::new();
    for one in tested {
        let caught = one.caught_by();
        let said = match (one.complaint(), one.subject.fault) {
            (Some(complaint), _) => format!("FAILED: {complaint}"),
            (None, None) => format!("passes all {} rules", one.outcome.rules.len()),
            (None, Some(_)) => format!("caught by {:2}: {}", caught.len(), some_of(&caught)),
        };
        writeln!(
            text,
            "{:wrong$}  {:dialect$}  {said}",
            one.subject.wrong(),
            one.subject.dialect()
        )
        .expect("a string takes every character");
    }
    text.push('\n');
    text
}

/// The first few, and how many more there are.
fn some_of(ids: &[&str]) -> String {
    const SHOWN: usize = 4;
    if ids.len() <= SHOWN {
        return ids.join(" ");
    }
    format!("{} and {} more", ids[..SHOWN].join(" "), ids.len() - SHOWN)
}

fn end_of(tested: &[Tested]) -> End {
    let complaint = tested.iter().find_map(|one| {
        one.complaint().map(|complaint| {
            format!(
                "{} ({}): {complaint}",
                one.subject.wrong(),
                one.subject.dialect()
            )
        })
    });
    match complaint {
        Some(first) => End::new(ExitCode::RuleFailed, first),
        None => End::new(
            ExitCode::Success,
            format!(
                "every one of {} faults is caught, and the clean gateway passes in {} dialects",
                Fault::ALL.len(),
                Variant::ALL.len() + 1
            ),
        ),
    }
}
