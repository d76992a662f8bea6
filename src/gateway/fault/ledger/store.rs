//! The faulty ledger as a store.

use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::steps::Ledger;
use crate::gateway::fault::Faults;
use crate::gateway::order::{Decline, Order, OrderName, Payment, Receipt, Refund};
use crate::gateway::store::{Reply, Store, StoreError};
use crate::protocol::PartnerNo;

/// The faulty ledger.
#[derive(Debug)]
pub(in crate::gateway::fault) struct FaultyLedger {
    ledger: Arc<Ledger>,
    /// Refunds under way. They end with the ledger.
    under_way: Mutex<JoinSet<()>>,
}

impl FaultyLedger {
    pub(in crate::gateway::fault) fn new(faults: Faults) -> Self {
        Self {
            ledger: Arc::new(Ledger::new(faults)),
            under_way: Mutex::default(),
        }
    }
}

impl Store for FaultyLedger {
    fn pay(&self, payment: Payment) -> Reply<'_, Result<Order, Decline>> {
        Box::pin(async { Ok(self.ledger.pay(payment).await) })
    }

    /// Goes on where its caller hangs up: a refund that was cut off in the
    /// middle of its steps would be another fault.
    fn refund(&self, refund: Refund) -> Reply<'_, Result<Receipt, Decline>> {
        let (answer, answered) = oneshot::channel();
        let ledger = Arc::clone(&self.ledger);
        let mut under_way = self
            .under_way
            .lock()
            .expect("nothing panics while refunds are counted");
        while under_way.try_join_next().is_some() {}
        under_way.spawn(async move {
            // Who has hung up needs no answer.
            let _ = answer.send(ledger.refund(refund).await);
        });
        Box::pin(async { answered.await.unwrap_or(Err(StoreError)) })
    }

    fn find(&self, partner: PartnerNo, name: OrderName) -> Reply<'_, Option<Order>> {
        Box::pin(async { Ok(self.ledger.find(partner, name).await) })
    }
}
