//! What a faulty gateway remembers of its partners.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;

use crate::protocol::{OrderNo, PartnerNo, RefundNo};

/// How much of each kind is remembered: a test forgets nothing, and a gateway
/// under load for days does not grow.
pub(super) const REMEMBERED: usize = 100_000;

/// All that is remembered.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Message ids of valid requests.
    pub(super) message_ids: Recent<(PartnerNo, String)>,
    /// Signatures of valid requests.
    pub(super) signatures: Recent<(PartnerNo, String)>,
    /// The signatures of answers to accepted refunds.
    pub(super) answers: HashMap<(PartnerNo, RefundNo), String>,
    /// Orders, the latest last.
    pub(super) orders: Recent<(PartnerNo, OrderNo)>,
}

/// A set that forgets its oldest.
#[derive(Debug)]
pub(super) struct Recent<T> {
    order: VecDeque<T>,
    all: HashSet<T>,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self {
            order: VecDeque::new(),
            all: HashSet::new(),
        }
    }
}

impl<T: Eq + Hash + Clone> Recent<T> {
    /// Remembers `item`.
    pub(super) fn insert(&mut self, item: T) {
        if self.order.len() >= REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.all.remove(&oldest);
        }
        if self.all.insert(item.clone()) {
            self.order.push_back(item);
        }
    }

    /// Whether `item` is remembered.
    pub(super) fn contains(&self, item: &T) -> bool {
        self.all.contains(item)
    }

    /// All of them, the latest first.
    pub(super) fn latest(&self) -> impl Iterator<Item = &T> + Clone {
        self.order.iter().rev()
    }
}
