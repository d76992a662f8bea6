//! What becomes of a refund later, and what is said of it when it is asked for
//! again.
//!
//! Nothing runs in the background: what is due is done when the books are
//! opened next, and nobody can see them before that.

use std::time::Instant;

use super::books::{Asked, Books, Present};
use super::cap;
use super::numbers::Entry;
use super::steps::Refused;
use crate::gateway::fault::{Fault, Faults};
use crate::gateway::order::{Decline, OrderId, Receipt};
use crate::protocol::{Amount, RefundStatus};

/// How many refunds are answered, until one is not.
const UNKNOWN_EVERY: u64 = 5;

/// What becomes of an accepted refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It is done, from the beginning.
    Done,
    /// It is done from then on.
    DoneAt(Instant),
    /// It fails then.
    FailsAt(Instant),
    /// It is done, and will be denied.
    Denied,
}

/// Something that happens to an account later.
#[derive(Debug, Clone, Copy)]
pub(super) enum Later {
    /// What a refund took is released, so many times.
    Release {
        order: OrderId,
        amount: i64,
        times: i64,
    },
    /// A refund is applied again, where there is room for it.
    Apply {
        order: OrderId,
        whole: i64,
        amount: i64,
    },
}

impl Books {
    /// Does what is due.
    pub(super) fn catch_up(&mut self, faults: &Faults, now: Instant) {
        while let Some(first) = self.later.first_entry()
            && first.key().0 <= now
        {
            match first.remove() {
                Later::Release {
                    order,
                    amount,
                    times,
                } => self.account(order).used -= times * amount,
                Later::Apply {
                    order,
                    whole,
                    amount,
                } => {
                    let account = self.account(order);
                    if cap::is_covered(faults, whole, account.used, amount) {
                        account.used = cap::sum(faults, account.used, amount);
                    }
                }
            }
        }
    }

    /// Decides what becomes of a refund that is accepted.
    pub(super) fn settle(&mut self, asked: &Asked, faults: &Faults, now: Instant) -> End {
        self.booked += 1;
        let Asked {
            order,
            whole,
            amount,
            ..
        } = *asked;
        if let Some(delay) = faults.window(Fault::SweptAgain) {
            let due = (now + delay, self.ticket());
            let again = Later::Apply {
                order,
                whole,
                amount,
            };
            self.later.insert(due, again);
        }
        if let Some(delay) = faults.window(Fault::DealingReleasedTwice)
            && self.account(order).accepted == 1
        {
            let due = (now + delay, self.ticket());
            let release = Later::Release {
                order,
                amount,
                times: 2,
            };
            self.later.insert(due, release);
        }
        match faults.longest_window(&[Fault::DealingNotReleased, Fault::DealingReleasedTwice]) {
            Some(delay) if self.account(order).accepted == 1 => End::FailsAt(now + delay),
            Some(delay) => End::DoneAt(now + delay),
            None if faults.has(Fault::UnknownThenRefused)
                && self.booked.is_multiple_of(UNKNOWN_EVERY) =>
            {
                End::Denied
            }
            None => End::Done,
        }
    }
}

/// The answer to a refund that was accepted just now.
pub(super) fn first_answer(asked: &Asked, end: End) -> Result<Receipt, Refused> {
    let status = match end {
        End::Denied => return Err(Refused::Unanswered),
        End::DoneAt(_) | End::FailsAt(_) => RefundStatus::Dealing,
        End::Done => RefundStatus::Cancelled,
    };
    Ok(receipt(asked, status, false))
}

/// The answer to a refund that was accepted before, while `others` of the same
/// order were under way.
///
/// Where it is wrong it is not said to be repeated, so that a gateway that
/// refuses repeated numbers gives it as well.
pub(super) fn answer_again(
    asked: &Asked,
    known: &Entry,
    others: &[Present],
    faults: &Faults,
    now: Instant,
) -> Result<Receipt, Refused> {
    let other = others
        .iter()
        .find(|other| other.key != asked.key && other.amount != asked.amount);
    if let Some(other) = other
        && faults.has(Fault::AnswerOfAnother)
    {
        let mut receipt = receipt(asked, RefundStatus::Cancelled, false);
        receipt.amount = Amount::new(other.amount);
        return Ok(receipt);
    }
    match known.end {
        End::Denied => Err(Decline::Failed.into()),
        End::FailsAt(at) if at <= now => Ok(receipt(asked, RefundStatus::Failed, false)),
        End::DoneAt(at) | End::FailsAt(at) if at > now => {
            Ok(receipt(asked, RefundStatus::Dealing, true))
        }
        _ if faults.has(Fault::FailedAfterDone) => Ok(receipt(asked, RefundStatus::Failed, false)),
        _ => Ok(receipt(asked, RefundStatus::Cancelled, true)),
    }
}

/// The receipt of what was asked for.
pub(super) fn receipt(asked: &Asked, status: RefundStatus, repeated: bool) -> Receipt {
    Receipt {
        amount: Amount::new(asked.amount),
        currency: asked.currency.clone(),
        status,
        repeated,
    }
}
