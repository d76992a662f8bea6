//! Members of a body that are read too kindly, or too strictly.

use recoup::gateway::Fault;

use super::proof::{GOOD, REFUND, changed, proofs};
use super::start_with;
use crate::client::{Session, shop};

const LONGEST: &str = "01234567890123456789012345678901";

proofs! {
    types_coerced_from_a_number_to_a_text:
        TypesCoerced, changed("\"r\"", "17"), 1, 5;
    types_coerced_from_a_text_to_a_number:
        TypesCoerced, changed(":100", ":\"100\""), 1, 5;
    types_coerced_from_an_array_of_one:
        TypesCoerced, changed("\"o\"", "[\"o\"]"), 1, 5;
    types_coerced_from_true_to_one:
        TypesCoerced, changed(":100", ":true"), 1, 5;
    empty_taken_as_the_latest_order:
        EmptyTaken, changed("\"o\"", "null"), 1, 4;
    empty_taken_as_a_number_of_its_own:
        EmptyTaken, changed("\"r\"", "\"\""), 1, 4;
    empty_taken_as_an_amount_of_one:
        EmptyTaken, changed(":100", ":\"\""), 1, 5;
    missing_invented_is_a_number:
        MissingInvented, changed("\"refundNo\":\"r\",", ""), 1, 4;
    missing_invented_is_all_that_is_left:
        MissingInvented, changed("\"orderAmount\":100,", ""), 1, 4;
    fraction_rounded_from_half_a_minor_unit:
        FractionRounded, changed(":100", ":99.5"), 1, 5;
    fraction_rounded_from_a_text_with_a_comma:
        FractionRounded, changed(":100", ":\"1,000\""), 35, 5;
    length_unchecked_of_a_refund_number:
        LengthUnchecked, changed("\"r\"", &format!("\"{LONGEST}2\"")), 1, 5;
    length_unchecked_of_a_note:
        LengthUnchecked, changed("211918", LONGEST), 1, 5;
    length_off_by_one_refuses_a_number_of_32_characters:
        LengthOffByOne, changed("\"r\"", &format!("\"{LONGEST}\"")), 5, 1;
    length_off_by_one_takes_a_number_of_31_characters:
        LengthOffByOne, changed("\"r\"", &format!("\"{}\"", &LONGEST[1..])), 1, 1;
    optional_empty_refused_as_a_text:
        OptionalEmptyRefused, changed("\"211918\"", "\"\""), 4, 1;
    optional_empty_refused_as_null:
        OptionalEmptyRefused, changed("\"211918\"", "null"), 4, 1;
    control_characters_dropped_from_a_refund_number:
        ControlCharactersDropped, changed("\"r\"", "\"\\u0001r\\t\""), 1, 5;
    wildcard_order_matches_any_text:
        WildcardOrder, changed("\"o\"", "\"%\""), 1, 30;
    wildcard_order_matches_a_character:
        WildcardOrder, changed("\"o\"", "\"_\""), 1, 30;
    wildcard_order_does_not_match_what_is_not_like_it:
        WildcardOrder, changed("\"o\"", "\"%x\""), 30, 30;
}

#[tokio::test]
async fn missing_invented_refunds_what_is_left_and_each_time_anew() {
    let gateway = start_with(Fault::MissingInvented).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let small = session.caller.seal_raw(
        &GOOD
            .replace("\"refundNo\":\"r\",", "")
            .replace(":100", ":30"),
    );
    for _ in 0..2 {
        assert_eq!(session.call(REFUND, &small).await.code(), 1);
    }
    let all = changed("\"orderAmount\":100,", "");
    let answer = session.call(REFUND, &all).await;
    assert_eq!(answer.member("orderAmount"), 40);
}

#[tokio::test]
async fn length_unchecked_keeps_long_numbers_apart() {
    let gateway = start_with(Fault::LengthUnchecked).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    for (last, code) in [("a", 1), ("b", 1), ("a", 1)] {
        let request = GOOD
            .replace("\"r\"", &format!("\"{LONGEST}{last}\""))
            .replace(":100", ":20");
        let document = session.caller.seal_raw(&request);
        assert_eq!(session.call(REFUND, &document).await.code(), code);
    }
    assert_eq!(session.drain("o").await, 60);
}

#[tokio::test]
async fn control_characters_dropped_make_two_numbers_one() {
    let gateway = start_with(Fault::ControlCharactersDropped).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r", 30).await.code(), 1);
    let request = GOOD.replace("\"r\"", "\"r\\u0000\"").replace(":100", ":30");
    let document = session.caller.seal_raw(&request);
    assert_eq!(session.call(REFUND, &document).await.code(), 1);
    assert_eq!(session.drain("o").await, 70);
}
