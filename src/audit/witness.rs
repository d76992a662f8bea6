//! Violations with the smallest set of operations that shows each, and the
//! inequality in words.

use std::cmp::Reverse;

use crate::audit::history::{OrderHistory, RefundAttempt, RefundOutcome};
use crate::audit::invariant::Invariant;
use crate::audit::judge::reduce::{Effect, Reduction, Source};
use crate::verdict::{Timing, Violation, WitnessStep};

/// More refunds than this are not named in a message; the witness has all.
const MOST_NAMED: usize = 8;
/// More refunds than this are not shown beside a refusal: the sum counts.
const MOST_BESIDE: usize = 8;

/// I1: the accepted refunds, one for each number, add up to more than was
/// paid. `None` where they do not.
///
/// The witness is the largest refunds that do, and so as few as can be. Among
/// witnesses of that size one with the refund that crossed the line is taken,
/// where there is one.
pub fn over_refund(order: &OrderHistory, accepted: &[&Effect]) -> Option<Violation> {
    let paid = i128::from(order.paid.minor_units());
    let mut largest: Vec<&Effect> = accepted.to_vec();
    largest.sort_by_key(|effect| (Reverse(effect.amount), effect.attempt));
    let mut sum = 0;
    let count = 1 + largest.iter().position(|effect| {
        sum += effect.units();
        sum > paid
    })?;
    let mut chosen = largest[..count].to_vec();
    if let Some(crossing) = crossing(accepted, paid)
        && !chosen.contains(&crossing)
    {
        // The least of the chosen gives its place to it.
        let with = sum - chosen[count - 1].units() + crossing.units();
        if with > paid {
            chosen[count - 1] = crossing;
            sum = with;
        }
    }
    let answered = AnsweredSums::of(accepted);
    // Too much already for what was answered before it was sent: then no
    // concurrency is needed to show the bug.
    let alone = |effect: &&Effect| answered.before(effect.earliest) + effect.units() > paid;
    let timing = if chosen.iter().any(alone) {
        Timing::Sequential
    } else {
        Timing::ConcurrencyOnly
    };
    let message = format!(
        "order {}: paid {paid}, but {} accepted: {sum} > {paid}",
        order.order,
        name_all(order, &chosen),
    );
    let witness = chosen.iter().map(|effect| step(order, effect)).collect();
    Some(violation(
        order,
        Invariant::NoOverRefund,
        timing,
        message,
        witness,
    ))
}

/// I2: one accepted refund that is more than was paid, or less than nothing.
pub fn single_amount(order: &OrderHistory, accepted: usize) -> Violation {
    let attempt = &order.attempts[accepted];
    let (refund, amount, paid) = (order.name(attempt.number), attempt.amount, order.paid);
    let message = if amount.is_positive() {
        format!(
            "order {}: paid {paid}, but refund {refund} of {amount} alone was accepted: {amount} > {paid}",
            order.order
        )
    } else {
        format!(
            "order {}: refund {refund} of {amount} was accepted: {amount} < 1",
            order.order
        )
    };
    violation(
        order,
        Invariant::SingleAmount,
        Timing::Sequential,
        message,
        vec![order.step(attempt)],
    )
}

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
        invariant,
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
        Invariant::JustifiedRefusal,
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
        Invariant::Linearizable,
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
    pair(order, Invariant::OneEffect, effect, refused, message)
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
    pair(order, Invariant::OneEffect, first, second, message)
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
    pair(order, Invariant::BoundContent, first, second, message)
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
        Invariant::BoundContent,
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
        Invariant::RealDuplicate,
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
        Invariant::ConsistentRead,
        Timing::Sequential,
        message,
        witness,
    )
}

/// The accepted refund with whose answer the sum came to exceed what was paid.
fn crossing<'e>(accepted: &[&'e Effect], paid: i128) -> Option<&'e Effect> {
    let mut by_answer = accepted.to_vec();
    by_answer.sort_by_key(|effect| effect.latest);
    let mut sum = 0;
    by_answer.into_iter().find(|effect| {
        sum += effect.units();
        sum > paid
    })
}

/// The sums of the accepted refunds by the place of their answers.
struct AnsweredSums(Vec<(u64, i128)>);

impl AnsweredSums {
    fn of(accepted: &[&Effect]) -> Self {
        let mut sums: Vec<(u64, i128)> = accepted
            .iter()
            .filter_map(|effect| Some((effect.latest?, effect.units())))
            .collect();
        sums.sort_unstable();
        let mut sum = 0;
        for (_, until) in &mut sums {
            sum += *until;
            *until = sum;
        }
        Self(sums)
    }

    /// What was answered before `place`.
    fn before(&self, place: u64) -> i128 {
        let count = self.0.partition_point(|&(answered, _)| answered < place);
        count.checked_sub(1).map_or(0, |last| self.0[last].1)
    }
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
    invariant: Invariant,
    first: &RefundAttempt,
    second: &RefundAttempt,
    message: String,
) -> Violation {
    violation(
        order,
        invariant,
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

fn step(order: &OrderHistory, effect: &Effect) -> WitnessStep {
    order.step(&order.attempts[effect.attempt])
}

fn source_step(order: &OrderHistory, source: Source) -> WitnessStep {
    match source {
        Source::Attempt(index) => order.step(&order.attempts[index]),
        Source::Query(index) => order.queries[index].step(),
    }
}

/// `refunds r2 (600) and r1 (500) were both`.
fn name_all(order: &OrderHistory, effects: &[&Effect]) -> String {
    let name = |effect: &&Effect| format!("{} ({})", order.name(effect.number), effect.amount);
    match effects {
        [only] => format!("refund {} was", name(only)),
        [first, second] => format!("refunds {} and {} were both", name(first), name(second)),
        [named @ .., last] if effects.len() <= MOST_NAMED => {
            let named: Vec<String> = named.iter().map(name).collect();
            format!("refunds {} and {} were all", named.join(", "), name(last))
        }
        _ => {
            let named: Vec<String> = effects.iter().take(MOST_NAMED).map(name).collect();
            format!(
                "refunds {} and {} more were all",
                named.join(", "),
                effects.len() - MOST_NAMED
            )
        }
    }
}

fn violation(
    order: &OrderHistory,
    invariant: Invariant,
    timing: Timing,
    message: String,
    witness: Vec<WitnessStep>,
) -> Violation {
    Violation {
        invariant: invariant.id().to_owned(),
        severity: invariant.severity(),
        order: order.order.to_string(),
        paid: order.paid.minor_units(),
        message,
        timing,
        witness,
    }
}
