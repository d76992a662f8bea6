//! Orders and refunds in memory, for tests and for load: nothing is kept.
//!
//! Numbers are spread over shards, so that calls of different numbers seldom
//! wait for each other and a table that grows stops few of them. A refund
//! holds two shards at once: its own number's, then its order's. The two kinds
//! have locks of their own and are always taken in this order, so that nobody
//! waits in a circle.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::future::ready;
use std::hash::{BuildHasher, Hash};
use std::sync::{Mutex, MutexGuard};

use super::contract::{Reply, Store};
use super::order_book::OrderBook;
use crate::gateway::order::{Decline, Order, OrderId, OrderName, Payment, Receipt, Refund};
use crate::gateway::refunding::{Decision, Earlier, Standing, decide};
use crate::protocol::{Amount, OrderNo, PartnerNo, RefundNo, RefundStatus};

/// How many shards there are of each kind.
const SHARDS: usize = 64;

/// A store in memory.
#[derive(Debug)]
pub struct MemoryStore {
    orders: Vec<Mutex<OrderBook>>,
    refunds: Vec<Mutex<Refunds>>,
    spread: RandomState,
}

/// Accepted refunds by their number: of which order, and how much.
type Refunds = HashMap<(PartnerNo, RefundNo), (OrderId, Amount)>;

impl Default for MemoryStore {
    fn default() -> Self {
        Self {
            orders: (0..SHARDS)
                .map(|shard| Mutex::new(OrderBook::new(shard, SHARDS)))
                .collect(),
            refunds: (0..SHARDS).map(|_| Mutex::default()).collect(),
            spread: RandomState::new(),
        }
    }
}

impl Store for MemoryStore {
    fn pay(&self, payment: Payment) -> Reply<'_, Result<Order, Decline>> {
        let shard = self.shard(&payment.partner, &payment.number);
        let paid = lock(&self.orders[shard]).pay(payment);
        Box::pin(ready(Ok(paid)))
    }

    fn refund(&self, refund: Refund) -> Reply<'_, Result<Receipt, Decline>> {
        Box::pin(ready(Ok(self.refund_at_once(refund))))
    }

    fn find(&self, partner: PartnerNo, name: OrderName) -> Reply<'_, Option<Order>> {
        let shard = match &name {
            OrderName::Number(number) => self.shard(&partner, number),
            OrderName::Id(id) => id.0.unsigned_abs() as usize % SHARDS,
        };
        let found = lock(&self.orders[shard]).find(partner, name).cloned();
        Box::pin(ready(Ok(found)))
    }
}

impl MemoryStore {
    fn refund_at_once(&self, refund: Refund) -> Result<Receipt, Decline> {
        let refund_shard = self.shard(&refund.partner, &refund.number);
        let order_shard = self.shard(&refund.partner, &refund.order);
        let order_key: (PartnerNo, OrderNo) = (refund.partner.clone(), refund.order);

        let mut refunds = lock(&self.refunds[refund_shard]);
        let mut orders = lock(&self.orders[order_shard]);
        let entry = refunds.entry((refund.partner, refund.number));
        let order = orders.by_number(&order_key).ok_or(Decline::OrderUnknown)?;
        let standing = Standing {
            paid: order.paid(),
            refunded: order.refunded,
        };
        let earlier = match &entry {
            Entry::Occupied(earlier) => {
                let (id, amount) = *earlier.get();
                Some(Earlier {
                    same_order: id == order.id,
                    amount,
                })
            }
            Entry::Vacant(_) => None,
        };
        let decision = decide(Some(standing), earlier, refund.amount)?;
        if let Decision::Accept { refunded } = decision {
            order.refunded = refunded;
            entry.insert_entry((order.id, refund.amount));
        }
        Ok(Receipt {
            amount: refund.amount,
            currency: order.currency.clone(),
            status: RefundStatus::Cancelled,
            repeated: decision == Decision::Repeat,
        })
    }

    fn shard(&self, partner: &PartnerNo, number: &impl Hash) -> usize {
        let hash = self.spread.hash_one((partner, number));
        usize::try_from(hash % SHARDS as u64).expect("a shard's place is small")
    }
}

fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard
        .lock()
        .expect("nothing panics between two changes of a shard")
}
