//! How much fits: the faults of comparing and adding.

use std::time::Instant;

use super::books::Account;
use crate::gateway::fault::{Fault, Faults};

/// How many refunds an order has at most, where they are counted.
const LARGEST_COUNT: usize = 20;

/// The sum of what was refunded and one more.
pub(super) fn sum(faults: &Faults, before: i64, amount: i64) -> i64 {
    if faults.has(Fault::FloatAmount) {
        float_sum(before, amount)
    } else if faults.has(Fault::Wrap32Bit) {
        i64::from(wrapping_sum(before, amount))
    } else {
        before.saturating_add(amount)
    }
}

/// Whether `amount` may be refunded of `whole` where `before` was already.
pub(super) fn is_covered(faults: &Faults, whole: i64, before: i64, amount: i64) -> bool {
    let compared = if faults.has(Fault::CapPerRefund) {
        amount
    } else {
        sum(faults, before, amount)
    };
    let too_kind = i64::from(faults.has(Fault::CapOffByOne));
    let too_strict = i64::from(faults.has(Fault::FullRefundRefused));
    let tolerance = too_kind - too_strict;
    compared <= whole.saturating_add(tolerance)
}

/// What an order's refunds have taken, as the check reads it.
pub(super) fn balance(faults: &Faults, account: &mut Account, now: Instant) -> i64 {
    if faults.has(Fault::SumUnserialised) {
        return account.rows.iter().map(|row| row.amount).sum();
    }
    let Some(oldest) = faults.window(Fault::StaleBalance) else {
        return account.used;
    };
    match account.copy {
        Some((copied, at)) if now.duration_since(at) < oldest => copied,
        _ => {
            account.copy = Some((account.used, now));
            account.used
        }
    }
}

/// Whether an order has had as many refunds as it may have.
pub(super) fn is_counted_out(faults: &Faults, account: &Account) -> bool {
    faults.has(Fault::CountCapped) && account.accepted >= LARGEST_COUNT
}

/// Takes the money. `before` is what was read when it was checked.
pub(super) fn take(faults: &Faults, account: &mut Account, amount: i64, before: i64) {
    if faults.has(Fault::AcceptedNotApplied) && account.accepted.is_multiple_of(2) {
        return;
    }
    let start = if faults.has(Fault::LostUpdate) {
        before
    } else {
        account.used
    };
    account.used = sum(faults, start, amount);
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "the loss is the fault"
)]
const fn float_sum(before: i64, amount: i64) -> i64 {
    (before as f32 + amount as f32) as i64
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "losing the upper bits is the fault"
)]
const fn wrapping_sum(before: i64, amount: i64) -> i32 {
    (before as i32).wrapping_add(amount as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_fault_the_sum_is_compared_to_the_last_minor_unit() {
        let none = Faults::default();
        assert!(is_covered(&none, 100, 60, 40));
        assert!(!is_covered(&none, 100, 60, 41));
        assert!(!is_covered(&none, 100, 1, i64::MAX));
    }
}
