//! The one question that rules and load ask: a paid order, please.

use crate::protocol::{Amount, Barcode, OrderNo};
use crate::verdict::{ExchangeEvidence, Shard};

use super::pay::PayingOrders;
use super::pool::Pool;
use crate::target::caller::Caller;
use crate::target::guard::{Budget, GuardError};

/// A paid order that nothing was refunded of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidOrder {
    /// The merchant's number of it.
    pub number: OrderNo,
    /// What was paid.
    pub paid: Amount,
    /// In which currency, where it is known.
    pub currency: Option<String>,
}

/// Why no paid order can be had.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// The budget is used up.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// The gateway did not take the payment.
    #[error("pay for an order: {reason} (or give paid orders with --orders FILE.csv)")]
    Refused {
        /// What it said or did.
        reason: String,
        /// The exchange.
        evidence: Box<ExchangeEvidence>,
    },
    /// The pool has no order left that is large enough.
    #[error("find an unused order of at least {0} in the pool (add orders to the --orders file)")]
    PoolEmpty(Amount),
    /// The record of used orders can't be written.
    #[error("record an order as used in {file}: {reason}")]
    Record {
        /// The file.
        file: String,
        /// What went wrong.
        reason: String,
    },
}

/// Hands out paid orders, each once.
#[derive(Debug)]
pub struct OrderSource {
    kind: Kind,
    budget: Budget,
}

#[derive(Debug)]
enum Kind {
    Pay(PayingOrders),
    Pool(Pool),
}

impl OrderSource {
    /// Orders that are paid through the API when they are asked for.
    pub const fn paying(orders: PayingOrders, budget: Budget) -> Self {
        Self {
            kind: Kind::Pay(orders),
            budget,
        }
    }

    /// Orders that someone has paid before.
    pub const fn pool(pool: Pool, budget: Budget) -> Self {
        Self {
            kind: Kind::Pool(pool),
            budget,
        }
    }

    /// A paid order of `caller`'s: of exactly `amount` where orders are paid
    /// on demand, of at least `amount` from a pool.
    ///
    /// # Errors
    /// [`OrderError`] says why there is none.
    pub async fn paid(&self, caller: &Caller, amount: Amount) -> Result<PaidOrder, OrderError> {
        match &self.kind {
            Kind::Pay(orders) => {
                self.budget.take(amount)?;
                orders.paid(caller, amount).await
            }
            Kind::Pool(pool) => pool.next(amount, &self.budget),
        }
    }

    /// An order that waits for its customer; `None` where this source can't
    /// make one.
    ///
    /// # Errors
    /// [`OrderError`] where it can and the gateway refuses.
    pub async fn unpaid(
        &self,
        caller: &Caller,
        amount: Amount,
    ) -> Result<Option<OrderNo>, OrderError> {
        match &self.kind {
            Kind::Pay(orders) => orders.unpaid(caller, amount).await,
            Kind::Pool(_) => Ok(None),
        }
    }

    /// Leaves the orders of a pool to the other machines of a load that are
    /// theirs. Those that are paid on demand are different ones anyway.
    pub fn keep(&self, shard: Shard) {
        if let Kind::Pool(pool) = &self.kind {
            pool.keep(shard);
        }
    }

    /// Counts orders that come from elsewhere as handed out.
    ///
    /// # Errors
    /// [`GuardError`] where they pass the budget.
    pub fn count(&self, orders: &[PaidOrder]) -> Result<(), GuardError> {
        orders
            .iter()
            .try_for_each(|order| self.budget.take(order.paid))
    }

    /// Whether there is no end to them: neither a pool that is used up nor a
    /// cap on what may be refunded.
    pub const fn is_unlimited(&self) -> bool {
        self.is_paying() && self.budget.is_unlimited()
    }

    /// The barcode that orders are paid with; `None` where they come from a
    /// pool.
    pub const fn barcode(&self) -> Option<&Barcode> {
        match &self.kind {
            Kind::Pay(orders) => Some(&orders.barcode),
            Kind::Pool(_) => None,
        }
    }

    /// Whether orders are of exactly the amount that is asked for, and can be
    /// paid by any partner.
    pub const fn is_paying(&self) -> bool {
        matches!(self.kind, Kind::Pay(_))
    }
}
