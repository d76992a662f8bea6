//! What traffic calls: it keeps the history, in memory and in a file, and
//! alarms while traffic goes on.

mod shard;
mod snapshot;
mod writer;

use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use crate::protocol::{Amount, OrderNo, Profile, RefundNo};
use crate::verdict::{AuditSummary, Violation};

use super::evidence::{Evidence, Money, OrderReading, QueryEvidence};
use super::history::{
    History, OrderRecord, QueryOutcome, QueryRecord, Record, RefundOutcome, Terms,
};
use super::judge::judge;

use shard::{Shard, Stamp};
use writer::Writer;

pub use snapshot::OrderSnapshot;

/// In how many parts the orders are kept, so that users seldom wait for each
/// other.
const SHARDS: usize = 64;

/// Records the traffic of one partner.
///
/// Every event gets a place in one total order: a counter that is never
/// smaller for an event that came later, even where two clocks would tie. The
/// place of a request is taken before its first byte leaves, that of an answer
/// after its last byte came, so that an interval is never too narrow.
#[derive(Debug)]
pub struct Recorder {
    terms: Terms,
    places: AtomicU64,
    started: Instant,
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
    writer: Mutex<Option<Writer>>,
}

/// An attempt to refund that is under way.
#[derive(Debug)]
#[must_use = "an attempt whose answer is never told stays unknown"]
pub struct Attempt {
    shard: usize,
    place: shard::Place,
}

/// A query that is under way.
#[derive(Debug)]
#[must_use = "a query whose answer is never told shows nothing"]
pub struct Query {
    order: OrderNo,
    sent: Stamp,
}

impl Recorder {
    /// An empty record, under the open points of `profile`. With a `sink` the
    /// history is written there as it comes, on a thread of its own.
    pub fn new(profile: &Profile, sink: Option<Box<dyn Write + Send>>) -> Self {
        let terms = Terms::from(profile);
        Self {
            terms,
            places: AtomicU64::new(0),
            started: Instant::now(),
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            writer: Mutex::new(sink.map(|sink| Writer::start(sink, terms))),
        }
    }

    /// An order that was paid. To be told before anything about it is sent.
    pub fn order(&self, order: &OrderNo, paid: Amount, currency: &str) {
        self.shard(self.shard_of(order))
            .add_order(order, paid, currency, self.terms);
        self.write(|| {
            Record::Order(OrderRecord {
                order: std::borrow::Cow::Owned(order.clone()),
                paid,
                currency: currency.to_owned().into(),
            })
        });
    }

    /// An attempt is about to be sent: to be called before its first byte
    /// leaves.
    ///
    /// # Panics
    /// Where the order was never told.
    pub fn sent(&self, order: &OrderNo, refund: &RefundNo, amount: Amount) -> Attempt {
        let shard = self.shard_of(order);
        // The place is taken under the lock, so that what the monitor knows
        // of the order is never behind it.
        let mut guard = self.shard(shard);
        let place = guard.sent(order, refund, amount, self.stamp());
        Attempt { shard, place }
    }

    /// What came back for an attempt: to be called after the last byte came.
    /// Gives back a violation that is certain already, once for each order and
    /// invariant.
    pub fn answered(&self, attempt: Attempt, evidence: &Evidence) -> Option<Violation> {
        let stamp = self.stamp();
        let outcome = RefundOutcome::from(evidence.money);
        let mut guard = self.shard(attempt.shard);
        let violation = guard.answered(&attempt.place, outcome, stamp, self.terms);
        self.write(|| guard.record(&attempt.place, Some(evidence)));
        violation
    }

    /// A query is about to be sent.
    pub fn query_sent(&self, order: &OrderNo) -> Query {
        Query {
            order: order.clone(),
            sent: self.stamp(),
        }
    }

    /// What came back for a query. One that proves nothing is not recorded.
    pub fn query_answered(&self, query: Query, evidence: &QueryEvidence) {
        let answered = self.stamp();
        let outcome = match evidence.reading {
            OrderReading::Refunded => QueryOutcome::Refunded,
            OrderReading::NotRefunded => QueryOutcome::NotRefunded,
            OrderReading::Other(_) | OrderReading::Nothing => return,
        };
        let record = QueryRecord {
            order: std::borrow::Cow::Owned(query.order),
            sent: query.sent.place,
            answered: answered.place,
            outcome,
            sent_ns: Some(query.sent.nanos),
            answered_ns: Some(answered.nanos),
        };
        self.shard(self.shard_of(&record.order)).add_query(&record);
        self.write(|| Record::Query(record));
    }

    /// Every order as it stands, by number.
    pub fn orders(&self) -> Vec<OrderSnapshot> {
        let mut all: Vec<OrderSnapshot> = (0..SHARDS)
            .flat_map(|shard| self.shard(shard).snapshots())
            .collect();
        all.sort_by(|one, other| one.order.cmp(&other.order));
        all
    }

    /// One order as it stands; `None` where it was never told.
    pub fn snapshot(&self, order: &OrderNo) -> Option<OrderSnapshot> {
        self.shard(self.shard_of(order)).snapshot(order)
    }

    /// What is known of one refund, all its attempts together.
    pub fn money_of(&self, order: &OrderNo, refund: &RefundNo) -> Money {
        self.shard(self.shard_of(order)).money_of(order, refund)
    }

    /// The verdict on what was recorded so far.
    pub fn judge(&self) -> AuditSummary {
        let mut orders: Vec<_> = (0..SHARDS)
            .flat_map(|shard| self.shard(shard).histories())
            .collect();
        orders.sort_by(|one, other| one.order.cmp(&other.order));
        judge(&History {
            terms: self.terms,
            orders,
        })
    }

    /// Writes what is not written yet, attempts that were never answered
    /// included, and closes the sink. Nothing may be recorded after it.
    ///
    /// # Errors
    /// The sink's first: then the file is no whole history, and must not pass
    /// for one.
    pub fn finish(&self) -> io::Result<()> {
        for shard in 0..SHARDS {
            let guard = self.shard(shard);
            for place in guard.unanswered() {
                self.write(|| guard.record(&place, None));
            }
        }
        let writer = self.writer.lock().expect("no holder panics").take();
        writer.map_or(Ok(()), Writer::finish)
    }

    fn stamp(&self) -> Stamp {
        Stamp {
            place: self.places.fetch_add(1, Ordering::SeqCst),
            nanos: u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX),
        }
    }

    fn shard_of(&self, order: &OrderNo) -> usize {
        usize::try_from(self.hasher.hash_one(order) % SHARDS as u64).expect("below 64")
    }

    fn shard(&self, shard: usize) -> MutexGuard<'_, Shard> {
        self.shards[shard].lock().expect("no holder panics")
    }

    /// Hands a record to the writer, where there is one; it is only made then.
    fn write(&self, record: impl FnOnce() -> Record<'static>) {
        if let Some(writer) = self.writer.lock().expect("no holder panics").as_ref() {
            writer.write(record());
        }
    }
}

#[cfg(test)]
mod tests;
