//! Too much accepted: in sum, or at once.

use std::cmp::Reverse;

use super::claims::{step, violation};
use crate::audit::history::OrderHistory;
use crate::audit::invariant::Invariant;
use crate::audit::judge::reduce::Effect;
use crate::verdict::{Claim, Timing, Violation};

/// More refunds than this are not named in a message; the witness has all.
const MOST_NAMED: usize = 8;

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
        (Invariant::NoOverRefund, Claim::OverRefund),
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
        (Invariant::SingleAmount, Claim::SingleAmount),
        Timing::Sequential,
        message,
        vec![order.step(attempt)],
    )
}

/// The accepted refund with whose answer the sum came to exceed what was paid.
pub(super) fn crossing<'e>(accepted: &[&'e Effect], paid: i128) -> Option<&'e Effect> {
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
