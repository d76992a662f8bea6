//! What a recorder keeps of one order, under a lock of the order's own: who
//! refunds other orders never waits for it.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::snapshot::OrderSnapshot;
use super::writing::Writing;
use crate::audit::evidence::Evidence;
use crate::audit::history::collected::DEALING;
use crate::audit::history::{
    OrderHistory, OrderRecord, QueryOutcome, QueryRead, QueryRecord, RefundAttempt, RefundOutcome,
    RefundRecord, Terms,
};
use crate::audit::judge::reduce::reduce;
use crate::audit::monitor::{Alarm, OrderMonitor};
use crate::audit::witness;
use crate::protocol::{Amount, OrderNo, RefundNo};
use crate::verdict::Violation;

/// An order of a recording, found once by whoever sends many refunds of it.
#[derive(Clone)]
pub struct RecordedOrder(Arc<Shared>);

struct Shared {
    order: OrderNo,
    ledger: Mutex<Ledger>,
}

/// All that is known of an order so far.
pub(super) struct Ledger {
    terms: Terms,
    history: OrderHistory,
    monitor: OrderMonitor,
    /// Attempts that are under way, as indices.
    under_way: Vec<usize>,
    /// What the file calls the order.
    index: u32,
}

/// A place and the nanoseconds since the recording began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) place: u64,
    pub(super) nanos: u64,
}

impl RecordedOrder {
    /// The order of a history in which nothing has happened yet.
    pub(super) fn new(history: OrderHistory, terms: Terms) -> Self {
        Self(Arc::new(Shared {
            order: history.order.clone(),
            ledger: Mutex::new(Ledger {
                terms,
                monitor: OrderMonitor::new(history.paid, terms).of_several(history.is_shared),
                history,
                under_way: Vec::new(),
                index: 0,
            }),
        }))
    }

    /// The merchant's number of it.
    pub fn number(&self) -> &OrderNo {
        &self.0.order
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Ledger> {
        // Whoever panicked with the lock has lost its own operation at most.
        self.0.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RecordedOrder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RecordedOrder({})", self.0.order)
    }
}

impl Ledger {
    /// The stamp is taken by `stamp` at the last moment, with the attempt all
    /// but registered. Gives the attempt's index.
    pub(super) fn sent(
        &mut self,
        (refund, is_first): (&RefundNo, bool),
        amount: Amount,
        stamp: impl FnOnce() -> Moment,
    ) -> usize {
        let attempt = self.history.attempts.len();
        let used = self.history.numbers_used();
        let number = if is_first {
            self.history.new_number(refund)
        } else {
            self.history.number(refund)
        };
        // A new number has no attempts to look for, however many the order has.
        let before: &[RefundAttempt] = if number.index() < used {
            &self.history.attempts
        } else {
            &[]
        };
        self.monitor.sent(number, amount, before);
        self.under_way.push(attempt);
        let moment = stamp();
        self.history.attempts.push(RefundAttempt {
            number,
            amount,
            sent: moment.place,
            answered: None,
            outcome: RefundOutcome::Unknown,
            is_dealt_with_later: false,
            sent_ns: Some(moment.nanos),
            answered_ns: None,
        });
        attempt
    }

    pub(super) fn answered(
        &mut self,
        index: usize,
        moment: Moment,
        evidence: &Evidence,
        writing: &Writing,
    ) -> Option<Violation> {
        let attempt = self.history.attempts.get_mut(index)?;
        attempt.outcome = evidence.money.into();
        attempt.is_dealt_with_later = evidence.status == Some(DEALING);
        if evidence.http_status.is_some() {
            attempt.answered = Some(moment.place);
            attempt.answered_ns = Some(moment.nanos);
        }
        let attempt = *attempt;
        let position = self.under_way.iter().position(|&other| other == index)?;
        self.under_way.swap_remove(position);
        let alarm = self
            .monitor
            .answered(attempt.number, attempt.amount, attempt.outcome);
        let answer = attempt.answered.map(|_| evidence);
        self.write_attempt(&attempt, answer, writing);
        alarm.and_then(|alarm| self.explain(alarm, index))
    }

    pub(super) fn queried(
        &mut self,
        sent: Moment,
        answered: Moment,
        outcome: QueryOutcome,
        writing: &Writing,
    ) {
        self.history.queries.push(QueryRead {
            sent: sent.place,
            answered: answered.place,
            outcome,
        });
        let record = QueryRecord {
            order: Cow::Borrowed(&self.history.order),
            sent: sent.place,
            answered: answered.place,
            outcome,
            sent_ns: Some(sent.nanos),
            answered_ns: Some(answered.nanos),
        };
        writing.query(self.index, record);
    }

    /// Writes what declares it.
    pub(super) fn declare(&mut self, writing: &Writing) {
        self.index = writing.declare(OrderRecord {
            order: Cow::Borrowed(&self.history.order),
            paid: self.history.paid,
            currency: Cow::Borrowed(&self.history.currency),
            shared: self.history.is_shared,
        });
    }

    pub(super) fn snapshot(&self) -> OrderSnapshot {
        OrderSnapshot::of(&self.history, self.terms, self.monitor.is_alarmed())
    }

    /// Whether no attempt is under way.
    pub(super) const fn is_quiet(&self) -> bool {
        self.under_way.is_empty()
    }

    /// What was recorded so far.
    pub(super) const fn history(&self) -> &OrderHistory {
        &self.history
    }

    /// What was recorded; nothing of it stays here.
    pub(super) fn take(&mut self) -> OrderHistory {
        let emptied = OrderHistory::new(
            self.history.order.clone(),
            self.history.paid,
            self.history.currency.clone(),
        )
        .of_several(self.history.is_shared);
        std::mem::replace(&mut self.history, emptied)
    }

    /// Takes what was recorded, with the attempts that are still under way
    /// written as ones without an answer.
    pub(super) fn close(&mut self, writing: &Writing) -> OrderHistory {
        let mut under_way = std::mem::take(&mut self.under_way);
        under_way.sort_unstable();
        for attempt in under_way {
            let attempt = self.history.attempts[attempt];
            self.write_attempt(&attempt, None, writing);
        }
        self.take()
    }

    /// The violation behind an alarm that the answer to `attempt` raised.
    fn explain(&self, alarm: Alarm, attempt: usize) -> Option<Violation> {
        let order = &self.history;
        match alarm {
            Alarm::OverRefund => {
                let reduction = reduce(order, self.terms, &std::collections::BTreeSet::new());
                witness::over_refund(order, &reduction.accepted())
            }
            Alarm::SingleAmount => Some(witness::single_amount(order, attempt)),
            Alarm::UnjustifiedRefusal { used } => {
                Some(witness::unjustified_attempt(order, attempt, used))
            }
            Alarm::ChangedContent => {
                let changed = &order.attempts[attempt];
                let before = order.attempts.iter().position(|other| {
                    other.number == changed.number
                        && other.amount != changed.amount
                        && other.outcome == RefundOutcome::Accepted
                })?;
                Some(witness::changed_amount(order, before, attempt))
            }
        }
    }

    fn write_attempt(&self, attempt: &RefundAttempt, answer: Option<&Evidence>, writing: &Writing) {
        let record = RefundRecord {
            order: Cow::Borrowed(&self.history.order),
            refund: Cow::Borrowed(self.history.name(attempt.number)),
            amount: attempt.amount,
            sent: attempt.sent,
            answered: attempt.answered,
            outcome: attempt.outcome,
            sent_ns: attempt.sent_ns,
            answered_ns: attempt.answered_ns,
            code: answer.and_then(|answer| answer.code),
            status: answer.and_then(|answer| answer.status),
            signature: answer.map(|answer| answer.signature),
        };
        writing.refund(self.index, record);
    }
}
