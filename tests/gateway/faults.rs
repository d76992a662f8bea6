//! Each fault is real: the gateway that has it does the wrong thing, and what
//! it does wrong is what its name says.

use std::time::Duration;

use recoup::gateway::{ChosenFault, Fault, Running, StartError, StoreChoice};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::client::{Session, caller, other_shop, refund_of, shop, start};

const REFUND: &str = "/api/common/refund";
/// How often a race is tried before it counts as not lost.
const ROUNDS: usize = 50;

async fn start_with(fault: Fault) -> Running {
    start(|settings| settings.faults = [fault].into_iter().collect()).await
}

/// A gateway whose race is open for so long that requests at once meet in it.
async fn start_race(fault: Fault) -> Running {
    let chosen = ChosenFault {
        fault,
        window: Duration::from_millis(20),
    };
    start(|settings| settings.faults = [chosen].into_iter().collect()).await
}

/// How many of `count` refunds at once are accepted.
async fn at_once(gateway: &Running, order: &str, amount: i64, numbers: Vec<String>) -> i64 {
    let mut refunds = JoinSet::new();
    for number in numbers {
        let mut session = Session::open(gateway, shop()).await;
        let order = order.to_owned();
        refunds.spawn(async move { session.refund(&order, &number, amount).await.code() });
    }
    let accepted = refunds.join_all().await.into_iter();
    accepted.filter(|code| *code == 1).map(|_| 1).sum()
}

#[tokio::test]
async fn signature_unchecked_refunds_for_anybody() {
    let gateway = start_with(Fault::SignatureUnchecked).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let forged = caller("10001", "guessed").seal(&refund_of("o", "r", 60));
    assert_eq!(session.call(REFUND, &forged).await.code(), 1);
    assert_eq!(session.drain("o").await, 40);
}

#[tokio::test]
async fn signature_reserialised_takes_changed_white_space_and_refuses_signed_white_space() {
    let gateway = start_with(Fault::SignatureReserialised).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let compact = session.caller.seal(&refund_of("o", "r", 60));
    let compact = String::from_utf8(compact).unwrap();
    let changed = compact.replace(":60", ": 60");
    assert_eq!(session.call(REFUND, changed.as_bytes()).await.code(), 1);

    let start = compact.find("{\"header").unwrap();
    let end = compact.find(",\"signature").unwrap();
    let value: Value = serde_json::from_str(&compact[start..end]).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    let document = session.caller.seal_raw(&pretty);
    assert_eq!(session.call(REFUND, &document).await.code(), 8);
}

#[tokio::test]
async fn error_unsigned_signs_successes_alone() {
    let gateway = start_with(Fault::ErrorUnsigned).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let document = session.caller.seal(&refund_of("o", "r", 101));
    let answer = session.client.post(REFUND, &document).await.unwrap();
    assert_eq!(answer.code(), 35);
    assert!(!answer.is_signed_by(&shop().key));
    assert!(answer.body.ends_with(b",\"signature\":\"\"}"));
}

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

#[tokio::test(flavor = "multi_thread")]
async fn check_then_act_exceeds_what_was_paid_only_at_once() {
    let gateway = start_race(Fault::CheckThenAct).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("calm", 100).await;
    assert_eq!(session.refund("calm", "c1", 60).await.code(), 1);
    assert_eq!(session.refund("calm", "c2", 60).await.code(), 35);
    assert_eq!(session.drain("calm").await, 40);
    for round in 0..ROUNDS {
        let order = format!("o{round}");
        session.pay(&order, 100).await;
        let numbers = (0..4).map(|index| format!("{order}-{index}")).collect();
        if at_once(&gateway, &order, 60, numbers).await > 1 {
            return;
        }
    }
    panic!("the race was never lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_update_forgets_refunds_at_once() {
    let gateway = start_race(Fault::LostUpdate).await;
    let mut session = Session::open(&gateway, shop()).await;
    for round in 0..ROUNDS {
        let order = format!("o{round}");
        session.pay(&order, 1000).await;
        let numbers = (0..4).map(|index| format!("{order}-{index}")).collect();
        let accepted = at_once(&gateway, &order, 10, numbers).await;
        if accepted * 10 + session.drain(&order).await > 1000 {
            return;
        }
    }
    panic!("the race was never lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicate_race_refunds_equal_numbers_at_once_and_not_one_after_the_other() {
    let gateway = start_race(Fault::DuplicateRace).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("calm", 100).await;
    for _ in 0..2 {
        assert_eq!(session.refund("calm", "c", 10).await.code(), 1);
    }
    assert_eq!(session.drain("calm").await, 90);
    for round in 0..ROUNDS {
        let order = format!("o{round}");
        session.pay(&order, 1000).await;
        at_once(&gateway, &order, 10, vec![order.clone(); 4]).await;
        if session.drain(&order).await < 990 {
            return;
        }
    }
    panic!("the race was never lost");
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
