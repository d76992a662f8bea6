//! The faults of what becomes of a refund after its answer.

use std::time::Duration;

use recoup::gateway::Fault;
use tokio::time::sleep;

use super::{start_with, start_within};
use crate::client::{Session, shop};

/// A window that is still open at the end of a test.
const LONG: Duration = Duration::from_hours(1);
/// A window, and a time after which it is closed for certain.
const SHORT: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(30));

#[tokio::test]
async fn number_recorded_late_refunds_a_retry_that_comes_at_once_and_no_later_one() {
    let gateway = start_within(Fault::NumberRecordedLate, LONG).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    for _ in 0..2 {
        assert_eq!(session.refund("o", "r", 20).await.code(), 1);
    }
    assert_eq!(session.drain("o").await, 60);

    let (window, past) = SHORT;
    let gateway = start_within(Fault::NumberRecordedLate, window).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    for _ in 0..2 {
        assert_eq!(session.refund("o", "r", 20).await.code(), 1);
        sleep(past).await;
    }
    assert_eq!(session.drain("o").await, 80);
}

#[tokio::test]
async fn dealing_not_released_keeps_the_money_of_a_refund_that_fails() {
    let (window, past) = SHORT;
    let gateway = start_within(Fault::DealingNotReleased, window).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let answer = session.refund("o", "r1", 30).await;
    assert_eq!((answer.code(), answer.member("status")), (1, 0.into()));
    session.refund("o", "r2", 20).await;
    sleep(past).await;
    assert_eq!(session.refund("o", "r1", 30).await.member("status"), 2);
    assert_eq!(session.refund("o", "r2", 20).await.member("status"), 1);
    assert_eq!(session.drain("o").await, 50);
}

#[tokio::test]
async fn dealing_not_released_says_dealing_until_it_is_settled() {
    let gateway = start_within(Fault::DealingNotReleased, LONG).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    for _ in 0..2 {
        assert_eq!(session.refund("o", "r", 30).await.member("status"), 0);
    }
}

#[tokio::test]
async fn dealing_released_twice_makes_room_for_more_than_was_paid() {
    let (window, past) = SHORT;
    let gateway = start_within(Fault::DealingReleasedTwice, window).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r", 30).await.member("status"), 0);
    sleep(past).await;
    assert_eq!(session.refund("o", "r", 30).await.member("status"), 2);
    assert_eq!(session.drain("o").await, 130);
}

#[tokio::test]
async fn failed_after_done_says_that_an_accepted_refund_failed() {
    let gateway = start_with(Fault::FailedAfterDone).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r", 30).await.member("status"), 1);
    assert_eq!(session.refund("o", "r", 30).await.member("status"), 2);
    assert_eq!(session.drain("o").await, 70);
}

#[tokio::test]
async fn unknown_then_refused_denies_a_refund_that_was_booked() {
    let gateway = start_with(Fault::UnknownThenRefused).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let mut codes = Vec::new();
    for index in 0..5 {
        let answer = session.refund("o", &format!("r{index}"), 10).await;
        codes.push(answer.code());
    }
    assert_eq!(codes, [1, 1, 1, 1, 9]);
    assert_eq!(session.refund("o", "r4", 10).await.code(), 2);
    assert_eq!(session.refund("o", "rest", 51).await.code(), 35);
}

#[tokio::test]
async fn swept_again_takes_the_money_twice_where_there_is_room() {
    let (window, past) = SHORT;
    let gateway = start_within(Fault::SweptAgain, window).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r", 30).await.code(), 1);
    sleep(past).await;
    assert_eq!(session.refund("o", "r", 30).await.code(), 1, "a retry");
    assert_eq!(session.refund("o", "s", 41).await.code(), 35);
    assert_eq!(session.refund("o", "t", 40).await.code(), 1);

    let gateway = start_within(Fault::SweptAgain, LONG).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r", 30).await.code(), 1);
    assert_eq!(session.refund("o", "s", 70).await.code(), 1);
}
