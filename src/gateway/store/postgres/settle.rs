//! Settling refunds that are due.

use deadpool_postgres::Object;

use super::attempts::{Outcome, Step, StepError};
use super::row::value;
use crate::gateway::moment::Moment;
use crate::gateway::store::contract::Settled;

/// Settles what is due of one order, the one that has waited longest, and
/// releases the amounts of refunds that fail.
///
/// It holds one order's lock and waits for no other meanwhile, so it keeps
/// nobody waiting for long, and nobody waits in a circle. Who has waited for
/// another gateway finds the refunds settled: what is due is asked for again
/// with the row locked. Rows are found by their place, since a plan that was
/// made while the table was small would search all of it.
const SETTLE: &str = "
    WITH first AS MATERIALIZED (
        SELECT order_id FROM recoup.refunds WHERE due <= $1 ORDER BY due LIMIT 1
    ), locked AS MATERIALIZED (
        SELECT id FROM recoup.orders
        WHERE id = (SELECT order_id FROM first)
        FOR NO KEY UPDATE
    ), settled AS (
        UPDATE recoup.refunds SET due = NULL
        WHERE ctid = ANY (ARRAY(
                  SELECT ctid FROM recoup.refunds
                  WHERE due <= $1 AND order_id = (SELECT order_id FROM first)
                  ORDER BY due LIMIT 512
              ))
          AND due IS NOT NULL AND (SELECT count(*) FROM locked) > 0
        RETURNING amount, fails
    ), sums AS (
        SELECT count(*) AS refunds, coalesce(sum(amount), 0)::bigint AS amount,
               coalesce(sum(amount) FILTER (WHERE fails), 0)::bigint AS released
        FROM settled
    ), changed AS (
        UPDATE recoup.orders
        SET dealing = dealing - sums.amount, refunded = refunded - sums.released
        FROM sums WHERE id = (SELECT order_id FROM first) AND sums.refunds > 0
    )
    SELECT refunds FROM sums";

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
