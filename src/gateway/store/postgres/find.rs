//! Finding an order.

use deadpool_postgres::Object;

use super::attempts::{Outcome, Step, StepError};
use super::row::{order_columns, read_order};
use crate::gateway::order::{Order, OrderName};
use crate::protocol::PartnerNo;

const BY_NUMBER: &str = concat!(
    "SELECT ",
    order_columns!(),
    " FROM recoup.orders WHERE partner = $1 AND number = $2"
);

const BY_ID: &str = concat!(
    "SELECT ",
    order_columns!(),
    " FROM recoup.orders WHERE partner = $1 AND id = $2"
);

/// An order that is looked for.
pub(super) struct Find {
    pub(super) partner: PartnerNo,
    pub(super) name: OrderName,
}

impl Step for Find {
    type Answer = Option<Order>;

    async fn attempt(
        &self,
        client: &Object,
        _after_loss: bool,
    ) -> Result<Outcome<Self::Answer>, StepError> {
        let partner = self.partner.as_str();
        let row = match &self.name {
            OrderName::Number(number) => {
                let find = client.prepare_cached(BY_NUMBER).await?;
                client.query_opt(&find, &[&partner, &number.as_str()]).await
            }
            OrderName::Id(id) => {
                let find = client.prepare_cached(BY_ID).await?;
                client.query_opt(&find, &[&partner, &id.0]).await
            }
        }?;
        let order = row.as_ref().map(read_order).transpose()?;
        Ok(Outcome::Done(order))
    }
}
