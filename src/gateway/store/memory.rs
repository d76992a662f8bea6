//! Orders and refunds in memory, for tests and for load: nothing is kept.
//!
//! Numbers are spread over shards, so that calls of different numbers seldom
//! wait for each other and a table that grows stops few of them. A refund
//! holds two shards at once: its own number's, then its order's. The two kinds
//! have locks of their own and are always taken in this order, and what happens
//! later has the last one, so that nobody waits in a circle.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::future::ready;
use std::hash::{BuildHasher, Hash};
use std::sync::{Mutex, MutexGuard};

use super::contract::{Reply, Store};
use super::memory_later::{Later, RefundName};
use super::order_book::OrderBook;
use crate::gateway::moment::Moment;
use crate::gateway::order::{
    Decline, Means, Order, OrderId, OrderName, Payment, Receipt, Refund, Settlement,
};
use crate::gateway::refunding::{Decision, Earlier, Standing, decide};
use crate::protocol::{Amount, OrderNo, PartnerNo, RefundNo};

/// How many shards there are of each kind.
const SHARDS: usize = 64;

/// A store in memory.
#[derive(Debug)]
pub struct MemoryStore {
    orders: Vec<Mutex<OrderBook>>,
    refunds: Vec<Mutex<Refunds>>,
    spread: RandomState,
    later: Mutex<Later>,
}

/// Accepted refunds by their number.
type Refunds = HashMap<(PartnerNo, RefundNo), Booked>;

/// An accepted refund.
#[derive(Debug)]
struct Booked {
    order: OrderId,
    amount: Amount,
    /// When it is settled; `None` once it is.
    due: Option<Moment>,
    fails: bool,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self {
            orders: (0..SHARDS)
                .map(|shard| Mutex::new(OrderBook::new(shard, SHARDS)))
                .collect(),
            refunds: (0..SHARDS).map(|_| Mutex::default()).collect(),
            spread: RandomState::new(),
            later: Mutex::default(),
        }
    }
}

impl Store for MemoryStore {
    fn pay(&self, payment: Payment) -> Reply<'_, Result<Order, Decline>> {
        Box::pin(ready(Ok(self.pay_at_once(payment))))
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
    fn pay_at_once(&self, payment: Payment) -> Result<Order, Decline> {
        let shard = self.shard(&payment.partner, &payment.number);
        let mut orders = lock(&self.orders[shard]);
        let has_sequel = payment.notify_url.is_some() || matches!(payment.means, Means::Page(_));
        if !has_sequel {
            return orders.pay(payment);
        }
        let key = (payment.partner.clone(), payment.number.clone());
        let is_new = orders.by_number(&key).is_none();
        let order = orders.pay(payment)?;
        if is_new {
            let mut later = lock(&self.later);
            if order.paid().is_some() {
                later.note(&order, Moment::now());
            }
            later.open(&order);
        }
        Ok(order)
    }

    /// Settles one refund that is due, if it still is.
    pub(super) fn settle_one(&self, name: &RefundName) -> bool {
        let refund_shard = self.shard(&name.partner, &name.refund);
        let order_shard = self.shard(&name.partner, &name.order);
        let mut refunds = lock(&self.refunds[refund_shard]);
        let mut orders = lock(&self.orders[order_shard]);
        let order = orders.by_number(&(name.partner.clone(), name.order.clone()));
        let refund = refunds.get_mut(&(name.partner.clone(), name.refund.clone()));
        let (Some(order), Some(refund)) = (order, refund) else {
            return false;
        };
        if refund.due.take().is_none() {
            return false;
        }
        let without = |sum: Amount| {
            sum.checked_sub(refund.amount)
                .expect("a sum holds each of its refunds")
        };
        order.dealing = without(order.dealing);
        if refund.fails {
            order.refunded = without(order.refunded);
        }
        true
    }

    /// Changes an order, or looks at it.
    pub(super) fn with_order<T>(
        &self,
        partner: &PartnerNo,
        number: &OrderNo,
        work: impl FnOnce(&mut Order) -> T,
    ) -> Option<T> {
        let shard = self.shard(partner, number);
        let mut orders = lock(&self.orders[shard]);
        orders
            .by_number(&(partner.clone(), number.clone()))
            .map(work)
    }

    /// What happens later.
    pub(super) fn later(&self) -> MutexGuard<'_, Later> {
        lock(&self.later)
    }

    fn refund_at_once(&self, refund: Refund) -> Result<Receipt, Decline> {
        let refund_shard = self.shard(&refund.partner, &refund.number);
        let order_shard = self.shard(&refund.partner, &refund.order);
        let order_key: (PartnerNo, OrderNo) = (refund.partner.clone(), refund.order);
        let sequel = refund.settlement.map(|settlement| {
            let name = RefundName {
                partner: order_key.0.clone(),
                order: order_key.1.clone(),
                refund: refund.number.clone(),
            };
            (settlement, name)
        });

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
                let earlier = earlier.get();
                Some(Earlier {
                    same_order: earlier.order == order.id,
                    amount: earlier.amount,
                })
            }
            Entry::Vacant(_) => None,
        };
        let decision = decide(Some(standing), earlier, refund.amount)?;
        if let Decision::Accept { refunded } = decision {
            order.refunded = refunded;
            if sequel.is_some() {
                order.dealing = order
                    .dealing
                    .checked_add(refund.amount)
                    .expect("it is no more than what is refunded");
            }
        }
        let booked = entry.or_insert_with(|| Booked {
            order: order.id,
            amount: refund.amount,
            due: refund.settlement.map(|settlement| settlement.due),
            fails: refund.settlement.is_some_and(|settlement| settlement.fails),
        });
        if let (Decision::Accept { .. }, Some((settlement, name))) = (decision, sequel) {
            lock(&self.later).settle_at(settlement.due, name);
        }
        Ok(Receipt {
            amount: refund.amount,
            currency: order.currency.clone(),
            status: Settlement::status(booked.due, booked.fails),
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
