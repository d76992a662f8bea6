//! Refunds that are made and answered as unknown.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::gateway::order::{Decline, Order, OrderName, Payment, Receipt, Refund};
use crate::gateway::store::{Reply, Store, StoreError};
use crate::protocol::PartnerNo;

/// Of how many accepted refunds one is answered as unknown.
const REFUNDS: u64 = 20;

/// Makes refunds and, now and then, does not say so. A repetition is always
/// told.
pub(super) struct Unknown {
    inner: Arc<dyn Store>,
    accepted: AtomicU64,
}

impl Unknown {
    pub(super) fn new(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            accepted: AtomicU64::new(0),
        }
    }
}

impl Store for Unknown {
    fn pay(&self, payment: Payment) -> Reply<'_, Result<Order, Decline>> {
        self.inner.pay(payment)
    }

    fn refund(&self, refund: Refund) -> Reply<'_, Result<Receipt, Decline>> {
        Box::pin(async {
            let answer = self.inner.refund(refund).await?;
            let is_new = answer.as_ref().is_ok_and(|receipt| !receipt.repeated);
            if is_new {
                let count = self.accepted.fetch_add(1, Ordering::Relaxed) + 1;
                if count.is_multiple_of(REFUNDS) {
                    return Err(StoreError);
                }
            }
            Ok(answer)
        })
    }

    fn find(&self, partner: PartnerNo, name: OrderName) -> Reply<'_, Option<Order>> {
        self.inner.find(partner, name)
    }
}
