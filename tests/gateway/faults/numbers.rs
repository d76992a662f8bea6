//! The faults of telling whether a refund is new.

use recoup::gateway::Fault;

use super::start_with;
use crate::client::{Session, other_shop, shop};

#[tokio::test]
async fn duplicate_applied_refunds_each_retry() {
    let gateway = start_with(Fault::DuplicateApplied).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    for _ in 0..3 {
        assert_eq!(session.refund("o", "r", 20).await.code(), 1);
    }
    assert_eq!(session.drain("o").await, 40);
}

#[tokio::test]
async fn dedupe_by_amount_merges_two_equal_refunds() {
    let gateway = start_with(Fault::DedupeByAmount).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    session.pay("p", 100).await;
    assert_eq!(session.refund("o", "r1", 20).await.code(), 1);
    assert_eq!(session.refund("o", "r2", 20).await.code(), 1);
    assert_eq!(session.refund("p", "r3", 20).await.code(), 1);
    assert_eq!(session.refund("o", "r1", 21).await.code(), 31);
    assert_eq!(session.refund("o", "r4", 80).await.code(), 1, "20 are left");
    assert_eq!(session.refund("p", "r5", 81).await.code(), 35);
}

#[tokio::test]
async fn number_with_other_amount_is_refunded_again() {
    let gateway = start_with(Fault::NumberWithOtherAmount).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    session.pay("p", 100).await;
    for amount in [20, 20, 30, 20, 30] {
        assert_eq!(session.refund("o", "r", amount).await.code(), 1);
    }
    assert_eq!(session.refund("p", "r", 20).await.code(), 31);
    assert_eq!(session.drain("o").await, 50);
}

#[tokio::test]
async fn number_on_other_order_is_refunded_again() {
    let gateway = start_with(Fault::NumberOnOtherOrder).await;
    let mut session = Session::open(&gateway, shop()).await;
    for order in ["o", "p"] {
        session.pay(order, 100).await;
        assert_eq!(session.refund(order, "r", 20).await.code(), 1, "{order}");
    }
    assert_eq!(session.refund("o", "r", 20).await.code(), 1);
    assert_eq!(session.refund("o", "r", 21).await.code(), 31);
    assert_eq!(session.drain("o").await, 80);
    assert_eq!(session.drain("p").await, 80);
}

#[tokio::test]
async fn exceeds_before_duplicate_refuses_the_retry_of_a_full_refund_as_too_large() {
    let gateway = start_with(Fault::ExceedsBeforeDuplicate).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r1", 30).await.code(), 1);
    assert_eq!(
        session.refund("o", "r1", 30).await.code(),
        1,
        "there is room"
    );
    assert_eq!(session.refund("o", "r2", 70).await.code(), 1);
    assert_eq!(session.refund("o", "r2", 70).await.code(), 35);
}

#[tokio::test]
async fn number_forgotten_refunds_a_retry_after_64_others() {
    let gateway = start_with(Fault::NumberForgotten).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    session.pay("p", 100).await;
    assert_eq!(session.refund("o", "r", 20).await.code(), 1);
    for index in 0..63 {
        assert_eq!(session.refund("p", &format!("s{index}"), 1).await.code(), 1);
    }
    assert_eq!(session.refund("o", "r", 21).await.code(), 31, "still known");
    assert_eq!(session.refund("p", "s63", 1).await.code(), 1);
    assert_eq!(session.refund("o", "r", 20).await.code(), 1);
    assert_eq!(session.refund("o", "rest", 61).await.code(), 35);
}

#[tokio::test]
async fn number_shared_by_partners_is_taken_for_all_of_them() {
    let gateway = start_with(Fault::NumberSharedByPartners).await;
    let mut session = Session::open(&gateway, shop()).await;
    let mut other = Session::open(&gateway, other_shop()).await;
    session.pay("o", 100).await;
    other.pay("o", 100).await;
    assert_eq!(session.refund("o", "r", 20).await.code(), 1);
    assert_eq!(other.refund("o", "r", 20).await.code(), 31);
    assert_eq!(other.refund("o", "s", 20).await.code(), 1);
}

#[tokio::test]
async fn number_folded_makes_one_of_numbers_that_differ_in_case_or_blanks() {
    let gateway = start_with(Fault::NumberFolded).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    for number in ["ab", "AB", " ab", "aB "] {
        assert_eq!(session.refund("o", number, 20).await.code(), 1);
    }
    assert_eq!(session.refund("o", "Ab", 21).await.code(), 31);
    assert_eq!(session.drain("o").await, 80);
}

#[tokio::test]
async fn number_truncated_makes_one_of_numbers_that_begin_alike() {
    let gateway = start_with(Fault::NumberTruncated).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let begin = "a-number-of-20-chars";
    for number in [begin.to_owned(), format!("{begin}1"), format!("{begin}2")] {
        assert_eq!(session.refund("o", &number, 20).await.code(), 1);
    }
    assert_eq!(session.refund("o", &begin[..19], 20).await.code(), 1);
    assert_eq!(session.drain("o").await, 60);
}
