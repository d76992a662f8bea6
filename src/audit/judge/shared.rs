//! Refund numbers that more than one order uses.
//!
//! A number names one refund of its partner, whichever the order. Within one
//! order the reduction sees to that; here the orders are compared.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use crate::audit::history::{History, Number, OrderHistory, RefundAttempt, RefundOutcome};
use crate::audit::witness;
use crate::protocol::RefundNo;
use crate::verdict::Violation;

/// What the orders of a history have in common.
#[derive(Debug, Default)]
pub struct Shared {
    numbers: BTreeMap<usize, BTreeSet<Number>>,
    /// Numbers that were accepted for more than one order (I6).
    pub violations: Vec<Violation>,
}

impl Shared {
    /// Compares the orders of a history.
    pub fn find(history: &History) -> Self {
        let mut found = Self::default();
        // Hashes are sorted rather than names kept in a map: the numbers of a
        // long run are many, and nearly all of them are used once.
        let mut hashes: Vec<(u64, usize, Number)> = Vec::new();
        for (index, order) in history.orders.iter().enumerate() {
            for (number, name) in order.names() {
                let mut hasher = DefaultHasher::new();
                name.hash(&mut hasher);
                hashes.push((hasher.finish(), index, number));
            }
        }
        hashes.sort_unstable();
        for run in hashes.chunk_by(|a, b| a.0 == b.0) {
            if run.len() > 1 {
                found.compare(history, run);
            }
        }
        found
    }

    /// The numbers of an order, by its index in the history, that other orders
    /// use as well.
    pub fn of(&self, order: usize) -> &BTreeSet<Number> {
        const NONE: &BTreeSet<Number> = &BTreeSet::new();
        self.numbers.get(&order).unwrap_or(NONE)
    }

    /// Numbers of one hash, which as good as always are one name.
    fn compare(&mut self, history: &History, run: &[(u64, usize, Number)]) {
        let mut by_name: BTreeMap<&RefundNo, Vec<(usize, Number)>> = BTreeMap::new();
        for &(_, order, number) in run {
            by_name
                .entry(history.orders[order].name(number))
                .or_default()
                .push((order, number));
        }
        for uses in by_name.into_values().filter(|uses| uses.len() > 1) {
            let mut accepted: Vec<(&OrderHistory, &RefundAttempt)> = Vec::new();
            for (index, number) in uses {
                self.numbers.entry(index).or_default().insert(number);
                let order = &history.orders[index];
                accepted.extend(first_accepted(order, number).map(|attempt| (order, attempt)));
            }
            accepted.sort_unstable_by_key(|(_, attempt)| attempt.answered);
            if let [first, second, ..] = accepted[..] {
                self.violations.push(witness::changed_order(first, second));
            }
        }
    }
}

fn first_accepted(order: &OrderHistory, number: Number) -> Option<&RefundAttempt> {
    order
        .attempts
        .iter()
        .filter(|attempt| attempt.number == number && attempt.outcome == RefundOutcome::Accepted)
        .min_by_key(|attempt| attempt.answered)
}
