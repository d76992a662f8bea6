//! A ledger in memory that keeps money wrong, in each way that is asked for.
//!
//! It shares no line with the right rules of refunding: their code must not
//! have a switch that turns a rule off. Its arithmetic is plain `i64`, and
//! wraps or rounds where a fault says so.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::catalogue::Fault;
use super::chosen::Faults;
use crate::gateway::order::{Decline, Order, OrderId, OrderName, Payment, Receipt, Refund};
use crate::gateway::store::{OrderBook, Reply, Store};
use crate::protocol::{Amount, OrderNo, PartnerNo, RefundNo};

/// A window of this length or longer is slept through; the system's timer is
/// too coarse for a shorter one.
const SLEPT: Duration = Duration::from_millis(5);

/// The faulty ledger.
#[derive(Debug)]
pub(super) struct FaultyLedger {
    faults: Faults,
    /// Held across a step and let go while a race is open.
    books: Mutex<Books>,
}

#[derive(Debug)]
struct Books {
    orders: OrderBook,
    refunds: HashMap<(PartnerNo, RefundNo), (OrderId, Amount)>,
}

impl FaultyLedger {
    pub(super) fn new(faults: Faults) -> Self {
        let books = Books {
            orders: OrderBook::new(0, 1),
            refunds: HashMap::new(),
        };
        Self {
            faults,
            books: Mutex::new(books),
        }
    }

    /// A refund, step by step: look the number up, compare with what is left,
    /// take it. A race lets others in between two of the steps; the other
    /// faults get one step wrong.
    async fn refund_in_steps(&self, refund: Refund) -> Result<Receipt, Decline> {
        let mut books = self.books.lock().await;
        let order = self.locate(&mut books, &refund)?;
        let receipt = |repeated| Receipt {
            amount: refund.amount,
            currency: order.currency.clone(),
            repeated,
        };
        let key = (refund.partner.clone(), refund.number.clone());
        if let Some((id, amount)) = books.refunds.get(&key)
            && !self.faults.has(Fault::DuplicateApplied)
        {
            return if *id == order.id && *amount == refund.amount {
                Ok(receipt(true))
            } else {
                Err(Decline::NumberTaken)
            };
        }
        if let Some(window) = self.faults.window(Fault::DuplicateRace) {
            drop(books);
            stay_open(window).await;
            books = self.books.lock().await;
        }

        if order.paid().is_none() && !self.faults.has(Fault::UnpaidOrder) {
            return Err(Decline::NotPaid);
        }
        let before = refunded(&mut books, order.id);
        if !self.is_covered(order.amount, before, refund.amount) {
            if self.faults.has(Fault::RefusalConsumes) {
                *refunded_of(&mut books, order.id) = order.amount;
            }
            return Err(Decline::Exceeds);
        }

        // The number is recorded before the window opens: these two races are
        // about the sum, and equal numbers at once stay one refund.
        books.refunds.insert(key, (order.id, refund.amount));
        let window = [Fault::CheckThenAct, Fault::LostUpdate]
            .into_iter()
            .filter_map(|race| self.faults.window(race))
            .max();
        if let Some(window) = window {
            drop(books);
            stay_open(window).await;
            books = self.books.lock().await;
        }
        let start = if self.faults.has(Fault::LostUpdate) {
            before
        } else {
            refunded(&mut books, order.id)
        };
        *refunded_of(&mut books, order.id) = self.sum(start, refund.amount);
        Ok(receipt(false))
    }

    /// The order that is named, as it stands now.
    fn locate(&self, books: &mut Books, refund: &Refund) -> Result<Order, Decline> {
        let own: (PartnerNo, OrderNo) = (refund.partner.clone(), refund.order.clone());
        if let Some(order) = books.orders.by_number(&own) {
            return Ok(order.clone());
        }
        books
            .orders
            .iter()
            .find(|order| order.number == refund.order && self.faults.has(Fault::ForeignOrder))
            .cloned()
            .ok_or(Decline::OrderUnknown)
    }

    /// Whether `amount` may be refunded where `before` was already.
    fn is_covered(&self, paid: Amount, before: Amount, amount: Amount) -> bool {
        let compared = if self.faults.has(Fault::CapPerRefund) {
            amount
        } else {
            self.sum(before, amount)
        };
        let too_kind = i64::from(self.faults.has(Fault::CapOffByOne));
        let too_strict = i64::from(self.faults.has(Fault::FullRefundRefused));
        let tolerance = too_kind - too_strict;
        compared.minor_units() <= paid.minor_units().saturating_add(tolerance)
    }

    fn sum(&self, before: Amount, amount: Amount) -> Amount {
        let (before, amount) = (before.minor_units(), amount.minor_units());
        Amount::new(if self.faults.has(Fault::FloatAmount) {
            float_sum(before, amount)
        } else if self.faults.has(Fault::Wrap32Bit) {
            i64::from(wrapping_sum(before, amount))
        } else {
            before.saturating_add(amount)
        })
    }
}

impl Store for FaultyLedger {
    fn pay(&self, payment: Payment) -> Reply<'_, Result<Order, Decline>> {
        Box::pin(async { Ok(self.books.lock().await.orders.pay(payment)) })
    }

    fn refund(&self, refund: Refund) -> Reply<'_, Result<Receipt, Decline>> {
        Box::pin(async { Ok(self.refund_in_steps(refund).await) })
    }

    fn find(&self, partner: PartnerNo, name: OrderName) -> Reply<'_, Option<Order>> {
        Box::pin(async {
            let mut books = self.books.lock().await;
            Ok(books.orders.find(partner, name).cloned())
        })
    }
}

fn refunded_of(books: &mut Books, id: OrderId) -> &mut Amount {
    let order = books.orders.by_id(id).expect("orders are never removed");
    &mut order.refunded
}

fn refunded(books: &mut Books, id: OrderId) -> Amount {
    *refunded_of(books, id)
}

/// Lets others run for as long as the window is open.
async fn stay_open(window: Duration) {
    if window >= SLEPT {
        return tokio::time::sleep(window).await;
    }
    let opened = Instant::now();
    loop {
        tokio::task::yield_now().await;
        if opened.elapsed() >= window {
            return;
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "the loss is the fault"
)]
const fn float_sum(before: i64, amount: i64) -> i64 {
    (before as f32 + amount as f32) as i64
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "losing the upper bits is the fault"
)]
const fn wrapping_sum(before: i64, amount: i64) -> i32 {
    (before as i32).wrapping_add(amount as i32)
}
