//! The recorder: thread-safe, and cheap enough for every request of a load.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::fault::{BrokenRecording, Fault};
use super::ledger::{Moment, RecordedOrder};
use super::snapshot::OrderSnapshot;
use super::writing::Writing;
use crate::audit::evidence::{Evidence, Money, OrderReading, QueryEvidence};
use crate::audit::history::{Form, History, OrderHistory, QueryOutcome, Terms};
use crate::protocol::{Amount, OrderNo, Profile, RefundNo};
use crate::verdict::Violation;

/// In how many parts the orders are found.
const PARTS: usize = 64;

/// Records the traffic of one partner: declares orders, stamps what is sent
/// and answered, alarms, and keeps the history for the judge.
///
/// Places come from one counter, so that they never tie; the clock stands
/// beside them for pictures only. An order's attempts meet in one lock, other
/// orders in others, and the file is written by a thread of its own.
///
/// ```
/// use recoup::audit::{Recorder, Reply, classify, judge};
/// use recoup::protocol::{Amount, OrderNo, Profile, RefundNo, SignKey, signature};
/// use recoup::verdict::RunVerdict;
///
/// let (key, profile) = (SignKey::new("123456")?, Profile::built_in());
/// let recorder = Recorder::new(&profile, None);
/// let order = OrderNo::new("order")?;
/// recorder.order(&order, Amount::new(1_000), "JPY");
///
/// // A gateway that has accepted 600 twice of an order of 1,000.
/// let value = r#"{"header":{},"body":{"code":1,"msg":"success","orderAmount":600,"status":1,"currency":"JPY"}}"#;
/// let signature = signature::sign(value.as_bytes(), &key);
/// let answer = format!(r#"{{"response":{value},"signature":"{signature}"}}"#);
/// for number in ["r1", "r2"] {
///     // Before the first byte leaves …
///     let attempt = recorder.sent(&order, &RefundNo::new(number)?, Amount::new(600));
///     // … and after the last byte of the answer has come.
///     let reply = Reply::Answered { http_status: 200, body: answer.as_bytes() };
///     recorder.answered(attempt, &classify(&reply, &key, &profile));
/// }
/// let audit = judge(&recorder.finish()?);
/// assert_eq!(audit.verdict, RunVerdict::Fail);
/// assert_eq!(audit.violations[0].invariant, "I1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Recorder {
    terms: Terms,
    started: Instant,
    /// The place of the last event.
    places: AtomicU64,
    hasher: RandomState,
    parts: Vec<Mutex<HashMap<OrderNo, RecordedOrder>>>,
    writing: Writing,
    first_fault: Mutex<Option<Fault>>,
    unknown: AtomicU64,
    alarms: AtomicU64,
    settled: AtomicU64,
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
    /// The order, and which of its attempts this is; `None` where the order was
    /// not declared.
    slot: Option<(RecordedOrder, usize)>,
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
    order: Option<RecordedOrder>,
}

impl Query {
    /// When it was sent.
    pub const fn sent(&self) -> Stamp {
        self.sent
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Recorder").finish_non_exhaustive()
    }
}

impl Recorder {
    /// Starts a recording under `profile`, which is written to `sink` as text
    /// if there is one.
    pub fn new(profile: &Profile, sink: Option<Box<dyn Write + Send>>) -> Self {
        Self::writing(profile, sink.map(|sink| (Form::Text, sink)))
    }

    /// The same with the form in which it is written.
    pub fn writing(profile: &Profile, sink: Option<(Form, Box<dyn Write + Send>)>) -> Self {
        let terms = Terms::from(profile);
        Self {
            terms,
            started: Instant::now(),
            places: AtomicU64::new(0),
            hasher: RandomState::new(),
            parts: (0..PARTS).map(|_| Mutex::default()).collect(),
            writing: Writing::new(sink, terms),
            first_fault: Mutex::new(None),
            unknown: AtomicU64::new(0),
            alarms: AtomicU64::new(0),
            settled: AtomicU64::new(0),
        }
    }

    /// Declares an order that was paid. To be done once, before anything else
    /// of it is recorded.
    pub fn order(&self, order: &OrderNo, paid: Amount, currency: &str) -> RecordedOrder {
        self.declare(OrderHistory::new(order.clone(), paid, currency))
    }

    /// The same for an order that other machines refund as well.
    pub fn shared_order(&self, order: &OrderNo, paid: Amount, currency: &str) -> RecordedOrder {
        self.declare(OrderHistory::new(order.clone(), paid, currency).of_several(true))
    }

    fn declare(&self, history: OrderHistory) -> RecordedOrder {
        let order = &history.order;
        let mut part = self.part_of(order);
        if let Some(known) = part.get(order) {
            let known = known.clone();
            drop(part);
            self.note(Fault::OrderTwice(order.clone()));
            return known;
        }
        let number = order.clone();
        let recorded = RecordedOrder::new(history, self.terms);
        // Whoever finds it waits until it is declared.
        let mut ledger = recorded.lock();
        part.insert(number, recorded.clone());
        drop(part);
        ledger.declare(&self.writing);
        drop(ledger);
        recorded
    }

    /// The open points that it records under.
    pub const fn terms(&self) -> Terms {
        self.terms
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
        match self.find(order) {
            Some(order) => self.sent_of(&order, refund, amount),
            None => Attempt {
                sent: self.stamp(),
                slot: None,
            },
        }
    }

    /// Records an attempt to refund an order that was found before.
    pub fn sent_of(&self, order: &RecordedOrder, refund: &RefundNo, amount: Amount) -> Attempt {
        self.send(order, (refund, false), amount, None)
    }

    /// The same for an attempt that turned out to be one only afterwards: it
    /// was sent at `stamp`.
    pub fn sent_at(
        &self,
        order: &RecordedOrder,
        refund: &RefundNo,
        amount: Amount,
        stamp: Stamp,
    ) -> Attempt {
        self.send(order, (refund, false), amount, Some(stamp))
    }

    /// The same for the first attempt under a number that nobody else uses: it
    /// need not be looked for.
    pub fn first_sent_of(
        &self,
        order: &RecordedOrder,
        refund: &RefundNo,
        amount: Amount,
    ) -> Attempt {
        self.send(order, (refund, true), amount, None)
    }

    fn send(
        &self,
        order: &RecordedOrder,
        refund: (&RefundNo, bool),
        amount: Amount,
        at: Option<Stamp>,
    ) -> Attempt {
        let mut sent = None;
        let index = order.lock().sent(refund, amount, || {
            let stamp = at.unwrap_or_else(|| self.stamp());
            sent = Some(stamp);
            self.moment(stamp)
        });
        Attempt {
            sent: sent.unwrap_or_else(|| self.stamp()),
            slot: Some((order.clone(), index)),
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
        let (order, index) = attempt.slot?;
        let moment = self.moment(stamp);
        let violation = order
            .lock()
            .answered(index, moment, evidence, &self.writing);
        if violation.is_some() {
            self.alarms.fetch_add(1, Ordering::Relaxed);
        }
        violation
    }

    /// Records a query. To be called before its first byte leaves.
    pub fn query_sent(&self, order: &OrderNo) -> Query {
        Query {
            order: self.find(order),
            sent: self.stamp(),
        }
    }

    /// The same for an order that was found before.
    pub fn query_sent_of(&self, order: &RecordedOrder) -> Query {
        Query {
            order: Some(order.clone()),
            sent: self.stamp(),
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
        let (sent, answered) = (self.moment(query.sent), self.moment(stamp));
        order.lock().queried(sent, answered, outcome, &self.writing);
    }

    /// Attempts so far that were answered with nothing definite.
    pub fn unknown(&self) -> u64 {
        self.unknown.load(Ordering::Relaxed)
    }

    /// Alarms so far.
    pub fn alarms(&self) -> u64 {
        self.alarms.load(Ordering::Relaxed)
    }

    /// Orders so far that were forgotten, since nothing is left to be said of
    /// them.
    pub fn settled(&self) -> u64 {
        self.settled.load(Ordering::Relaxed)
    }

    /// Whether the file can't be written any more: the run may as well end.
    pub fn sink_failed(&self) -> bool {
        self.writing.has_failed()
    }

    /// What is known of one order; `None` where it was not declared.
    pub fn snapshot(&self, order: &OrderNo) -> Option<OrderSnapshot> {
        let recorded = self.part_of(order).get(order).cloned()?;
        let snapshot = recorded.lock().snapshot();
        Some(snapshot)
    }

    /// What is known of every order, by number.
    pub fn snapshots(&self) -> Vec<OrderSnapshot> {
        let mut snapshots: Vec<OrderSnapshot> = self
            .orders()
            .iter()
            .map(|order| order.lock().snapshot())
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
        for order in self.orders() {
            self.part_of(order.number()).remove(order.number());
            history.orders.push(order.lock().close(&self.writing));
        }
        history
            .orders
            .sort_unstable_by(|a, b| a.order.cmp(&b.order));
        if let Err(error) = self.writing.finish() {
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

    /// Forgets an order that nobody will send anything of any more, if `judged`
    /// says of its history that nothing is left to be said: what a long load
    /// has done with would fill the memory. Its lines are in the file. Whether
    /// it was forgotten; it is not while an attempt is under way.
    pub fn forget(
        &self,
        order: &RecordedOrder,
        judged: impl FnOnce(&OrderHistory) -> bool,
    ) -> bool {
        let mut ledger = order.lock();
        let is_over = ledger.is_quiet() && judged(ledger.history());
        if is_over {
            self.part_of(order.number()).remove(order.number());
            drop(ledger.take());
            self.settled.fetch_add(1, Ordering::Relaxed);
        }
        is_over
    }

    /// The part that an order is found in, if it is found.
    fn part_of(&self, order: &OrderNo) -> MutexGuard<'_, HashMap<OrderNo, RecordedOrder>> {
        let hash = self.hasher.hash_one(order);
        let part = usize::try_from(hash % PARTS as u64).expect("there are few parts");
        // Whoever panicked with the lock has lost its own operation at most.
        self.parts[part]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// An order that was declared; that it was not is a fault of the recording.
    fn find(&self, order: &OrderNo) -> Option<RecordedOrder> {
        let found = self.part_of(order).get(order).cloned();
        if found.is_none() {
            self.note(Fault::UndeclaredOrder(order.clone()));
        }
        found
    }

    fn orders(&self) -> Vec<RecordedOrder> {
        let mut orders = Vec::new();
        for part in &self.parts {
            let part = part.lock().unwrap_or_else(PoisonError::into_inner);
            orders.extend(part.values().cloned());
        }
        orders
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
