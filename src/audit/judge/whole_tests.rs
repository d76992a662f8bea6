//! Whole histories and the verdicts on them.

use super::*;
use crate::audit::history::TextReader;
use crate::verdict::Timing;

/// A history of orders `o1`, `o2` … with 1000 paid for each. An operation is
/// `order refund amount sent-answered outcome`, or `order query sent-answered
/// outcome`; no answer is `sent-`.
fn history(duplicates: &str, late_failure: bool, orders: usize, operations: &[&str]) -> History {
    let mut lines = vec![format!(
        r#"{{"schema":"recoup.history/1","duplicates":"{duplicates}","lateFailure":{late_failure}}}"#
    )];
    for order in 1..=orders {
        lines.push(format!(
            r#"{{"type":"order","order":"o{order}","paid":1000,"currency":"JPY"}}"#
        ));
    }
    for operation in operations {
        let words: Vec<&str> = operation.split(' ').collect();
        let (order, kind) = (words[0], words[1]);
        let places = |word: &str| {
            let (sent, answered) = word.split_once('-').unwrap();
            let answered = Some(answered).filter(|place| !place.is_empty());
            format!(r#""sent":{sent},"answered":{}"#, answered.unwrap_or("null"))
        };
        lines.push(match words[2..] {
            [at, outcome] => format!(
                r#"{{"type":"query","order":"{order}",{},"outcome":"{outcome}"}}"#,
                places(at)
            ),
            [amount, at, outcome] => format!(
                r#"{{"type":"refund","order":"{order}","refund":"{kind}","amount":{amount},{},"outcome":"{}"{}}}"#,
                places(at),
                outcome.trim_end_matches("-0"),
                if outcome.ends_with("-0") { r#","status":0"# } else { "" }
            ),
            _ => panic!("{operation}"),
        });
    }
    let text = lines.join("\n");
    TextReader::new(text.as_bytes())
        .unwrap()
        .read_all()
        .unwrap()
}

fn summary(operations: &[&str]) -> AuditSummary {
    judge(&history("either", false, 1, operations))
}

/// The only violation of a history of one order.
#[track_caller]
fn only(operations: &[&str]) -> Violation {
    let mut summary = summary(operations);
    assert_eq!(summary.violations.len(), 1, "{:#?}", summary.violations);
    summary.violations.remove(0)
}

#[track_caller]
fn assert_clean(summary: &AuditSummary) {
    assert_eq!(summary.violations, []);
    assert_eq!(summary.verdict, RunVerdict::Pass, "{:?}", summary.reason);
}

#[test]
fn a_history_that_adds_up_passes_and_says_what_it_could_have_shown() {
    let summary = summary(&[
        "o1 r1 600 1-4 accepted",
        "o1 r2 500 2-5 exceeds",
        "o1 r1 600 6-7 accepted",
        "o1 r3 400 8-9 accepted",
        "o1 r4 1 10-11 exceeds",
        "o1 query 12-13 refunded",
    ]);
    assert_clean(&summary);
    assert_eq!(summary.operations, 6);
    assert_eq!(
        summary.exposure,
        Exposure {
            overlapping_pairs: 1,
            decisive_volleys: 1,
            exact_rest_acceptances: 1,
            exceeds_refusals: 2,
            one_over_refusals: 1,
            retries: 1,
            raced_retries: 0,
            unknown_made: 0,
            unknown_resolved: 0,
            drained_orders: 1,
        }
    );
}

#[test]
fn a_history_without_orders_or_operations_is_inconclusive() {
    for orders in [0, 2] {
        let summary = judge(&history("either", false, orders, &[]));
        assert_eq!(summary.verdict, RunVerdict::Inconclusive);
        assert_eq!(
            summary.reason.as_deref(),
            Some("the history has nothing to judge")
        );
    }
}

#[test]
fn an_over_refund_is_shown_by_as_few_refunds_as_can_be_and_the_crossing_one() {
    let violation = only(&[
        "o1 r1 400 1-2 accepted",
        "o1 r2 500 3-4 accepted",
        "o1 r3 550 5-10 accepted",
        "o1 r4 600 6-9 accepted",
    ]);
    assert_eq!(violation.invariant, "I1");
    // r4 crossed the line, and r3 is the largest beside it.
    assert_eq!(
        violation.message,
        "order o1: paid 1000, but refunds r4 (600) and r3 (550) were both accepted: 1150 > 1000"
    );
    assert_eq!(violation.timing, Timing::Sequential);
}

#[test]
fn the_crossing_refund_stands_in_the_witness_where_it_can() {
    let violation = only(&[
        "o1 r1 700 1-2 accepted",
        "o1 r2 299 3-4 accepted",
        "o1 r3 2 5-6 accepted",
        "o1 r4 600 7-8 accepted",
    ]);
    let named: Vec<_> = violation
        .witness
        .iter()
        .map(|s| s.refund.as_str())
        .collect();
    // r3 crossed, but would need a third beside it.
    assert_eq!(named, ["r1", "r4"]);
    let violation = only(&[
        "o1 r1 700 1-2 accepted",
        "o1 r2 301 3-4 accepted",
        "o1 r3 600 5-6 accepted",
    ]);
    let named: Vec<_> = violation
        .witness
        .iter()
        .map(|s| s.refund.as_str())
        .collect();
    assert_eq!(named, ["r1", "r2"]);
}

#[test]
fn refunds_that_break_the_sum_only_together_are_tagged_concurrency_only() {
    let violation = only(&["o1 r1 600 1-3 accepted", "o1 r2 600 2-4 accepted"]);
    assert_eq!(violation.timing, Timing::ConcurrencyOnly);
}

#[test]
fn a_retry_of_an_accepted_refund_is_counted_once_under_replay() {
    for duplicates in ["replay", "either"] {
        let history = history(
            duplicates,
            false,
            1,
            &["o1 r1 600 1-2 accepted", "o1 r1 600 3-4 accepted"],
        );
        assert_clean(&judge(&history));
    }
}

#[test]
fn a_retry_that_is_accepted_again_is_a_second_effect_under_refuse() {
    let history = history(
        "refuse",
        false,
        1,
        &["o1 r1 600 1-2 accepted", "o1 r1 600 3-4 accepted"],
    );
    let summary = judge(&history);
    assert_eq!(summary.violations[0].invariant, "I5");
    assert_eq!(summary.verdict, RunVerdict::Fail);
}

#[test]
fn under_refuse_a_duplicate_proves_the_lost_attempt() {
    let operations = &[
        "o1 r1 600 1- unknown",
        "o1 r1 600 2-3 duplicate",
        "o1 r2 500 4-5 accepted",
    ];
    let summary = judge(&history("refuse", false, 1, operations));
    assert_eq!(summary.violations[0].invariant, "I1");
    // Elsewhere a 31 is no proof, and what it leaves open is said.
    let summary = judge(&history("either", false, 1, operations));
    assert_eq!(summary.violations, []);
    assert_eq!(summary.verdict, RunVerdict::Inconclusive);
}

#[test]
fn a_retry_refused_for_want_of_its_own_money_is_a_violation_in_every_profile() {
    for duplicates in ["replay", "refuse", "either"] {
        let operations = ["o1 r1 1000 1-2 accepted", "o1 r1 1000 3-4 exceeds"];
        let summary = judge(&history(duplicates, false, 1, &operations));
        assert_eq!(summary.violations[0].invariant, "I5");
        assert_eq!(summary.violations.len(), 1);
    }
}

#[test]
fn a_retry_refused_for_a_state_is_an_odd_code_for_a_number_that_is_taken() {
    for duplicates in ["replay", "refuse", "either"] {
        let sequential = ["o1 r1 600 1-2 accepted", "o1 r1 600 3-4 state"];
        let concurrent = ["o1 r1 600 1-4 accepted", "o1 r1 600 2-3 state"];
        for operations in [sequential, concurrent] {
            let summary = judge(&history(duplicates, false, 1, &operations));
            assert_eq!(summary.violations, []);
        }
    }
    // Of a number that is tried for the first time it speaks of the order.
    let violation = only(&["o1 r1 600 1-2 accepted", "o1 r2 100 3-4 state"]);
    assert_eq!(violation.invariant, "I3");
}

#[test]
fn a_number_may_be_tried_again_with_less_after_a_refusal() {
    assert_clean(&summary(&[
        "o1 r1 700 1-2 accepted",
        "o1 r2 600 3-4 exceeds",
        "o1 r2 300 5-6 accepted",
    ]));
}

#[test]
fn other_content_for_a_number_may_be_sent_and_must_not_be_accepted() {
    assert_clean(&summary(&[
        "o1 r1 100 1-2 accepted",
        "o1 r1 200 3-4 refused",
        "o1 r1 200 5-6 duplicate",
    ]));
    let violation = only(&["o1 r1 100 1-2 accepted", "o1 r1 200 3-4 accepted"]);
    assert_eq!(violation.invariant, "I6");
    assert_eq!(
        violation.message,
        "order o1: refund r1 was accepted for 100 and again for 200: a refund number names one amount"
    );
}

#[test]
fn a_number_that_was_accepted_for_two_orders_is_a_violation() {
    let other = |outcome: &str| {
        let second = format!("o2 r1 100 3-4 {outcome}");
        judge(&history(
            "either",
            false,
            2,
            &["o1 r1 100 1-2 accepted", &second],
        ))
    };
    assert_clean(&other("refused"));
    // The number is a duplicate indeed: another order has it.
    assert_clean(&other("duplicate"));
    let summary = other("accepted");
    assert_eq!(summary.violations[0].invariant, "I6");
    assert_eq!(summary.violations[0].order, "o2");
}

#[test]
fn a_duplicate_of_nothing_is_listed_and_does_not_fail_the_run() {
    let summary = summary(&["o1 r1 100 1-2 duplicate", "o1 r2 1 3-4 accepted"]);
    assert_eq!(summary.violations[0].invariant, "I7");
    assert_eq!(summary.violations[0].severity, Severity::Protocol);
    assert_eq!(summary.verdict, RunVerdict::Pass);
}

#[test]
fn a_refusal_that_the_amounts_do_not_explain_is_a_violation() {
    let violation = only(&["o1 r1 700 1-2 accepted", "o1 r2 300 3-4 exceeds"]);
    assert_eq!(violation.invariant, "I3");
    assert_eq!(violation.timing, Timing::Sequential);
    assert_eq!(
        violation.message,
        "order o1: refund r2 of 300 was answered \"exceeds\", but of the 1000 paid no more than 700 can have been used by then: 700 + 300 <= 1000; either this refusal is wrong, or an earlier answer that denied an effect was"
    );
    let state = only(&["o1 r1 999 1-2 accepted", "o1 r2 300 3-4 state"]);
    assert_eq!(state.invariant, "I3");
}

#[test]
fn refusals_that_no_set_of_unknown_refunds_explains_together_are_a_violation() {
    // It takes 501 to 550 of 600 and 500.
    let violation = only(&[
        "o1 r1 600 1- unknown",
        "o1 r2 500 2- unknown",
        "o1 r3 450 3-4 accepted",
        "o1 r4 50 5-6 exceeds",
    ]);
    assert_eq!(violation.invariant, "I4");
    assert_eq!(violation.severity, Severity::MoneyStuck);
}

#[test]
fn an_unknown_refund_that_matters_makes_the_order_inconclusive() {
    let open = ["o1 r1 600 1- unknown", "o1 r2 600 2-3 accepted"];
    let summary_of_open = summary(&open);
    assert_eq!(summary_of_open.verdict, RunVerdict::Inconclusive);
    assert_eq!(summary_of_open.inconclusive_orders, 1);
    assert_eq!(summary_of_open.unknown, 1);
    assert!(summary_of_open.reason.unwrap().starts_with("1 order hold"));
    // A later refusal of the same number settles it.
    let settled = summary(&[open[0], open[1], "o1 r1 600 4-5 exceeds"]);
    assert_clean(&settled);
    assert_eq!(settled.exposure.unknown_resolved, 1);
    // And one that fits either way never mattered.
    assert_clean(&summary(&["o1 r1 400 1- unknown", open[1]]));
}

#[test]
fn an_unknown_refund_that_must_have_happened_is_accused_of_nothing() {
    let summary = summary(&["o1 r1 600 1- unknown", "o1 r2 500 2-3 exceeds"]);
    assert_eq!(summary.violations, []);
    assert_eq!(summary.verdict, RunVerdict::Inconclusive);
}

#[test]
fn probes_of_a_drain_show_a_lost_and_a_doubled_refund() {
    let lost = only(&["o1 r1 400 1-2 accepted", "o1 d1 601 3-4 accepted"]);
    assert_eq!(lost.invariant, "I1");
    let doubled = only(&[
        "o1 r1 400 1-2 accepted",
        "o1 d1 601 3-4 exceeds",
        "o1 d2 600 5-6 exceeds",
    ]);
    assert_eq!(doubled.invariant, "I3");
}

#[test]
fn a_query_must_agree_with_the_answers_before_it() {
    let early = only(&["o1 r1 999 1-2 accepted", "o1 query 3-4 refunded"]);
    assert_eq!(early.invariant, "I13");
    let stale = only(&["o1 r1 1000 1-2 accepted", "o1 query 3-4 not-refunded"]);
    assert_eq!(stale.invariant, "I13");
    let after_refusal = only(&[
        "o1 r1 600 1- unknown",
        "o1 r2 401 2-3 exceeds",
        "o1 r3 400 4-5 accepted",
        "o1 query 6-7 not-refunded",
    ]);
    assert_eq!(after_refusal.invariant, "I13");
    // A refund that is dealt with later (status 0) need not show yet.
    assert_clean(&summary(&[
        "o1 r1 1000 1-2 accepted-0",
        "o1 query 3-4 not-refunded",
    ]));
    // While the last refund is under way, either is right.
    for outcome in ["refunded", "not-refunded"] {
        let query = format!("o1 query 2-4 {outcome}");
        assert_clean(&summary(&["o1 r1 1000 1-3 accepted", &query]));
    }
}

#[test]
fn a_refund_that_is_accepted_again_after_it_failed_is_not_released() {
    let again = judge(&history(
        "either",
        true,
        1,
        &[
            "o1 r1 600 1-2 accepted",
            "o1 r1 600 3-4 refused",
            "o1 r1 600 5-6 accepted",
            "o1 r2 1000 7-8 accepted",
        ],
    ));
    assert_eq!(again.verdict, RunVerdict::Inconclusive);
}

#[test]
fn where_accepted_refunds_may_fail_later_a_sum_proves_nothing() {
    let late = |operations: &[&str]| judge(&history("either", true, 1, operations));
    let over = late(&["o1 r1 600 1-2 accepted", "o1 r2 600 3-4 accepted"]);
    assert_eq!(over.violations, []);
    assert_eq!(over.verdict, RunVerdict::Inconclusive);
    assert!(over.reason.unwrap().contains("failed later"));
    // What was never sent can't explain a refusal, released or not.
    let refused = late(&["o1 r1 600 1-2 accepted", "o1 r2 400 3-4 exceeds"]);
    assert_eq!(refused.violations[0].invariant, "I3");
}

#[test]
fn an_accepted_refund_that_is_refused_later_is_released_where_that_can_happen() {
    let operations = [
        "o1 r1 600 1-2 accepted",
        "o1 r2 1000 3-4 accepted",
        "o1 r1 600 5-6 refused",
    ];
    let late = judge(&history("either", true, 1, &operations));
    assert_eq!((late.verdict, late.violations), (RunVerdict::Pass, vec![]));
    // Where it can't, and where it was refused before it was accepted, it is not.
    assert_eq!(only(&operations).invariant, "I1");
    let before = [
        "o1 r1 600 1-2 refused",
        "o1 r1 600 3-4 accepted",
        "o1 r2 1000 5-6 accepted",
    ];
    let before = judge(&history("either", true, 1, &before));
    assert_eq!(before.verdict, RunVerdict::Inconclusive);
}

#[test]
fn a_released_refund_may_be_refused_when_it_is_tried_again() {
    let late = |operations: &[&str]| judge(&history("either", true, 1, operations)).violations;
    // r1 was released, r2 took its place, and r1 no longer fits.
    let after_success = late(&[
        "o1 r1 600 1-2 accepted",
        "o1 r2 1000 3-4 accepted",
        "o1 r1 600 5-6 exceeds",
    ]);
    assert_eq!(after_success, []);
    // r1 was held while r2 was refused, whatever it was told afterwards.
    let after_silence = late(&[
        "o1 r1 600 1- unknown",
        "o1 r2 500 2-3 exceeds",
        "o1 r3 1000 4-5 accepted",
        "o1 r1 600 6-7 exceeds",
    ]);
    assert_eq!(after_silence, []);
}

#[test]
fn a_refund_does_not_explain_its_own_refusal() {
    // If r1 did not fit once, it can't later: nothing gives money back.
    let own = only(&["o1 r1 600 1-4 exceeds", "o1 r1 600 2-3 accepted"]);
    assert_eq!(own.invariant, "I3");
    // And before its own refusal it explains no other one.
    let earlier = only(&[
        "o1 r1 600 1- unknown",
        "o1 r2 500 2-3 exceeds",
        "o1 r3 401 4- unknown",
        "o1 r1 600 5-6 exceeds",
    ]);
    assert_eq!(earlier.invariant, "I3");
}

#[test]
fn a_refund_under_way_is_not_added_to_the_refusal_that_it_caused() {
    assert_clean(&summary(&[
        "o1 r1 600 1-4 accepted",
        "o1 r2 500 2-3 exceeds",
        "o1 query 5-6 not-refunded",
    ]));
}

#[test]
fn a_refund_of_a_negative_amount_is_never_accepted() {
    assert_eq!(only(&["o1 r1 -5 1-2 accepted"]).invariant, "I2");
}

#[test]
fn amounts_beyond_all_sums_do_not_overflow() {
    let most = i64::MAX;
    let operations: Vec<String> = (0..20)
        .map(|n| format!("o1 r{n} {most} {}-{} accepted", 2 * n + 1, 2 * n + 2))
        .collect();
    let operations: Vec<&str> = operations.iter().map(String::as_str).collect();
    assert_eq!(summary(&operations).verdict, RunVerdict::Fail);
}

#[test]
fn violations_are_listed_gravest_first_and_by_order() {
    let history = history(
        "either",
        false,
        3,
        &[
            "o3 a 1001 1-2 accepted",
            "o2 b 1 3-4 exceeds",
            "o1 c 600 5-6 accepted",
            "o1 d 600 7-8 accepted",
        ],
    );
    let summary = judge(&history);
    let listed: Vec<_> = summary
        .violations
        .iter()
        .map(|v| (v.invariant.as_str(), v.order.as_str()))
        .collect();
    assert_eq!(
        listed,
        [("I1", "o1"), ("I1", "o3"), ("I2", "o3"), ("I3", "o2")]
    );
}

#[test]
fn histories_judged_apart_are_combined_to_the_gravest_verdict() {
    let clean = summary(&["o1 r1 1000 1-2 accepted"]);
    let empty = judge(&history("either", false, 0, &[]));
    let bad = summary(&["o1 r1 1001 1-2 accepted"]);
    let verdict = |parts: &[&AuditSummary]| combine(parts.iter().map(|&s| s.clone())).verdict;
    // One number in two runs is two orders: no sum is made across them.
    assert_eq!(verdict(&[&clean, &clean]), RunVerdict::Pass);
    assert_eq!(verdict(&[&clean, &empty]), RunVerdict::Inconclusive);
    assert_eq!(verdict(&[&clean, &empty, &bad]), RunVerdict::Fail);
    assert_eq!(verdict(&[]), RunVerdict::Inconclusive);
}
