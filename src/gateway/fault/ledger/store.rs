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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::gateway::fault::Fault;
    use crate::gateway::order::Means;
    use crate::protocol::{Amount, Barcode, OrderNo, RefundNo, StoreNo, Timestamp};

    #[tokio::test]
    async fn a_refund_goes_on_where_its_caller_hangs_up() {
        let ledger = FaultyLedger::new([Fault::CheckThenAct].into_iter().collect());
        let partner = PartnerNo::new("10001").unwrap();
        let number = OrderNo::new("o").unwrap();
        let payment = Payment {
            partner: partner.clone(),
            number: number.clone(),
            store: StoreNo::new("1").unwrap(),
            means: Means::Barcode(Barcode::new("28").unwrap()),
            amount: Amount::new(100),
            currency: "JPY".to_owned(),
            paid_at: Some(Timestamp::now()),
            notify_url: None,
        };
        ledger.pay(payment).await.unwrap().unwrap();
        drop(ledger.refund(Refund {
            partner: partner.clone(),
            order: number.clone(),
            number: RefundNo::new("r").unwrap(),
            amount: Amount::new(60),
            settlement: None,
        }));
        for _ in 0..1000 {
            let name = OrderName::Number(number.clone());
            let order = ledger.find(partner.clone(), name).await.unwrap().unwrap();
            if order.refunded == Amount::new(60) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("the refund was cut off");
    }
}
