//! The file as a store: one thread writes, others read beside it.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use super::checkpoints::Checkpoints;
use super::find::Finder;
use super::ledger::Ledger;
use super::open::{self, OpenProblem};
use super::readers::Readers;
use super::writer::Writer;
use crate::gateway::moment::Moment;
use crate::gateway::order::{Choice, Decline, Order, OrderName, Payment, Receipt, Refund};
use crate::gateway::store::contract::{Claimed, Deferred, Delivery, Reply, Settled, Store};
use crate::gateway::store::trouble::Trouble;
use crate::protocol::PartnerNo;

/// A store in a SQLite file. Dropping it waits for what is under way.
#[derive(Debug)]
pub struct SqliteStore {
    // Dropped first: who closes the file last writes its log back, and a
    // reader could not.
    readers: Readers,
    writer: Writer,
}

impl SqliteStore {
    /// Opens, and where need be creates, the file at `path`.
    ///
    /// # Errors
    /// [`OpenProblem`] says what is wrong with the file, which is then as it
    /// was before.
    pub fn open(path: &Path) -> Result<Self, OpenProblem> {
        Self::written_by(open::open(path)?, path)
    }

    /// The store of the file at `path`, which `connection` writes to.
    fn written_by(connection: Connection, path: &Path) -> Result<Self, OpenProblem> {
        let trouble = Arc::new(Trouble::with(path.display()));
        let readers = Readers::start(path, &trouble)?;
        let checkpoints = Checkpoints::start(path)?;
        let writer = Writer::start(connection, checkpoints, trouble)?;
        Ok(Self { readers, writer })
    }
}

impl Store for SqliteStore {
    fn pay(&self, payment: Payment) -> Reply<'_, Result<Order, Decline>> {
        self.writer.submit(move |ledger| ledger.pay(payment))
    }

    fn refund(&self, refund: Refund) -> Reply<'_, Result<Receipt, Decline>> {
        self.writer.submit(move |ledger| ledger.refund(&refund))
    }

    fn find(&self, partner: PartnerNo, name: OrderName) -> Reply<'_, Option<Order>> {
        self.readers.find(partner, name)
    }
}

/// Whether there is anything to do is read beside the writer: a gateway that has
/// nothing to settle never takes the lock.
impl Deferred for SqliteStore {
    fn settle(&self, now: Moment) -> Reply<'_, Settled> {
        Box::pin(async move {
            match self.readers.ask(|finder| finder.next_settlement()).await? {
                Some(due) if due <= now => {
                    self.writer.submit(move |ledger| ledger.settle(now)).await
                }
                next => Ok(Settled { count: 0, next }),
            }
        })
    }

    fn checkout(&self, key: String) -> Reply<'_, Option<Order>> {
        self.readers.ask(move |finder| finder.checkout(&key))
    }

    fn close(&self, key: String, choice: Choice, now: Moment) -> Reply<'_, Option<Order>> {
        self.writer
            .submit(move |ledger| ledger.close(&key, choice, now))
    }

    fn claim(&self, now: Moment, until: Moment, except: Vec<String>) -> Reply<'_, Claimed> {
        Box::pin(async move {
            let except = serde_json::to_string(&except).expect("texts are JSON");
            let passed_over = except.clone();
            let look = move |finder: &mut Finder<'_>| finder.next_notice(&passed_over);
            match self.readers.ask(look).await? {
                Some(due) if due <= now => {
                    let claim = move |ledger: &mut Ledger<'_>| ledger.claim(now, until, &except);
                    self.writer.submit(claim).await
                }
                next => Ok(Claimed { notice: None, next }),
            }
        })
    }

    fn finish(&self, id: i64, delivery: Delivery) -> Reply<'_, ()> {
        self.writer
            .submit(move |ledger| ledger.finish(id, delivery))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::order::Means;
    use crate::gateway::store::StoreError;
    use crate::protocol::{Amount, Barcode, OrderNo, RefundNo, StoreNo, Timestamp};

    fn partner() -> PartnerNo {
        PartnerNo::new("10001").unwrap()
    }

    fn payment() -> Payment {
        Payment {
            partner: partner(),
            number: OrderNo::new("o").unwrap(),
            store: StoreNo::new("1").unwrap(),
            means: Means::Barcode(Barcode::new("28").unwrap()),
            amount: Amount::new(1_000_000),
            currency: "JPY".to_owned(),
            paid_at: Some(Timestamp::now()),
            notify_url: None,
        }
    }

    fn refund(number: usize) -> Refund {
        Refund {
            partner: partner(),
            order: OrderNo::new("o").unwrap(),
            number: RefundNo::new(format!("{number:032}")).unwrap(),
            amount: Amount::new(1),
            settlement: None,
        }
    }

    async fn refunded(store: &SqliteStore) -> i64 {
        let name = OrderName::Number(OrderNo::new("o").unwrap());
        let order = store.find(partner(), name).await.unwrap().unwrap();
        order.refunded.minor_units()
    }

    /// A file that may grow to so many pages is full for SQLite as a file on a
    /// full disk is.
    fn limit(connection: &Connection, pages: u32) {
        connection
            .pragma_update(None, "max_page_count", pages)
            .unwrap();
    }

    #[tokio::test]
    async fn a_full_disk_leaves_the_outcome_unknown_and_loses_nothing_that_was_acknowledged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.sqlite");
        let connection = open::open(&path).unwrap();
        limit(&connection, 40);
        let store = SqliteStore::written_by(connection, &path).unwrap();
        store.pay(payment()).await.unwrap().unwrap();
        let mut acknowledged = 0;
        while let Ok(receipt) = store.refund(refund(acknowledged)).await {
            assert!(!receipt.unwrap().repeated);
            acknowledged += 1;
        }
        assert!(acknowledged > 100, "{acknowledged}");
        // Refunds fail, one after the other, and what was answered still shows.
        for more in 0..3 {
            let answer = store.refund(refund(acknowledged + more)).await;
            assert_eq!(answer.unwrap_err(), StoreError);
        }
        assert_eq!(refunded(&store).await, i64::try_from(acknowledged).unwrap());
        drop(store);

        // There is room again: what failed can be tried once more.
        let store = SqliteStore::open(&path).unwrap();
        for number in 0..acknowledged {
            let receipt = store.refund(refund(number)).await.unwrap().unwrap();
            assert!(receipt.repeated, "{number} was acknowledged");
        }
        let receipt = store.refund(refund(acknowledged)).await.unwrap().unwrap();
        assert!(!receipt.repeated, "it was not acknowledged");
    }

    #[tokio::test]
    async fn whatever_waits_is_committed_together_and_each_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("store.sqlite")).unwrap();
        store.pay(payment()).await.unwrap().unwrap();
        // All are queued before the first is awaited.
        let waiting: Vec<_> = (0..2_000)
            .map(|number| store.refund(refund(number)))
            .collect();
        for answer in waiting {
            assert!(!answer.await.unwrap().unwrap().repeated);
        }
        assert_eq!(refunded(&store).await, 2_000);
    }

    #[tokio::test]
    async fn the_log_is_written_back_while_the_store_is_at_work() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.sqlite");
        let store = SqliteStore::open(&path).unwrap();
        store.pay(payment()).await.unwrap().unwrap();
        let size = || std::fs::metadata(&path).unwrap().len();
        let (before, mut made) = (size(), 0);
        while size() == before {
            let waiting: Vec<_> = (made..made + 500)
                .map(|number| store.refund(refund(number)))
                .collect();
            made += waiting.len();
            for answer in waiting {
                assert!(!answer.await.unwrap().unwrap().repeated);
            }
            assert!(made < 500_000, "nothing was written back");
        }
        assert_eq!(refunded(&store).await, i64::try_from(made).unwrap());
    }
}
