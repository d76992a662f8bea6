//! The verdict on a whole history.

use std::collections::{BTreeMap, BTreeSet};

use super::exposure;
use super::order::{Doubt, OrderVerdict, judge_order};
use super::shared::Shared;
use crate::audit::history::{History, Number, OrderHistory};
use crate::verdict::{AuditSummary, Exposure, RunVerdict, Severity, Violation};

/// Judges every order of a history. The same history gives the same summary.
///
/// The verdict fails where money was lost or stuck. A breach of protocol that
/// moved none is listed and does not fail it.
#[must_use]
pub fn judge(history: &History) -> AuditSummary {
    judge_each(history, |_, order, shared| {
        judge_order(order, history.terms, shared)
    })
}

/// Sums up what `verdict_on` says of each order, given its index and its refund
/// numbers that other orders use as well.
pub(super) fn judge_each(
    history: &History,
    verdict_on: impl Fn(usize, &OrderHistory, &BTreeSet<Number>) -> OrderVerdict,
) -> AuditSummary {
    let shared = Shared::find(history);
    let mut summary = nothing_yet();
    summary.orders = history.orders.len() as u64;
    let mut doubts: BTreeMap<Doubt, u64> = BTreeMap::new();
    for (index, order) in history.orders.iter().enumerate() {
        let verdict = verdict_on(index, order, shared.of(index));
        summary.operations += verdict.operations;
        summary.unknown += verdict.unknown;
        summary.violations.extend(verdict.violations);
        exposure::add(&mut summary.exposure, &verdict.exposure);
        if let Some(doubt) = verdict.doubt {
            match doubt {
                Doubt::LeftToMerge => summary.left_to_merge += 1,
                _ => summary.inconclusive_orders += 1,
            }
            *doubts.entry(doubt).or_default() += 1;
        }
    }
    summary.violations.extend(shared.violations);
    sort(&mut summary.violations);
    let reason = if summary.operations == 0 {
        Some("the history has nothing to judge".to_owned())
    } else {
        say(&doubts)
    };
    summary.verdict = verdict(&summary.violations, reason.is_some());
    summary.reason = reason.filter(|_| summary.verdict == RunVerdict::Inconclusive);
    summary
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
