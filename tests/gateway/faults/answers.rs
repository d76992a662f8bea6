//! Answers that are wrong in what they say, or in how it is written and signed.

use recoup::gateway::{Fault, Running};
use recoup::protocol::{Direction, Envelope, SignKey};
use serde_json::Value;
use tokio::task::JoinSet;

use super::proof::{GOOD, REFUND, claimed};
use super::start_with;
use crate::client::{Answer, Client, Session, caller, other_shop, post, refund_of, shop};

/// A gateway with this fault, and on it an order of 100 that was paid.
async fn with_order(fault: Fault) -> (Running, Session) {
    let gateway = start_with(fault).await;
    let mut session = Session::open(&gateway, shop()).await;
    let answer = session.pay_with("280000000000000001", "o", 100).await;
    assert_eq!(answer.code(), 1);
    (gateway, session)
}

/// The answer to a refund, whatever its signature.
async fn refund(session: &mut Session, number: &str, amount: i64) -> Answer {
    let document = session.caller.seal(&refund_of("o", number, amount));
    session.client.post(REFUND, &document).await.unwrap()
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
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
async fn content_type_html_is_claimed_for_json() {
    let (_gateway, mut session) = with_order(Fault::ContentTypeHtml).await;
    let answer = session.refund("o", "r", 60).await;
    assert_eq!(
        answer.header("content-type"),
        Some("text/html;charset=UTF-8")
    );
    assert_eq!(answer.code(), 1);
}

#[tokio::test]
async fn message_in_latin_1_is_signed_and_no_utf_8() {
    let (_gateway, mut session) = with_order(Fault::MessageInLatin1).await;
    let answer = refund(&mut session, "r", 101).await;
    assert!(
        answer
            .body
            .windows(9)
            .any(|bytes| bytes == b"(refus\xe9)\"")
    );
    assert!(std::str::from_utf8(&answer.body).is_err());
    assert_eq!(session.refund("nowhere", "r", 1).await.code(), 30);
    assert_eq!(session.refund("o", "r", 100).await.code(), 1);
}

#[tokio::test]
async fn length_too_short_leaves_a_byte_on_the_connection() {
    let (gateway, mut session) = with_order(Fault::LengthTooShort).await;
    assert_eq!(session.refund("o", "r", 60).await.code(), 1);
    let mut client = Client::connect(gateway.address()).await;
    let document = shop().seal(&refund_of("o", "s", 101));
    client.send(post(REFUND, "", &document)).await;
    client.close_writing().await;
    let received = client.receive_all().await;
    let (head, body) = received.split_once("\r\n\r\n").unwrap();
    let length = head.split_once("content-length: ").unwrap().1;
    assert_eq!(
        length.parse::<usize>().unwrap() + 1,
        body.len(),
        "{received}"
    );
}

#[tokio::test]
async fn answers_crossed_are_swapped_between_refunds_at_once() {
    let (gateway, mut session) = with_order(Fault::AnswersCrossed).await;
    assert_eq!(
        session.refund("o", "calm", 5).await.member("orderAmount"),
        5
    );
    for round in 0..50 {
        let mut pair = JoinSet::new();
        for amount in [1, 2] {
            let mut session = Session::open(&gateway, shop()).await;
            pair.spawn(async move {
                let number = format!("r{round}-{amount}");
                let answer = session.refund("o", &number, amount).await;
                answer.member("orderAmount") == amount
            });
        }
        if pair.join_all().await == [false, false] {
            return;
        }
    }
    panic!("two answers were never swapped");
}

#[tokio::test]
async fn amounts_have_a_wrong_type_in_answers_to_refunds() {
    for (fault, token) in [
        (Fault::AmountAsText, "\"orderAmount\":\"60\","),
        (Fault::AmountAsFraction, "\"orderAmount\":60.0,"),
        (Fault::MemberTwice, "\"orderAmount\":60,\"orderAmount\":60,"),
    ] {
        let (_gateway, mut session) = with_order(fault).await;
        let answer = refund(&mut session, "r", 60).await;
        assert!(answer.is_signed_by(&shop().key));
        assert!(text(&answer).contains(token), "{fault}: {answer:?}");
    }
}

#[tokio::test]
async fn an_accepted_refund_is_answered_with_wrong_members() {
    for (fault, name, value) in [
        (Fault::StatusOutOfRange, "status", Value::from(7)),
        (Fault::CurrencyOfAnother, "currency", Value::from("USD")),
        (Fault::AnswerAmountOfOrder, "orderAmount", Value::from(100)),
    ] {
        let (_gateway, mut session) = with_order(fault).await;
        let answer = session.refund("o", "r", 60).await;
        assert_eq!(answer.code(), 1);
        assert_eq!(answer.member(name), value, "{fault}");
        assert_eq!(session.drain("o").await, 40);
    }
}

#[tokio::test]
async fn refusals_as_html_have_the_status_200() {
    let (_gateway, mut session) = with_order(Fault::RefusalsAsHtml).await;
    let answer = refund(&mut session, "r", 101).await;
    assert_eq!(answer.status, 200);
    assert!(text(&answer).starts_with("<!DOCTYPE html>"));
    assert_eq!(
        answer.header("content-type"),
        Some("text/html;charset=UTF-8")
    );
    assert_eq!(refund(&mut session, "r", 100).await.code(), 1);
}

#[tokio::test]
async fn server_error_page_answers_a_wrong_type() {
    let (_gateway, mut session) = with_order(Fault::ServerErrorPage).await;
    let document = session.caller.seal_raw(&GOOD.replace("\"r\"", "5"));
    let answer = session.client.post(REFUND, &document).await.unwrap();
    assert_eq!(answer.status, 500);
    assert!(text(&answer).contains("ClassCastException"));
    // What is missing is refused as ever.
    let document = session
        .caller
        .seal_raw(&GOOD.replace("\"refundNo\":\"r\",", ""));
    assert_eq!(session.call(REFUND, &document).await.code(), 4);
}

#[tokio::test]
async fn a_refusal_says_what_nobody_should_know() {
    let forged = claimed(GOOD, &"0".repeat(64)).into_bytes();
    let right = super::proof::signature_of(GOOD);
    for (fault, secret) in [
        (Fault::KeyInMessage, "\\\"211918\\\"}}123456"),
        (Fault::SignatureInMessage, right.as_str()),
        (Fault::StackTraceInMessage, "(RefundService.java:214)"),
    ] {
        let (_gateway, mut session) = with_order(fault).await;
        let answer = session.call(REFUND, &forged).await;
        assert_eq!(answer.code(), 8, "{fault}");
        assert!(text(&answer).contains(secret), "{fault}: {}", text(&answer));
        assert!(answer.member("msg").as_str().unwrap().chars().count() <= 100);
    }
}

#[tokio::test]
async fn undocumented_code_stands_for_every_refusal() {
    let (_gateway, mut session) = with_order(Fault::UndocumentedCode).await;
    for order in ["o", "nowhere"] {
        let answer = session.refund(order, "r", 101).await;
        assert_eq!(answer.code(), 99_999);
    }
    assert_eq!(session.refund("o", "r", 100).await.code(), 1);
}

#[tokio::test]
async fn code_mixed_up_swaps_two_pairs_of_codes() {
    let (_gateway, mut session) = with_order(Fault::CodeMixedUp).await;
    assert_eq!(session.refund("o", "r", 101).await.code(), 30);
    assert_eq!(session.refund("nowhere", "r", 1).await.code(), 35);
    assert_eq!(session.refund("o", "r", 0).await.code(), 8);
    let forged = claimed(GOOD, &"0".repeat(64)).into_bytes();
    assert_eq!(session.call(REFUND, &forged).await.code(), 5);
}

#[tokio::test]
async fn answer_signature_upper_case_stands_on_refusals() {
    let (_gateway, mut session) = with_order(Fault::AnswerSignatureUpperCase).await;
    let answer = refund(&mut session, "r", 101).await;
    let envelope = Envelope::parse(&answer.body, Direction::Response).unwrap();
    let lower = Envelope {
        signature: envelope.signature.to_lowercase().into(),
        ..envelope.clone()
    };
    assert!(envelope.verify(&shop().key).is_err());
    assert!(lower.verify(&shop().key).is_ok());
    assert_eq!(session.refund("o", "r", 100).await.code(), 1);
}

#[tokio::test]
async fn answer_reserialised_is_signed_as_something_else_than_is_sent() {
    let (_gateway, mut session) = with_order(Fault::AnswerReserialised).await;
    assert_eq!(session.refund("o", "r", 101).await.code(), 35);
    let answer = refund(&mut session, "r", 60).await;
    assert!(!answer.is_signed_by(&shop().key));
    assert_eq!(answer.member("msg"), "success/succès");
    let envelope = Envelope::parse(&answer.body, Direction::Response).unwrap();
    let escaped = envelope.raw.replace('/', "\\/").replace('è', "\\u00e8");
    let signed = Envelope {
        raw: &escaped,
        ..envelope
    };
    assert!(signed.verify(&shop().key).is_ok());
}

#[tokio::test]
async fn error_signed_with_other_key_is_signed_by_another_partner() {
    let (_gateway, mut session) = with_order(Fault::ErrorSignedWithOtherKey).await;
    let answer = refund(&mut session, "r", 101).await;
    assert!(answer.is_signed_by(&other_shop().key));
    assert_eq!(session.refund("o", "r", 100).await.code(), 1);
}

#[tokio::test]
async fn error_signature_absent_is_not_even_empty() {
    let (_gateway, mut session) = with_order(Fault::ErrorSignatureAbsent).await;
    let answer = refund(&mut session, "r", 101).await;
    assert_eq!(answer.code(), 35);
    assert!(!text(&answer).contains("signature"));
    assert_eq!(session.refund("o", "r", 100).await.code(), 1);
}

#[tokio::test]
async fn signature_stale_is_the_one_of_the_first_answer() {
    let (_gateway, mut session) = with_order(Fault::SignatureStale).await;
    let signature = |answer: &Answer, key: &SignKey| {
        let envelope = Envelope::parse(&answer.body, Direction::Response).unwrap();
        (envelope.signature.to_string(), envelope.verify(key).is_ok())
    };
    let first = refund(&mut session, "r", 60).await;
    let again = refund(&mut session, "r", 60).await;
    assert_eq!(again.code(), 1);
    let (first, holds) = signature(&first, &shop().key);
    assert!(holds);
    assert_eq!(signature(&again, &shop().key), (first, false));
    assert_eq!(session.refund("o", "s", 1).await.code(), 1);
}

#[tokio::test]
async fn time_without_offset_is_still_signed() {
    let (_gateway, mut session) = with_order(Fault::TimeWithoutOffset).await;
    let answer = session.refund("o", "r", 60).await;
    let time = answer.header_member("respTime");
    assert_eq!(time.as_str().unwrap().len(), "2018-07-25T18:06:05".len());
}

#[tokio::test]
async fn a_forged_request_reveals_no_key_without_a_fault() {
    let gateway = crate::client::start(|_| {}).await;
    let mut session = Session::open(&gateway, shop()).await;
    let forged = caller("10001", "guessed").seal_raw(GOOD);
    assert!(!text(&session.call(REFUND, &forged).await).contains("123456"));
}
