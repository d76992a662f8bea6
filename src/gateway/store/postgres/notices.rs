//! Notifications that are to be sent.

use deadpool_postgres::Object;

use super::attempts::{Outcome, Step, StepError};
use super::row::{broken, order_columns, read_order, value};
use crate::gateway::moment::Moment;
use crate::gateway::order::Notice;
use crate::gateway::store::contract::{Claimed, Delivery};

/// Takes one that is due and that no other gateway is just taking.
const CLAIM: &str = "
    UPDATE recoup.notices SET due = $2, tries = tries + 1
    WHERE id = (
        SELECT id FROM recoup.notices
        WHERE due <= $1 AND receiver <> ALL ($3)
        ORDER BY due LIMIT 1
        FOR UPDATE SKIP LOCKED
    )
    RETURNING id, url, tries, order_id";

const NEXT: &str = "
    SELECT due FROM recoup.notices
    WHERE due IS NOT NULL AND receiver <> ALL ($1)
    ORDER BY due LIMIT 1";

const ORDER: &str = concat!(
    "SELECT ",
    order_columns!(),
    " FROM recoup.orders WHERE id = $1"
);

/// Taking a notification. One that was taken by a call whose connection broke
/// waits until it is free again.
pub(super) struct Claim {
    pub(super) now: Moment,
    pub(super) until: Moment,
    pub(super) except: Vec<String>,
}

impl Step for Claim {
    type Answer = Claimed;

    async fn attempt(
        &self,
        client: &Object,
        _after_loss: bool,
    ) -> Result<Outcome<Self::Answer>, StepError> {
        let mut next = self.next(client).await?;
        if next.is_none_or(|due| due > self.now) {
            return Ok(Outcome::Done(Claimed { notice: None, next }));
        }
        let notice = self.claim(client).await?;
        next = self.next(client).await?;
        Ok(Outcome::Done(Claimed { notice, next }))
    }
}

impl Claim {
    async fn next(&self, client: &Object) -> Result<Option<Moment>, StepError> {
        let next = client.prepare_cached(NEXT).await?;
        match client.query_opt(&next, &[&self.except]).await? {
            Some(row) => Ok(Some(Moment(value(&row, 0)?))),
            None => Ok(None),
        }
    }

    async fn claim(&self, client: &Object) -> Result<Option<Notice>, StepError> {
        let claim = client.prepare_cached(CLAIM).await?;
        let taken = client
            .query_opt(&claim, &[&self.now.0, &self.until.0, &self.except])
            .await?;
        let Some(row) = taken else {
            return Ok(None);
        };
        let url: String = value(&row, 1)?;
        let tries: i32 = value(&row, 2)?;
        let order: i64 = value(&row, 3)?;
        let find = client.prepare_cached(ORDER).await?;
        let found = client.query_one(&find, &[&order]).await?;
        Ok(Some(Notice {
            id: value(&row, 0)?,
            url: url.parse().map_err(|error| broken(1, error))?,
            tries: tries.unsigned_abs(),
            order: read_order(&found)?,
        }))
    }
}

/// What became of a notification.
pub(super) struct Finish {
    pub(super) id: i64,
    pub(super) delivery: Delivery,
}

impl Step for Finish {
    type Answer = ();

    async fn attempt(
        &self,
        client: &Object,
        _after_loss: bool,
    ) -> Result<Outcome<Self::Answer>, StepError> {
        let due = match self.delivery {
            Delivery::Done => {
                let done = "DELETE FROM recoup.notices WHERE id = $1";
                let done = client.prepare_cached(done).await?;
                client.execute(&done, &[&self.id]).await?;
                return Ok(Outcome::Done(()));
            }
            Delivery::Again(due) => Some(due.0),
            Delivery::GivenUp => None,
        };
        let again = "UPDATE recoup.notices SET due = $2 WHERE id = $1";
        let again = client.prepare_cached(again).await?;
        client.execute(&again, &[&self.id, &due]).await?;
        Ok(Outcome::Done(()))
    }
}
