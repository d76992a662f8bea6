//! Making a refund.

use deadpool_postgres::Object;
use tokio_postgres::Row;

use super::attempts::{Outcome, Step, StepError};
use super::reason::Fate;
use super::row::{BrokenRow, value};
use crate::gateway::moment::Moment;
use crate::gateway::order::{Decline, Receipt, Refund, Settlement};
use crate::gateway::refunding::{Decision, Earlier, Standing, decide};
use crate::protocol::{Amount, RefundStatus};

/// Takes the money and writes the refund down, both or neither. Who comes at
/// the same time for the same order waits here for its row, and is then
/// compared with what is left by then. Who comes for the same number finds it
/// written down, or fails at the key and takes nothing.
const BOOK: &str = "
    WITH taken AS (
        UPDATE recoup.orders
        SET refunded = refunded + $4::bigint,
            dealing = dealing + CASE WHEN $6::bigint IS NULL THEN 0 ELSE $4::bigint END
        WHERE partner = $1 AND number = $2
          AND $4::bigint >= 1 AND $4::bigint <= paid - refunded
          AND NOT EXISTS (
              SELECT FROM recoup.refunds earlier
              WHERE earlier.partner = $1 AND earlier.refund_no = $3
          )
        RETURNING id, currency
    ), booked AS (
        INSERT INTO recoup.refunds (partner, refund_no, order_id, amount, call, due, fails)
        SELECT $1, $3, id, $4::bigint, $5, $6::bigint, $7::boolean FROM taken
    )
    SELECT currency FROM taken";

/// What the rules of refunding ask for.
const LOOK: &str = "
    SELECT o.id, o.paid_at IS NOT NULL, o.paid, o.refunded, o.currency,
           r.order_id, r.amount, r.call, r.due, r.fails
    FROM recoup.orders o
    LEFT JOIN recoup.refunds r ON r.partner = $1 AND r.refund_no = $3
    WHERE o.partner = $1 AND o.number = $2";

/// A refund to be made, or found already made.
pub(super) struct Book {
    refund: Refund,
    /// What tells this call from all others, also where it is repeated.
    call: [u8; 16],
}

impl Book {
    pub(super) fn new(refund: Refund) -> Self {
        Self {
            refund,
            call: rand::random(),
        }
    }

    fn receipt(&self, currency: String, status: RefundStatus, repeated: bool) -> Receipt {
        Receipt {
            amount: self.refund.amount,
            currency,
            status,
            repeated,
        }
    }

    /// How far it has come right after it was booked.
    const fn first_status(&self) -> RefundStatus {
        match self.refund.settlement {
            Some(_) => RefundStatus::Dealing,
            None => RefundStatus::Cancelled,
        }
    }

    /// Takes the money, and gives the currency; `None` where it took nothing.
    async fn book(&self, client: &Object) -> Result<Option<String>, StepError> {
        let book = client.prepare_cached(BOOK).await?;
        let refund = &self.refund;
        let booked = client
            .query_opt(
                &book,
                &[
                    &refund.partner.as_str(),
                    &refund.order.as_str(),
                    &refund.number.as_str(),
                    &refund.amount.minor_units(),
                    &&self.call[..],
                    &refund.settlement.map(|settlement| settlement.due.0),
                    &refund.settlement.is_some_and(|settlement| settlement.fails),
                ],
            )
            .await;
        match booked {
            Ok(Some(row)) => Ok(Some(value(&row, 0)?)),
            Ok(None) => Ok(None),
            Err(error) if Fate::of(&error) == Fate::NumberTaken => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Why it took nothing, as it stands now. A number that is taken stays so;
    /// where a refund that failed has released its amount meanwhile, there is
    /// room now, and it is tried again.
    async fn look(&self, client: &Object) -> Result<Option<Found>, StepError> {
        let look = client.prepare_cached(LOOK).await?;
        let refund = &self.refund;
        let row = client
            .query_opt(
                &look,
                &[
                    &refund.partner.as_str(),
                    &refund.order.as_str(),
                    &refund.number.as_str(),
                ],
            )
            .await?;
        Ok(row.as_ref().map(Found::read).transpose()?)
    }
}

impl Step for Book {
    type Answer = Result<Receipt, Decline>;

    async fn attempt(
        &self,
        client: &Object,
        after_loss: bool,
    ) -> Result<Outcome<Self::Answer>, StepError> {
        if let Some(currency) = self.book(client).await? {
            let receipt = self.receipt(currency, self.first_status(), false);
            return Ok(Outcome::Done(Ok(receipt)));
        }
        let Some(found) = self.look(client).await? else {
            // An attempt that was lost may come to the database after all, and
            // find an order that is paid by then: so it can't be refused.
            return Ok(if after_loss {
                Outcome::Again
            } else {
                Outcome::Done(Err(Decline::OrderUnknown))
            });
        };
        let decided = decide(Some(found.standing), found.earlier, self.refund.amount);
        Ok(match decided {
            // It was paid, or money was released, between the two statements.
            Ok(Decision::Accept { .. }) => Outcome::Again,
            Ok(Decision::Repeat) => {
                let is_own = found.call.as_deref() == Some(&self.call[..]);
                Outcome::Done(Ok(self.receipt(found.currency, found.status, !is_own)))
            }
            // What was lost may come yet, and find an order that is paid by then, or
            // money that was released: so it can't be refused for want of either.
            Err(Decline::NotPaid | Decline::Exceeds) if after_loss => Outcome::Again,
            Err(decline) => Outcome::Done(Err(decline)),
        })
    }
}

/// An order, and what its refund's number stands for already.
struct Found {
    standing: Standing,
    currency: String,
    earlier: Option<Earlier>,
    /// The call that made the earlier refund.
    call: Option<Vec<u8>>,
    /// How far the earlier refund has come.
    status: RefundStatus,
}

impl Found {
    fn read(row: &Row) -> Result<Self, BrokenRow> {
        let id: i64 = value(row, 0)?;
        let is_paid: bool = value(row, 1)?;
        let paid = Amount::new(value(row, 2)?);
        let earlier_order: Option<i64> = value(row, 5)?;
        let earlier_amount: Option<i64> = value(row, 6)?;
        Ok(Self {
            standing: Standing {
                paid: is_paid.then_some(paid),
                refunded: Amount::new(value(row, 3)?),
            },
            currency: value(row, 4)?,
            earlier: earlier_order
                .zip(earlier_amount)
                .map(|(order, amount)| Earlier {
                    same_order: order == id,
                    amount: Amount::new(amount),
                }),
            call: value(row, 7)?,
            status: Settlement::status(
                value::<Option<i64>>(row, 8)?.map(Moment),
                value::<Option<bool>>(row, 9)?.unwrap_or(false),
            ),
        })
    }
}
