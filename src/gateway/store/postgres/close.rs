//! The page that an order is paid on.

use deadpool_postgres::Object;

use super::attempts::{Outcome, Step, StepError};
use super::row::{order_columns, read_order};
use crate::gateway::moment::Moment;
use crate::gateway::order::{Choice, Order};

const FIND: &str = concat!(
    "SELECT ",
    order_columns!(),
    " FROM recoup.orders WHERE page = $1"
);

/// Pays, and notes the notification, both or neither.
const PAY: &str = "
    WITH paid AS (
        UPDATE recoup.orders SET paid_at = $2, paid = amount
        WHERE page = $1 AND paid_at IS NULL AND NOT declined
        RETURNING id, notify_url
    )
    INSERT INTO recoup.notices (order_id, url, receiver, due)
    SELECT id, notify_url, $3::text, $4::bigint FROM paid WHERE notify_url IS NOT NULL";

const DECLINE: &str = "
    UPDATE recoup.orders SET declined = true
    WHERE page = $1 AND paid_at IS NULL AND NOT declined";

/// The order that is paid on a page.
pub(super) struct FindPage(pub(super) String);

impl Step for FindPage {
    type Answer = Option<Order>;

    async fn attempt(
        &self,
        client: &Object,
        _after_loss: bool,
    ) -> Result<Outcome<Self::Answer>, StepError> {
        let order = find(client, &self.0).await?;
        Ok(Outcome::Done(order))
    }
}

/// What the customer chose on a page. Done again, it finds what it has done.
pub(super) struct Close {
    pub(super) key: String,
    pub(super) choice: Choice,
    pub(super) now: Moment,
}

impl Step for Close {
    type Answer = Option<Order>;

    async fn attempt(
        &self,
        client: &Object,
        _after_loss: bool,
    ) -> Result<Outcome<Self::Answer>, StepError> {
        let Some(order) = find(client, &self.key).await? else {
            return Ok(Outcome::Done(None));
        };
        match self.choice {
            Choice::Pay(at) => {
                let receiver = order.notify_url.map(|url| url.receiver());
                let pay = client.prepare_cached(PAY).await?;
                let receiver = receiver.unwrap_or_default();
                client
                    .execute(&pay, &[&self.key, &at.to_string(), &receiver, &self.now.0])
                    .await?;
            }
            Choice::Decline => {
                let decline = client.prepare_cached(DECLINE).await?;
                client.execute(&decline, &[&self.key]).await?;
            }
        }
        Ok(Outcome::Done(find(client, &self.key).await?))
    }
}

async fn find(client: &Object, key: &str) -> Result<Option<Order>, StepError> {
    let find = client.prepare_cached(FIND).await?;
    let row = client.query_opt(&find, &[&key]).await?;
    Ok(row.as_ref().map(read_order).transpose()?)
}
