//! The recorder: thread-safe, and cheap enough for every request of a load.

use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::fault::{BrokenRecording, Fault};
use super::shard::{Moment, Shard, Slot};
use super::sink::Sink;
use super::snapshot::OrderSnapshot;
use crate::audit::evidence::{Evidence, Money, OrderReading, QueryEvidence};
use crate::audit::history::{History, QueryOutcome, Terms, TextWriter};
use crate::protocol::{Amount, OrderNo, Profile, RefundNo};
use crate::verdict::Violation;

/// So many threads can record without meeting, if their orders differ.
const SHARDS: usize = 64;

/// Records the traffic of one partner: declares orders, stamps what is sent
/// and answered, alarms, and keeps the history for the judge.
///
/// Places come from one counter, so that they never tie; the clock stands
/// beside them for pictures only. An order's attempts meet in one lock, other
/// orders in others, and the file is written by a thread of its own.
pub struct Recorder {
    terms: Terms,
    started: Instant,
    /// The place of the last event.
    places: AtomicU64,
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
    sink: Option<Sink>,
    first_fault: Mutex<Option<Fault>>,
    unknown: AtomicU64,
    alarms: AtomicU64,
}

/// The moment of an event: its place, and the clock beside it.
#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    place: u64,
    at: Instant,
}

impl Stamp {
    /// When it was, for latencies: nobody need read the clock again.
    pub const fn at(self) -> Instant {
        self.at
    }
}

/// An attempt that is under way; to be given back with its evidence. One that
/// is dropped stays in the history as one without an answer.
#[derive(Debug)]
#[must_use = "an attempt whose evidence is not given back counts as unknown"]
pub struct Attempt {
    sent: Stamp,
    shard: usize,
    /// `None` where the order was not declared.
    slot: Option<Slot>,
}

impl Attempt {
    /// When it was sent.
    pub const fn sent(&self) -> Stamp {
        self.sent
    }
}

/// A query that is under way.
#[derive(Debug)]
#[must_use = "a query whose evidence is not given back is not recorded"]
pub struct Query {
    sent: Stamp,
    shard: usize,
    order: Option<usize>,
}

impl Query {
    /// When it was sent.
    pub const fn sent(&self) -> Stamp {
        self.sent
    }
}

impl Recorder {
    /// Starts a recording under `profile`, which is written to `sink` as text
    /// if there is one.
    pub fn new(profile: &Profile, sink: Option<Box<dyn Write + Send>>) -> Self {
        let terms = Terms::from(profile);
        let sink = sink.map(Sink::start);
        if let Some(sink) = &sink {
            let head = TextWriter::new(Vec::new(), terms)
                .and_then(TextWriter::finish)
                .expect("a vector takes every byte");
            sink.write(head);
        }
        let shard = || Mutex::new(Shard::new(terms, sink.is_some()));
        let shards = std::iter::repeat_with(shard).take(SHARDS).collect();
        Self {
            terms,
            started: Instant::now(),
            places: AtomicU64::new(0),
            hasher: RandomState::new(),
            shards,
            sink,
            first_fault: Mutex::new(None),
            unknown: AtomicU64::new(0),
            alarms: AtomicU64::new(0),
        }
    }

    /// Declares an order that was paid. To be done once, before anything else
    /// of it is recorded.
    pub fn order(&self, order: &OrderNo, paid: Amount, currency: &str) {
        self.declare(order, paid, currency, false);
    }

    /// The same for an order that other machines refund as well.
    pub fn shared_order(&self, order: &OrderNo, paid: Amount, currency: &str) {
        self.declare(order, paid, currency, true);
    }

    fn declare(&self, order: &OrderNo, paid: Amount, currency: &str, is_shared: bool) {
        let mut shard = self.lock(self.shard_of(order));
        let is_new = shard.declare(order, paid, currency, is_shared);
        self.release(shard);
        if !is_new {
            self.note(Fault::OrderTwice(order.clone()));
        }
    }

    /// The moment that is now. To be taken right after the last byte of an
    /// answer, where evidence is drawn from it before it is recorded.
    pub fn stamp(&self) -> Stamp {
        // Relaxed is enough: what one thread stamps after another's message
        // reached it gets the later place, since a counter has one order.
        Stamp {
            place: self.places.fetch_add(1, Ordering::Relaxed) + 1,
            at: Instant::now(),
        }
    }

    /// Records an attempt. To be called before its first byte leaves.
    pub fn sent(&self, order: &OrderNo, refund: &RefundNo, amount: Amount) -> Attempt {
        let index = self.shard_of(order);
        let mut shard = self.lock(index);
        let mut sent = None;
        let slot = shard.find(order).and_then(|found| {
            shard.sent(found, refund, amount, || {
                let stamp = self.stamp();
                sent = Some(stamp);
                self.moment(stamp)
            })
        });
        self.release(shard);
        if slot.is_none() {
            self.note(Fault::UndeclaredOrder(order.clone()));
        }
        Attempt {
            sent: sent.unwrap_or_else(|| self.stamp()),
            shard: index,
            slot: slot.map(|(slot, _)| slot),
        }
    }

    /// Records what an attempt came to, now. Gives the violation that this
    /// answer makes certain, if it is the first of its kind for its order.
    pub fn answered(&self, attempt: Attempt, evidence: &Evidence) -> Option<Violation> {
        self.answered_at(attempt, self.stamp(), evidence)
    }

    /// The same for an answer whose last byte came at `stamp`.
    pub fn answered_at(
        &self,
        attempt: Attempt,
        stamp: Stamp,
        evidence: &Evidence,
    ) -> Option<Violation> {
        if evidence.money == Money::Maybe {
            self.unknown.fetch_add(1, Ordering::Relaxed);
        }
        let mut shard = self.lock(attempt.shard);
        let violation = shard.answered(attempt.slot?, self.moment(stamp), evidence);
        self.release(shard);
        if violation.is_some() {
            self.alarms.fetch_add(1, Ordering::Relaxed);
        }
        violation
    }

    /// Records a query. To be called before its first byte leaves.
    pub fn query_sent(&self, order: &OrderNo) -> Query {
        let shard = self.shard_of(order);
        let found = self.lock(shard).find(order);
        if found.is_none() {
            self.note(Fault::UndeclaredOrder(order.clone()));
        }
        Query {
            sent: self.stamp(),
            shard,
            order: found,
        }
    }

    /// Records what a query showed, now. One that proved nothing, or showed
    /// the order as never paid, is in no history.
    pub fn query_answered(&self, query: Query, evidence: &QueryEvidence) {
        self.query_answered_at(query, self.stamp(), evidence);
    }

    /// The same for an answer whose last byte came at `stamp`.
    pub fn query_answered_at(&self, query: Query, stamp: Stamp, evidence: &QueryEvidence) {
        let outcome = match evidence.reading {
            OrderReading::Refunded => QueryOutcome::Refunded,
            OrderReading::NotRefunded => QueryOutcome::NotRefunded,
            OrderReading::Other(_) | OrderReading::Nothing => return,
        };
        let Some(order) = query.order else {
            return;
        };
        let mut shard = self.lock(query.shard);
        shard.queried(order, self.moment(query.sent), self.moment(stamp), outcome);
        self.release(shard);
    }

    /// Attempts so far that were answered with nothing definite.
    pub fn unknown(&self) -> u64 {
        self.unknown.load(Ordering::Relaxed)
    }

    /// Alarms so far.
    pub fn alarms(&self) -> u64 {
        self.alarms.load(Ordering::Relaxed)
    }

    /// Whether the file can't be written any more: the run may as well end.
    pub fn sink_failed(&self) -> bool {
        self.sink.as_ref().is_some_and(Sink::has_failed)
    }

    /// What is known of one order; `None` where it was not declared.
    pub fn snapshot(&self, order: &OrderNo) -> Option<OrderSnapshot> {
        let shard = self.lock(self.shard_of(order));
        shard.snapshot(shard.find(order)?)
    }

    /// What is known of every order, by number.
    pub fn snapshots(&self) -> Vec<OrderSnapshot> {
        let shards = 0..self.shards.len();
        let mut snapshots: Vec<OrderSnapshot> = shards
            .flat_map(|index| self.lock(index).snapshots().collect::<Vec<_>>())
            .collect();
        snapshots.sort_unstable_by(|a, b| a.order.cmp(&b.order));
        snapshots
    }

    /// Ends the recording: what is still under way is recorded as without an
    /// answer, the file is completed, and the history handed out. Whatever is
    /// told to the recorder afterwards is lost.
    ///
    /// # Errors
    /// [`BrokenRecording`] where the file could not be written or the recorder
    /// was misused; it holds the history all the same.
    pub fn finish(&self) -> Result<History, BrokenRecording> {
        let mut history = History {
            terms: self.terms,
            orders: Vec::new(),
        };
        for index in 0..self.shards.len() {
            let (orders, lines) = self.lock(index).take();
            history.orders.extend(orders);
            if let Some(sink) = &self.sink {
                sink.write(lines);
            }
        }
        history
            .orders
            .sort_unstable_by(|a, b| a.order.cmp(&b.order));
        if let Some(Err(error)) = self.sink.as_ref().map(Sink::finish) {
            self.note(Fault::Sink(error));
        }
        let fault = self
            .first_fault
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match fault {
            None => Ok(history),
            Some(fault) => Err(BrokenRecording {
                history: Box::new(history),
                fault,
            }),
        }
    }

    fn shard_of(&self, order: &OrderNo) -> usize {
        let hash = self.hasher.hash_one(order);
        usize::try_from(hash % SHARDS as u64).expect("there are few shards")
    }

    fn lock(&self, shard: usize) -> MutexGuard<'_, Shard> {
        // Whoever panicked with the lock has lost its own operation at most.
        self.shards[shard]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Unlocks, and only then hands on the lines: the sink may make us wait.
    fn release(&self, mut shard: MutexGuard<'_, Shard>) {
        let batch = shard.full_batch();
        drop(shard);
        if let (Some(sink), Some(batch)) = (&self.sink, batch) {
            sink.write(batch);
        }
    }

    fn moment(&self, stamp: Stamp) -> Moment {
        let since = stamp.at.saturating_duration_since(self.started);
        Moment {
            place: stamp.place,
            nanos: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
        }
    }

    fn note(&self, fault: Fault) {
        self.first_fault
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(fault);
    }
}

#[cfg(test)]
#[path = "recording_tests.rs"]
mod tests;
