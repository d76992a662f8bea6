//! What an order's traffic could have shown.

use std::collections::BTreeSet;

use super::reduce::{Class, Reduction, Settled, Source};
use crate::audit::history::{OrderHistory, RefundOutcome};
use crate::verdict::Exposure;

/// Counts an order's traffic. Whether its drain found what was computed is
/// for the verdict to add, since that depends on the order being clean.
pub fn expose(order: &OrderHistory, reduction: &Reduction) -> Exposure {
    let sent = || {
        order
            .attempts
            .iter()
            .filter(|attempt| attempt.outcome != RefundOutcome::NotSent)
    };
    let count = |outcome| sent().filter(|attempt| attempt.outcome == outcome).count() as u64;
    let numbers: BTreeSet<_> = sent().map(|attempt| attempt.number).collect();
    let unknown: BTreeSet<_> = sent()
        .filter(|attempt| attempt.outcome == RefundOutcome::Unknown)
        .map(|attempt| (attempt.number, attempt.amount))
        .collect();
    Exposure {
        overlapping_pairs: overlapping_pairs(order),
        exact_rest_acceptances: u64::from(is_used_up(order, reduction)),
        exceeds_refusals: count(RefundOutcome::Exceeds),
        retries: (sent().count() - numbers.len()) as u64,
        unknown_made: count(RefundOutcome::Unknown),
        unknown_resolved: (unknown.len() - open(reduction).count()) as u64,
        drained_orders: 0,
    }
}

/// Adds the counts of one order to those of others.
pub const fn add(total: &mut Exposure, more: &Exposure) {
    total.overlapping_pairs += more.overlapping_pairs;
    total.exact_rest_acceptances += more.exact_rest_acceptances;
    total.exceeds_refusals += more.exceeds_refusals;
    total.retries += more.retries;
    total.unknown_made += more.unknown_made;
    total.unknown_resolved += more.unknown_resolved;
    total.drained_orders += more.drained_orders;
}

/// Whether the order was used up to the last unit, and one unit more was
/// refused afterwards: then the gateway's own total is the one computed here.
pub fn is_drained(order: &OrderHistory, reduction: &Reduction) -> bool {
    let last = reduction.accepted().iter().filter_map(|e| e.latest).max();
    is_used_up(order, reduction)
        && reduction.refusals.iter().any(|refusal| {
            matches!(refusal.source, Source::Attempt(_))
                && refusal.wanted.minor_units() == 1
                && Some(refusal.sent) > last
        })
}

/// Refunds of which nothing is known but that they may have taken effect.
pub fn open(reduction: &Reduction) -> impl Iterator<Item = &super::reduce::Effect> {
    reduction
        .effects
        .iter()
        .filter(|effect| effect.class == Class::Unknown(Settled::Open))
}

fn is_used_up(order: &OrderHistory, reduction: &Reduction) -> bool {
    let accepted = reduction.accepted();
    let used: i128 = accepted.iter().map(|effect| effect.units()).sum();
    !accepted.is_empty() && used == i128::from(order.paid.minor_units())
}

/// Pairs of attempts that were under way at the same time. One without an
/// answer counts with those that were under way when it was sent.
fn overlapping_pairs(order: &OrderHistory) -> u64 {
    let mut events: Vec<(u64, Option<bool>)> = Vec::new();
    for attempt in &order.attempts {
        if attempt.outcome != RefundOutcome::NotSent {
            events.push((attempt.sent, Some(attempt.answered.is_some())));
            events.extend(attempt.answered.map(|answered| (answered, None)));
        }
    }
    events.sort_unstable();
    let mut under_way = 0;
    let mut pairs = 0;
    for (_, event) in events {
        match event {
            Some(is_answered) => {
                pairs += under_way;
                under_way += u64::from(is_answered);
            }
            None => under_way -= 1,
        }
    }
    pairs
}
