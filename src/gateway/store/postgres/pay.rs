//! Making a payment.

use deadpool_postgres::Object;

use super::attempts::{Outcome, Step, StepError};
use super::row::{order_columns, read_order};
use crate::gateway::order::{Decline, Order, Payment};

/// Adds the order, unless there is one of its number. Another's that is not
/// committed yet is waited for.
const ADD: &str = "
    INSERT INTO recoup.orders (partner, number, store, barcode, amount, currency, paid_at, paid)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (partner, number) DO NOTHING";

const FIND: &str = concat!(
    "SELECT ",
    order_columns!(),
    " FROM recoup.orders WHERE partner = $1 AND number = $2"
);

/// A payment to be made, or found already made.
pub(super) struct Pay(pub(super) Payment);

impl Step for Pay {
    type Answer = Result<Order, Decline>;

    async fn attempt(
        &self,
        client: &Object,
        _after_loss: bool,
    ) -> Result<Outcome<Self::Answer>, StepError> {
        let payment = &self.0;
        let (partner, number) = (payment.partner.as_str(), payment.number.as_str());
        let amount = payment.amount.minor_units();
        let paid_at = payment.paid_at.map(|time| time.to_string());
        let paid = payment.paid_at.map_or(0, |_| amount);
        let add = client.prepare_cached(ADD).await?;
        let (store, barcode) = (payment.store.as_str(), payment.barcode.as_str());
        client
            .execute(
                &add,
                &[
                    &partner,
                    &number,
                    &store,
                    &barcode,
                    &amount,
                    &payment.currency,
                    &paid_at,
                    &paid,
                ],
            )
            .await?;
        let find = client.prepare_cached(FIND).await?;
        let Some(row) = client.query_opt(&find, &[&partner, &number]).await? else {
            return Ok(Outcome::Again);
        };
        let order = read_order(&row)?;
        Ok(Outcome::Done(if order.is_made_by(payment) {
            Ok(order)
        } else {
            Err(Decline::NumberTaken)
        }))
    }
}
