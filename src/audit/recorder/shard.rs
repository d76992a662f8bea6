//! One part of a recorder: some orders, and the lines that wait to be written.

use std::borrow::Cow;
use std::collections::HashMap;

use super::snapshot::OrderSnapshot;
use crate::audit::evidence::Evidence;
use crate::audit::history::collected::DEALING;
use crate::audit::history::text::write_record;
use crate::audit::history::{
    OrderHistory, OrderRecord, QueryOutcome, QueryRead, QueryRecord, Record, RefundAttempt,
    RefundOutcome, RefundRecord, Terms,
};
use crate::audit::judge::reduce::reduce;
use crate::audit::monitor::{Alarm, OrderMonitor};
use crate::audit::witness;
use crate::protocol::{Amount, OrderNo, RefundNo};
use crate::verdict::Violation;

/// Lines are handed on when so many bytes of them are there.
const BATCH: usize = 32 * 1024;

/// Some of the orders of a recording. Lines are kept only `with_lines`.
pub(super) struct Shard {
    terms: Terms,
    orders: Vec<RecordedOrder>,
    index: HashMap<OrderNo, usize>,
    lines: Option<Vec<u8>>,
}

struct RecordedOrder {
    history: OrderHistory,
    monitor: OrderMonitor,
    /// Attempts that are under way, as indices.
    under_way: Vec<usize>,
}

/// Where an order or an attempt is in its shard.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) order: usize,
    pub(super) attempt: usize,
}

/// A place and the nanoseconds since the recording began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) place: u64,
    pub(super) nanos: u64,
}

impl Shard {
    pub(super) fn new(terms: Terms, with_lines: bool) -> Self {
        Self {
            terms,
            orders: Vec::new(),
            index: HashMap::new(),
            lines: with_lines.then(Vec::new),
        }
    }

    /// Whether the order was new.
    pub(super) fn declare(
        &mut self,
        order: &OrderNo,
        paid: Amount,
        currency: &str,
        is_shared: bool,
    ) -> bool {
        if self.index.contains_key(order) {
            return false;
        }
        self.index.insert(order.clone(), self.orders.len());
        self.orders.push(RecordedOrder {
            history: OrderHistory::new(order.clone(), paid, currency).of_several(is_shared),
            monitor: OrderMonitor::new(paid, self.terms).of_several(is_shared),
            under_way: Vec::new(),
        });
        push_line(
            &mut self.lines,
            &Record::Order(OrderRecord {
                order: Cow::Borrowed(order),
                paid,
                currency: Cow::Borrowed(currency),
                shared: is_shared,
            }),
        );
        true
    }

    pub(super) fn find(&self, order: &OrderNo) -> Option<usize> {
        self.index.get(order).copied()
    }

    /// The stamp is taken by `stamp` at the last moment, with the attempt all
    /// but registered.
    pub(super) fn sent(
        &mut self,
        order: usize,
        refund: &RefundNo,
        amount: Amount,
        stamp: impl FnOnce() -> Moment,
    ) -> Option<(Slot, Moment)> {
        let entry = self.orders.get_mut(order)?;
        let number = entry.history.number(refund);
        entry.monitor.sent(number, amount);
        let attempt = entry.history.attempts.len();
        entry.under_way.push(attempt);
        let moment = stamp();
        entry.history.attempts.push(RefundAttempt {
            number,
            amount,
            sent: moment.place,
            answered: None,
            outcome: RefundOutcome::Unknown,
            is_dealt_with_later: false,
            sent_ns: Some(moment.nanos),
            answered_ns: None,
        });
        Some((Slot { order, attempt }, moment))
    }

    pub(super) fn answered(
        &mut self,
        slot: Slot,
        moment: Moment,
        evidence: &Evidence,
    ) -> Option<Violation> {
        let entry = self.orders.get_mut(slot.order)?;
        let attempt = entry.history.attempts.get_mut(slot.attempt)?;
        attempt.outcome = evidence.money.into();
        attempt.is_dealt_with_later = evidence.status == Some(DEALING);
        if evidence.http_status.is_some() {
            attempt.answered = Some(moment.place);
            attempt.answered_ns = Some(moment.nanos);
        }
        let attempt = *attempt;
        let position = entry
            .under_way
            .iter()
            .position(|&other| other == slot.attempt)?;
        entry.under_way.swap_remove(position);
        let alarm = entry
            .monitor
            .answered(attempt.number, attempt.amount, attempt.outcome);
        let answer = attempt.answered.map(|_| evidence);
        push_attempt(&mut self.lines, &entry.history, &attempt, answer);
        alarm.and_then(|alarm| entry.explain(alarm, slot.attempt, self.terms))
    }

    pub(super) fn queried(
        &mut self,
        order: usize,
        sent: Moment,
        answered: Moment,
        outcome: QueryOutcome,
    ) {
        let Some(entry) = self.orders.get_mut(order) else {
            return;
        };
        entry.history.queries.push(QueryRead {
            sent: sent.place,
            answered: answered.place,
            outcome,
        });
        push_line(
            &mut self.lines,
            &Record::Query(QueryRecord {
                order: Cow::Borrowed(&entry.history.order),
                sent: sent.place,
                answered: answered.place,
                outcome,
                sent_ns: Some(sent.nanos),
                answered_ns: Some(answered.nanos),
            }),
        );
    }

    /// Lines to hand on, if there are enough of them.
    pub(super) fn full_batch(&mut self) -> Option<Vec<u8>> {
        let lines = self.lines.as_mut()?;
        (lines.len() >= BATCH).then(|| std::mem::replace(lines, Vec::with_capacity(BATCH + 1024)))
    }

    pub(super) fn snapshot(&self, order: usize) -> Option<OrderSnapshot> {
        let entry = self.orders.get(order)?;
        let is_alarmed = entry.monitor.is_alarmed();
        Some(OrderSnapshot::of(&entry.history, self.terms, is_alarmed))
    }

    pub(super) fn snapshots(&self) -> impl Iterator<Item = OrderSnapshot> {
        (0..self.orders.len()).filter_map(|order| self.snapshot(order))
    }

    /// Everything, with the attempts that are still under way written as ones
    /// without an answer.
    pub(super) fn take(&mut self) -> (Vec<OrderHistory>, Vec<u8>) {
        self.index.clear();
        let mut orders = Vec::new();
        for mut entry in std::mem::take(&mut self.orders) {
            entry.under_way.sort_unstable();
            for attempt in entry.under_way {
                let attempt = &entry.history.attempts[attempt];
                push_attempt(&mut self.lines, &entry.history, attempt, None);
            }
            orders.push(entry.history);
        }
        (orders, self.lines.take().unwrap_or_default())
    }
}

impl RecordedOrder {
    /// The violation behind an alarm that the answer to `attempt` raised.
    fn explain(&self, alarm: Alarm, attempt: usize, terms: Terms) -> Option<Violation> {
        let order = &self.history;
        match alarm {
            Alarm::OverRefund => {
                let reduction = reduce(order, terms, &std::collections::BTreeSet::new());
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
}

fn push_attempt(
    lines: &mut Option<Vec<u8>>,
    order: &OrderHistory,
    attempt: &RefundAttempt,
    answer: Option<&Evidence>,
) {
    push_line(
        lines,
        &Record::Refund(RefundRecord {
            order: Cow::Borrowed(&order.order),
            refund: Cow::Borrowed(order.name(attempt.number)),
            amount: attempt.amount,
            sent: attempt.sent,
            answered: attempt.answered,
            outcome: attempt.outcome,
            sent_ns: attempt.sent_ns,
            answered_ns: attempt.answered_ns,
            code: answer.and_then(|answer| answer.code),
            status: answer.and_then(|answer| answer.status),
            signature: answer.map(|answer| answer.signature),
        }),
    );
}

fn push_line(lines: &mut Option<Vec<u8>>, record: &Record<'_>) {
    if let Some(lines) = lines {
        write_record(lines, record)
            .expect("records have string keys and a vector takes every byte");
    }
}
