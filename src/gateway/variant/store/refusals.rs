//! Refusals in other words, and refusals that last.

use std::collections::HashMap;
use std::sync::Arc;

use super::shards::Shards;
use crate::gateway::order::{Decline, Order, OrderName, Payment, Receipt, Refund};
use crate::gateway::store::{Reply, Store};
use crate::protocol::{Amount, OrderNo, OrderState, PartnerNo, RefundNo};

/// Calls an order closed of which nothing is left.
pub(super) struct Closing {
    inner: Arc<dyn Store>,
}

impl Closing {
    pub(super) fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner }
    }
}

impl Store for Closing {
    fn pay(&self, payment: Payment) -> Reply<'_, Result<Order, Decline>> {
        self.inner.pay(payment)
    }

    fn refund(&self, refund: Refund) -> Reply<'_, Result<Receipt, Decline>> {
        Box::pin(async move {
            let (partner, order) = (refund.partner.clone(), refund.order.clone());
            let answer = self.inner.refund(refund).await?;
            if answer != Err(Decline::Exceeds) {
                return Ok(answer);
            }
            // What is exhausted stays so: true now is true for this refund.
            let order = self.inner.find(partner, OrderName::Number(order)).await?;
            let is_exhausted = order.is_some_and(|order| order.state() == OrderState::Refunded);
            Ok(Err(if is_exhausted {
                Decline::Closed
            } else {
                Decline::Exceeds
            }))
        })
    }

    fn find(&self, partner: PartnerNo, name: OrderName) -> Reply<'_, Option<Order>> {
        self.inner.find(partner, name)
    }
}

/// Gives a number that was refused the same refusal for ever.
pub(super) struct Remembering {
    inner: Arc<dyn Store>,
    refused: Shards<HashMap<(PartnerNo, RefundNo), Refused>>,
}

/// A refund that was refused, and how.
struct Refused {
    order: OrderNo,
    amount: Amount,
    decline: Decline,
}

impl Remembering {
    pub(super) fn new(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            refused: Shards::default(),
        }
    }
}

impl Store for Remembering {
    fn pay(&self, payment: Payment) -> Reply<'_, Result<Order, Decline>> {
        self.inner.pay(payment)
    }

    fn refund(&self, refund: Refund) -> Reply<'_, Result<Receipt, Decline>> {
        Box::pin(async move {
            let key = (refund.partner.clone(), refund.number.clone());
            // Held until the refusal is noted: a number must not be refused for
            // ever that was accepted at the same time.
            let mut refused = self.refused.lock(&key).await;
            if let Some(earlier) = refused.get(&key) {
                let same = earlier.order == refund.order && earlier.amount == refund.amount;
                return Ok(Err(if same {
                    earlier.decline
                } else {
                    Decline::NumberTaken
                }));
            }
            let (order, amount) = (refund.order.clone(), refund.amount);
            let answer = self.inner.refund(refund).await?;
            if let Err(decline @ (Decline::Exceeds | Decline::NotPaid)) = answer {
                let refusal = Refused {
                    order,
                    amount,
                    decline,
                };
                refused.insert(key, refusal);
            }
            Ok(answer)
        })
    }

    fn find(&self, partner: PartnerNo, name: OrderName) -> Reply<'_, Option<Order>> {
        self.inner.find(partner, name)
    }
}
