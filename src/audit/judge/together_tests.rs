//! Histories of several machines, and the verdicts on them together.

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::super::linearizer::{self, Operation};
use super::*;
use crate::audit::history::TextReader;
use crate::audit::judge::judge;
use crate::verdict::RunVerdict;

/// The history of one machine. It declares `o1` as shared and `own` for itself,
/// with 1000 paid for each. An operation is `order refund amount sent-answered
/// outcome`; no answer is `sent-`.
fn history(own: &str, operations: &[&str]) -> History {
    history_of(1000, "either", own, operations)
}

fn history_of(paid: i64, duplicates: &str, own: &str, operations: &[&str]) -> History {
    let mut lines = vec![
        format!(
            r#"{{"schema":"recoup.history/1","duplicates":"{duplicates}","lateFailure":false}}"#
        ),
        format!(r#"{{"type":"order","order":"o1","paid":{paid},"currency":"JPY","shared":true}}"#),
        format!(r#"{{"type":"order","order":"{own}","paid":1000,"currency":"JPY"}}"#),
    ];
    for operation in operations {
        let words: Vec<&str> = operation.split(' ').collect();
        let [order, refund, amount, at, outcome] = words[..] else {
            panic!("{operation}")
        };
        let (sent, answered) = at.split_once('-').unwrap();
        let answered = if answered.is_empty() {
            "null"
        } else {
            answered
        };
        lines.push(format!(
            r#"{{"type":"refund","order":"{order}","refund":"{refund}","amount":{amount},"sent":{sent},"answered":{answered},"outcome":"{outcome}"}}"#
        ));
    }
    let text = lines.join("\n");
    TextReader::new(text.as_bytes())
        .unwrap()
        .read_all()
        .unwrap()
}

#[test]
fn an_over_refund_across_two_machines_is_seen_by_neither_alone_and_found_together() {
    let one = history("a", &["o1 a1 600 1-2 accepted", "o1 a2 500 3-4 exceeds"]);
    let other = history("b", &["o1 b1 500 1-2 accepted"]);
    for alone in [&one, &other] {
        let summary = judge(alone);
        assert_eq!(summary.violations, []);
        assert_eq!(summary.verdict, RunVerdict::Inconclusive);
        assert_eq!((summary.left_to_merge, summary.inconclusive_orders), (1, 0));
    }
    let together = judge_together(&[one, other]).unwrap();
    assert_eq!(together.violations.len(), 1, "{:#?}", together.violations);
    let violation = &together.violations[0];
    assert_eq!(violation.invariant, "I1");
    assert_eq!(
        violation.message,
        "order o1: paid 1000, but refunds a1 (600) and b1 (500) were both accepted: 1100 > 1000"
    );
    assert_eq!(violation.timing, Timing::ConcurrencyOnly);
    assert_eq!((together.orders, together.operations), (3, 3));
    assert_eq!(together.left_to_merge, 0);
}

#[test]
fn a_refusal_that_another_machines_refund_explains_is_right_whatever_the_places_say() {
    // By the places alone the refusal came first.
    let one = history("a", &["o1 a1 600 1-2 exceeds", "a a2 1 3-4 accepted"]);
    let other = history("b", &["o1 b1 500 7-8 accepted", "o1 b2 500 9-10 accepted"]);
    let together = judge_together(&[one, other]).unwrap();
    assert_eq!(together.violations, []);
    assert_eq!(together.verdict, RunVerdict::Pass, "{:?}", together.reason);
    assert_eq!(together.exposure.exact_rest_acceptances, 1);
    assert_eq!(together.exposure.exceeds_refusals, 1);
    assert_eq!(together.exposure.drained_orders, 0);
}

#[test]
fn a_refusal_that_no_machines_refunds_explain_is_found_once() {
    let one = history("a", &["o1 a1 300 1-2 exceeds"]);
    let other = history("b", &["o1 b1 300 1-2 accepted", "o1 b2 400 3-4 unknown"]);
    let third = history("c", &[]);
    let together = judge_together(&[one, other, third]).unwrap();
    assert_eq!(together.violations.len(), 1, "{:#?}", together.violations);
    let violation = &together.violations[0];
    assert_eq!(violation.invariant, "I3");
    assert!(
        violation
            .message
            .contains("no more than 700 can have been used"),
        "{}",
        violation.message
    );
}

#[test]
fn an_unknown_refund_of_one_machine_leaves_the_others_refusals_open() {
    let one = history("a", &["o1 a1 600 1-2 exceeds"]);
    let other = history("b", &["o1 b1 500 1- unknown"]);
    let together = judge_together(&[one, other]).unwrap();
    assert_eq!(together.violations, []);
    assert_eq!(together.verdict, RunVerdict::Inconclusive);
    assert_eq!((together.unknown, together.inconclusive_orders), (1, 1));
}

#[test]
fn what_one_machine_alone_shows_broken_is_listed_once_and_as_it_saw_it() {
    let one = history("a", &["o1 a1 600 1-2 accepted", "o1 a2 600 3-4 accepted"]);
    let other = history("b", &["o1 b1 5 1-2 accepted", "o1 b1 5 3-4 exceeds"]);
    let summary = judge(&one);
    assert_eq!(summary.violations[0].invariant, "I1", "a sum is a proof");
    let together = judge_together(&[one, other]).unwrap();
    let found: Vec<_> = together
        .violations
        .iter()
        .map(|violation| (violation.invariant.as_str(), violation.timing))
        .collect();
    assert_eq!(
        found,
        [("I1", Timing::Sequential), ("I5", Timing::Sequential)]
    );
}

#[test]
fn histories_that_contradict_each_other_are_refused() {
    let one = history("a", &[]);
    let other = history_of(900, "either", "b", &[]);
    let error = judge_together(&[history("c", &[]), one.clone(), other]).unwrap_err();
    assert_eq!(error.histories(), [0, 2]);
    assert_eq!(
        error.to_string(),
        "the order o1 was paid 1000 JPY in one and 900 JPY in the other"
    );
    let refuses = history_of(1000, "refuse", "b", &[]);
    let error = judge_together(&[one, refuses]).unwrap_err();
    assert!(error.to_string().contains("profiles"), "{error}");
}

/// The operations of a history dealt out to machines, each of which counts
/// places of its own.
fn dealt(
    paid: i64,
    terms: Terms,
    operations: &[Operation],
    machine_of: impl Fn(usize, &Operation) -> usize,
) -> Vec<History> {
    (0..3)
        .map(|machine| {
            let own: Vec<Operation> = operations
                .iter()
                .enumerate()
                .filter(|(index, operation)| machine_of(*index, operation) == machine)
                .map(|(_, operation)| *operation)
                .collect();
            let mut order = linearizer::history(paid, &own);
            order.is_shared = true;
            // Each began to count at another time.
            let begin = 1_000 * (2 - machine as u64);
            for attempt in &mut order.attempts {
                attempt.sent += begin;
                attempt.answered = attempt.answered.map(|place| place + begin);
            }
            for query in &mut order.queries {
                query.sent += begin;
                query.answered += begin;
            }
            History {
                terms,
                orders: vec![order],
            }
        })
        .collect()
}

proptest! {
    #![proptest_config(Config { cases: 3000, ..Config::default() })]

    #[test]
    fn a_history_that_can_be_explained_is_never_accused_however_it_is_dealt_out(
        paid in 1..12_i64,
        terms in linearizer::terms(),
        operations in linearizer::any_history(5, linearizer::answer()),
        machines in prop::collection::vec(0..3_usize, 5),
    ) {
        if linearizer::is_linearizable(paid, terms, &operations) {
            let histories = dealt(paid, terms, &operations, |index, _| machines[index]);
            prop_assert_eq!(judge_together(&histories).unwrap().violations, []);
        }
    }

    #[test]
    fn what_a_conforming_gateway_answers_is_never_accused_however_it_is_dealt_out(
        (paid, terms, operations) in linearizer::simulated(40),
        machines in prop::collection::vec(0..3_usize, 40),
    ) {
        let histories = dealt(paid, terms, &operations, |index, _| machines[index]);
        prop_assert_eq!(judge_together(&histories).unwrap().violations, []);
        // Where each number is one machine's, as those of shards are, none of
        // them is accused by its own history either.
        let histories = dealt(paid, terms, &operations, |_, operation| machines[operation.number]);
        for history in &histories {
            prop_assert_eq!(judge(history).violations, []);
        }
        prop_assert_eq!(judge_together(&histories).unwrap().violations, []);
    }
}
