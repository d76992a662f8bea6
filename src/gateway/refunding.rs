//! The rules of refunding: whether a refund may be made.
//!
//! A pure function over what a store knows. A store calls it inside the one
//! step in which it also writes, so that nothing can change in between.

use super::order::Decline;
use crate::protocol::Amount;

/// What a store knows of the order that a refund names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How much was paid; `None` where nothing was.
    pub paid: Option<Amount>,
    /// The sum of the refunds that were accepted.
    pub refunded: Amount,
}

/// What a store knows of an accepted refund with the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earlier {
    /// Whether it was a refund of the order that is named now.
    pub same_order: bool,
    /// How much it was.
    pub amount: Amount,
}

/// A refund that may be answered as accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// It is new: book it, and let the order's sum of refunds be `refunded`.
    Accept {
        /// The new sum.
        refunded: Amount,
    },
    /// It was accepted before: answer that, and book nothing.
    Repeat,
}

/// Decides on a refund of `amount`.
///
/// The number is looked at before state and amount, because a retry of the
/// refund that used the money up must not be told that the money is used up.
/// A declined refund leaves no trace: its number stays free.
///
/// # Errors
/// [`Decline`] is the first rule that it breaks.
pub fn decide(
    order: Option<Standing>,
    earlier: Option<Earlier>,
    amount: Amount,
) -> Result<Decision, Decline> {
    let order = order.ok_or(Decline::OrderUnknown)?;
    if let Some(earlier) = earlier {
        return if earlier.same_order && earlier.amount == amount {
            Ok(Decision::Repeat)
        } else {
            Err(Decline::NumberTaken)
        };
    }
    let paid = order.paid.ok_or(Decline::NotPaid)?;
    if !amount.is_positive() {
        return Err(Decline::NotPositive);
    }
    match order.refunded.checked_add(amount) {
        Some(refunded) if refunded <= paid => Ok(Decision::Accept { refunded }),
        _ => Err(Decline::Exceeds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn standing(paid: i64, refunded: i64) -> Option<Standing> {
        Some(Standing {
            paid: Some(Amount::new(paid)),
            refunded: Amount::new(refunded),
        })
    }

    const UNPAID: Option<Standing> = Some(Standing {
        paid: None,
        refunded: Amount::ZERO,
    });

    const fn earlier(same_order: bool, amount: i64) -> Option<Earlier> {
        Some(Earlier {
            same_order,
            amount: Amount::new(amount),
        })
    }

    #[test]
    fn each_rule_in_its_order() {
        let accept = |refunded| {
            Ok(Decision::Accept {
                refunded: Amount::new(refunded),
            })
        };
        let table = [
            // What is left is refunded, to the last minor unit and no further.
            (standing(100, 0), None, 100, accept(100)),
            (standing(100, 60), None, 40, accept(100)),
            (standing(100, 60), None, 41, Err(Decline::Exceeds)),
            (standing(100, 100), None, 1, Err(Decline::Exceeds)),
            (standing(100, 0), None, i64::MAX, Err(Decline::Exceeds)),
            (standing(i64::MAX, 2), None, i64::MAX, Err(Decline::Exceeds)),
            (standing(i64::MAX, 0), None, i64::MAX, accept(i64::MAX)),
            // The number comes before what is left, and before the amount.
            (
                standing(100, 100),
                earlier(true, 100),
                100,
                Ok(Decision::Repeat),
            ),
            (
                standing(100, 100),
                earlier(true, 100),
                99,
                Err(Decline::NumberTaken),
            ),
            (
                standing(100, 10),
                earlier(false, 10),
                10,
                Err(Decline::NumberTaken),
            ),
            // The order comes before the number.
            (None, earlier(true, 10), 10, Err(Decline::OrderUnknown)),
            (UNPAID, None, 1, Err(Decline::NotPaid)),
            // Nothing and less is no refund.
            (standing(100, 0), None, 0, Err(Decline::NotPositive)),
            (standing(100, 50), None, -1, Err(Decline::NotPositive)),
            (standing(100, 50), None, i64::MIN, Err(Decline::NotPositive)),
        ];
        for (order, earlier, amount, expected) in table {
            assert_eq!(
                decide(order, earlier, Amount::new(amount)),
                expected,
                "{order:?} {earlier:?} {amount}"
            );
        }
    }
}
