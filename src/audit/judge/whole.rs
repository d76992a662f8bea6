//! The verdict on a whole history.

use std::collections::BTreeMap;

use super::exposure;
use super::order::{Doubt, OrderVerdict, judge_order};
use super::shared::Shared;
use crate::audit::history::History;
use crate::audit::witness::exhibit;
use crate::verdict::{AuditSummary, Exposure, RunVerdict, Severity, Violation};

/// Judges every order of a history. The same history gives the same summary.
///
/// The verdict fails where money was lost or stuck. A breach of protocol that
/// moved none is listed and does not fail it.
#[must_use]
pub fn judge(history: &History) -> AuditSummary {
    Tally::default().and(history)
}

/// Verdicts on single orders, added up.
#[derive(Debug, Default)]
pub struct Tally {
    orders: u64,
    operations: u64,
    unknown: u64,
    inconclusive: u64,
    left_to_merge: u64,
    violations: Vec<Violation>,
    exposure: Exposure,
    doubts: BTreeMap<Doubt, u64>,
}

impl Tally {
    /// Adds the verdict on one more order.
    pub fn add(&mut self, verdict: OrderVerdict) {
        self.orders += 1;
        self.operations += verdict.operations;
        self.unknown += verdict.unknown;
        self.violations.extend(verdict.violations);
        exposure::add(&mut self.exposure, &verdict.exposure);
        if let Some(doubt) = verdict.doubt {
            match doubt {
                Doubt::LeftToMerge => self.left_to_merge += 1,
                _ => self.inconclusive += 1,
            }
            *self.doubts.entry(doubt).or_default() += 1;
        }
    }

    /// Adds what another has added up.
    pub fn merge(&mut self, other: Self) {
        self.orders += other.orders;
        self.operations += other.operations;
        self.unknown += other.unknown;
        self.inconclusive += other.inconclusive;
        self.left_to_merge += other.left_to_merge;
        self.violations.extend(other.violations);
        exposure::add(&mut self.exposure, &other.exposure);
        for (doubt, count) in other.doubts {
            *self.doubts.entry(doubt).or_default() += count;
        }
    }

    /// Orders whose rest was found to be as computed.
    pub const fn drained(&self) -> u64 {
        self.exposure.drained_orders
    }

    /// Judges the orders of a history as well, and sums up. None of them may
    /// share a refund number with those that were added before.
    #[must_use]
    pub fn and(mut self, history: &History) -> AuditSummary {
        let shared = Shared::find(history);
        for (index, order) in history.orders.iter().enumerate() {
            self.add(judge_order(order, history.terms, shared.of(index)));
        }
        let mut summary = self.sum_up(&shared);
        exhibit::attach(history, &shared, &mut summary.violations);
        summary
    }

    /// Sums up, with what orders that were judged as ones of several broke
    /// together.
    pub(in crate::audit) fn sum_up(mut self, shared: &Shared) -> AuditSummary {
        self.violations.extend(shared.violations.iter().cloned());
        sort(&mut self.violations);
        let reason = if self.operations == 0 {
            Some("the history has nothing to judge".to_owned())
        } else {
            say(&self.doubts)
        };
        let verdict = verdict(&self.violations, reason.is_some());
        AuditSummary {
            verdict,
            orders: self.orders,
            operations: self.operations,
            unknown: self.unknown,
            inconclusive_orders: self.inconclusive,
            left_to_merge: self.left_to_merge,
            reason: reason.filter(|_| verdict == RunVerdict::Inconclusive),
            violations: self.violations,
            exposure: self.exposure,
        }
    }
}

/// One summary of several histories that were judged apart. Their orders are
/// taken to be different ones, even where two have one number: separate runs
/// may have met separate gateways.
#[must_use]
pub fn combine(summaries: impl IntoIterator<Item = AuditSummary>) -> AuditSummary {
    let mut combined = nothing_yet();
    let mut reasons: Vec<String> = Vec::new();
    let mut count = 0_usize;
    for summary in summaries {
        count += 1;
        combined.orders += summary.orders;
        combined.operations += summary.operations;
        combined.unknown += summary.unknown;
        combined.inconclusive_orders += summary.inconclusive_orders;
        combined.left_to_merge += summary.left_to_merge;
        combined.violations.extend(summary.violations);
        exposure::add(&mut combined.exposure, &summary.exposure);
        if let Some(reason) = summary.reason
            && !reasons.contains(&reason)
        {
            reasons.push(reason);
        }
    }
    if count == 0 {
        reasons.push("there is no history to judge".to_owned());
    }
    sort(&mut combined.violations);
    combined.verdict = verdict(&combined.violations, !reasons.is_empty());
    combined.reason = (combined.verdict == RunVerdict::Inconclusive).then(|| reasons.join("; "));
    combined
}

/// The summary of no history, which every sum starts from.
fn nothing_yet() -> AuditSummary {
    AuditSummary {
        verdict: RunVerdict::Inconclusive,
        orders: 0,
        operations: 0,
        unknown: 0,
        inconclusive_orders: 0,
        left_to_merge: 0,
        reason: None,
        violations: Vec::new(),
        exposure: Exposure::default(),
    }
}

fn verdict(violations: &[Violation], is_doubtful: bool) -> RunVerdict {
    let is_money = |violation: &Violation| violation.severity != Severity::Protocol;
    if violations.iter().any(is_money) {
        RunVerdict::Fail
    } else if is_doubtful {
        RunVerdict::Inconclusive
    } else {
        RunVerdict::Pass
    }
}

fn sort(violations: &mut [Violation]) {
    fn key(violation: &Violation) -> (Severity, [&str; 3]) {
        let Violation {
            severity,
            invariant,
            order,
            message,
            ..
        } = violation;
        (*severity, [invariant, order, message])
    }
    violations.sort_by(|a, b| key(a).cmp(&key(b)));
}

fn say(doubts: &BTreeMap<Doubt, u64>) -> Option<String> {
    let parts: Vec<String> = doubts
        .iter()
        .map(|(doubt, count)| {
            let orders = if *count == 1 { "order" } else { "orders" };
            format!("{count} {orders} {}", doubt.reason())
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

#[cfg(test)]
#[path = "whole_tests.rs"]
mod tests;
