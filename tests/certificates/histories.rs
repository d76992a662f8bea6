//! Every kind of violation, each proved by a certificate that is accepted.

use crate::{audited, certificate, check, history};

/// The claims that the history's violations make, with what the checker says.
#[track_caller]
fn proved(history: &str) -> Vec<(String, String)> {
    let summary = audited(history);
    let violations = summary.violations.iter();
    let proved = violations.map(|violation| {
        let certificate = certificate(violation);
        let claim = certificate["claim"].as_str().expect("a claim").to_owned();
        let words = check(history, &certificate).expect(&violation.message);
        (claim, words)
    });
    proved.collect()
}

#[track_caller]
fn assert_proved(history: &str, claim: &str, words: &str) {
    let proved = proved(history);
    assert!(
        proved.contains(&(claim.to_owned(), words.to_owned())),
        "{proved:#?}"
    );
}

#[test]
fn an_over_refund_is_proved_by_the_refunds_that_exceed_what_was_paid() {
    let raced = [
        "o1 r1 600 1-3 accepted",
        "o1 r2 600 2-4 accepted",
        "o1 r3 50 5-6 accepted",
    ];
    assert_proved(
        &history("either", false, &[1000], &raced),
        "over-refund",
        "I1 of order o1: 600 + 600 > 1000",
    );
}

#[test]
fn an_unknown_refund_counts_where_the_answer_that_it_is_taken_is_cited() {
    let confirmed = [
        "o1 r1 600 1- unknown",
        "o1 r1 600 2-3 duplicate",
        "o1 r2 500 4-5 accepted",
    ];
    assert_proved(
        &history("refuse", false, &[1000], &confirmed),
        "over-refund",
        "I1 of order o1: 600 + 500 > 1000",
    );
}

#[test]
fn a_single_amount_is_proved_by_its_record() {
    for (amount, words) in [("1001", "1001 > 1000"), ("-5", "-5 < 1")] {
        let operation = format!("o1 r1 {amount} 1-2 accepted");
        for late in [false, true] {
            assert_proved(
                &history("either", late, &[1000], &[&operation]),
                "single-amount",
                &format!("I2 of order o1: {words}"),
            );
        }
    }
}

#[test]
fn a_refusal_without_explanation_is_proved_by_the_sum_of_all_there_could_be() {
    let operations = [
        "o1 r1 300 1-2 accepted",
        "o1 r2 200 3- unknown",
        "o1 r3 300 4-6 exceeds",
        "o1 r4 100 5-7 accepted",
        "o1 r5 400 8-9 accepted",
    ];
    // Of the unknown 200 there is room for 200 beside the 800 accepted.
    assert_proved(
        &history("either", false, &[1000], &operations),
        "unjustified-refusal",
        "I3 of order o1: 400 + 200 + 300 <= 1000",
    );
    assert_proved(
        &history("replay", true, &[1000], &operations),
        "unjustified-refusal",
        "I3 of order o1: 400 + 200 + 300 <= 1000",
    );
    let state = ["o1 r1 999 1-2 accepted", "o1 r2 300 3-4 state"];
    assert_proved(
        &history("either", false, &[1000], &state),
        "unjustified-refusal",
        "I3 of order o1: 999 + 0 + 1 <= 1000",
    );
}

#[test]
fn a_query_that_shows_too_much_is_proved_like_a_refusal() {
    let operations = ["o1 r1 999 1-2 accepted", "o1 query 3-4 refunded"];
    assert_proved(
        &history("either", false, &[1000], &operations),
        "unjustified-refusal",
        "I13 of order o1: 999 + 0 + 1 <= 1000",
    );
}

#[test]
fn refusals_that_hold_apart_and_not_together_are_proved_by_the_largest_sum() {
    let operations = [
        "o1 r1 600 1- unknown",
        "o1 r2 500 2- unknown",
        "o1 r3 450 3-4 accepted",
        "o1 r4 50 5-6 exceeds",
    ];
    assert_proved(
        &history("either", false, &[1000], &operations),
        "refusals-together",
        "I4 of order o1: 450 + 500 + 50 <= 1000",
    );
}

#[test]
fn contradictions_about_one_number_are_proved_by_their_records() {
    let after_effect = ["o1 r1 1000 1-2 accepted", "o1 r1 1000 3-4 exceeds"];
    let confirmed = [
        "o1 r1 600 1- unknown",
        "o1 r1 600 2-3 duplicate",
        "o1 r1 600 4-5 exceeds",
    ];
    let twice = ["o1 r1 600 1-2 accepted", "o1 r1 600 3-4 accepted"];
    let amounts = ["o1 r1 100 1-2 accepted", "o1 r1 200 3-4 accepted"];
    let orders = ["o1 r1 100 1-2 accepted", "o2 r1 100 3-4 accepted"];
    let spurious = ["o1 r1 100 1-2 duplicate", "o1 r1 100 3-4 accepted"];
    for (duplicates, operations, claim, words) in [
        (
            "either",
            &after_effect[..],
            "refused-after-effect",
            "I5 of order o1: refused-after-effect",
        ),
        (
            "refuse",
            &confirmed,
            "refused-after-effect",
            "I5 of order o1: refused-after-effect",
        ),
        (
            "refuse",
            &twice,
            "accepted-twice",
            "I5 of order o1: accepted-twice",
        ),
        (
            "either",
            &amounts,
            "changed-amount",
            "I6 of order o1: 100 != 200",
        ),
        (
            "either",
            &orders,
            "changed-order",
            "I6 of order o2: changed-order",
        ),
        (
            "either",
            &spurious,
            "spurious-duplicate",
            "I7 of order o1: spurious-duplicate",
        ),
    ] {
        let history = history(duplicates, false, &[1000, 1000], operations);
        assert_proved(&history, claim, words);
    }
}

#[test]
fn a_stale_read_is_proved_by_acceptances_or_from_a_refusal_on() {
    let plain = ["o1 r1 1000 1-2 accepted", "o1 query 3-4 not-refunded"];
    assert_proved(
        &history("either", false, &[1000], &plain),
        "stale-read",
        "I13 of order o1: 0 + 1000 >= 1000",
    );
    let from_refusal = [
        "o1 r1 600 1- unknown",
        "o1 r2 401 2-3 exceeds",
        "o1 r3 400 4-5 accepted",
        "o1 query 6-7 not-refunded",
    ];
    assert_proved(
        &history("either", false, &[1000], &from_refusal),
        "stale-read",
        "I13 of order o1: 600 + 400 >= 1000",
    );
}

#[test]
fn a_broken_history_proves_nothing() {
    let whole = history(
        "either",
        false,
        &[1000],
        &["o1 r1 600 1-3 accepted", "o1 r2 600 2-4 accepted"],
    );
    let certificate = certificate(&audited(&whole).violations[0]);
    let order = "{\"type\":\"order\",\"order\":\"o1\",\"paid\":1000,\"currency\":\"JPY\"}\n";
    for (broken, reason) in [
        (whole[..whole.len() - 10].to_owned(), "cut off"),
        (whole.clone() + order, "declared twice"),
        (whole.replace(order, ""), "never declared"),
        (whole.replace("\"sent\":2", "\"sent\":1"), "place is taken"),
        (
            whole.replace("\"sent\":2", "\"sent\":5"),
            "answered before sent",
        ),
        (
            whole.replace("\"answered\":4", "\"answered\":null"),
            "no answer",
        ),
        (whole.replace("history/1", "history/2"), "another schema"),
        (
            whole.replace("accepted", "granted"),
            "no record of a history",
        ),
        (String::new(), "empty"),
    ] {
        let rejected = check(&broken, &certificate).expect_err(reason);
        assert!(rejected.contains(reason), "{rejected}");
    }
    check(&whole, &certificate).expect("the whole one");
}
