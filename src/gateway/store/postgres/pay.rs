//! Making a payment.

use deadpool_postgres::Object;

use super::attempts::{Outcome, Step, StepError};
use super::row::{order_columns, read_order};
use crate::gateway::moment::Moment;
use crate::gateway::order::{Decline, Means, Order, Payment};
use crate::gateway::web_url::WebUrl;

/// Adds the order, unless there is one of its number, and notes the
/// notification of one that is paid. Another's order that is not committed yet
/// is waited for.
const ADD: &str = "
    WITH added AS (
        INSERT INTO recoup.orders (partner, number, store, barcode, amount, currency, paid_at, paid,
                                   notify_url, page, wallet, title, return_url)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (partner, number) DO NOTHING
        RETURNING id, paid_at, notify_url
    )
    INSERT INTO recoup.notices (order_id, url, receiver, due)
    SELECT id, notify_url, $14::text, $15::bigint FROM added
    WHERE paid_at IS NOT NULL AND notify_url IS NOT NULL";

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
        let store = payment.store.as_str();
        let (barcode, page) = match &payment.means {
            Means::Barcode(barcode) => (barcode.as_str(), None),
            Means::Page(checkout) => ("", Some(checkout)),
        };
        let notify_url = payment.notify_url.as_ref();
        let return_url = page.and_then(|page| page.return_url.as_ref());
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
                    &notify_url.map(WebUrl::as_str),
                    &page.map(|page| page.key.as_str()),
                    &page.map(|page| page.wallet.as_str()),
                    &page.and_then(|page| page.title.as_deref()),
                    &return_url.map(WebUrl::as_str),
                    &notify_url.map_or_else(String::new, WebUrl::receiver),
                    &Moment::now().0,
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
