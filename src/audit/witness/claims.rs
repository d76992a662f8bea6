//! Answers that contradict one another: refusals, numbers and queries.

use std::cmp::Reverse;

use crate::audit::history::{OrderHistory, RefundAttempt, RefundOutcome};
use crate::audit::invariant::Invariant;
use crate::audit::judge::reduce::{Effect, Reduction, Source};
use crate::verdict::{Claim, Timing, Violation, WitnessStep};

/// More refunds than this are not shown beside a refusal: the sum counts.
const MOST_BESIDE: usize = 8;

/// I3, or I13 where a query says so: a refusal for want of money that nothing
/// explains. `used` is the most that can have been used, in minor units.
pub fn unjustified_refusal(
    order: &OrderHistory,
    reduction: &Reduction,
    refusal: usize,
    used: i128,
) -> Violation {
    let refusal = &reduction.refusals[refusal];
    let paid = order.paid;
    let (invariant, message) = match refusal.source {
        Source::Query(_) => (
            Invariant::ConsistentRead,
            format!(
                "order {}: a query showed it as refunded, but of the {paid} paid no more than {used} can have been used by then: {used} < {paid}; either the query's answer is wrong, or an earlier answer that denied an effect was",
                order.order
            ),
        ),
        Source::Attempt(index) => (
            Invariant::JustifiedRefusal,
            refusal_message(
                order,
                &order.attempts[index],
                refusal.wanted.minor_units(),
                used,
            ),
        ),
    };
    let mut witness = vec![source_step(order, refusal.source)];
    witness.extend(largest_steps(order, reduction, |effect| {
        effect.earliest <= refusal.latest
    }));
    violation(
        order,
        (invariant, Claim::UnjustifiedRefusal),
        refusal_timing(order, refusal.source),
        message,
        witness,
    )
}

/// I3 by sums alone, for an alarm while traffic goes on.
pub fn unjustified_attempt(order: &OrderHistory, attempt: usize, used: i128) -> Violation {
    let refused = &order.attempts[attempt];
    let wanted = match refused.outcome {
        RefundOutcome::State => 1,
        _ => refused.amount.minor_units(),
    };
    violation(
        order,
        (Invariant::JustifiedRefusal, Claim::UnjustifiedRefusal),
        refusal_timing(order, Source::Attempt(attempt)),
        refusal_message(order, refused, wanted, used),
        vec![order.step(refused)],
    )
}

/// I4: every refusal can be explained, but not all of them together.
pub fn inexplicable(order: &OrderHistory, reduction: &Reduction, refusal: usize) -> Violation {
    let refusal = &reduction.refusals[refusal];
    let message = format!(
        "order {}: no set of the refunds of unknown outcome explains every refusal within the {} paid; either a refusal is wrong, or an earlier answer that denied an effect was",
        order.order, order.paid
    );
    let mut witness = vec![source_step(order, refusal.source)];
    witness.extend(largest_steps(order, reduction, |effect| {
        effect.earliest <= refusal.latest
    }));
    violation(
        order,
        (Invariant::Linearizable, Claim::RefusalsTogether),
        refusal_timing(order, refusal.source),
        message,
        witness,
    )
}

/// I5: a retry was refused for want of the money that its own refund had used.
pub fn refused_after_effect(order: &OrderHistory, effect: usize, refused: usize) -> Violation {
    let (effect, refused) = (&order.attempts[effect], &order.attempts[refused]);
    let message = format!(
        "order {}: refund {} of {} had taken effect, and a retry of it was answered {:?}: a refund does not use up its own room",
        order.order,
        order.name(effect.number),
        effect.amount,
        refused.outcome.word(),
    );
    // The effect was proved before the retry was sent, by this answer to it or
    // another one.
    violation(
        order,
        (Invariant::OneEffect, Claim::RefusedAfterEffect),
        Timing::Sequential,
        message,
        vec![order.step(effect), order.step(refused)],
    )
}

/// I5: a number took effect twice where repeats are refused.
pub fn accepted_twice(order: &OrderHistory, first: usize, second: usize) -> Violation {
    let (first, second) = (&order.attempts[first], &order.attempts[second]);
    let message = format!(
        "order {}: refund {} of {} was accepted twice, though a repeated number is refused by this gateway's profile",
        order.order,
        order.name(first.number),
        first.amount,
    );
    pair(
        order,
        (Invariant::OneEffect, Claim::AcceptedTwice),
        first,
        second,
        message,
    )
}

/// I6: a number was accepted for two amounts.
pub fn changed_amount(order: &OrderHistory, first: usize, second: usize) -> Violation {
    let (first, second) = (&order.attempts[first], &order.attempts[second]);
    let message = format!(
        "order {}: refund {} was accepted for {} and again for {}: a refund number names one amount",
        order.order,
        order.name(first.number),
        first.amount,
        second.amount,
    );
    pair(
        order,
        (Invariant::BoundContent, Claim::ChangedAmount),
        first,
        second,
        message,
    )
}

/// I6: a number was accepted for two orders. The violation is filed under the
/// second.
pub fn changed_order(
    (first_order, first): (&OrderHistory, &RefundAttempt),
    (order, second): (&OrderHistory, &RefundAttempt),
) -> Violation {
    let message = format!(
        "order {}: refund {} was accepted, but that number had been accepted for order {}: a refund number names one order",
        order.order,
        order.name(second.number),
        first_order.order,
    );
    violation(
        order,
        (Invariant::BoundContent, Claim::ChangedOrder),
        pair_timing(first, second),
        message,
        vec![first_order.step(first), order.step(second)],
    )
}

/// I7: a number was called a duplicate on its first use.
pub fn spurious_duplicate(order: &OrderHistory, duplicate: usize) -> Violation {
    let attempt = &order.attempts[duplicate];
    let message = format!(
        "order {}: refund {} was refused as a duplicate (31), but nothing else had been sent under that number",
        order.order,
        order.name(attempt.number),
    );
    violation(
        order,
        (Invariant::RealDuplicate, Claim::SpuriousDuplicate),
        refusal_timing(order, Source::Attempt(duplicate)),
        message,
        vec![order.step(attempt)],
    )
}

/// I13: a query showed something left after all was used.
pub fn stale_read(
    order: &OrderHistory,
    reduction: &Reduction,
    query: usize,
    used: i128,
) -> Violation {
    let read = &order.queries[query];
    let message = format!(
        "order {}: a query showed it as not refunded, but the answers before it prove that {used} of the {} paid had been used",
        order.order, order.paid,
    );
    let mut witness = vec![read.step()];
    witness.extend(largest_steps(order, reduction, |effect| {
        effect.latest.is_some_and(|latest| latest < read.sent)
    }));
    violation(
        order,
        (Invariant::ConsistentRead, Claim::StaleRead),
        Timing::Sequential,
        message,
        witness,
    )
}

fn refusal_message(
    order: &OrderHistory,
    refused: &RefundAttempt,
    wanted: i64,
    used: i128,
) -> String {
    format!(
        "order {}: refund {} of {} was answered {:?}, but of the {} paid no more than {used} can have been used by then: {used} + {wanted} <= {}; either this refusal is wrong, or an earlier answer that denied an effect was",
        order.order,
        order.name(refused.number),
        refused.amount,
        refused.outcome.word(),
        order.paid,
        order.paid,
    )
}

/// A wrong refusal shows without concurrency if nothing overlapped it.
fn refusal_timing(order: &OrderHistory, source: Source) -> Timing {
    let (sent, answered, itself) = match source {
        Source::Attempt(index) => {
            let attempt = &order.attempts[index];
            (attempt.sent, attempt.answered, Some(index))
        }
        Source::Query(index) => {
            let query = &order.queries[index];
            (query.sent, Some(query.answered), None)
        }
    };
    let overlaps = order.attempts.iter().enumerate().any(|(index, other)| {
        Some(index) != itself
            && other.outcome != RefundOutcome::NotSent
            && answered.is_none_or(|answered| other.sent < answered)
            && other.answered.is_none_or(|answered| answered > sent)
    });
    if overlaps {
        Timing::ConcurrencyOnly
    } else {
        Timing::Sequential
    }
}

fn pair(
    order: &OrderHistory,
    broken: (Invariant, Claim),
    first: &RefundAttempt,
    second: &RefundAttempt,
    message: String,
) -> Violation {
    violation(
        order,
        broken,
        pair_timing(first, second),
        message,
        vec![order.step(first), order.step(second)],
    )
}

fn pair_timing(first: &RefundAttempt, second: &RefundAttempt) -> Timing {
    if first
        .answered
        .is_some_and(|answered| answered < second.sent)
    {
        Timing::Sequential
    } else {
        Timing::ConcurrencyOnly
    }
}

/// The largest of the effects that `counts` picks, as steps.
fn largest_steps(
    order: &OrderHistory,
    reduction: &Reduction,
    counts: impl Fn(&Effect) -> bool,
) -> Vec<WitnessStep> {
    let mut beside: Vec<&Effect> = reduction
        .effects
        .iter()
        .filter(|effect| counts(effect))
        .collect();
    beside.sort_by_key(|effect| (Reverse(effect.amount), effect.attempt));
    beside.truncate(MOST_BESIDE);
    beside.iter().map(|effect| step(order, effect)).collect()
}

/// The attempt that shows an effect, as a report shows it.
pub(super) fn step(order: &OrderHistory, effect: &Effect) -> WitnessStep {
    order.step(&order.attempts[effect.attempt])
}

fn source_step(order: &OrderHistory, source: Source) -> WitnessStep {
    match source {
        Source::Attempt(index) => order.step(&order.attempts[index]),
        Source::Query(index) => order.queries[index].step(),
    }
}

/// A violation of `order`, by invariant and claim.
pub(super) fn violation(
    order: &OrderHistory,
    (invariant, claim): (Invariant, Claim),
    timing: Timing,
    message: String,
    witness: Vec<WitnessStep>,
) -> Violation {
    Violation {
        invariant: invariant.id().to_owned(),
        claim,
        severity: invariant.severity(),
        order: order.order.to_string(),
        paid: order.paid.minor_units(),
        message,
        timing,
        witness,
        exhibit: None,
        certificate: None,
        picture: None,
        reproducer: None,
    }
}
