//! One way in which a gateway's books can be.

use std::collections::BTreeMap;

use crate::protocol::Amount;

/// What a refund number names: an order, by its place, and an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Content {
    /// The order.
    pub order: usize,
    /// The amount.
    pub amount: Amount,
}

/// The refunds that took effect.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct World {
    refunds: BTreeMap<usize, Content>,
}

impl World {
    /// The refund of this number.
    pub(super) fn refund(&self, number: usize) -> Option<Content> {
        self.refunds.get(&number).copied()
    }

    /// The same with one more refund.
    pub(super) fn with(&self, number: usize, content: Content) -> Self {
        let mut after = self.clone();
        after.refunds.insert(number, content);
        after
    }

    /// What is left of an order.
    pub(super) fn left(&self, order: usize, paid: &[Amount]) -> Amount {
        self.refunds
            .values()
            .filter(|refund| refund.order == order)
            .try_fold(paid[order], |left, refund| left.checked_sub(refund.amount))
            .expect("no world refunds more than was paid")
    }

    /// Whether there is room for this much more.
    pub(super) fn has_room(&self, content: Content, paid: &[Amount]) -> bool {
        content.amount <= self.left(content.order, paid)
    }

    /// Whether a right gateway would make this refund.
    pub(super) fn allows(&self, number: usize, content: Content, paid: &[Amount]) -> bool {
        content.amount.is_positive()
            && !self.refunds.contains_key(&number)
            && self.has_room(content, paid)
    }
}
