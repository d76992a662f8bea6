//! What an order's traffic could have shown.

use std::collections::BTreeSet;

use super::overlap;
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
    let met = overlap::sweep(order);
    Exposure {
        overlapping_pairs: met.pairs,
        decisive_volleys: met.decisive_volleys,
        exact_rest_acceptances: u64::from(is_used_up(order, reduction)),
        exceeds_refusals: count(RefundOutcome::Exceeds),
        one_over_refusals: met.one_over_refusals,
        retries: (sent().count() - numbers.len()) as u64,
        raced_retries: met.raced_retries,
        unknown_made: count(RefundOutcome::Unknown),
        unknown_resolved: (unknown.len() - open(reduction).count()) as u64,
        drained_orders: 0,
    }
}

/// Adds the counts of one order to those of others.
pub const fn add(total: &mut Exposure, more: &Exposure) {
    total.overlapping_pairs += more.overlapping_pairs;
    total.decisive_volleys += more.decisive_volleys;
    total.exact_rest_acceptances += more.exact_rest_acceptances;
    total.exceeds_refusals += more.exceeds_refusals;
    total.one_over_refusals += more.one_over_refusals;
    total.retries += more.retries;
    total.raced_retries += more.raced_retries;
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
