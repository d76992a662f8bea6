//! The faults of how much fits, and of whose order it is.

use recoup::gateway::{Fault, StartError, StoreChoice};

use super::{REFUND, start_with};
use crate::client::{Session, other_shop, refund_of, shop};

#[tokio::test]
async fn cap_per_refund_forgets_the_sum() {
    let gateway = start_with(Fault::CapPerRefund).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r0", 101).await.code(), 35);
    assert_eq!(session.refund("o", "r1", 60).await.code(), 1);
    assert_eq!(session.refund("o", "r2", 60).await.code(), 1);
}

#[tokio::test]
async fn cap_off_by_one_refunds_one_too_much() {
    let gateway = start_with(Fault::CapOffByOne).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r", 60).await.code(), 1);
    assert_eq!(session.drain("o").await, 41);
}

#[tokio::test]
async fn refusal_consumes_what_was_left() {
    let gateway = start_with(Fault::RefusalConsumes).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r1", 10).await.code(), 1);
    assert_eq!(session.refund("o", "r2", 91).await.code(), 35);
    assert_eq!(session.refund("o", "r3", 1).await.code(), 35);
}

#[tokio::test]
async fn negative_amount_makes_room_for_more_than_was_paid() {
    let gateway = start_with(Fault::NegativeAmount).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r0", 0).await.code(), 5);
    assert_eq!(session.refund("o", "r1", -50).await.code(), 1);
    assert_eq!(session.refund("o", "r2", 150).await.code(), 1);
}

#[tokio::test]
async fn float_amount_rounds_large_amounts_and_loses_small_ones() {
    let gateway = start_with(Fault::FloatAmount).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 16_777_300).await;
    let rounded = session.refund("o", "r", 16_777_217).await;
    assert_eq!(rounded.member("orderAmount"), 16_777_216);
    // 2²⁴ + 1 is 2²⁴: small refunds never use anything up.
    for index in 0..100 {
        assert_eq!(session.refund("o", &format!("s{index}"), 1).await.code(), 1);
    }
    for spelling in ["100.0", "1e2", "100.5"] {
        session.pay(spelling, 1000).await;
        let refund = refund_of(spelling, spelling, 77);
        let text = String::from_utf8(session.caller.seal(&refund)).unwrap();
        let value = &text[text.find("{\"header").unwrap()..text.find(",\"signature").unwrap()];
        let document = session.caller.seal_raw(&value.replace("77", spelling));
        let answer = session.call(REFUND, &document).await;
        assert_eq!(answer.member("orderAmount"), 100, "{spelling}");
    }
}

#[tokio::test]
async fn wrap_32_bit_truncates_amounts_and_wraps_sums() {
    let gateway = start_with(Fault::Wrap32Bit).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let answer = session.refund("o", "r1", (1 << 32) + 5).await;
    assert_eq!(answer.member("orderAmount"), 5);
    // 5 + (2³¹ − 1) is negative in 32 bits, and so less than what was paid.
    let answer = session.refund("o", "r2", i64::from(i32::MAX)).await;
    assert_eq!(answer.member("orderAmount"), i64::from(i32::MAX));
}

#[tokio::test]
async fn foreign_order_is_refunded_for_another_partner() {
    let gateway = start_with(Fault::ForeignOrder).await;
    let mut session = Session::open(&gateway, shop()).await;
    let mut other = Session::open(&gateway, other_shop()).await;
    session.pay("o", 100).await;
    assert_eq!(other.refund("o", "r", 60).await.code(), 1);
    assert_eq!(other.refund("nowhere", "s", 60).await.code(), 30);
    assert_eq!(session.drain("o").await, 40);
}

#[tokio::test]
async fn unpaid_order_is_refunded() {
    let gateway = start_with(Fault::UnpaidOrder).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay_with("99", "o", 100).await;
    assert_eq!(session.refund("o", "r", 60).await.code(), 1);
}

#[tokio::test]
async fn a_fault_that_keeps_money_wrong_does_not_go_with_a_right_store() {
    let folder = tempfile::tempdir().unwrap();
    let settings = recoup::gateway::Settings {
        store: StoreChoice::Sqlite(folder.path().join("store.sqlite")),
        faults: [Fault::CapPerRefund].into_iter().collect(),
        ..Default::default()
    };
    let error = recoup::gateway::start(settings).await.unwrap_err();
    assert!(matches!(error, StartError::Fault(_)));
    assert!(error.to_string().contains("cap-per-refund"), "{error}");
}

#[tokio::test]
async fn existence_told_refuses_foreign_orders_unlike_unknown_ones() {
    let gateway = start_with(Fault::ExistenceTold).await;
    let mut session = Session::open(&gateway, shop()).await;
    let mut other = Session::open(&gateway, other_shop()).await;
    session.pay("o", 100).await;
    session.pay_with("99", "unpaid", 100).await;
    assert_eq!(other.refund("o", "r", 60).await.code(), 35);
    assert_eq!(other.refund("unpaid", "r", 60).await.code(), 32);
    assert_eq!(other.refund("nowhere", "r", 60).await.code(), 30);
    assert_eq!(session.drain("o").await, 100);
}

#[tokio::test]
async fn count_capped_refuses_the_21st_refund_of_an_order() {
    let gateway = start_with(Fault::CountCapped).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    for index in 0..20 {
        assert_eq!(session.refund("o", &format!("r{index}"), 1).await.code(), 1);
    }
    assert_eq!(session.refund("o", "r20", 1).await.code(), 35);
    assert_eq!(session.refund("o", "r19", 1).await.code(), 1, "a retry");
    session.pay("p", 100).await;
    assert_eq!(session.refund("p", "s", 1).await.code(), 1);
}

#[tokio::test]
async fn accepted_not_applied_forgets_every_second_refund_of_an_order() {
    let gateway = start_with(Fault::AcceptedNotApplied).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    for number in ["r1", "r2", "r3"] {
        assert_eq!(session.refund("o", number, 40).await.code(), 1, "{number}");
    }
    assert_eq!(session.refund("o", "r2", 40).await.code(), 1, "a retry");
    assert_eq!(session.refund("o", "r4", 40).await.code(), 35);
}

#[tokio::test]
async fn zero_amount_is_refunded() {
    let gateway = start_with(Fault::ZeroAmount).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let answer = session.refund("o", "r0", 0).await;
    assert_eq!(answer.member("orderAmount"), 0);
    assert_eq!(session.refund("o", "r1", -1).await.code(), 5);
    assert_eq!(session.drain("o").await, 100);
}

#[tokio::test]
async fn full_refund_refused_leaves_one_minor_unit() {
    let gateway = start_with(Fault::FullRefundRefused).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r", 100).await.code(), 35);
    assert_eq!(session.refund("o", "s", 50).await.code(), 1);
    // A retry is no full refund, though it is as large as what is left.
    assert_eq!(session.refund("o", "s", 50).await.code(), 1);
    assert_eq!(session.drain("o").await, 49);
}
