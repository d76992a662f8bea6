//! The text form, there and back, and what it refuses.

use std::borrow::Cow;

use proptest::collection::{hash_set, vec};
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::audit::evidence::SignatureState;
use crate::audit::history::{OrderRecord, QueryOutcome, QueryRecord, RefundOutcome, RefundRecord};
use crate::protocol::profile::Duplicates;
use crate::protocol::{Amount, Code, OrderNo, RefundNo};

const SAMPLE: &str = concat!(
    r#"{"schema":"recoup.history/1","duplicates":"replay","lateFailure":false}"#,
    "\n",
    r#"{"type":"order","order":"o1","paid":1000,"currency":"JPY"}"#,
    "\n",
    r#"{"type":"refund","order":"o1","refund":"r1","amount":100,"sent":12,"answered":15,"outcome":"accepted"}"#,
    "\n",
    r#"{"type":"refund","order":"o1","refund":"r2","amount":100,"sent":13,"answered":null,"outcome":"unknown"}"#,
    "\n",
    r#"{"type":"query","order":"o1","sent":16,"answered":18,"outcome":"not-refunded"}"#,
    "\n",
);

fn problem_of(text: &str) -> (u64, Problem) {
    let error = match TextReader::new(text.as_bytes()) {
        Ok(reader) => reader.read_all().expect_err("the text is no history"),
        Err(error) => error,
    };
    assert!(!error.hint().is_empty());
    match error {
        HistoryError::Line { line, problem } => (line, problem),
        error => panic!("{error}"),
    }
}

fn with_line(line: &str) -> String {
    format!("{SAMPLE}{line}\n")
}

#[test]
fn the_documented_lines_are_read_and_written_byte_for_byte() {
    let reader = TextReader::new(SAMPLE.as_bytes()).unwrap();
    let terms = reader.terms();
    assert_eq!(terms.duplicates, Duplicates::Replay);
    let mut writer = TextWriter::new(Vec::new(), terms).unwrap();
    for record in reader {
        writer.write(&record.unwrap()).unwrap();
    }
    let written = String::from_utf8(writer.finish().unwrap()).unwrap();
    assert_eq!(written, SAMPLE);
}

#[test]
fn a_record_may_stand_before_the_order_that_it_belongs_to() {
    let mut lines: Vec<&str> = SAMPLE.lines().collect();
    let order = lines.remove(1);
    lines.push(order);
    let history = TextReader::new(lines.join("\n").as_bytes())
        .unwrap()
        .read_all()
        .unwrap();
    assert_eq!(history.orders[0].attempts.len(), 2);
    assert_eq!(history.orders[0].queries.len(), 1);
}

#[test]
fn a_history_without_its_schema_is_refused() {
    assert_eq!(problem_of(""), (1, Problem::NoSchema));
    let headless = SAMPLE.split_once('\n').unwrap().1;
    assert_eq!(problem_of(headless), (1, Problem::NoSchema));
}

#[test]
fn a_history_of_another_schema_is_refused_by_name() {
    let other = SAMPLE.replace("history/1", "history/2");
    assert_eq!(
        problem_of(&other),
        (1, Problem::OtherSchema("recoup.history/2".to_owned()))
    );
}

#[test]
fn a_torn_last_line_is_refused() {
    let torn = SAMPLE.trim_end().strip_suffix("refunded\"}").unwrap();
    assert_eq!(problem_of(torn), (5, Problem::Torn));
}

#[test]
fn an_answer_that_is_not_after_its_request_is_refused() {
    for answered in [20, 19] {
        let line = format!(
            r#"{{"type":"refund","order":"o1","refund":"r3","amount":1,"sent":20,"answered":{answered},"outcome":"exceeds"}}"#
        );
        assert_eq!(
            problem_of(&with_line(&line)),
            (6, Problem::AnsweredBeforeSent { sent: 20, answered })
        );
    }
}

#[test]
fn two_events_at_one_place_are_refused() {
    let line = r#"{"type":"query","order":"o1","sent":15,"answered":20,"outcome":"refunded"}"#;
    assert_eq!(problem_of(&with_line(line)), (6, Problem::PlaceTaken(15)));
}

#[test]
fn an_order_that_is_declared_nowhere_or_twice_is_refused() {
    let stray = r#"{"type":"query","order":"o2","sent":20,"answered":21,"outcome":"refunded"}"#;
    let order = |number: &str| OrderNo::new(number).unwrap();
    assert_eq!(
        problem_of(&with_line(stray)),
        (6, Problem::UnknownOrder(order("o2")))
    );
    let twice = r#"{"type":"order","order":"o1","paid":1000,"currency":"JPY"}"#;
    assert_eq!(
        problem_of(&with_line(twice)),
        (6, Problem::OrderTwice(order("o1")))
    );
}

#[test]
fn an_outcome_must_fit_whether_an_answer_came() {
    let silent = r#"{"type":"refund","order":"o1","refund":"r3","amount":1,"sent":20,"answered":null,"outcome":"accepted"}"#;
    assert_eq!(
        problem_of(&with_line(silent)),
        (6, Problem::AnswerMissing("accepted"))
    );
    let unsent = r#"{"type":"refund","order":"o1","refund":"r3","amount":1,"sent":20,"answered":21,"outcome":"not-sent"}"#;
    assert_eq!(
        problem_of(&with_line(unsent)),
        (6, Problem::AnswerToNothing)
    );
}

#[test]
fn amounts_and_places_that_are_no_whole_numbers_are_refused() {
    for (found, broken) in [
        ("\"amount\":100", "\"amount\":100.0"),
        ("\"amount\":100", "\"amount\":\"100\""),
        ("\"sent\":12", "\"sent\":-12"),
        ("\"paid\":1000", "\"paid\":null"),
        ("accepted", "maybe"),
    ] {
        let (_, problem) = problem_of(&SAMPLE.replacen(found, broken, 1));
        assert!(matches!(problem, Problem::Malformed(_)), "{broken}");
    }
}

#[test]
fn a_file_without_line_ends_does_not_take_all_memory() {
    let endless = format!("{}{}", SAMPLE, "x".repeat(100_000));
    assert_eq!(problem_of(&endless), (6, Problem::TooLong));
}

/// Records of three orders, their places drawn without repetition.
fn records() -> impl Strategy<Value = Vec<Record<'static>>> {
    let outcome = prop_oneof![
        Just(RefundOutcome::Accepted),
        Just(RefundOutcome::Exceeds),
        Just(RefundOutcome::State),
        Just(RefundOutcome::Duplicate),
        Just(RefundOutcome::Refused),
        Just(RefundOutcome::Unknown),
        Just(RefundOutcome::NotSent),
    ];
    let signature = prop_oneof![
        Just(SignatureState::Valid),
        Just(SignatureState::Invalid),
        Just(SignatureState::Missing),
    ];
    let operation = (
        0..3_usize,
        "[a-zé\"\\\\/ ]{1,32}",
        any::<i64>(),
        outcome,
        option::of(any::<u64>()),
        option::of(any::<i64>()),
        option::of(signature),
        any::<bool>(),
    );
    (vec(operation, 0..20), hash_set(any::<u64>(), 40)).prop_map(|(operations, places)| {
        let mut places: Vec<u64> = places.into_iter().collect();
        places.sort_unstable();
        let mut records: Vec<Record<'static>> = (0..3)
            .map(|order| {
                Record::Order(OrderRecord {
                    shared: false,
                    order: Cow::Owned(OrderNo::new(format!("o{order}")).unwrap()),
                    paid: Amount::new(order),
                    currency: Cow::Borrowed("JPY"),
                })
            })
            .collect();
        for (index, operation) in operations.into_iter().enumerate() {
            let (order, refund, amount, outcome, nanos, number, signature, is_query) = operation;
            let order = Cow::Owned(OrderNo::new(format!("o{order}")).unwrap());
            let (sent, answered) = (places[2 * index], places[2 * index + 1]);
            records.push(if is_query {
                Record::Query(QueryRecord {
                    order,
                    sent,
                    answered,
                    outcome: QueryOutcome::Refunded,
                    sent_ns: nanos,
                    answered_ns: nanos,
                })
            } else {
                Record::Refund(RefundRecord {
                    order,
                    refund: Cow::Owned(RefundNo::new(refund).unwrap()),
                    amount: Amount::new(amount),
                    sent,
                    answered: outcome.is_definite().then_some(answered),
                    outcome,
                    sent_ns: nanos,
                    answered_ns: nanos,
                    code: number.map(Code),
                    status: number,
                    signature,
                })
            });
        }
        records
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(records in records(), late_failure: bool) {
        let terms = Terms { duplicates: Duplicates::Refuse, late_failure };
        let mut writer = TextWriter::new(Vec::new(), terms).unwrap();
        for record in &records {
            writer.write(record).unwrap();
        }
        let written = writer.finish().unwrap();
        let reader = TextReader::new(written.as_slice()).unwrap();
        prop_assert_eq!(reader.terms(), terms);
        let read: Vec<_> = reader.collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(read, records);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
        let mut text = SAMPLE.as_bytes().to_vec();
        text.extend_from_slice(&bytes);
        if let Ok(reader) = TextReader::new(text.as_slice()) {
            reader.for_each(drop);
        }
    }
}
