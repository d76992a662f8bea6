//! An order that a load refunds.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc::UnboundedSender;

use crate::audit::RecordedOrder;
use crate::protocol::{Amount, OrderNo};

use super::settling::Over;

/// An order under way, held by its place in the population and by whatever is
/// planned about it. Once nobody holds it, nothing more will be sent of it, and
/// it goes to whoever settles the orders that are over.
#[derive(Debug, Clone)]
pub struct LiveOrder(Arc<Held>);

#[derive(Debug)]
struct Held {
    recorded: RecordedOrder,
    paid: Amount,
    over: UnboundedSender<Over>,
}

impl LiveOrder {
    /// An order of which this was paid, and whom to tell when it is over.
    pub(super) fn new(recorded: RecordedOrder, paid: Amount, over: UnboundedSender<Over>) -> Self {
        Self(Arc::new(Held {
            recorded,
            paid,
            over,
        }))
    }

    /// The merchant's number of it.
    pub fn number(&self) -> &OrderNo {
        self.0.recorded.number()
    }

    /// What was paid.
    pub fn paid(&self) -> Amount {
        self.0.paid
    }

    /// Where its refunds are recorded.
    pub fn recorded(&self) -> &RecordedOrder {
        &self.0.recorded
    }

    /// Whether both are the same order.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // At the end of a load nobody listens any more: what is left is settled
        // all at once.
        let _ = self.over.send((self.recorded.clone(), Instant::now()));
    }
}
