//! Runs rules: in parallel, races alone, what reports on them last, a crash of one
//! rule a verdict on that rule; and those that failed once more.

use std::collections::{BTreeMap, VecDeque};

use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::verdict::{Claim, Event, Level, Observer, Proof, Reproduced, RuleOutcome, Verdict};

use super::again::{reproduce, shrink};
use super::baseline::Baseline;
use super::probe::Setting;
use super::regressions::Regressions;
use super::reproduce::Limits;
use super::rule::{Rule, Turn};
use super::trial::{Judged, judge, outcome_of};

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
            outcome: &mut outcome,
            running: JoinSet::new(),
            names: BTreeMap::new(),
            failed: BTreeMap::new(),
            tries: BTreeMap::new(),
        };
        batch.run(queue, jobs, cancel).await;
    }
    outcome.rules.sort_by(|one, other| one.id.cmp(&other.id));
    outcome
}

/// What a task of a batch comes back with.
enum Done {
    /// A rule was tried.
    Tried(Box<Judged>),
    /// A rule that had failed was tried again.
    TriedAgain(Reproduced),
    /// So was what it had proved.
    Shrunk(Box<Proof>),
}

/// Rules of one turn.
struct Batch<'a> {
    setting: &'a Setting,
    options: &'a Options,
    observer: &'a dyn Observer,
    outcome: &'a mut CheckOutcome,
    running: JoinSet<Done>,
    /// The rules that are being tried, by their tasks.
    names: BTreeMap<Id, &'static Rule>,
    /// The verdicts on rules that are being tried again, likewise.
    failed: BTreeMap<Id, RuleOutcome>,
    /// How often a claim may still be tried to be shown with little traffic.
    tries: BTreeMap<Claim, u32>,
}

impl Batch<'_> {
    async fn run(
        mut self,
        mut queue: VecDeque<&'static Rule>,
        jobs: usize,
        cancel: &CancellationToken,
    ) {
        loop {
            while self.running.len() < jobs && !self.outcome.is_cut_short {
                let Some(rule) = queue.pop_front() else { break };
                self.start(rule);
            }
            let finished = tokio::select! {
                () = cancel.cancelled() => return self.stop(),
                finished = self.running.join_next_with_id() => finished,
            };
            match finished {
                None => {
                    self.outcome.is_cut_short |= !queue.is_empty();
                    return;
                }
                Some(Ok((id, Done::Tried(judged)))) => self.tried(id, *judged),
                Some(Ok((id, Done::TriedAgain(reproduced)))) => self.tried_again(id, reproduced),
                Some(Ok((id, Done::Shrunk(proof)))) => self.shrunk(id, proof),
                Some(Err(error)) => self.crashed(&error),
            }
        }
    }

    /// Tries a rule.
    fn start(&mut self, rule: &'static Rule) {
        let setting = self.setting.clone();
        let fails = self.options.fails;
        let earlier = self.earlier_seeds(rule);
        let task = self.running.spawn(async move {
            let judged = judge(rule, setting, earlier, fails).await;
            Done::Tried(Box::new(judged))
        });
        self.names.insert(task.id(), rule);
    }

    /// A rule has its verdict; one that failed is tried again.
    fn tried(&mut self, task: Id, judged: Judged) {
        let rule = self.rule_of(task);
        self.outcome.earlier += judged.earlier;
        self.outcome.still_failing += judged.still_failing;
        let mut verdict = judged.verdict;
        let was_failed = verdict.verdict == Verdict::Fail;
        self.options.baseline.apply(&mut verdict);
        if !(was_failed && self.is_to_be_tried_again(rule, &verdict)) {
            return self.finish(verdict);
        }
        self.outcome.is_cut_short |= self.options.fail_fast;
        let (mut setting, times) = (self.setting.clone(), self.options.again);
        setting.seed = verdict.detail.failing_seed.unwrap_or(setting.seed);
        let again = self
            .running
            .spawn(async move { Done::TriedAgain(reproduce(rule, setting, times).await) });
        self.failed.insert(again.id(), verdict);
    }

    /// A rule was tried again; so is what it proved.
    fn tried_again(&mut self, task: Id, reproduced: Reproduced) {
        let mut verdict = self.verdict_of(task);
        verdict.detail.reproduced = Some(reproduced);
        let Some((mut proof, limits)) = self.to_shrink(&verdict) else {
            return self.finish(verdict);
        };
        let setting = self.setting.clone();
        let shrinking = self.running.spawn(async move {
            shrink(&setting, &mut proof, limits).await;
            Done::Shrunk(proof)
        });
        self.failed.insert(shrinking.id(), verdict);
    }

    /// What a rule proved is as small as it gets.
    fn shrunk(&mut self, task: Id, proof: Box<Proof>) {
        let mut verdict = self.verdict_of(task);
        let left = self
            .tries
            .entry(proof.violation.claim)
            .or_insert(MOST_SHRUNK);
        // One small reproducer of each claim is enough.
        *left = if proof.has_failed_again() {
            0
        } else {
            left.saturating_sub(1)
        };
        verdict.detail.proof = Some(proof);
        self.finish(verdict);
    }

    /// A rule panicked. One that had a verdict keeps it.
    fn crashed(&mut self, error: &JoinError) {
        let verdict = self
            .failed
            .remove(&error.id())
            .unwrap_or_else(|| RuleOutcome {
                verdict: Verdict::Error,
                message: format!("the rule itself crashed: {error}"),
                ..outcome_of(self.rule_of(error.id()))
            });
        self.finish(verdict);
    }

    /// Somebody stopped the run: what is known is kept.
    fn stop(&mut self) {
        self.outcome.is_cut_short = true;
        self.running.abort_all();
        for verdict in std::mem::take(&mut self.failed).into_values() {
            self.finish(verdict);
        }
    }

    fn rule_of(&self, task: Id) -> &'static Rule {
        self.names[&task]
    }

    fn verdict_of(&mut self, task: Id) -> RuleOutcome {
        self.failed.remove(&task).expect("it had failed before")
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
    fn to_shrink(&self, verdict: &RuleOutcome) -> Option<(Box<Proof>, Limits)> {
        let proof = verdict.detail.proof.as_ref()?;
        let limits = self.options.shrinking?;
        let left = self.tries.get(&proof.violation.claim);
        left.is_none_or(|left| *left > 0)
            .then(|| (proof.clone(), limits))
    }

    /// Takes note of a verdict and tells the observer.
    fn finish(&mut self, verdict: RuleOutcome) {
        self.observer
            .observe(&Event::RuleFinished(Box::new(verdict.clone())));
        let failed = matches!(verdict.verdict, Verdict::Fail | Verdict::Error);
        self.outcome.rules.push(verdict);
        self.outcome.is_cut_short |= failed && self.options.fail_fast;
    }
}
