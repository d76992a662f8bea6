//! Fresh numbers for orders, refunds and messages.

use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use crate::protocol::{MessageId, OrderNo, RefundNo};

/// Names orders, refunds and messages, each once.
///
/// All numbers of a run start with the same few characters, which follow from
/// the seed and from what sets this run apart from others against the same
/// gateway; a counter does the rest. So two runs don't collide on a gateway
/// that remembers, and a run on a fresh gateway can be repeated.
#[derive(Debug)]
pub struct Numbers {
    prefix: String,
    /// Digits that tell one caller of a run from the others.
    lane: String,
    orders: AtomicU64,
    refunds: AtomicU64,
    messages: AtomicU64,
}

impl Numbers {
    /// The numbers of a run with this `seed`; `apart` tells runs with the same
    /// seed apart where the gateway outlives them.
    pub fn new(seed: u64, apart: &str) -> Self {
        let digest = Sha256::new()
            .chain_update(seed.to_be_bytes())
            .chain_update(apart)
            .finalize();
        Self {
            prefix: hex::encode(&digest[..6]),
            lane: String::new(),
            orders: AtomicU64::new(0),
            refunds: AtomicU64::new(0),
            messages: AtomicU64::new(0),
        }
    }

    /// Numbers of the same run for one of many callers, with counters of their
    /// own: what one caller names then depends on no other. `lane` is at most a
    /// million.
    #[must_use]
    pub fn for_lane(&self, lane: usize) -> Self {
        Self {
            prefix: self.prefix.clone(),
            // From 1: what all share has noughts there.
            lane: format!("{:06}", lane + 1),
            orders: AtomicU64::new(0),
            refunds: AtomicU64::new(0),
            messages: AtomicU64::new(0),
        }
    }

    /// A number that no order has.
    pub fn order(&self) -> OrderNo {
        let count = self.orders.fetch_add(1, Ordering::Relaxed);
        OrderNo::new(format!("o{}{}{count:08}", self.prefix, self.lane))
            .expect("20 characters and a counter are within 32")
    }

    /// A number that no refund has.
    pub fn refund(&self) -> RefundNo {
        let count = self.refunds.fetch_add(1, Ordering::Relaxed);
        RefundNo::new(format!("r{}{}{count:010}", self.prefix, self.lane))
            .expect("20 characters and a counter are within 32")
    }

    /// A message id of 32 hexadecimal digits.
    pub fn message(&self) -> MessageId {
        let count = self.messages.fetch_add(1, Ordering::Relaxed);
        let width = 32 - self.prefix.len() - self.lane.len();
        MessageId::new(format!("{}{}{count:0width$x}", self.prefix, self.lane))
            .expect("32 characters are within 36")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_repeat_with_the_seed_and_differ_apart_from_it() {
        let first = Numbers::new(1, "").order();
        assert_eq!(Numbers::new(1, "").order(), first);
        assert_ne!(Numbers::new(2, "").order(), first);
        assert_ne!(Numbers::new(1, "later").order(), first);
        assert_eq!(Numbers::new(1, "").message().as_str().len(), 32);
    }

    #[test]
    fn lanes_share_no_number_and_count_for_themselves() {
        let all = Numbers::new(1, "");
        let lanes = [all.for_lane(0), all.for_lane(12), all.for_lane(999_999)];
        let mut refunds: Vec<RefundNo> = lanes.iter().map(Numbers::refund).collect();
        refunds.push(all.refund());
        refunds.sort_unstable();
        refunds.dedup();
        assert_eq!(refunds.len(), 4);
        assert_eq!(all.for_lane(12).message(), lanes[1].message());
        assert_ne!(all.message(), lanes[0].message());
        assert_eq!(lanes[2].message().as_str().len(), 32);
    }
}
