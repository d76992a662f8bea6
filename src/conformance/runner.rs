//! Runs rules: in parallel, races alone, what reports on them last, a crash of one rule a
//! verdict on that rule.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::verdict::{
    Claim, Event, FailureDetail, Level, Observer, Proof, Reproduced, RuleOutcome, Verdict,
};

use super::again::{reproduce, shrink};
use super::baseline::Baseline;
use super::probe::{Probe, Setting};
use super::regressions::Regressions;
use super::reproduce::Limits;
use super::rule::{Failure, Rule, Stop, Turn};

/// Rules of one claim whose proof is tried again, as long as none fails again.
const MOST_SHRUNK: u32 = 3;

/// How rules are run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// How many at once.
    pub jobs: usize,
    /// The weakest level whose failures fail the run; those of weaker ones are
    /// warnings.
    pub fails: Level,
    /// Whether the first failure ends the run.
    pub fail_fast: bool,
    /// How often a rule that failed is tried again, to tell whether it fails
    /// each time. Where orders are limited it is not.
    pub again: u32,
    /// How long and how often a violation that a rule proved is tried again for
    /// its reproducer to become small, one of each claim; `None`: not at all.
    /// Where rules are not tried again, neither is this.
    pub shrinking: Option<Limits>,
    /// Failures that are let pass.
    pub baseline: Baseline,
    /// Failures of earlier runs, which are tried first, each with its seed.
    /// Where orders are limited, only their rules are.
    pub regressions: Regressions,
}

/// What came of a run.
#[derive(Debug, Clone, Default)]
pub struct CheckOutcome {
    /// Every rule that got a verdict, sorted by id.
    pub rules: Vec<RuleOutcome>,
    /// Whether rules are missing because the run was stopped.
    pub is_cut_short: bool,
    /// How many earlier failures were tried.
    pub earlier: u32,
    /// How many of them still fail.
    pub still_failing: u32,
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
    let mut outcome = CheckOutcome::default();
    for (turn, jobs) in [
        (Turn::Together, options.jobs.max(1)),
        (Turn::Alone, 1),
        (Turn::Last, 1),
    ] {
        let of_turn = rules.iter().filter(|rule| rule.turn == turn);
        // Rules that failed before go first.
        let (before, rest): (Vec<_>, Vec<_>) = of_turn
            .copied()
            .partition(|rule| !options.regressions.seeds_of(rule.id).is_empty());
        let queue = before.into_iter().chain(rest).collect();
        let batch = Batch {
            setting,
            options: &options,
            observer,
            cancel,
        };
        batch.run(queue, jobs, &mut outcome).await;
    }
    outcome.rules.sort_by(|one, other| one.id.cmp(&other.id));
    outcome
}

/// What a task of a batch comes back with.
enum Done {
    /// A rule was tried.
    Tried(&'static Rule, Box<Judged>),
    /// A rule that had failed was tried again.
    TriedAgain(Reproduced),
    /// So was what it had proved.
    Shrunk(Box<Proof>),
}

/// The verdict on a rule, and what trying its earlier failures brought.
struct Judged {
    verdict: RuleOutcome,
    earlier: u32,
    still_failing: u32,
}

struct Batch<'a> {
    setting: &'a Setting,
    options: &'a Options,
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
        let mut running: JoinSet<Done> = JoinSet::new();
        let mut names: Vec<(Id, &'static Rule)> = Vec::new();
        // Verdicts of rules that are being tried again.
        let mut failed: BTreeMap<Id, RuleOutcome> = BTreeMap::new();
        // How often a claim may still be tried to be shown with little traffic.
        let mut tries: BTreeMap<Claim, u32> = BTreeMap::new();
        loop {
            while running.len() < jobs && !outcome.is_cut_short {
                let Some(rule) = queue.pop_front() else { break };
                let setting = self.setting.clone();
                let fails = self.options.fails;
                let earlier = self.earlier_seeds(rule);
                let handle = running.spawn(async move {
                    let judged = judge(rule, setting, earlier, fails).await;
                    Done::Tried(rule, Box::new(judged))
                });
                names.push((handle.id(), rule));
            }
            let finished = tokio::select! {
                () = self.cancel.cancelled() => {
                    outcome.is_cut_short = true;
                    running.abort_all();
                    for verdict in failed.into_values() {
                        self.finish(verdict, outcome);
                    }
                    return;
                }
                finished = running.join_next_with_id() => finished,
            };
            let Some(finished) = finished else {
                outcome.is_cut_short |= !queue.is_empty();
                return;
            };
            match finished {
                Ok((_, Done::Tried(rule, judged))) => {
                    outcome.earlier += judged.earlier;
                    outcome.still_failing += judged.still_failing;
                    let mut verdict = judged.verdict;
                    let was_failed = verdict.verdict == Verdict::Fail;
                    self.options.baseline.apply(&mut verdict);
                    if !(was_failed && self.is_to_be_tried_again(rule, &verdict)) {
                        self.finish(verdict, outcome);
                        continue;
                    }
                    outcome.is_cut_short |= self.options.fail_fast;
                    let (mut setting, times) = (self.setting.clone(), self.options.again);
                    setting.seed = verdict.detail.failing_seed.unwrap_or(setting.seed);
                    let again = running.spawn(async move {
                        Done::TriedAgain(reproduce(rule, setting, times).await)
                    });
                    failed.insert(again.id(), verdict);
                }
                Ok((id, Done::TriedAgain(reproduced))) => {
                    let mut verdict = failed.remove(&id).expect("it had failed before");
                    verdict.detail.reproduced = Some(reproduced);
                    let Some((mut proof, limits)) = self.to_shrink(&verdict, &tries) else {
                        self.finish(verdict, outcome);
                        continue;
                    };
                    let setting = self.setting.clone();
                    let shrinking = running.spawn(async move {
                        shrink(&setting, &mut proof, limits).await;
                        Done::Shrunk(proof)
                    });
                    failed.insert(shrinking.id(), verdict);
                }
                Ok((id, Done::Shrunk(proof))) => {
                    let mut verdict = failed.remove(&id).expect("it had failed before");
                    // One small reproducer of each claim is enough.
                    let left = tries.entry(proof.violation.claim).or_insert(MOST_SHRUNK);
                    *left = if proof.has_failed_again() {
                        0
                    } else {
                        left.saturating_sub(1)
                    };
                    verdict.detail.proof = Some(proof);
                    self.finish(verdict, outcome);
                }
                Err(error) => {
                    let verdict = failed
                        .remove(&error.id())
                        .unwrap_or_else(|| crashed(&error, &names));
                    self.finish(verdict, outcome);
                }
            }
        }
    }

    /// The seeds of a rule's earlier failures that are to be tried.
    fn earlier_seeds(&self, rule: &Rule) -> Vec<u64> {
        if self.setting.orders.is_unlimited() && rule.turn != Turn::Last {
            let mut seeds = self.options.regressions.seeds_of(rule.id);
            seeds.retain(|seed| *seed != self.setting.seed);
            seeds
        } else {
            Vec::new()
        }
    }

    /// A rule that reports what others met can only report it again.
    fn is_to_be_tried_again(&self, rule: &Rule, verdict: &RuleOutcome) -> bool {
        verdict.verdict == Verdict::Fail
            && rule.turn != Turn::Last
            && self.options.again > 0
            && self.setting.orders.is_unlimited()
    }

    /// What a rule proved, where its reproducer is to be made small.
    fn to_shrink(
        &self,
        verdict: &RuleOutcome,
        tries: &BTreeMap<Claim, u32>,
    ) -> Option<(Box<Proof>, Limits)> {
        let proof = verdict.detail.proof.as_ref()?;
        let limits = self.options.shrinking?;
        let left = tries.get(&proof.violation.claim);
        left.is_none_or(|left| *left > 0)
            .then(|| (proof.clone(), limits))
    }

    /// Takes note of a verdict and tells the observer.
    fn finish(&self, verdict: RuleOutcome, outcome: &mut CheckOutcome) {
        self.observer
            .observe(&Event::RuleFinished(Box::new(verdict.clone())));
        let failed = matches!(verdict.verdict, Verdict::Fail | Verdict::Error);
        outcome.rules.push(verdict);
        outcome.is_cut_short |= failed && self.options.fail_fast;
    }
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
async fn judge(rule: &'static Rule, setting: Setting, earlier: Vec<u64>, fails: Level) -> Judged {
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

/// The verdict on a rule that itself panicked.
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
