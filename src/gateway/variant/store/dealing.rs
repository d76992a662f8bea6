//! Refunds that are accepted at once and settled later.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::shards::Shards;
use crate::gateway::order::{Decline, Order, OrderName, Payment, Receipt, Refund};
use crate::gateway::store::{Reply, Store};
use crate::protocol::{Amount, OrderNo, PartnerNo, RefundNo, RefundStatus};

/// How long a refund takes to be settled.
const SETTLING: Duration = Duration::from_millis(20);

/// Says of a refund that it is dealing, and after a while that it is settled.
/// Its money counts from its acceptance; that all of an order is refunded shows
/// once all is settled.
pub(super) struct Dealing {
    inner: Arc<dyn Store>,
    unsettled: Shards<HashMap<(PartnerNo, OrderNo), Vec<Unsettled>>>,
}

struct Unsettled {
    number: RefundNo,
    amount: Amount,
    settled_at: Instant,
}

impl Dealing {
    pub(super) fn new(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            unsettled: Shards::default(),
        }
    }

    /// The order as a query shows it now.
    async fn show(&self, order: Order) -> Order {
        let key = (order.partner.clone(), order.number.clone());
        let mut orders = self.unsettled.lock(&key).await;
        let refunded = unsettled_of(&mut orders, &key)
            .iter()
            .try_fold(order.refunded, |settled, refund| {
                settled.checked_sub(refund.amount)
            });
        Order {
            refunded: refunded.unwrap_or(Amount::ZERO),
            ..order
        }
    }
}

impl Store for Dealing {
    fn pay(&self, payment: Payment) -> Reply<'_, Result<Order, Decline>> {
        Box::pin(async {
            match self.inner.pay(payment).await? {
                Ok(order) => Ok(Ok(self.show(order).await)),
                Err(decline) => Ok(Err(decline)),
            }
        })
    }

    fn refund(&self, refund: Refund) -> Reply<'_, Result<Receipt, Decline>> {
        Box::pin(async move {
            let key = (refund.partner.clone(), refund.order.clone());
            let (number, amount) = (refund.number.clone(), refund.amount);
            // Held until the refund is noted: a retry at the same time must not
            // be told that it is settled.
            let mut orders = self.unsettled.lock(&key).await;
            let mut receipt = match self.inner.refund(refund).await? {
                Ok(receipt) => receipt,
                Err(decline) => return Ok(Err(decline)),
            };
            let unsettled = unsettled_of(&mut orders, &key);
            if !receipt.repeated {
                unsettled.push(Unsettled {
                    number: number.clone(),
                    amount,
                    settled_at: Instant::now() + SETTLING,
                });
            }
            if unsettled.iter().any(|refund| refund.number == number) {
                receipt.status = RefundStatus::Dealing;
            }
            Ok(Ok(receipt))
        })
    }

    fn find(&self, partner: PartnerNo, name: OrderName) -> Reply<'_, Option<Order>> {
        Box::pin(async {
            match self.inner.find(partner, name).await? {
                Some(order) => Ok(Some(self.show(order).await)),
                None => Ok(None),
            }
        })
    }
}

/// The refunds of an order that are not settled yet.
fn unsettled_of<'o>(
    orders: &'o mut HashMap<(PartnerNo, OrderNo), Vec<Unsettled>>,
    key: &(PartnerNo, OrderNo),
) -> &'o mut Vec<Unsettled> {
    let now = Instant::now();
    orders.retain(|_, refunds| {
        refunds.retain(|refund| refund.settled_at > now);
        !refunds.is_empty()
    });
    orders.entry(key.clone()).or_default()
}
