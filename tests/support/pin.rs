//! Pins a message's signed bytes by a snapshot, after a second implementation
//! has agreed with the signature and our own readers have read it back.

use std::borrow::Cow;
use std::fmt::Debug;

use insta::{Settings, assert_snapshot};
use recoup::protocol::envelope::seal;
use recoup::protocol::query::OrderResponse;
use recoup::protocol::refund::RefundResponse;
use recoup::protocol::{
    Answer, Direction, Envelope, FieldError, Object, Reading, RequestHeader, ResponseHeader,
    SignKey,
};
use serde::Serialize;

use crate::second_opinion;

const KEY: &str = "123456";

/// Pins a request, which must be read back as what was written.
pub(crate) fn pin_request<B: Serialize + PartialEq + Debug>(
    name: &str,
    header: &RequestHeader,
    body: &B,
    read: impl Fn(&Object<'_>) -> Result<B, FieldError>,
) {
    let document = sealed(Direction::Request, header, body);
    let value = Object::parse(opened(&document, Direction::Request)).expect("an object");
    let its_header = value.object("header").expect("there is a header");
    assert_eq!(RequestHeader::read(&its_header).as_ref(), Ok(header));
    let its_body = value.object("body").expect("there is a body");
    assert_eq!(read(&its_body).as_ref(), Ok(body));
    pin(name, &document);
}

/// Pins a refund's response, which must be read back as what was written.
pub(crate) fn pin_refund_response(name: &str, header: &ResponseHeader, body: &RefundResponse) {
    let document = sealed(Direction::Response, header, body);
    let answer = Answer::read(opened(&document, Direction::Response)).expect("an answer");
    assert_header(&answer, header);
    assert_eq!(answer.code, Reading::Value(body.code));
    assert_eq!(answer.msg, text(Some(&body.msg)));
    assert_eq!(answer.order_amount, reading(body.order_amount));
    assert_eq!(answer.status, reading(body.status));
    assert_eq!(answer.currency, text(body.currency.as_deref()));
    assert_eq!(answer.order_no, Reading::Absent);
    assert_eq!(answer.partner_order_no, Reading::Absent);
    pin(name, &document);
}

/// Pins a payment's or query's response, which must be read back as what was
/// written.
pub(crate) fn pin_order_response(name: &str, header: &ResponseHeader, body: &OrderResponse) {
    let document = sealed(Direction::Response, header, body);
    let raw = opened(&document, Direction::Response);
    let answer = Answer::read(raw).expect("an answer");
    let order = body.order.as_ref();
    assert_header(&answer, header);
    assert_eq!(answer.code, Reading::Value(body.code));
    assert_eq!(answer.msg, text(Some(&body.msg)));
    assert_eq!(answer.order_no, text(order.map(|order| &*order.order_no)));
    assert_eq!(
        answer.partner_order_no,
        text(order.map(|order| order.partner_order_no.as_str()))
    );
    assert_eq!(
        answer.order_amount,
        reading(order.map(|order| order.order_amount))
    );
    assert_eq!(answer.status, reading(order.map(|order| order.status)));
    assert_eq!(answer.currency, text(order.map(|order| &*order.currency)));
    // `Answer` has no member for these two.
    let value = Object::parse(raw).expect("an object");
    let its_body = value.object("body").expect("there is a body");
    let its_text = |name| its_body.text(name).expect("a text, where it is there");
    assert_eq!(
        its_text("wallet").as_deref(),
        order.map(|order| &*order.wallet)
    );
    assert_eq!(
        its_text("payTime").as_deref(),
        order.and_then(|order| order.pay_time.as_deref())
    );
    pin(name, &document);
}

fn assert_header(answer: &Answer<'_>, header: &ResponseHeader) {
    assert_eq!(answer.partner_no, text(Some(&header.partner_no)));
    assert_eq!(answer.time, text(Some(&header.time.to_string())));
    assert_eq!(answer.sign_type, text(Some("SHA256")));
    assert_eq!(answer.version, text(Some("1.0")));
    assert_eq!(answer.message_id, text(Some(header.message_id.as_str())));
}

fn reading<T>(value: Option<T>) -> Reading<T> {
    value.map_or(Reading::Absent, Reading::Value)
}

fn text(value: Option<&str>) -> Reading<Cow<'_, str>> {
    reading(value.map(Cow::Borrowed))
}

fn sealed<H: Serialize, B: Serialize>(direction: Direction, header: &H, body: &B) -> Vec<u8> {
    let mut document = Vec::new();
    seal(direction, header, body, &key(), &mut document);
    document
}

/// The signed value of a document, as our own reader finds and verifies it.
fn opened(document: &[u8], direction: Direction) -> &str {
    let envelope = Envelope::parse(document, direction).expect("an envelope");
    assert!(
        envelope.is_compact,
        "a deployed client reads the compact layout alone"
    );
    assert_eq!(envelope.verify(&key()), Ok(()));
    let (value, signature) = cut(document);
    assert_eq!(envelope.raw, value);
    assert_eq!(envelope.signature, signature);
    envelope.raw
}

fn key() -> SignKey {
    SignKey::new(KEY).expect("the key is not empty")
}

/// The signed value and its signature by position, as a reader without a JSON
/// parser cuts them.
fn cut(document: &[u8]) -> (&str, &str) {
    std::str::from_utf8(document)
        .ok()
        .and_then(|text| {
            text.strip_prefix("{\"request\":")
                .or_else(|| text.strip_prefix("{\"response\":"))
        })
        .and_then(|rest| rest.strip_suffix("\"}"))
        .and_then(|rest| rest.split_at_checked(rest.len().checked_sub(64)?))
        .and_then(|(rest, signature)| Some((rest.strip_suffix(",\"signature\":\"")?, signature)))
        .expect("a document of the compact layout")
}

/// Asks a second implementation for the signature, then compares with the
/// snapshot. Its last lines say how long the document is and which digest it
/// has, so that no byte hides in white space.
fn pin(name: &str, document: &[u8]) {
    let (value, signature) = cut(document);
    let signed = [value, KEY].concat().into_bytes();
    let digests = second_opinion::sha256(&[signed, document.to_vec()]);
    assert_eq!(
        signature, digests[0],
        "the second implementation signs otherwise"
    );

    let mut settings = Settings::clone_current();
    settings.set_snapshot_path("../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        assert_snapshot!(
            format!("wire__{name}"),
            format!(
                "{}\n\nbytes: {}\nsha256: {}",
                String::from_utf8_lossy(document),
                document.len(),
                digests[1]
            )
        );
    });
}
