//! Fresh numbers for orders, refunds and messages.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use crate::protocol::{MessageId, OrderNo, RefundNo};
use crate::verdict::Shard;

/// Characters that tell one run from others.
const RUN: usize = 8;
/// Characters that tell a scope from the others of its run.
const SCOPE: usize = 5;
/// Digits of the counter of orders and of refunds.
const ORDER_DIGITS: usize = 7;
const REFUND_DIGITS: usize = 9;
/// Hexadecimal digits of a message id before its counter.
const MESSAGE: usize = 20;
/// Characters of a run's, and digits of a message id, that name a shard.
const SHARD: usize = 2;
const SHARD_DIGITS: usize = 3;

/// Names orders, refunds and messages, each once.
///
/// A number is made of three parts: characters that follow from the seed and
/// from what sets this run apart from others against the same gateway,
/// characters of the scope (a rule has one of its own), and a counter of that
/// scope. So two runs don't collide on a gateway that remembers, a run on a
/// fresh gateway can be repeated, and what one rule names does not depend on
/// which others run, or when.
///
/// Where a run goes on on several machines, the last of the run's characters
/// name the machine: what two of them name differs, whatever else they have in
/// common.
#[derive(Debug)]
pub struct Numbers {
    run: [u8; 32],
    shard: Option<Shard>,
    prefix: String,
    message_prefix: String,
    /// Digits that tell one caller of a part from the others.
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
        Self::of(digest.into(), "", None)
    }

    /// The numbers of a part of the same run: its own prefix, its own counters
    /// from zero. Two parts of one run need two names.
    #[must_use]
    pub fn scoped(&self, scope: &str) -> Self {
        Self::of(self.run, scope, self.shard)
    }

    /// The numbers of the same run on one of several machines: no two machines
    /// share one. To be asked for before any part of the run is.
    #[must_use]
    pub fn of_shard(&self, shard: Shard) -> Self {
        Self::of(self.run, "", Some(shard))
    }

    /// Numbers of the same part for one of many callers, with counters of their
    /// own: what one caller names then depends on no other. `lane` is below a
    /// million.
    #[must_use]
    pub fn for_lane(&self, lane: usize) -> Self {
        Self {
            run: self.run,
            shard: self.shard,
            prefix: self.prefix.clone(),
            message_prefix: self.message_prefix.clone(),
            // From 1: what all share has noughts there in its message ids.
            lane: format!("{:06}", lane + 1),
            orders: AtomicU64::new(0),
            refunds: AtomicU64::new(0),
            messages: AtomicU64::new(0),
        }
    }

    fn of(run: [u8; 32], scope: &str, shard: Option<Shard>) -> Self {
        let scope_digest: [u8; 32] = Sha256::digest(scope).into();
        let message: [u8; 32] = Sha256::new()
            .chain_update(run)
            .chain_update(scope)
            .finalize()
            .into();
        let mut prefix = letters(&run, RUN);
        let mut message_prefix = hex::encode(&message[..MESSAGE / 2]);
        if let Some(shard) = shard {
            prefix.truncate(RUN - SHARD);
            prefix.push_str(&shard_letters(shard));
            message_prefix.truncate(MESSAGE - SHARD_DIGITS);
            let digits = format!("{:0SHARD_DIGITS$x}", shard.index());
            message_prefix.push_str(&digits);
        }
        prefix.push_str(&letters(&scope_digest, SCOPE));
        Self {
            run,
            shard,
            prefix,
            message_prefix,
            lane: String::new(),
            orders: AtomicU64::new(0),
            refunds: AtomicU64::new(0),
            messages: AtomicU64::new(0),
        }
    }

    /// A number that no order has: 21 characters, or 27 of a lane.
    pub fn order(&self) -> OrderNo {
        let text = self.text(["o", &self.prefix], &self.orders, 10, ORDER_DIGITS);
        OrderNo::new(text).expect("20 characters and a counter are within 32")
    }

    /// A number that no refund has: 23 characters, or 29 of a lane.
    pub fn refund(&self) -> RefundNo {
        let text = self.text(["r", &self.prefix], &self.refunds, 10, REFUND_DIGITS);
        RefundNo::new(text).expect("20 characters and a counter are within 32")
    }

    /// A message id of 32 hexadecimal digits.
    pub fn message(&self) -> MessageId {
        let digits = 32 - MESSAGE - self.lane.len();
        let text = self.text([&self.message_prefix, ""], &self.messages, 16, digits);
        MessageId::new(text).expect("32 characters are within 36")
    }

    /// What begins so, and ends with the lane and the next count.
    fn text(&self, begin: [&str; 2], counter: &AtomicU64, base: u8, digits: usize) -> Text {
        let mut text = Text::default();
        for part in begin {
            text.push(part.as_bytes());
        }
        text.push(self.lane.as_bytes());
        text.push_digits(counter.fetch_add(1, Ordering::Relaxed), base, digits);
        text
    }

    /// Where a text holds a number as they are made here, of an order (`o`) or
    /// of a refund (`r`), of whichever run.
    pub fn find(text: &str, kind: char) -> Option<Range<usize>> {
        let digits = if kind == 'o' {
            ORDER_DIGITS
        } else {
            REFUND_DIGITS
        };
        let length = 1 + RUN + SCOPE + digits;
        let is_number = |candidate: &[u8]| {
            let (prefix, count) = candidate.split_at(length - digits);
            prefix
                .iter()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
                && count.iter().all(u8::is_ascii_digit)
        };
        text.match_indices(kind)
            .map(|(at, _)| at..at + length)
            .find(|place| text.as_bytes().get(place.clone()).is_some_and(is_number))
    }
}

/// A shard's number in base 36.
fn shard_letters(shard: Shard) -> String {
    let digit = |number: u32| char::from_digit(number % 36, 36).expect("it is below 36");
    [digit(shard.index() / 36), digit(shard.index())]
        .iter()
        .collect()
}

/// A text of at most 64 bytes, on the stack: two are made for every request of
/// a load.
struct Text {
    bytes: [u8; 64],
    length: usize,
}

impl Text {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes[self.length..][..bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    /// Writes a count with at least so many digits.
    fn push_digits(&mut self, mut count: u64, base: u8, least: usize) {
        let mut digits = [b'0'; 20];
        let mut from = digits.len();
        while count > 0 {
            from -= 1;
            let digit = u8::try_from(count % u64::from(base)).expect("a digit is small");
            digits[from] = match digit {
                ..10 => b'0' + digit,
                _ => b'a' + digit - 10,
            };
            count /= u64::from(base);
        }
        self.push(&digits[from.min(digits.len() - least)..]);
    }
}

impl Default for Text {
    fn default() -> Self {
        Self {
            bytes: [0; 64],
            length: 0,
        }
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).expect("its parts are ASCII")
    }
}

/// The first characters of a digest in base 36.
fn letters(digest: &[u8; 32], count: usize) -> String {
    digest
        .chunks_exact(2)
        .take(count)
        .map(|pair| {
            let number = u32::from(u16::from_be_bytes([pair[0], pair[1]])) % 36;
            char::from_digit(number, 36).expect("it is below 36")
        })
        .collect()
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
    fn a_count_has_its_digits_whatever_its_size() {
        let written = |count, base, least| {
            let mut text = Text::default();
            text.push_digits(count, base, least);
            text.as_ref().to_owned()
        };
        for count in [0, 7, 123_456_789, 1_234_567_890, u64::MAX] {
            assert_eq!(written(count, 10, 9), format!("{count:09}"));
            assert_eq!(written(count, 16, 6), format!("{count:06x}"));
        }
    }

    #[test]
    fn what_a_part_of_a_run_names_does_not_depend_on_the_others() {
        let run = Numbers::new(1, "");
        let first = run.scoped("json.order").refund();
        let _ = run.refund();
        let _ = run.scoped("json.depth").refund();
        assert_eq!(run.scoped("json.order").refund(), first);
        assert_ne!(run.scoped("json.depth").refund(), first);
        assert_ne!(run.scoped("json.depth").message(), run.message());
        assert_ne!(Numbers::new(2, "").scoped("json.order").refund(), first);
    }

    #[test]
    fn no_two_shards_of_a_run_share_a_number_and_all_are_as_long_and_found() {
        use std::collections::BTreeSet;

        let run = Numbers::new(1, "2026");
        let mut names = BTreeSet::new();
        for index in 0..Shard::MOST {
            let shard = Shard::new(index, Shard::MOST).unwrap();
            // Two parts of a run, and one user of a part.
            let all = run.of_shard(shard);
            for numbers in [all.scoped("load"), all.scoped("preflight"), all.for_lane(7)] {
                let (order, refund) = (numbers.order(), numbers.refund());
                assert!(refund.as_str().len() <= 29, "{refund}");
                assert!(Numbers::find(refund.as_str(), 'r').is_some(), "{refund}");
                assert_eq!(Numbers::find(order.as_str(), 'o').unwrap().start, 0);
                let message = numbers.message().to_string();
                assert_eq!(message.len(), 32);
                assert!(message.bytes().all(|byte| byte.is_ascii_hexdigit()));
                assert!(names.insert(order.to_string()));
                assert!(names.insert(refund.to_string()));
                assert!(names.insert(message));
            }
        }
    }

    #[test]
    fn a_number_is_recognised_within_a_text() {
        let numbers = Numbers::new(7, "x").scoped("fields.longest");
        let refund = numbers.refund();
        let text = format!("refund 100 as {refund}xxxx");
        let place = Numbers::find(&text, 'r').unwrap();
        assert_eq!(&text[place], refund.as_str());
        assert_eq!(Numbers::find("orders are refunded", 'r'), None);
        let order = numbers.order();
        assert_eq!(Numbers::find(order.as_str(), 'o'), Some(0..21));
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
        assert_eq!(all.for_lane(12).refund(), all.for_lane(12).refund());
        assert_ne!(all.message(), lanes[0].message());
        assert_eq!(lanes[2].message().as_str().len(), 32);
    }
}
