//! Settling refunds that are due.

use deadpool_postgres::Object;

use super::attempts::{Outcome, Step, StepError};
use super::row::value;
use crate::gateway::moment::Moment;
use crate::gateway::store::contract::Settled;

/// Settles what is due, up to 512 refunds at once, and releases the amounts of
/// those that fail.
///
/// Orders are locked before anything changes, in the order of their numbers, so
/// that gateways which settle at the same time wait for each other, and never in
/// a circle. Who has waited finds the refunds settled: what is due is asked for
/// again with the row locked. Rows are found by their place, since a plan that
/// was made while the table was small would search all of it for each.
const SETTLE: &str = "
    WITH due AS MATERIALIZED (
        SELECT ctid AS place, order_id FROM recoup.refunds
        WHERE due <= $1 ORDER BY due LIMIT 512
    ), locked AS MATERIALIZED (
        SELECT id FROM recoup.orders
        WHERE id IN (SELECT order_id FROM due)
        ORDER BY id FOR UPDATE
    ), settled AS (
        UPDATE recoup.refunds SET due = NULL
        WHERE ctid = ANY (ARRAY(SELECT place FROM due)) AND due IS NOT NULL
          AND (SELECT count(*) FROM locked) > 0
        RETURNING order_id, amount, fails
    ), sums AS (
        SELECT order_id, count(*) AS refunds, sum(amount)::bigint AS amount,
               coalesce(sum(amount) FILTER (WHERE fails), 0)::bigint AS released
        FROM settled GROUP BY order_id
    ), changed AS (
        UPDATE recoup.orders o
        SET dealing = dealing - sums.amount, refunded = refunded - sums.released
        FROM sums WHERE o.id = sums.order_id
    )
    SELECT coalesce(sum(refunds), 0)::bigint FROM sums";

const NEXT: &str = "SELECT min(due) FROM recoup.refunds WHERE due IS NOT NULL";

/// Settling what is due by then.
pub(super) struct Settle(pub(super) Moment);

impl Step for Settle {
    type Answer = Settled;

    async fn attempt(
        &self,
        client: &Object,
        _after_loss: bool,
    ) -> Result<Outcome<Self::Answer>, StepError> {
        let next = client.prepare_cached(NEXT).await?;
        let look = async || -> Result<Option<Moment>, StepError> {
            let row = client.query_one(&next, &[]).await?;
            Ok(value::<Option<i64>>(&row, 0)?.map(Moment))
        };
        let first = look().await?;
        if first.is_none_or(|due| due > self.0) {
            return Ok(Outcome::Done(Settled {
                count: 0,
                next: first,
            }));
        }
        let settle = client.prepare_cached(SETTLE).await?;
        let row = client.query_one(&settle, &[&self.0.0]).await?;
        let count: i64 = value(&row, 0)?;
        Ok(Outcome::Done(Settled {
            count: usize::try_from(count).unwrap_or(0),
            next: look().await?,
        }))
    }
}
