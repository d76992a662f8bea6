//! The verdict on the histories of several machines that met one gateway.
//!
//! An order that one history alone declares is judged as ever. One that several
//! declare is one order, and its accepted refunds are added up whoever sent
//! them. But a place in one history says nothing about a place in another: each
//! machine counts its own events, and clocks of different machines differ by
//! more than a race takes. So no event is ever put before or after one of
//! another machine.
//!
//! That is done by looking at the order once from each machine. In such a
//! [`view`] the machine's own events stand where they stood, and each attempt
//! of the others is under way all the time. This is sound: if some order of
//! events explains what truly happened, the same one explains the view, where
//! every interval is as long or longer; so who is accused in a view is accused
//! rightly. What is lost is a refusal that only the true order between machines
//! shows to be wrong. That the accepted refunds are more than was paid needs no
//! order at all, and is always found.

use std::collections::{BTreeMap, BTreeSet};

use super::exposure::{self, expose};
use super::order::{Doubt, OrderVerdict, judge_order};
use super::proven;
use super::reduce::reduce;
use super::shared::Shared;
use super::whole::Tally;
use crate::audit::history::{History, Number, OrderHistory, RefundAttempt, RefundOutcome, Terms};
use crate::audit::invariant::Invariant;
use crate::protocol::OrderNo;
use crate::verdict::{AuditSummary, Exposure, Timing, Violation};

/// Two histories that can't be of one gateway.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// They were recorded under different profiles.
    #[error("they were recorded under different profiles of the gateway")]
    Terms {
        /// The two histories, as indices.
        histories: [usize; 2],
    },
    /// They tell different things of one order.
    #[error("the order {order} was paid {} in one and {} in the other", paid[0], paid[1])]
    Order {
        /// The two histories, as indices.
        histories: [usize; 2],
        /// The order.
        order: OrderNo,
        /// What each says was paid for it.
        paid: [String; 2],
    },
}

impl Contradiction {
    /// The two histories, as indices.
    pub const fn histories(&self) -> [usize; 2] {
        match self {
            Self::Terms { histories } | Self::Order { histories, .. } => *histories,
        }
    }
}

/// Judges histories of several machines together. They are taken to be all
/// that there are: an order that is shared is shared among these.
///
/// # Errors
/// [`Contradiction`] where they can't be of one gateway.
pub fn judge_together(histories: &[History]) -> Result<AuditSummary, Contradiction> {
    let terms = common_terms(histories)?;
    let mut by_order: BTreeMap<&OrderNo, Vec<Part<'_>>> = BTreeMap::new();
    for (index, history) in histories.iter().enumerate() {
        for order in &history.orders {
            let parts = by_order.entry(&order.order).or_default();
            if let Some(&first) = parts.first() {
                compare(first, (index, order))?;
            }
            parts.push((index, order));
        }
    }
    let history = History {
        terms,
        orders: by_order.values().map(|parts| join(parts)).collect(),
    };
    let orders: Vec<Joined<'_>> = history
        .orders
        .iter()
        .zip(by_order.values())
        .map(|(order, parts)| Joined { order, parts })
        .collect();
    let shared = Shared::find(&history);
    let mut tally = Tally::default();
    for (index, joined) in orders.iter().enumerate() {
        tally.add(joined.judge(terms, shared.of(index)));
    }
    let mut summary = tally.sum_up(&shared);
    proven::attach(histories, (&orders, &shared), &mut summary.violations);
    Ok(summary)
}

fn common_terms(histories: &[History]) -> Result<Terms, Contradiction> {
    let terms = histories
        .first()
        .map_or_else(Terms::default, |first| first.terms);
    match histories.iter().position(|history| history.terms != terms) {
        None => Ok(terms),
        Some(other) => Err(Contradiction::Terms {
            histories: [0, other],
        }),
    }
}

fn compare((first, one): Part<'_>, (second, other): Part<'_>) -> Result<(), Contradiction> {
    if (one.paid, &one.currency) == (other.paid, &other.currency) {
        return Ok(());
    }
    let paid = |order: &OrderHistory| format!("{} {}", order.paid, order.currency);
    Err(Contradiction::Order {
        histories: [first, second],
        order: one.order.clone(),
        paid: [
            paid(one).trim_end().to_owned(),
            paid(other).trim_end().to_owned(),
        ],
    })
}

/// What a machine recorded of an order, and which of the histories has it.
pub(super) type Part<'a> = (usize, &'a OrderHistory);

/// All that was recorded of an order. Places of different machines stand beside
/// each other here, and mean nothing.
fn join(parts: &[Part<'_>]) -> OrderHistory {
    let mut order = parts[0].1.clone();
    order.is_shared = false;
    for (_, part) in &parts[1..] {
        order.append(part);
    }
    order
}

/// One order, with what each machine recorded of it.
pub(super) struct Joined<'a> {
    /// All of it.
    pub(super) order: &'a OrderHistory,
    pub(super) parts: &'a [Part<'a>],
}

impl Joined<'_> {
    fn judge(&self, terms: Terms, shared: &BTreeSet<Number>) -> OrderVerdict {
        if self.parts.len() == 1 {
            return judge_order(self.order, terms, shared);
        }
        let mut joined = OrderVerdict::default();
        let mut doubts: Vec<Doubt> = Vec::new();
        for own in 0..self.parts.len() {
            let seen = judge_order(&self.view(own), terms, shared);
            for violation in seen.violations {
                add(&mut joined.violations, violation);
            }
            doubts.extend(seen.doubt);
            joined.unknown = seen.unknown;
            joined.exposure.exact_rest_acceptances = seen.exposure.exact_rest_acceptances;
        }
        joined.doubt = doubts.into_iter().min();
        joined.operations = self.operations();
        for (_, part) in self.parts {
            let own = expose(part, &reduce(part, terms, &BTreeSet::new()));
            let counted = Exposure {
                // Of the whole order, and counted above.
                exact_rest_acceptances: 0,
                ..own
            };
            exposure::add(&mut joined.exposure, &counted);
        }
        joined
    }

    fn operations(&self) -> u64 {
        let attempts = self.order.attempts.iter();
        let sent = attempts.filter(|attempt| attempt.outcome != RefundOutcome::NotSent);
        (sent.count() + self.order.queries.len()) as u64
    }

    /// The order as one machine sees it: its own events in their order, and the
    /// attempts of the others under way all the time. A machine's attempts keep
    /// the order in which it sent them. What of the others' had no effect, and
    /// has a number of its own, is that machine's to explain.
    pub(super) fn view(&self, own: usize) -> OrderHistory {
        let mut view = self.order.clone();
        if self.parts.len() == 1 {
            return view;
        }
        view.attempts.clear();
        view.queries.clone_from(&self.parts[own].1.queries);
        let mut from = 0;
        let mut others: Vec<RefundAttempt> = Vec::new();
        let relevant = self.relevant(own);
        for (index, (_, part)) in self.parts.iter().enumerate() {
            let attempts = &self.order.attempts[from..from + part.attempts.len()];
            from += part.attempts.len();
            if index == own {
                view.attempts.extend_from_slice(attempts);
                continue;
            }
            let mut attempts: Vec<RefundAttempt> = attempts
                .iter()
                .filter(|attempt| relevant.contains(&attempt.number))
                .copied()
                .collect();
            attempts.sort_unstable_by_key(|attempt| attempt.sent);
            others.append(&mut attempts);
        }
        let before = others.len() as u64;
        let move_on = |place: u64| place.saturating_add(before + 1);
        for attempt in &mut view.attempts {
            attempt.sent = move_on(attempt.sent);
            attempt.answered = attempt.answered.map(move_on);
        }
        for query in &mut view.queries {
            query.sent = move_on(query.sent);
            query.answered = move_on(query.answered);
        }
        let answers = view.attempts.iter().filter_map(|attempt| attempt.answered);
        let sends = view.attempts.iter().map(|attempt| attempt.sent);
        let queries = view.queries.iter().map(|query| query.answered);
        let last = answers.chain(sends).chain(queries).max().unwrap_or(before);
        let mut answer_at = last;
        for (place, mut attempt) in (1..).zip(others) {
            attempt.sent = place;
            // Another machine's clock.
            (attempt.sent_ns, attempt.answered_ns) = (None, None);
            attempt.answered = attempt.answered.map(|_| {
                answer_at += 1;
                answer_at
            });
            view.attempts.push(attempt);
        }
        view
    }

    /// The numbers that matter to a machine: its own, and those that took
    /// effect, or may have.
    fn relevant(&self, own: usize) -> BTreeSet<Number> {
        let mut numbers: BTreeSet<Number> = BTreeSet::new();
        let mut from = 0;
        for (index, (_, part)) in self.parts.iter().enumerate() {
            let attempts = &self.order.attempts[from..from + part.attempts.len()];
            from += part.attempts.len();
            let matters = |attempt: &&RefundAttempt| {
                index == own
                    || matches!(
                        attempt.outcome,
                        RefundOutcome::Accepted | RefundOutcome::Unknown | RefundOutcome::Duplicate
                    )
            };
            numbers.extend(
                attempts
                    .iter()
                    .filter(matters)
                    .map(|attempt| attempt.number),
            );
        }
        numbers
    }
}

/// Adds a violation unless another view has shown it already. That more was
/// refunded than paid is one thing, and shown best without concurrency.
fn add(violations: &mut Vec<Violation>, violation: Violation) {
    let known = violations.iter_mut().find(|known| {
        known.invariant == violation.invariant
            && (known.invariant == Invariant::NoOverRefund.id()
                || known.witness.first().map(|step| &step.refund)
                    == violation.witness.first().map(|step| &step.refund))
    });
    match known {
        None => violations.push(violation),
        Some(known)
            if known.timing == Timing::ConcurrencyOnly
                && violation.timing == Timing::Sequential =>
        {
            *known = violation;
        }
        Some(_) => {}
    }
}

#[cfg(test)]
#[path = "together_tests.rs"]
mod tests;
