//! What an answer gives away that it should keep.

use crate::protocol::{Direction, Envelope, signature};
use crate::target::Caller;

use super::probe::Reply;

/// What stands in the traces that servers print when they break.
const TRACES: &[&str] = &[
    "Traceback (most recent call last)",
    "\tat java.",
    "\\tat ",
    "\n    at ",
    "\\n    at ",
    "goroutine ",
    "panicked at",
    "Stack trace:",
    ".php on line",
    ".php:",
    ".java:",
    ".py\\\", line",
    "System.NullReferenceException",
    "java.lang.",
    "SQLSTATE[",
];

/// A key of fewer characters, or of digits alone, turns up by chance in
/// numbers, times and hexadecimal digits; it is looked for behind the text
/// that it signs alone.
const TELLING_KEY: usize = 12;

/// What of the gateway's inside `body` shows.
pub(super) fn trace(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    TRACES
        .iter()
        .find(|trace| text.contains(**trace))
        .map(|trace| format!("the answer shows the gateway's inside ({:?})", trace.trim()))
}

/// What of the partner's secrets an answer shows: the key, or the signature
/// that a request lacked. With either, whoever sent it can sign.
pub(super) fn secret(caller: &Caller, reply: &Reply) -> Option<String> {
    let received = &reply.exchange.received;
    if shows_key(received, caller.partner.key.expose()) {
        return Some("the answer shows the sign key".to_owned());
    }
    let lacked = lacked_signature(caller, &reply.exchange.sent[reply.exchange.body_start..])?;
    let shown = received.to_ascii_lowercase();
    contains(&shown, lacked.as_bytes())
        .then(|| "the answer shows the signature that the request should have had".to_owned())
}

/// The signature that a request should have had, where it has another one.
fn lacked_signature(caller: &Caller, document: &[u8]) -> Option<String> {
    let envelope = Envelope::parse(document, Direction::Request).ok()?;
    let right = signature::sign(envelope.raw.as_bytes(), &caller.partner.key);
    (!envelope
        .signature
        .to_ascii_lowercase()
        .contains(right.as_str()))
    .then(|| right.as_str().to_owned())
}

fn shows_key(received: &[u8], key: &[u8]) -> bool {
    if key.len() >= TELLING_KEY && !key.iter().all(u8::is_ascii_digit) {
        return contains(received, key);
    }
    contains(received, &[b"}", key].concat())
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_key_counts_only_where_it_was_hashed() {
        assert!(shows_key(br#"hashed {\"a\":1}}123456"#, b"123456"));
        assert!(!shows_key(
            br#""respTime":"12:00:00.123456+00:00""#,
            b"123456"
        ));
        assert!(!shows_key(br#"{"orderAmount":123456}"#, b"123456"));
        assert!(shows_key(
            b"key=correct-horse-battery",
            b"correct-horse-battery"
        ));
    }

    #[test]
    fn a_stack_trace_is_told_from_an_answer() {
        for shown in [
            "java.lang.NullPointerException\n\tat com.example.Refund",
            "at com.example.Refund.pay(Refund.java:214)",
            r#"File \"/srv/refund.py\", line 214"#,
        ] {
            assert!(trace(shown.as_bytes()).is_some(), "{shown}");
        }
        assert!(trace(br#"{"response":{"body":{"code":5,"msg":"pay at the till"}}}"#).is_none());
    }
}
