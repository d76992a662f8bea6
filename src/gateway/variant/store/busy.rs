//! Contention that is answered as busy.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::gateway::order::{Decline, Order, OrderName, Payment, Receipt, Refund};
use crate::gateway::store::{Reply, Store};
use crate::protocol::{OrderNo, PartnerNo};

/// How long a refund is under way at least: without it, a store in memory would
/// be too fast for anybody to be met.
const UNDER_WAY: Duration = Duration::from_millis(1);

/// Lets one refund of an order in and sends others away.
pub(super) struct Busy {
    inner: Arc<dyn Store>,
    orders: Mutex<Orders>,
}

/// The orders of which a refund is under way.
type Orders = HashSet<(PartnerNo, OrderNo)>;

impl Busy {
    pub(super) fn new(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            orders: Mutex::default(),
        }
    }

    /// The only place at an order, where it is free.
    fn enter(&self, refund: &Refund) -> Result<Place<'_>, Decline> {
        let order = (refund.partner.clone(), refund.order.clone());
        if lock(&self.orders).insert(order.clone()) {
            let orders = &self.orders;
            Ok(Place { orders, order })
        } else {
            Err(Decline::Busy)
        }
    }
}

impl Store for Busy {
    fn pay(&self, payment: Payment) -> Reply<'_, Result<Order, Decline>> {
        self.inner.pay(payment)
    }

    fn refund(&self, refund: Refund) -> Reply<'_, Result<Receipt, Decline>> {
        Box::pin(async {
            let _place = match self.enter(&refund) {
                Ok(place) => place,
                Err(decline) => return Ok(Err(decline)),
            };
            let (answer, ()) =
                tokio::join!(self.inner.refund(refund), tokio::time::sleep(UNDER_WAY));
            answer
        })
    }

    fn find(&self, partner: PartnerNo, name: OrderName) -> Reply<'_, Option<Order>> {
        self.inner.find(partner, name)
    }
}

/// A place at an order. It is left also where the caller hangs up.
struct Place<'a> {
    orders: &'a Mutex<Orders>,
    order: (PartnerNo, OrderNo),
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        lock(self.orders).remove(&self.order);
    }
}

fn lock(orders: &Mutex<Orders>) -> MutexGuard<'_, Orders> {
    orders
        .lock()
        .expect("nothing panics while it holds the orders")
}
