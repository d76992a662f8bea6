//! An order as it stands: what the drain needs to know.

use crate::audit::evidence::Money;
use crate::audit::history::{Number, OrderHistory, RefundAttempt, RefundOutcome};
use crate::protocol::{Amount, OrderNo, RefundNo};

/// An order as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderSnapshot {
    /// The merchant's number of it.
    pub order: OrderNo,
    /// What was paid.
    pub paid: Amount,
    /// The sum of the refunds that took effect, each number once.
    pub accepted: Amount,
    /// The refunds whose outcome is unknown.
    pub unknown: Vec<(RefundNo, Amount)>,
    /// Whether an invariant was seen broken.
    pub alarmed: bool,
}

pub(super) fn of(history: &OrderHistory, alarmed: bool) -> OrderSnapshot {
    let mut by_number: Vec<Vec<&RefundAttempt>> = Vec::new();
    for attempt in &history.attempts {
        let index = attempt.number.index();
        if by_number.len() <= index {
            by_number.resize_with(index + 1, Vec::new);
        }
        by_number[index].push(attempt);
    }
    let mut accepted = Amount::ZERO;
    let mut unknown = Vec::new();
    for attempts in by_number.iter_mut().filter(|attempts| !attempts.is_empty()) {
        let amount = amount(attempts);
        match together(attempts) {
            Money::Yes => accepted = accepted.checked_add(amount).unwrap_or(Amount::MAX),
            Money::Maybe => unknown.push((history.name(attempts[0].number).clone(), amount)),
            _ => {}
        }
    }
    OrderSnapshot {
        order: history.order.clone(),
        paid: history.paid,
        accepted,
        unknown,
        alarmed,
    }
}

/// What all attempts of one number show together.
pub(super) fn money(history: &OrderHistory, number: Number) -> Money {
    let mut attempts: Vec<&RefundAttempt> = history
        .attempts
        .iter()
        .filter(|attempt| attempt.number == number)
        .collect();
    together(&mut attempts)
}

/// The amount that a number was accepted with, or first tried with.
fn amount(attempts: &[&RefundAttempt]) -> Amount {
    attempts
        .iter()
        .find(|attempt| attempt.outcome == RefundOutcome::Accepted)
        .or(attempts.first())
        .map_or(Amount::ZERO, |attempt| attempt.amount)
}

fn together(attempts: &mut [&RefundAttempt]) -> Money {
    attempts.sort_by_key(|attempt| attempt.sent);
    let mut result = Money::NotSent;
    for attempt in attempts {
        result = match (attempt.outcome, result) {
            (_, Money::Yes) | (RefundOutcome::Accepted, _) => Money::Yes,
            // The number is taken, and only the unknown attempt before this
            // one can have taken it.
            (RefundOutcome::Duplicate, Money::Maybe) => Money::Yes,
            (RefundOutcome::Duplicate, _) => Money::Duplicate,
            (RefundOutcome::Unknown, _) => Money::Maybe,
            (RefundOutcome::NotSent, before) => before,
            (RefundOutcome::Exceeds, _) => Money::NoAmount,
            (RefundOutcome::State, _) => Money::NoState,
            (RefundOutcome::Refused, _) => Money::NoOther,
        };
    }
    result
}
