//! A part of the orders, with all that was recorded of them.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use crate::audit::evidence::{Evidence, Money};
use crate::audit::history::{
    Number, OrderHistory, QueryRecord, Record, RefundAttempt, RefundOutcome, RefundRecord, Terms,
};
use crate::audit::invariant::Invariant;
use crate::audit::judge::judge_order;
use crate::audit::monitor::{Alarm, OrderMonitor};
use crate::protocol::{Amount, OrderNo, RefundNo};
use crate::verdict::Violation;

use super::snapshot::{self, OrderSnapshot};

/// A place in the order of events, and the clock beside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp {
    pub(super) place: u64,
    pub(super) nanos: u64,
}

/// Where an attempt is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    order: usize,
    attempt: usize,
}

/// A part of the orders.
#[derive(Debug, Default)]
pub(super) struct Shard {
    places: HashMap<OrderNo, usize>,
    orders: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    history: OrderHistory,
    monitor: OrderMonitor,
}

impl Shard {
    pub(super) fn add_order(
        &mut self,
        order: &OrderNo,
        paid: Amount,
        currency: &str,
        terms: Terms,
    ) {
        self.places.insert(order.clone(), self.orders.len());
        self.orders.push(Entry {
            history: OrderHistory::new(order.clone(), paid, currency),
            monitor: OrderMonitor::new(paid, terms),
        });
    }

    pub(super) fn sent(
        &mut self,
        order: &OrderNo,
        refund: &RefundNo,
        amount: Amount,
        stamp: Stamp,
    ) -> Place {
        let order = *self
            .places
            .get(order)
            .expect("an order is told before a refund of it is sent");
        let Entry { history, monitor } = &mut self.orders[order];
        let number = history.number(refund);
        monitor.sent(number, amount);
        history.attempts.push(RefundAttempt {
            number,
            amount,
            sent: stamp.place,
            answered: None,
            outcome: RefundOutcome::Unknown,
            sent_ns: Some(stamp.nanos),
            answered_ns: None,
        });
        Place {
            order,
            attempt: history.attempts.len() - 1,
        }
    }

    pub(super) fn answered(
        &mut self,
        place: &Place,
        outcome: RefundOutcome,
        stamp: Stamp,
        terms: Terms,
    ) -> Option<Violation> {
        let Entry { history, monitor } = &mut self.orders[place.order];
        let attempt = &mut history.attempts[place.attempt];
        attempt.outcome = outcome;
        if outcome.is_definite() {
            attempt.answered = Some(stamp.place);
            attempt.answered_ns = Some(stamp.nanos);
        }
        let (number, amount) = (attempt.number, attempt.amount);
        let alarm = monitor.answered(number, amount, outcome)?;
        explain(history, terms, alarm)
    }

    pub(super) fn add_query(&mut self, record: &QueryRecord<'_>) {
        if let Some(&order) = self.places.get(&*record.order) {
            self.orders[order].history.add_query(record);
        }
    }

    /// The attempts that no answer was told for.
    pub(super) fn unanswered(&self) -> Vec<Place> {
        let mut places = Vec::new();
        for (order, entry) in self.orders.iter().enumerate() {
            for (attempt, one) in entry.history.attempts.iter().enumerate() {
                if one.answered.is_none() && one.outcome == RefundOutcome::Unknown {
                    places.push(Place { order, attempt });
                }
            }
        }
        places
    }

    /// An attempt as a line of the history.
    pub(super) fn record(&self, place: &Place, evidence: Option<&Evidence>) -> Record<'static> {
        let history = &self.orders[place.order].history;
        let attempt = &history.attempts[place.attempt];
        Record::Refund(RefundRecord {
            order: Cow::Owned(history.order.clone()),
            refund: Cow::Owned(history.name(attempt.number).clone()),
            amount: attempt.amount,
            sent: attempt.sent,
            answered: attempt.answered,
            outcome: attempt.outcome,
            sent_ns: attempt.sent_ns,
            answered_ns: attempt.answered_ns,
            code: evidence.and_then(|evidence| evidence.code),
            status: evidence.and_then(|evidence| evidence.status),
            signature: evidence
                .filter(|evidence| evidence.http_status.is_some())
                .map(|evidence| evidence.signature),
        })
    }

    pub(super) fn snapshots(&self) -> Vec<OrderSnapshot> {
        self.orders
            .iter()
            .map(|entry| snapshot::of(&entry.history, entry.monitor.is_alarmed()))
            .collect()
    }

    pub(super) fn snapshot(&self, order: &OrderNo) -> Option<OrderSnapshot> {
        let entry = &self.orders[*self.places.get(order)?];
        Some(snapshot::of(&entry.history, entry.monitor.is_alarmed()))
    }

    pub(super) fn money_of(&self, order: &OrderNo, refund: &RefundNo) -> Money {
        let Some(&order) = self.places.get(order) else {
            return Money::NotSent;
        };
        let history = &self.orders[order].history;
        let number: Option<Number> = history
            .names()
            .find(|(_, name)| *name == refund)
            .map(|(number, _)| number);
        number.map_or(Money::NotSent, |number| snapshot::money(history, number))
    }

    pub(super) fn histories(&self) -> Vec<OrderHistory> {
        self.orders
            .iter()
            .map(|entry| entry.history.clone())
            .collect()
    }
}

/// An alarm as a violation with its witness. Alarms are rare, and what is
/// certain to the monitor the judge can show from what is recorded so far.
fn explain(history: &OrderHistory, terms: Terms, alarm: Alarm) -> Option<Violation> {
    let invariant = match alarm {
        Alarm::OverRefund => Invariant::NoOverRefund,
        Alarm::SingleAmount => Invariant::SingleAmount,
        Alarm::UnjustifiedRefusal { .. } => Invariant::JustifiedRefusal,
        Alarm::ChangedContent => Invariant::BoundContent,
    };
    let violations = judge_order(history, terms, &BTreeSet::new()).violations;
    let same = violations
        .iter()
        .position(|violation| violation.invariant == invariant.id());
    violations.into_iter().nth(same.unwrap_or(0))
}
