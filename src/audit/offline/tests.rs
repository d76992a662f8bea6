//! The short way and the long way say the same, of histories of every kind.

use std::borrow::Cow;
use std::io::Write;

use super::parts::{Memory, audit};
use super::*;
use crate::audit::history::{
    BinaryWriter, History, OrderRecord, QueryOutcome, QueryRecord, Record, RefundOutcome,
    RefundRecord, Terms, TextWriter,
};
use crate::audit::judge::judge;
use crate::protocol::profile::Duplicates;
use crate::protocol::{Amount, OrderNo, RefundNo};

/// splitmix64: a history follows from its number alone.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }
}

/// What an order has left, so that most answers are right.
struct Drawn {
    number: OrderNo,
    left: i64,
    done: Vec<(String, i64)>,
}

/// A history that a gateway could leave that is right but for one answer in
/// `wrong`.
fn drawn(seed: u64, wrong: u64, answers: &[RefundOutcome]) -> (Terms, Vec<Record<'static>>) {
    let mut draw = Draw(seed);
    // Every fourth has amounts beyond 32 bits.
    let unit = if seed % 4 == 3 { 3_000_000_000 } else { 1 };
    let terms = Terms {
        duplicates: [Duplicates::Replay, Duplicates::Refuse, Duplicates::Either]
            [draw.below(3) as usize],
        late_failure: draw.one_in(8),
    };
    let mut orders: Vec<Drawn> = Vec::new();
    let mut records = Vec::new();
    for index in 0..1 + draw.below(6) {
        let paid = 1 + draw.below(30) as i64;
        let number = OrderNo::new(format!("o{index}")).unwrap();
        records.push(Record::Order(OrderRecord {
            order: Cow::Owned(number.clone()),
            paid: Amount::new(paid * unit),
            currency: Cow::Borrowed("JPY"),
            shared: draw.one_in(20),
        }));
        orders.push(Drawn {
            number,
            left: paid,
            done: Vec::new(),
        });
    }
    let mut under_way: Vec<u64> = Vec::new();
    let mut place = 0;
    for index in 0..draw.below(40) {
        let order = draw.below(orders.len() as u64) as usize;
        let is_wrong = draw.one_in(wrong);
        let order = &mut orders[order];
        place += 2 + draw.below(2);
        // Some were sent earlier, beside others.
        let sent = if draw.one_in(2) {
            under_way.pop().unwrap_or(place - 1)
        } else {
            place - 1
        };
        if draw.one_in(4) {
            under_way.push(place + 1);
            place += 2;
        }
        let (mut refund, mut amount) = (format!("r{index}"), 1 + draw.below(9) as i64);
        let outcome = if draw.one_in(4)
            && let Some((again, same)) = order.done.last().cloned()
        {
            (refund, amount) = (again, same);
            match terms.duplicates {
                Duplicates::Refuse => RefundOutcome::Duplicate,
                _ => RefundOutcome::Accepted,
            }
        } else if draw.one_in(12) {
            let is_full = (order.left == 0) != is_wrong;
            records.push(Record::Query(QueryRecord {
                order: Cow::Owned(order.number.clone()),
                sent,
                answered: place,
                outcome: if is_full {
                    QueryOutcome::Refunded
                } else {
                    QueryOutcome::NotRefunded
                },
                sent_ns: None,
                answered_ns: None,
            }));
            continue;
        } else if amount <= order.left {
            order.left -= amount;
            order.done.push((refund.clone(), amount));
            RefundOutcome::Accepted
        } else {
            if draw.one_in(2) {
                amount = order.left + 1;
            }
            RefundOutcome::Exceeds
        };
        let outcome = if is_wrong {
            answers[draw.below(answers.len() as u64) as usize]
        } else {
            outcome
        };
        if is_wrong && draw.one_in(3) {
            refund = format!("r{}", draw.below(5));
        }
        if is_wrong && draw.one_in(4) {
            amount = draw.below(60) as i64 - 5;
        }
        let is_lost = outcome == RefundOutcome::NotSent
            || (outcome == RefundOutcome::Unknown && draw.one_in(2));
        records.push(Record::Refund(RefundRecord {
            order: Cow::Owned(order.number.clone()),
            refund: Cow::Owned(RefundNo::new(refund).unwrap()),
            amount: Amount::new(amount * unit),
            sent,
            answered: (!is_lost).then_some(place),
            outcome,
            // One in thirty does not fit the compact form.
            sent_ns: draw.one_in(2).then_some(place),
            answered_ns: draw.one_in(30).then_some(u64::MAX),
            code: None,
            status: draw.one_in(9).then_some(0),
            signature: None,
        }));
    }
    (terms, records)
}

const ANY: &[RefundOutcome] = &[
    RefundOutcome::Accepted,
    RefundOutcome::Exceeds,
    RefundOutcome::State,
    RefundOutcome::Duplicate,
    RefundOutcome::Refused,
    RefundOutcome::Unknown,
    RefundOutcome::NotSent,
];

#[test]
fn the_short_way_says_what_the_long_way_says() {
    let (mut clean, mut broken, mut shared) = (0, 0, 0);
    for seed in 0..30_000 {
        let wrong = [2, 8, 40, 1_000][seed as usize % 4];
        let (terms, records) = drawn(seed, wrong, ANY);
        let long = judge(&History::collect(terms, records.iter().cloned()));
        let compact = Compact::collect(terms, records.into_iter().map(Ok)).unwrap();
        let short = judge_compact(&compact);
        assert_eq!(short, long, "history {seed}");
        clean += u32::from(long.violations.is_empty());
        broken += u32::from(!long.violations.is_empty());
        shared += u32::from(
            long.violations
                .iter()
                .any(|v| v.message.contains("accepted for order")),
        );
    }
    assert!(
        clean > 5_000 && broken > 5_000 && shared > 20,
        "{clean} {broken} {shared}"
    );
}

/// How many orders of a history are proved without the long way.
#[test]
fn the_common_order_takes_the_short_way() {
    let (mut proved, mut all) = (0, 0);
    for seed in 0..300 {
        let (terms, records) = drawn(seed, 1_000_000, ANY);
        let terms = Terms {
            late_failure: false,
            ..terms
        };
        let compact = Compact::collect(terms, records.into_iter().map(Ok)).unwrap();
        let (begins, sorted) = compact.by_order();
        let mut scratch = common::Scratch::default();
        for (index, order) in compact.orders.iter().enumerate() {
            if order.is_shared || order.has_long {
                continue;
            }
            let own = &sorted[begins[index] as usize..begins[index + 1] as usize];
            let own: Vec<_> = own.iter().map(|&at| compact.records[at as usize]).collect();
            let is_common = scratch.take_up(&own);
            all += 1;
            proved += u32::from(is_common && scratch.prove(order, &own, terms).is_some());
        }
    }
    assert!(proved * 10 > all * 8, "{proved} of {all}");
}

fn written(records: &[Record<'static>], terms: Terms, is_text: bool) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    if is_text {
        let mut writer = TextWriter::new(&mut file, terms).unwrap();
        records
            .iter()
            .for_each(|record| writer.write(record).unwrap());
        writer.finish().unwrap();
    } else {
        let mut writer = BinaryWriter::new(&mut file, terms).unwrap();
        records
            .iter()
            .for_each(|record| writer.write(record).unwrap());
        writer.finish().unwrap();
    }
    file
}

#[test]
fn the_same_is_said_in_parts_and_at_once_of_both_forms() {
    let memory = |text: &str| text.parse::<Memory>().unwrap();
    for seed in 0..40 {
        let (terms, records) = drawn(seed, 10, ANY);
        for is_text in [true, false] {
            let file = written(&records, terms, is_text);
            let at_once = audit(file.path(), memory("1GiB")).unwrap();
            let in_parts = audit(file.path(), memory("1KiB")).unwrap();
            assert_eq!(at_once, in_parts, "history {seed}");
            let long = judge(&History::collect(terms, records.iter().cloned()));
            assert_eq!(at_once, long, "history {seed}");
        }
    }
}

#[test]
fn what_is_broken_is_refused_in_parts_as_at_once() {
    let (terms, mut records) = drawn(4, 1_000, ANY);
    let used = records
        .iter()
        .rev()
        .find(|record| matches!(record, Record::Refund(_)));
    let used = used.expect("a refund").clone();
    let Record::Order(order) = records[0].clone() else {
        panic!("an order")
    };
    let end = records.len();
    for (more, reason) in [
        (used, "is taken already"),
        (Record::Order(order), "is declared already"),
    ] {
        records.truncate(end);
        records.push(more);
        for is_text in [true, false] {
            let file = written(&records, terms, is_text);
            let told: Vec<String> = ["1GiB", "1KiB"]
                .map(|memory| {
                    audit(file.path(), memory.parse().unwrap())
                        .unwrap_err()
                        .to_string()
                })
                .into();
            assert_eq!(told[0], told[1]);
            assert!(told[0].ends_with(reason), "{}", told[0]);
        }
    }
    let mut file = written(&records[..end], terms, true);
    file.write_all(b"{\"type\":\"query\",\"order\":\"nobody\",\"sent\":9999,\"answered\":10000,\"outcome\":\"refunded\"}\n").unwrap();
    for memory in ["1GiB", "1KiB"] {
        let error = audit(file.path(), memory.parse().unwrap())
            .unwrap_err()
            .to_string();
        assert!(error.contains("nobody is declared nowhere"), "{error}");
    }
}

#[test]
fn memory_is_given_in_bytes_or_in_powers_of_two() {
    assert_eq!("512MiB".parse::<Memory>(), "536870912".parse());
    assert_eq!("1GiB".parse::<Memory>(), "1048576 KiB".parse());
    for text in ["", "0", "-1", "1GB", "MiB", "99999999999GiB"] {
        assert!(text.parse::<Memory>().is_err(), "{text}");
    }
}
