//! Events: what a run says while it goes on. Commands emit them, reporters
//! consume them, and neither knows the other.

use std::sync::Arc;

use serde::Serialize;

use super::audit::{AuditSummary, Violation};
use super::dialect::Dialect;
use super::exit_code::ExitCode;
use super::load::{LoadProgress, LoadSummary};
use super::power::{Calibration, Races};
use super::rule::{RuleOutcome, Verdict};

/// What a run is about to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunPlan {
    /// The command: `gate`.
    pub command: String,
    /// recoup's version.
    pub version: String,
    /// The target's URL, or what the run reads instead of one.
    pub target: String,
    /// Whether the target is the reference gateway, started for this run.
    pub in_process: bool,
    /// The partner that the run acts as.
    pub partner: String,
    /// The profile's name.
    pub profile: String,
    /// The seed that every generated request follows from.
    pub seed: u64,
    /// The time that its requests carry, RFC 3339 to the microsecond: with the
    /// seed it repeats them. Empty where nothing is sent.
    pub clock: String,
    /// When it started, RFC 3339.
    pub started: String,
}

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The run starts.
    Started(RunPlan),
    /// A step of the pre-flight was taken; the text says what it found.
    Preflight {
        /// What was looked at.
        step: String,
        /// Whether the run can go on.
        passed: bool,
        /// What was found.
        finding: String,
    },
    /// The conformance rules start.
    CheckStarted {
        /// How many will run.
        rules: usize,
    },
    /// A rule has its verdict.
    RuleFinished(Box<RuleOutcome>),
    /// What the races of the check came to.
    RacesFinished(Box<Races>),
    /// What volleys show of a gateway that races, on this host.
    Calibrated(Box<Calibration>),
    /// What the protocol leaves open was looked at.
    DialectObserved(Box<Dialect>),
    /// The load starts.
    LoadStarted {
        /// The scenario's name.
        scenario: String,
        /// Its length in seconds, warm-up included.
        seconds: f64,
    },
    /// How the load stands.
    LoadProgress(LoadProgress),
    /// An invariant was seen broken while the load goes on.
    Alarm(Box<Violation>),
    /// The load has ended.
    LoadFinished(Box<LoadSummary>),
    /// Unknown outcomes are being resolved and orders drained.
    DrainProgress {
        /// Orders done.
        done: u64,
        /// Orders in all.
        total: u64,
    },
    /// The history has been judged.
    AuditFinished(Box<AuditSummary>),
    /// Something the operator should know that is no verdict.
    Notice(String),
    /// The run has ended.
    Finished {
        /// The exit code.
        exit: ExitCode,
        /// Why, in one line.
        reason: String,
    },
}

/// Whoever wants to know what happens in a run.
pub trait Observer: Send + Sync {
    /// Takes note of one event. It must return at once: the run waits for it.
    fn observe(&self, event: &Event);
}

/// Several observers, told in order.
#[derive(Clone, Default)]
pub struct Observers(Vec<Arc<dyn Observer>>);

impl Observers {
    /// Nobody yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The same with one more.
    #[must_use]
    pub fn with(mut self, observer: Arc<dyn Observer>) -> Self {
        self.0.push(observer);
        self
    }

    /// Tells all of them.
    pub fn emit(&self, event: &Event) {
        for observer in &self.0 {
            observer.observe(event);
        }
    }
}

impl Observer for Observers {
    fn observe(&self, event: &Event) {
        self.emit(event);
    }
}

/// How many rules got each verdict, in the order of [`Verdict::ALL`].
pub fn tally<'a>(outcomes: impl Iterator<Item = &'a RuleOutcome>) -> [(Verdict, usize); 8] {
    let mut counts = Verdict::ALL.map(|verdict| (verdict, 0));
    for outcome in outcomes {
        if let Some((_, count)) = counts
            .iter_mut()
            .find(|(verdict, _)| *verdict == outcome.verdict)
        {
            *count += 1;
        }
    }
    counts
}
