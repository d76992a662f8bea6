//! Runs rules: in parallel, races alone and last, a crash of one rule a
//! verdict on that rule.

use std::collections::VecDeque;
use std::time::Instant;

use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::verdict::{Event, Level, Observer, RuleOutcome, Verdict};

use super::probe::{Probe, Setting};
use super::rule::{Failure, Rule, Stop};

/// How rules are run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How many at once.
    pub jobs: usize,
    /// Whether SHOULD failures fail the run.
    pub should_fails: bool,
    /// Whether the first failure ends the run.
    pub fail_fast: bool,
}

/// What came of a run.
#[derive(Debug, Clone, Default)]
pub struct CheckOutcome {
    /// Every rule that got a verdict, sorted by id.
    pub rules: Vec<RuleOutcome>,
    /// Whether rules are missing because the run was stopped.
    pub is_cut_short: bool,
}

impl CheckOutcome {
    /// Whether a rule with this verdict is among them.
    pub fn has(&self, verdict: Verdict) -> bool {
        self.rules.iter().any(|rule| rule.verdict == verdict)
    }
}

/// Runs `rules` against the target of `setting`.
pub async fn run(
    setting: &Setting,
    rules: &[&'static Rule],
    options: Options,
    observer: &dyn Observer,
    cancel: &CancellationToken,
) -> CheckOutcome {
    observer.observe(&Event::CheckStarted { rules: rules.len() });
    let (alone, together): (Vec<&'static Rule>, Vec<&'static Rule>) =
        rules.iter().partition(|rule| rule.is_alone);
    let mut outcome = CheckOutcome::default();
    for (rules, jobs) in [(together, options.jobs.max(1)), (alone, 1)] {
        let queue = rules.into_iter().collect();
        let batch = Batch {
            setting,
            options,
            observer,
            cancel,
        };
        batch.run(queue, jobs, &mut outcome).await;
    }
    outcome.rules.sort_by(|one, other| one.id.cmp(&other.id));
    outcome
}

struct Batch<'a> {
    setting: &'a Setting,
    options: Options,
    observer: &'a dyn Observer,
    cancel: &'a CancellationToken,
}

impl Batch<'_> {
    async fn run(
        &self,
        mut queue: VecDeque<&'static Rule>,
        jobs: usize,
        outcome: &mut CheckOutcome,
    ) {
        let mut running: JoinSet<RuleOutcome> = JoinSet::new();
        let mut names: Vec<(Id, &'static Rule)> = Vec::new();
        loop {
            while running.len() < jobs && !outcome.is_cut_short {
                let Some(rule) = queue.pop_front() else { break };
                let setting = self.setting.clone();
                let should_fails = self.options.should_fails;
                let handle = running.spawn(judge(rule, setting, should_fails));
                names.push((handle.id(), rule));
            }
            let finished = tokio::select! {
                () = self.cancel.cancelled() => {
                    outcome.is_cut_short = true;
                    running.abort_all();
                    return;
                }
                finished = running.join_next() => finished,
            };
            let Some(finished) = finished else {
                outcome.is_cut_short |= !queue.is_empty();
                return;
            };
            let verdict = finished.unwrap_or_else(|error| crashed(&error, &names));
            self.observer
                .observe(&Event::RuleFinished(Box::new(verdict.clone())));
            let failed = matches!(verdict.verdict, Verdict::Fail | Verdict::Error);
            outcome.rules.push(verdict);
            if failed && self.options.fail_fast {
                outcome.is_cut_short = true;
            }
        }
    }
}

async fn judge(rule: &'static Rule, setting: Setting, should_fails: bool) -> RuleOutcome {
    let started = Instant::now();
    let late_failure = setting.caller.profile.late_failure;
    let mut probe = Probe::new(setting, rule.id);
    let result = match (rule.attempt)(&mut probe).await {
        // The rules count what was accepted; where that can fail later and
        // give its amount back, too much accepted proves nothing yet.
        Err(Stop::Failed(failure)) if failure.is_money && late_failure && !rule.is_alone => {
            Err(Stop::Inconclusive(format!(
                "{}; but an accepted refund can fail later here (late-failure in the profile)",
                failure.message
            )))
        }
        result => result,
    };
    let mut outcome = outcome_of(rule);
    outcome.exchanges = probe.exchanges();
    outcome.duration_micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    match result {
        Ok(()) if probe.remarks().is_empty() => {}
        Ok(()) => {
            outcome.verdict = Verdict::Warn;
            outcome.message = remarks(probe.remarks());
        }
        Err(stop) => stopped(&mut outcome, stop, should_fails),
    }
    outcome
}

/// The first few remarks, and how many more there are.
fn remarks(all: &[String]) -> String {
    const SHOWN: usize = 3;
    let mut text = all[..all.len().min(SHOWN)].join("; ");
    if all.len() > SHOWN {
        use std::fmt::Write;
        write!(text, "; and {} more", all.len() - SHOWN).expect("a string takes all");
    }
    text
}

fn stopped(outcome: &mut RuleOutcome, stop: Stop, should_fails: bool) {
    match stop {
        Stop::Failed(failure) => {
            let binds = match outcome.level {
                Level::Must => true,
                Level::Should => should_fails,
                Level::Hardening | Level::Observed => false,
            };
            outcome.verdict = if binds || failure.is_money {
                Verdict::Fail
            } else {
                Verdict::Warn
            };
            tell(outcome, *failure);
        }
        Stop::Outage(failure) => {
            outcome.verdict = Verdict::Fail;
            tell(outcome, *failure);
        }
        Stop::Observed(message) => {
            outcome.verdict = Verdict::Observed;
            outcome.message = message;
        }
        Stop::Skipped(message) => {
            outcome.verdict = Verdict::Skip;
            outcome.message = message;
        }
        Stop::Blocked(message, evidence) => {
            outcome.verdict = Verdict::Blocked;
            outcome.message = message;
            outcome.evidence = evidence.map(|evidence| *evidence).into_iter().collect();
        }
        Stop::Inconclusive(message) => {
            outcome.verdict = Verdict::Inconclusive;
            outcome.message = message;
        }
    }
}

/// What shows it, for the reports.
fn tell(outcome: &mut RuleOutcome, failure: Failure) {
    outcome.message = failure.message;
    outcome.is_money = failure.is_money;
    outcome.evidence = failure.evidence;
}

fn crashed(error: &JoinError, names: &[(Id, &'static Rule)]) -> RuleOutcome {
    let rule = names
        .iter()
        .find(|(id, _)| *id == error.id())
        .map(|(_, rule)| *rule)
        .expect("every task is one of the rules");
    RuleOutcome {
        verdict: Verdict::Error,
        message: format!("the rule itself crashed: {error}"),
        ..outcome_of(rule)
    }
}

fn outcome_of(rule: &'static Rule) -> RuleOutcome {
    RuleOutcome {
        id: rule.id.to_owned(),
        level: rule.level,
        title: rule.title.to_owned(),
        clauses: rule.clauses.iter().map(|id| (*id).to_owned()).collect(),
        verdict: Verdict::Pass,
        message: String::new(),
        is_money: false,
        evidence: Vec::new(),
        exchanges: 0,
        duration_micros: 0,
    }
}
