//! The faults that show only where requests of one order meet.

use std::time::Duration;

use recoup::gateway::{Fault, Running};
use tokio::time::sleep;

use super::start_within;
use crate::client::{Session, shop, volley};

/// How often a race is tried before it counts as not lost.
const ROUNDS: usize = 50;
/// A window in which requests at once are sure to meet, sooner or later.
const OPEN: Duration = Duration::from_millis(20);
/// How many requests are sent at once.
const CONTENDERS: i64 = 8;

/// Plays rounds, each with an order number of its own, until one is lost.
async fn is_lost(mut round: impl AsyncFnMut(&str) -> bool) -> bool {
    for index in 0..ROUNDS {
        if round(&format!("o{index}")).await {
            return true;
        }
    }
    false
}

/// The codes of refunds of one order at once, each of its own number.
async fn codes_at_once(gateway: &Running, order: &str, amounts: &[i64]) -> Vec<i64> {
    let refunds: Vec<(&str, String, i64)> = (0..)
        .zip(amounts)
        .map(|(index, amount)| (order, format!("{order}-{index}"), *amount))
        .collect();
    let answers = volley(gateway, &refunds).await.into_iter().flatten();
    answers.map(|answer| answer.code()).collect()
}

/// The sum of the amounts whose code says that they were accepted.
fn accepted(codes: &[i64], amounts: &[i64]) -> i64 {
    let pairs = codes.iter().zip(amounts);
    pairs.filter(|(code, _)| **code == 1).map(|(_, a)| a).sum()
}

/// One refund after the other, nothing is wrong.
async fn is_right_in_sequence(session: &mut Session) {
    session.pay("calm", 100).await;
    assert_eq!(session.refund("calm", "c1", 101).await.code(), 35);
    for _ in 0..2 {
        let answer = session.refund("calm", "c1", 60).await;
        assert_eq!(
            (answer.code(), answer.member("orderAmount")),
            (1, 60.into())
        );
    }
    assert_eq!(session.refund("calm", "c2", 41).await.code(), 35);
    assert_eq!(session.query("calm").await.member("status"), 1);
    assert_eq!(session.drain("calm").await, 40);
    assert_eq!(session.query("calm").await.member("status"), 3);
}

/// Refunds that exceed the order together are accepted at once, and not one
/// after the other.
async fn exceeds_only_at_once(fault: Fault) {
    let gateway = start_within(fault, OPEN).await;
    let mut session = Session::open(&gateway, shop()).await;
    is_right_in_sequence(&mut session).await;
    let lost = is_lost(async |order| {
        session.pay(order, 100).await;
        let amounts = [60; 8];
        accepted(&codes_at_once(&gateway, order, &amounts).await, &amounts) > 100
    });
    assert!(lost.await, "{fault}: the race was never lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_then_act_exceeds_what_was_paid_only_at_once() {
    exceeds_only_at_once(Fault::CheckThenAct).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sum_unserialised_exceeds_what_was_paid_only_at_once() {
    exceeds_only_at_once(Fault::SumUnserialised).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_exceed_what_was_paid_only_at_once() {
    exceeds_only_at_once(Fault::TwoInstances).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_expires_exceeds_what_was_paid_only_at_once() {
    exceeds_only_at_once(Fault::LockExpires).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_by_number_exceeds_what_was_paid_only_at_once() {
    exceeds_only_at_once(Fault::LockByNumber).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn races_about_the_sum_make_one_refund_of_equal_numbers_at_once() {
    for fault in [
        Fault::CheckThenAct,
        Fault::SumUnserialised,
        Fault::TwoInstances,
        Fault::LockExpires,
        Fault::LockByNumber,
    ] {
        let gateway = start_within(fault, OPEN).await;
        let mut session = Session::open(&gateway, shop()).await;
        session.pay("o", 1000).await;
        let equal = vec![("o", "r".to_owned(), 10); 8];
        for answer in volley(&gateway, &equal).await {
            assert_eq!(answer.unwrap().code(), 1, "{fault}");
        }
        // Who came second was answered while the first was still booking.
        sleep(OPEN * 4).await;
        assert_eq!(session.drain("o").await, 990, "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_update_forgets_refunds_at_once() {
    let gateway = start_within(Fault::LostUpdate, OPEN).await;
    let mut session = Session::open(&gateway, shop()).await;
    is_right_in_sequence(&mut session).await;
    let lost = is_lost(async |order| {
        session.pay(order, 1000).await;
        let amounts = [10; 8];
        let codes = codes_at_once(&gateway, order, &amounts).await;
        accepted(&codes, &amounts) + session.drain(order).await > 1000
    });
    assert!(lost.await, "the race was never lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicate_race_refunds_equal_numbers_at_once_and_not_one_after_the_other() {
    let gateway = start_within(Fault::DuplicateRace, OPEN).await;
    let mut session = Session::open(&gateway, shop()).await;
    is_right_in_sequence(&mut session).await;
    let lost = is_lost(async |order| {
        session.pay(order, 1000).await;
        let equal = vec![(order, order.to_owned(), 10); 8];
        volley(&gateway, &equal).await;
        session.drain(order).await < 990
    });
    assert!(lost.await, "the race was never lost");
}

#[tokio::test]
async fn stale_balance_exceeds_what_was_paid_until_the_copy_is_renewed() {
    let gateway = start_within(Fault::StaleBalance, Duration::from_hours(1)).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r0", 101).await.code(), 35);
    assert_eq!(session.refund("o", "r1", 60).await.code(), 1);
    assert_eq!(session.refund("o", "r2", 60).await.code(), 1);

    let gateway = start_within(Fault::StaleBalance, Duration::from_millis(1)).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r1", 60).await.code(), 1);
    sleep(Duration::from_millis(30)).await;
    assert_eq!(session.refund("o", "r2", 60).await.code(), 35);
}

#[tokio::test(flavor = "multi_thread")]
async fn contention_as_exceeds_refuses_small_refunds_at_once_though_there_is_room() {
    let gateway = start_within(Fault::ContentionAsExceeds, OPEN).await;
    let mut session = Session::open(&gateway, shop()).await;
    is_right_in_sequence(&mut session).await;
    let lost = is_lost(async |order| {
        session.pay(order, 100).await;
        let amounts = [1; 8];
        let codes = codes_at_once(&gateway, order, &amounts).await;
        let taken = accepted(&codes, &amounts);
        assert_eq!(session.drain(order).await, 100 - taken);
        taken < CONTENDERS && codes.iter().all(|code| [1, 35].contains(code))
    });
    assert!(lost.await, "the race was never lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_doubles_counts_refunds_at_once_twice() {
    let gateway = start_within(Fault::RetryDoubles, OPEN).await;
    let mut session = Session::open(&gateway, shop()).await;
    is_right_in_sequence(&mut session).await;
    let lost = is_lost(async |order| {
        session.pay(order, 1000).await;
        let amounts = [10; 8];
        let codes = codes_at_once(&gateway, order, &amounts).await;
        assert_eq!(codes, [1; 8]);
        session.drain(order).await < 1000 - accepted(&codes, &amounts)
    });
    assert!(lost.await, "the race was never lost");
}

/// One refund that is too large and others that fit, at once: whether one of
/// those was refused with `code`. What was accepted is counted once.
async fn room_is_refused(fault: Fault, code: i64) {
    let gateway = start_within(fault, OPEN).await;
    let mut session = Session::open(&gateway, shop()).await;
    is_right_in_sequence(&mut session).await;
    let lost = is_lost(async |order| {
        session.pay(order, 100).await;
        let amounts = [101, 1, 1, 1, 1, 1, 1, 1];
        let codes = codes_at_once(&gateway, order, &amounts).await;
        assert_eq!(codes[0], 35);
        let drained = session.drain(order).await;
        assert_eq!(drained, 100 - accepted(&codes, &amounts));
        codes[1..].contains(&code)
    });
    assert!(lost.await, "{fault}: the race was never lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn transient_reservation_refuses_what_fits_while_a_large_refund_is_refused() {
    room_is_refused(Fault::TransientReservation, 35).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refunded_early_refuses_what_fits_as_if_the_order_were_closed() {
    room_is_refused(Fault::RefundedEarly, 33).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_overwritten_forgets_refunds_at_once_and_their_numbers() {
    let gateway = start_within(Fault::RowsOverwritten, OPEN).await;
    let mut session = Session::open(&gateway, shop()).await;
    is_right_in_sequence(&mut session).await;
    let lost = is_lost(async |order| {
        session.pay(order, 1000).await;
        let amounts = [10; 8];
        let codes = codes_at_once(&gateway, order, &amounts).await;
        assert_eq!(codes, [1; 8]);
        session.drain(order).await > 1000 - accepted(&codes, &amounts)
    });
    assert!(lost.await, "the race was never lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn answer_of_another_answers_a_retry_with_another_refund_that_is_under_way() {
    let gateway = start_within(Fault::AnswerOfAnother, OPEN).await;
    let mut session = Session::open(&gateway, shop()).await;
    is_right_in_sequence(&mut session).await;
    let lost = is_lost(async |order| {
        session.pay(order, 1000).await;
        let retried = format!("{order}-0");
        session.refund(order, &retried, 10).await;
        let refunds: Vec<_> = (0..CONTENDERS)
            .map(|index| (order, format!("{order}-{index}"), 10 + index))
            .collect();
        let answers = volley(&gateway, &refunds).await;
        let said: Vec<_> = answers
            .into_iter()
            .map(|answer| answer.unwrap().member("orderAmount").as_i64().unwrap())
            .collect();
        assert_eq!(said[1..], [11, 12, 13, 14, 15, 16, 17]);
        assert_eq!(session.drain(order).await, 1000 - (10..=17).sum::<i64>());
        said[0] != 10
    });
    assert!(lost.await, "the race was never lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn deadlock_by_order_answers_refunds_of_two_orders_in_turn_as_unknown() {
    let gateway = start_within(Fault::DeadlockByOrder, OPEN).await;
    let mut session = Session::open(&gateway, shop()).await;
    is_right_in_sequence(&mut session).await;
    let lost = is_lost(async |order| {
        let other = format!("{order}-b");
        session.pay(order, 100).await;
        session.pay(&other, 100).await;
        let refunds: Vec<_> = (0..CONTENDERS)
            .map(|index| {
                let named = if index % 2 == 0 { order } else { &other };
                (named, format!("{order}-{index}"), 10)
            })
            .collect();
        let mut is_blocked = false;
        for (answer, (named, number, amount)) in
            volley(&gateway, &refunds).await.iter().zip(&refunds)
        {
            is_blocked |= answer.as_ref().unwrap().code() == 9;
            assert_eq!(session.refund(named, number, *amount).await.code(), 1);
        }
        assert_eq!(session.drain(order).await, 60);
        is_blocked
    });
    assert!(lost.await, "nobody was blocked");
}
