//! One rule tried, and the verdict on it.

use std::time::Instant;

use crate::verdict::{FailureDetail, Level, RuleOutcome, Verdict};

use super::probe::{Probe, Setting};
use super::rule::{Failure, Rule, Stop, Turn};

/// The verdict on a rule, and what trying its earlier failures brought.
pub(super) struct Judged {
    /// The verdict.
    pub(super) verdict: RuleOutcome,
    /// How many earlier failures were tried.
    pub(super) earlier: u32,
    /// How many of them still fail.
    pub(super) still_failing: u32,
}

/// Tries a rule once.
pub(super) async fn attempt(rule: &Rule, probe: &mut Probe) -> Result<(), Stop> {
    match (rule.attempt)(probe).await {
        // The rules count what was accepted; where that can fail later and
        // give its amount back, too much accepted proves nothing yet.
        Err(Stop::Failed(failure))
            if failure.is_money
                && probe.caller().profile.late_failure
                && rule.turn != Turn::Alone =>
        {
            Err(Stop::Inconclusive(format!(
                "{}; but an accepted refund can fail later here (late-failure in the profile)",
                failure.message
            )))
        }
        result => result,
    }
}

/// Tries a rule: first with the seeds of its earlier failures, of which the
/// first that still fails decides, then with the run's own.
pub(super) async fn judge(
    rule: &'static Rule,
    setting: Setting,
    earlier: Vec<u64>,
    fails: Level,
) -> Judged {
    let started = Instant::now();
    let mut judged = Judged {
        verdict: outcome_of(rule),
        earlier: 0,
        still_failing: 0,
    };
    let mut exchanges = 0;
    for seed in earlier {
        judged.earlier += 1;
        let setting = Setting {
            seed,
            ..setting.clone()
        };
        let scope = earlier_scope(rule.id, judged.earlier);
        let mut probe = Probe::in_scope(setting, rule.id, &scope);
        let result = attempt(rule, &mut probe).await;
        exchanges += probe.exchanges();
        if matches!(result, Err(Stop::Failed(_))) {
            judged.still_failing += 1;
            judged.verdict = verdict_on(rule, &probe, result, seed, fails);
            break;
        }
    }
    if judged.still_failing == 0 {
        let seed = setting.seed;
        let mut probe = Probe::new(setting, rule.id);
        let result = attempt(rule, &mut probe).await;
        exchanges += probe.exchanges();
        judged.verdict = verdict_on(rule, &probe, result, seed, fails);
    }
    let micros = started.elapsed().as_micros();
    judged.verdict.exchanges = exchanges;
    judged.verdict.duration_micros = u64::try_from(micros).unwrap_or(u64::MAX);
    judged
}

/// The name of the numbers of an attempt at an earlier failure.
pub(super) fn earlier_scope(rule: &str, place: u32) -> String {
    format!("{rule} earlier {place}")
}

fn verdict_on(
    rule: &'static Rule,
    probe: &Probe,
    result: Result<(), Stop>,
    seed: u64,
    fails: Level,
) -> RuleOutcome {
    let mut outcome = outcome_of(rule);
    match result {
        Ok(()) if probe.remarks().is_empty() => {}
        Ok(()) => {
            outcome.verdict = Verdict::Warn;
            outcome.message = remarks(probe.remarks());
        }
        Err(stop) => stopped(&mut outcome, stop, fails),
    }
    if matches!(
        outcome.verdict,
        Verdict::Fail | Verdict::Warn | Verdict::Inconclusive
    ) {
        // What reports on others follows from no seed of its own.
        outcome.detail.failing_seed = (rule.turn != Turn::Last).then_some(seed);
    }
    if let Some(proof) = &mut outcome.detail.proof {
        proof.set_seed(seed);
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

fn stopped(outcome: &mut RuleOutcome, stop: Stop, fails: Level) {
    match stop {
        Stop::Failed(failure) => {
            let Failure {
                message,
                is_money,
                is_grave,
                evidence,
                detail,
            } = *failure;
            outcome.verdict = if outcome.level <= fails || is_money || is_grave {
                Verdict::Fail
            } else {
                Verdict::Warn
            };
            outcome.message = message;
            outcome.is_money = is_money;
            outcome.evidence = evidence;
            outcome.detail = detail;
            outcome.detail.is_grave = is_grave;
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

/// The outcome of a rule that holds.
pub(super) fn outcome_of(rule: &'static Rule) -> RuleOutcome {
    RuleOutcome {
        id: rule.id.to_owned(),
        level: rule.level,
        title: rule.title.to_owned(),
        clauses: rule.clauses.iter().map(|id| (*id).to_owned()).collect(),
        verdict: Verdict::Pass,
        message: String::new(),
        is_money: false,
        detail: FailureDetail::default(),
        evidence: Vec::new(),
        exchanges: 0,
        duration_micros: 0,
    }
}
