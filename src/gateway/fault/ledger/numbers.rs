//! Which refund numbers are known: the faults of telling a repetition.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use super::books::Asked;
use super::settlement::End;
use crate::gateway::fault::{Fault, Faults};
use crate::gateway::order::{OrderId, Refund};
use crate::protocol::PartnerNo;

/// How many numbers a forgetful ledger remembers.
const REMEMBERED: usize = 64;
/// How many characters of a number count, where not all do.
const COUNTED: usize = 20;

/// What a refund is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// `None` where partners are not told apart.
    partner: Option<PartnerNo>,
    number: String,
}

impl Key {
    /// What `refund` is known by.
    pub(super) fn of(refund: &Refund, faults: &Faults) -> Self {
        let is_shared = faults.has(Fault::NumberSharedByPartners);
        let mut number = refund.number.as_str().to_owned();
        if faults.has(Fault::NumberFolded) {
            number = number.trim().to_lowercase();
        }
        if faults.has(Fault::NumberTruncated) {
            number = number.chars().take(COUNTED).collect();
        }
        Self {
            partner: (!is_shared).then(|| refund.partner.clone()),
            number,
        }
    }
}

/// An accepted refund, as it is known by its number.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) order: OrderId,
    pub(super) amount: i64,
    /// From when on its number is found.
    pub(super) known_from: Instant,
    /// What becomes of it.
    pub(super) end: End,
}

/// What a number says about a refund.
#[derive(Debug)]
pub(super) enum Found {
    /// It is new.
    Fresh,
    /// It was accepted before.
    Same(Entry),
    /// Its number names another refund.
    Taken,
}

/// The numbers that were used. There is one entry each, but for a ledger that
/// takes a number more than once.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    entries: HashMap<Key, Vec<Entry>>,
    recent: VecDeque<Key>,
}

impl Numbers {
    /// Records an accepted refund.
    pub(super) fn record(&mut self, key: Key, entry: Entry, faults: &Faults) {
        if faults.has(Fault::NumberForgotten) {
            self.recent.push_back(key.clone());
            if self.recent.len() > REMEMBERED
                && let Some(oldest) = self.recent.pop_front()
            {
                self.forget(&oldest);
            }
        }
        self.entries.entry(key).or_default().push(entry);
    }

    /// Forgets a number.
    pub(super) fn forget(&mut self, key: &Key) {
        self.entries.remove(key);
    }

    /// Looks a refund up by its number.
    pub(super) fn look_up(&self, asked: &Asked, faults: &Faults, now: Instant) -> Found {
        if faults.has(Fault::DuplicateApplied) {
            return Found::Fresh;
        }
        let known = self
            .entries
            .get(&asked.key)
            .into_iter()
            .flatten()
            .filter(|entry| entry.known_from <= now);
        let mut found = Found::Fresh;
        for entry in known {
            let (same_order, same_amount) =
                (entry.order == asked.order, entry.amount == asked.amount);
            if same_order && same_amount {
                return Found::Same(entry.clone());
            }
            let counts_as_new = if same_order {
                faults.has(Fault::NumberWithOtherAmount)
            } else {
                faults.has(Fault::NumberOnOtherOrder)
            };
            if !counts_as_new {
                found = Found::Taken;
            }
        }
        found
    }
}
