//! Conforming dialects: they differ, and money is kept the same.

use std::time::Duration;

use recoup::gateway::{Running, StoreChoice, Variant};
use recoup::protocol::{Amount, Barcode, Direction, OrderNo, PaymentRequest, StoreNo, envelope};
use tokio::time::sleep;

use crate::client::{Answer, Caller, Client, Session, post, refund_of, shop, start, volley};

const PAY: &str = "/api/offline/pay";
const REFUND: &str = "/api/common/refund";
/// How often the same bytes are sent until there is an answer that decides.
const ATTEMPTS: usize = 4;

async fn start_as(variants: &[Variant]) -> Running {
    start(|settings| settings.variants = variants.iter().copied().collect()).await
}

/// A partner who sends the same bytes again, on a new connection, where the
/// outcome is unknown.
struct Patient<'g> {
    gateway: &'g Running,
    caller: Caller,
}

impl<'g> Patient<'g> {
    fn new(gateway: &'g Running) -> Self {
        let caller = shop();
        Self { gateway, caller }
    }

    /// An answer that decides, which is signed.
    async fn call(&self, path: &str, document: &[u8]) -> Answer {
        for _ in 0..ATTEMPTS {
            if let Some(answer) = self.call_once(path, document).await
                && !is_unknown(&answer)
            {
                assert!(answer.is_authentic(&self.caller.key), "{answer:?}");
                return answer;
            }
        }
        panic!("nothing was decided in {ATTEMPTS} attempts");
    }

    async fn call_once(&self, path: &str, document: &[u8]) -> Option<Answer> {
        let mut client = Client::connect(self.gateway.address()).await;
        client.post(path, document).await
    }

    async fn refund(&self, order: &str, number: &str, amount: i64) -> i64 {
        let document = self.caller.seal(&refund_of(order, number, amount));
        self.call(REFUND, &document).await.code()
    }

    /// Whether a refund of a number that was not answered before is made. A
    /// gateway that refuses repeated numbers says by that that it was.
    async fn is_made(&self, order: &str, number: &str, amount: i64) -> bool {
        matches!(self.refund(order, number, amount).await, 1 | 31)
    }

    async fn pay(&self, order: &str, amount: i64) {
        let payment = PaymentRequest::new(
            StoreNo::new("1").unwrap(),
            OrderNo::new(order).unwrap(),
            Barcode::new("280000000000000001").unwrap(),
            Amount::new(amount),
        );
        let answer = self.call(PAY, &self.caller.seal(&payment)).await;
        assert_eq!(answer.code(), 1);
    }

    /// Refunds all that is left, in powers of two.
    async fn drain(&self, order: &str) -> i64 {
        let mut drained = 0;
        for power in (0..=12).rev() {
            let amount = 1_i64 << power;
            let number = format!("drain-{order}-{power}");
            if self.is_made(order, &number, amount).await {
                drained += amount;
            }
        }
        drained
    }
}

/// Whether an answer leaves it open what happened.
fn is_unknown(answer: &Answer) -> bool {
    answer.status == 503 || matches!(answer.code(), 9 | 20..=22)
}

/// 8 refunds at once of which 3 fit: 3 are made, each number names one of them,
/// and nothing else moves.
async fn is_right(gateway: &Running, order: &str) {
    let patient = Patient::new(gateway);
    patient.pay(order, 1000).await;
    let refunds: Vec<_> = (0..8)
        .map(|index| (order, format!("{order}-{index}"), 300))
        .collect();
    let answers = volley(gateway, &refunds).await;
    let mut made = Vec::new();
    for ((_, number, amount), answer) in refunds.iter().zip(answers) {
        let is_made = match answer.filter(|answer| !is_unknown(answer)) {
            Some(answer) => {
                assert!(answer.is_authentic(&patient.caller.key), "{answer:?}");
                assert!([1, 33, 35].contains(&answer.code()), "{answer:?}");
                answer.code() == 1
            }
            None => patient.is_made(order, number, *amount).await,
        };
        if is_made {
            made.push(number.as_str());
        }
    }
    assert_eq!(made.len(), 3, "{made:?}");
    for number in made {
        assert!([1, 31].contains(&patient.refund(order, number, 300).await));
        assert_eq!(patient.refund(order, number, 100).await, 31);
    }
    assert_eq!(patient.drain(order).await, 100);
    assert!([33, 35].contains(&patient.refund(order, &format!("{order}-more"), 1).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_variant_keeps_the_rules_of_refunding() {
    for variant in Variant::ALL {
        let gateway = start_as(&[*variant]).await;
        for round in 0..3 {
            is_right(&gateway, &format!("{variant}-{round}")).await;
        }
        gateway.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_variants_together_keep_the_rules_of_refunding_in_every_store() {
    let folder = tempfile::tempdir().unwrap();
    let file = StoreChoice::Sqlite(folder.path().join("store.sqlite"));
    for store in [StoreChoice::Memory, file] {
        let gateway = start(|settings| {
            settings.variants = Variant::ALL.iter().copied().collect();
            settings.store = store;
        })
        .await;
        for order in ["o", "p", "q"] {
            is_right(&gateway, order).await;
        }
        gateway.stop().await;
    }
}

#[tokio::test]
async fn refused_duplicates_are_refused_and_not_refunded() {
    let gateway = start_as(&[Variant::RefuseDuplicates]).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r", 60).await.code(), 1);
    assert_eq!(session.refund("o", "r", 60).await.code(), 31);
    assert_eq!(session.drain("o").await, 40);
}

#[tokio::test]
async fn refusals_can_have_the_status_400() {
    let gateway = start_as(&[Variant::RefusalsAs4xx]).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r", 60).await.status, 200);
    let refused = session.refund("o", "s", 60).await;
    assert_eq!((refused.status, refused.code()), (400, 35));
}

#[tokio::test]
async fn extra_members_stand_beside_the_listed_ones() {
    let gateway = start_as(&[Variant::ExtraMembers]).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let answer = session.refund("o", "r", 60).await;
    assert_eq!(answer.code(), 1);
    assert_eq!(answer.member("orderAmount"), 60);
    assert!(answer.member("serverNode").is_string());
    assert!(answer.header_member("extension").is_array());
    assert_eq!(session.query("o").await.member("partnerOrderNo"), "o");
}

/// The text of an accepted refund's answer.
async fn answer_text(variants: &[Variant]) -> String {
    let gateway = start_as(variants).await;
    let patient = Patient::new(&gateway);
    patient.pay("o", 100).await;
    let document = patient.caller.seal(&refund_of("o", "r", 60));
    let answer = patient.call(REFUND, &document).await;
    assert_eq!(answer.member("orderAmount"), 60);
    String::from_utf8(answer.body).unwrap()
}

#[tokio::test]
async fn pretty_answers_are_indented() {
    let text = answer_text(&[Variant::Pretty]).await;
    assert!(text.starts_with("{\n    \"response\": {\n        \"header\": {\n"));
    assert!(
        text.contains("\n            \"orderAmount\": 60,\n"),
        "{text}"
    );
    assert!(text.ends_with("\"\n}"), "{text}");
}

#[tokio::test]
async fn escaped_answers_are_ascii_with_escaped_slashes() {
    let text = answer_text(&[Variant::Escaped]).await;
    assert!(text.is_ascii());
    assert!(
        text.contains(r"success \/ \u4fe1\u606f \ud83d\udcb4"),
        "{text}"
    );
    let both = answer_text(&[Variant::Escaped, Variant::ExtraMembers]).await;
    assert!(both.contains(r#""a\/1 \u00e9""#), "{both}");
}

#[tokio::test]
async fn the_signature_can_stand_first() {
    let text = answer_text(&[Variant::SignatureFirst]).await;
    assert!(text.starts_with("{\"signature\":\""), "{text}");
    assert!(text.contains("\",\"response\":{\"header\":{"), "{text}");
}

#[tokio::test]
async fn the_message_id_can_be_named_after_the_response() {
    let text = answer_text(&[Variant::ResponseMessageId]).await;
    assert!(
        text.contains("\"respMsgId\":\"") && !text.contains("reqMsgId"),
        "{text}"
    );
}

#[tokio::test]
async fn members_stand_in_an_order_that_changes() {
    let places = |text: &str| -> Vec<usize> {
        let names = [
            "code",
            "msg",
            "orderAmount",
            "status",
            "currency",
            "version",
        ];
        let mut places: Vec<usize> = (0..names.len()).collect();
        places.sort_by_key(|place| text.find(&format!("\"{}\":", names[*place])));
        places
    };
    let first = places(&answer_text(&[Variant::OrderShuffled]).await);
    for _ in 0..20 {
        if places(&answer_text(&[Variant::OrderShuffled]).await) != first {
            return;
        }
    }
    panic!("the order is always the same");
}

#[tokio::test]
async fn refused_refunds_can_have_all_members() {
    let gateway = start_as(&[Variant::FailureWithMembers]).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let refused = session.refund("o", "r", 101).await;
    assert_eq!(
        (refused.code(), refused.member("orderAmount")),
        (35, 0.into())
    );
    assert_eq!(
        (refused.member("status"), refused.member("currency")),
        (2.into(), "JPY".into())
    );
    assert!(session.query("nowhere").await.member("status").is_null());
}

#[tokio::test]
async fn upper_case_signatures_are_taken_and_wrong_ones_are_not() {
    let gateway = start_as(&[Variant::UpperCaseTaken]).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let in_upper_case = |caller: Caller, number: &str| {
        let document = String::from_utf8(caller.seal(&refund_of("o", number, 10))).unwrap();
        let (rest, signature) = document.split_at(document.len() - 66);
        format!("{rest}{}", signature.to_uppercase()).into_bytes()
    };
    let signed = in_upper_case(shop(), "r");
    assert_eq!(session.call(REFUND, &signed).await.code(), 1);
    let forged = in_upper_case(crate::client::caller("10001", "guessed"), "s");
    assert_eq!(session.call(REFUND, &forged).await.code(), 8);
    assert_eq!(session.drain("o").await, 90);
}

#[tokio::test]
async fn unknown_members_can_be_refused_once_the_signature_holds() {
    let gateway = start_as(&[Variant::StrictMembers]).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let refund = refund_of("o", "r", 10);
    let value = envelope::value_text(&session.caller.request_header(), &refund);
    for (place, code) in [
        ("\"body\":{", 5),
        ("\"header\":{", 5),
        ("{\"header\"", 5),
        ("", 1),
    ] {
        let known = if place == "{\"header\"" {
            value.replacen('{', "{\"unknown\":1,", 1)
        } else {
            value.replacen(place, &format!("{place}\"unknown\":1,"), 1)
        };
        let text = if place.is_empty() { &value } else { &known };
        let document = session.caller.seal_raw(text);
        assert_eq!(
            session.call(REFUND, &document).await.code(),
            code,
            "{place}"
        );
    }
    let mut document = Vec::new();
    let key = crate::client::caller("10001", "guessed").key;
    let unknown = value.replacen("\"body\":{", "\"body\":{\"unknown\":1,", 1);
    envelope::seal_raw(Direction::Request, unknown.as_bytes(), &key, &mut document);
    assert_eq!(session.call(REFUND, &document).await.code(), 8);
    assert_eq!(session.drain("o").await, 90);
}

#[tokio::test]
async fn an_exhausted_order_can_be_called_closed() {
    let gateway = start_as(&[Variant::ExhaustedAs33]).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r1", 101).await.code(), 35);
    assert_eq!(session.refund("o", "r2", 100).await.code(), 1);
    assert_eq!(session.refund("o", "r3", 1).await.code(), 33);
    assert_eq!(session.refund("o", "r2", 100).await.code(), 1);
}

#[tokio::test]
async fn a_number_that_was_refused_can_stay_refused() {
    let gateway = start_as(&[Variant::RemembersRefusals]).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r", 101).await.code(), 35);
    assert_eq!(session.refund("o", "r", 100).await.code(), 31);
    assert_eq!(session.refund("o", "r", 101).await.code(), 35);
    assert_eq!(session.refund("nowhere", "s", 1).await.code(), 30);
    assert_eq!(session.refund("o", "s", 1).await.code(), 1);
    assert_eq!(session.drain("o").await, 99);
}

#[tokio::test]
async fn dealing_tells_status_0_until_a_refund_is_settled() {
    let gateway = start_as(&[Variant::Dealing]).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r", 100).await.member("status"), 0);
    assert_eq!(
        session.refund("o", "s", 1).await.code(),
        35,
        "the money counts"
    );
    sleep(Duration::from_millis(60)).await;
    assert_eq!(session.refund("o", "r", 100).await.member("status"), 1);
    assert_eq!(session.query("o").await.member("status"), 3);
}

#[tokio::test]
async fn dealing_shows_an_order_as_refunded_once_all_of_it_is_settled() {
    let gateway = start_as(&[Variant::Dealing]).await;
    let mut session = Session::open(&gateway, shop()).await;
    // What is seen between the first retry and a second one that both say
    // dealing was seen before it was settled.
    for round in 0..50 {
        let order = format!("o{round}");
        session.pay(&order, 100).await;
        session.refund(&order, &order, 100).await;
        let state = session.query(&order).await.member("status");
        let is_settled = session.refund(&order, &order, 100).await.member("status") == 1;
        if !is_settled {
            assert_eq!(state, 1);
            return;
        }
    }
    panic!("nothing is ever seen dealing");
}

#[tokio::test]
async fn dealing_and_refused_duplicates_go_together() {
    let gateway = start_as(&[Variant::Dealing, Variant::RefuseDuplicates]).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "r", 60).await.member("status"), 0);
    assert_eq!(session.refund("o", "r", 60).await.code(), 31);
    assert_eq!(session.drain("o").await, 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_order_refuses_others_without_effect() {
    let gateway = start_as(&[Variant::Busy]).await;
    let patient = Patient::new(&gateway);
    for round in 0..50 {
        let order = format!("o{round}");
        patient.pay(&order, 1000).await;
        let refunds: Vec<_> = (0..8)
            .map(|index| (order.as_str(), format!("{order}-{index}"), 10))
            .collect();
        let answers = volley(&gateway, &refunds).await.into_iter().flatten();
        let codes: Vec<i64> = answers.map(|answer| answer.code()).collect();
        assert!(codes.iter().all(|code| [1, 22].contains(code)), "{codes:?}");
        let made = codes.iter().filter(|code| **code == 1).count();
        assert_eq!(
            patient.drain(&order).await,
            1000 - 10 * i64::try_from(made).unwrap()
        );
        if codes.contains(&22) {
            return;
        }
    }
    panic!("nobody was ever met");
}

#[tokio::test]
async fn an_unknown_outcome_was_applied_and_its_retry_tells() {
    let gateway = start_as(&[Variant::UnknownApplied]).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    for index in 1..=40 {
        let number = format!("r{index}");
        let code = session.refund("o", &number, 1).await.code();
        assert_eq!(code, if index % 20 == 0 { 9 } else { 1 }, "{index}");
        assert_eq!(session.refund("o", &number, 1).await.code(), 1);
    }
    assert_eq!(session.drain("o").await, 60);
}

/// What becomes of 80 refunds of 1 of an order of 100, and what is left.
async fn unanswered(variant: Variant) -> (Vec<usize>, i64) {
    let gateway = start_as(&[variant]).await;
    let patient = Patient::new(&gateway);
    patient.pay("o", 100).await;
    let mut unanswered = Vec::new();
    for index in 1..=80 {
        let document = patient
            .caller
            .seal(&refund_of("o", &format!("r{index}"), 1));
        let answer = patient.call_once(REFUND, &document).await;
        match answer.filter(|answer| answer.status != 503) {
            Some(answer) => assert_eq!(answer.code(), 1),
            None => unanswered.push(index),
        }
    }
    (unanswered, patient.drain("o").await)
}

#[tokio::test]
async fn dropped_answers_have_effect_every_other_time() {
    let (dropped, left) = unanswered(Variant::DropsAnswers).await;
    assert_eq!(dropped, [20, 40, 60, 80]);
    assert_eq!(left, 100 - 76 - 2);
}

#[tokio::test]
async fn server_errors_have_effect_every_other_time() {
    let (failed, left) = unanswered(Variant::ServerErrors).await;
    assert_eq!(failed, [10, 30, 50, 70]);
    assert_eq!(left, 100 - 76 - 2);
}

#[tokio::test]
async fn a_slow_gateway_answers_later() {
    let gateway = start_as(&[Variant::Slow]).await;
    let mut session = Session::open(&gateway, shop()).await;
    let started = std::time::Instant::now();
    session.pay("o", 100).await;
    assert!(started.elapsed() >= Duration::from_millis(30));
}

#[tokio::test]
async fn a_connection_can_be_closed_after_each_answer() {
    let gateway = start_as(&[Variant::ClosesEach]).await;
    let mut session = Session::open(&gateway, shop()).await;
    let answer = session.refund("nowhere", "r", 1).await;
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(session.client.receive_all().await, "");
}

#[tokio::test]
async fn answers_can_come_in_chunks() {
    let gateway = start_as(&[Variant::ChunkedAnswers]).await;
    let mut session = Session::open(&gateway, shop()).await;
    session.pay("o", 100).await;
    let answer = session.refund("o", "r", 60).await;
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    assert_eq!(answer.header("content-length"), None);
    assert_eq!(answer.member("orderAmount"), 60);
}

#[tokio::test]
async fn what_is_no_call_can_be_refused_in_plain_text() {
    let gateway = start_as(&[Variant::PlainRefusals]).await;
    let mut session = Session::open(&gateway, shop()).await;
    let client = &mut session.client;
    client.send(post("/nowhere", "", b"{}")).await;
    client
        .send("GET /api/common/refund HTTP/1.1\r\nHost: gateway\r\n\r\n")
        .await;
    for (status, text) in [
        (404, "there is no such path"),
        (405, "the method is not POST"),
    ] {
        let answer = client.receive().await.unwrap();
        assert_eq!(answer.status, status);
        assert_eq!(
            answer.header("content-type"),
            Some("text/plain;charset=UTF-8")
        );
        assert_eq!(answer.body, text.as_bytes());
    }
    assert_eq!(session.refund("nowhere", "r", 1).await.code(), 30);
}
