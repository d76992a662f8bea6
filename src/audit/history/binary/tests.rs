//! What is written comes back, and what was damaged does not pass.

use proptest::option;
use proptest::prelude::*;

use super::super::BinaryWriter;
use super::super::block::BLOCK_HEAD;
use super::*;
use crate::audit::evidence::SignatureState;
use crate::audit::history::{QueryOutcome, RefundOutcome};
use crate::protocol::profile::Duplicates;
use crate::protocol::{Amount, Code};

fn order(number: u8, currency: &str) -> Record<'static> {
    Record::Order(OrderRecord {
        order: Cow::Owned(OrderNo::new(format!("o{number}")).unwrap()),
        paid: Amount::new(1000),
        currency: Cow::Owned(currency.to_owned()),
        shared: number == 1,
    })
}

fn refund(number: u8, refund: &str, sent: u64) -> RefundRecord<'static> {
    RefundRecord {
        order: Cow::Owned(OrderNo::new(format!("o{number}")).unwrap()),
        refund: Cow::Owned(RefundNo::new(refund).unwrap()),
        amount: Amount::new(10),
        sent,
        answered: Some(sent + 1),
        outcome: RefundOutcome::Accepted,
        sent_ns: Some(7),
        answered_ns: Some(9),
        code: Some(Code(1)),
        status: Some(0),
        signature: Some(SignatureState::Valid),
    }
}

fn written(records: &[Record<'_>]) -> Vec<u8> {
    let terms = Terms {
        duplicates: Duplicates::Refuse,
        late_failure: true,
    };
    let mut writer = BinaryWriter::new(Vec::new(), terms).unwrap();
    for record in records {
        writer.write(record).unwrap();
    }
    writer.finish().unwrap()
}

fn read(bytes: &[u8]) -> Result<Vec<Record<'static>>, HistoryError> {
    BinaryReader::new(bytes)?.collect()
}

/// Some thousand refunds, so that there are several blocks of them.
fn sample() -> Vec<Record<'static>> {
    let mut records = vec![order(1, "JPY"), order(2, "")];
    for place in 0..2_000 {
        let name = format!("r{place:09}");
        records.push(Record::Refund(refund(
            1 + (place % 2) as u8,
            &name,
            2 * place,
        )));
    }
    records
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof!["r[0-9]{1,20}", "[ -~é]{1,32}", "[a-z]{3}", "r00[0-9]"]
}

fn any_refund() -> impl Strategy<Value = RefundRecord<'static>> {
    let number = || prop_oneof![0..100_u64, any::<u64>()];
    let signed = || prop_oneof![-3..100_i64, any::<i64>()];
    let times = (
        number(),
        option::of(1..3_u64),
        option::of(number()),
        option::of(number()),
    );
    let answer = (option::of(signed()), option::of(signed()));
    (any_name(), signed(), times, answer, 0..7_usize, 0..4_usize).prop_map(
        |(
            name,
            amount,
            (sent, after, sent_ns, answered_ns),
            (code, status),
            outcome,
            signature,
        )| {
            RefundRecord {
                amount: Amount::new(amount),
                answered: after.and_then(|after| sent.checked_add(after)),
                outcome: [
                    RefundOutcome::Accepted,
                    RefundOutcome::Exceeds,
                    RefundOutcome::State,
                    RefundOutcome::Duplicate,
                    RefundOutcome::Refused,
                    RefundOutcome::Unknown,
                    RefundOutcome::NotSent,
                ][outcome],
                sent_ns,
                answered_ns,
                code: code.map(Code),
                status,
                signature: [
                    None,
                    Some(SignatureState::Valid),
                    Some(SignatureState::Invalid),
                    Some(SignatureState::Missing),
                ][signature],
                ..refund(1, &name, sent)
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn no_member_of_any_record_is_lost(refunds in prop::collection::vec(any_refund(), 0..40)) {
        let mut taken = std::collections::BTreeSet::new();
        let mut records = vec![order(1, "JPY"), order(2, &"€".repeat(40_000))];
        for mut refund in refunds {
            let is_answered = refund.answered.is_some();
            if refund.outcome == RefundOutcome::NotSent {
                refund.answered = None;
            } else if !is_answered {
                refund.outcome = RefundOutcome::Unknown;
            }
            let places = [Some(refund.sent), refund.answered];
            if places.into_iter().flatten().all(|place| !taken.contains(&place)) {
                taken.extend(places.into_iter().flatten());
                records.push(Record::Refund(refund));
            }
        }
        let free = (0..).find(|place| !taken.contains(place) && !taken.contains(&(place + 1))).unwrap();
        records.push(Record::Query(QueryRecord {
            order: Cow::Owned(OrderNo::new("o2").unwrap()),
            sent: free,
            answered: free + 1,
            outcome: QueryOutcome::NotRefunded,
            sent_ns: None,
            answered_ns: Some(3),
        }));
        let bytes = written(&records);
        prop_assert_eq!(read(&bytes).unwrap(), records);
    }
}

#[test]
fn terms_and_a_history_of_nothing_come_back() {
    let bytes = written(&[]);
    let reader = BinaryReader::new(bytes.as_slice()).unwrap();
    assert_eq!(reader.terms().duplicates, Duplicates::Refuse);
    assert!(reader.terms().late_failure);
    assert_eq!(read(&bytes).unwrap(), []);
}

#[test]
fn a_load_record_takes_48_bytes() {
    let bytes = written(&sample());
    assert!(bytes.len() < 2_000 * RECORD + 300, "{}", bytes.len());
}

#[test]
fn a_file_that_was_cut_anywhere_is_refused() {
    let bytes = written(&sample()[..50]);
    for end in 0..bytes.len() {
        let error = read(&bytes[..end]).expect_err("it was cut");
        assert!(!error.hint().is_empty(), "{error}");
    }
    assert_eq!(
        read(&bytes[..40]).unwrap_err().to_string(),
        "block 1: the file is cut off there"
    );
}

#[test]
fn a_bit_that_was_flipped_anywhere_is_seen() {
    let bytes = written(&sample()[..20]);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            assert!(read(&flipped).is_err(), "byte {at}, bit {bit}");
        }
    }
}

/// Where each block begins, the end mark last.
fn blocks(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut at = super::super::block::HEAD;
    let mut blocks = Vec::new();
    while at < bytes.len() {
        let length = u32::from_le_bytes(bytes[at + 12..at + 16].try_into().unwrap());
        let end = at + BLOCK_HEAD + length as usize;
        blocks.push(at..end);
        at = end;
    }
    blocks
}

#[test]
fn a_block_that_is_missing_repeated_or_moved_is_named() {
    let bytes = written(&sample());
    let all = blocks(&bytes);
    assert!(all.len() > 4, "{}", all.len());
    let third = all[2].clone();
    let mut missing = bytes.clone();
    missing.drain(third.clone());
    let mut repeated = bytes.clone();
    repeated.splice(third.start..third.start, bytes[third].iter().copied());
    for damaged in [missing, repeated] {
        let error = read(&damaged).unwrap_err().to_string();
        assert!(error.contains("missing, repeated or moved"), "{error}");
    }
    let mut without_end = bytes.clone();
    without_end.truncate(all.last().unwrap().start);
    let error = read(&without_end).unwrap_err().to_string();
    assert!(error.ends_with("without its end mark"), "{error}");
    let mut longer = bytes;
    longer.push(0);
    let error = read(&longer).unwrap_err().to_string();
    assert!(error.ends_with("goes on after its end mark"), "{error}");
}

#[test]
fn what_no_block_shows_is_refused_as_well() {
    let taken = [
        order(1, ""),
        Record::Refund(refund(1, "a", 1)),
        Record::Refund(refund(1, "b", 2)),
    ];
    let twice = [order(1, ""), order(1, "")];
    for (records, reason) in [
        (&taken[..], "taken already"),
        (&twice[..], "declared already"),
    ] {
        let error = read(&written(records)).unwrap_err().to_string();
        assert!(
            error.starts_with("block ") && error.contains(reason),
            "{error}"
        );
    }
    let mut writer = BinaryWriter::new(Vec::new(), Terms::default()).unwrap();
    assert!(writer.write(&Record::Refund(refund(1, "a", 1))).is_err());
}
