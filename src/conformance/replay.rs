//! A recorded request made fresh: the same bytes, but for what a gateway may
//! have seen before.

use std::ops::Range;

use crate::protocol::envelope::EnvelopeError;
use crate::protocol::object::ObjectError;
use crate::protocol::signature::sign;
use crate::protocol::{
    Amount, Direction, Envelope, MessageId, Object, OrderNo, RefundNo, SignKey, Timestamp,
};
use crate::target::Numbers;

/// How far from its run's clock a time can be and still be the run's own.
const OWN_TIME_SECONDS: i64 = 3_600;

/// A recorded request whose signed text can be read, so that parts of it can
/// be replaced.
#[derive(Debug)]
pub struct Renewable<'a> {
    head: &'a [u8],
    text: &'a str,
    value: Range<usize>,
    signature: Range<usize>,
    header: Object<'a>,
    body: Object<'a>,
}

/// Why a request can't be made fresh.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    /// Its body does not stand in it as it is.
    #[error("its body is in chunks, and not one text that could be signed anew")]
    Chunked,
    /// It is no envelope.
    #[error("there is nothing to sign anew, {0}")]
    Envelope(#[from] EnvelopeError),
    /// Its signature did not hold when it was recorded.
    #[error(
        "its signature did not hold as it was recorded, so a right one would make it another request (or is the sign key another one?)"
    )]
    NotSigned,
    /// A part of what is signed can't be read.
    #[error("its {part} {problem}")]
    Part {
        /// `request`, `header` or `body`.
        part: &'static str,
        /// What is wrong with it.
        problem: ObjectError,
    },
}

/// What a request gets instead of what a gateway may have seen.
#[derive(Debug)]
pub struct Renewal<'a> {
    /// The message's id.
    pub message: MessageId,
    /// The refund's number.
    pub refund: RefundNo,
    /// The order's number.
    pub order: OrderNo,
    /// The present time.
    pub time: Timestamp,
    /// The clock of the run that recorded it, where that is known. A time that
    /// is far from it is what the request tests, and stays.
    pub recorded_clock: Option<Timestamp>,
    /// The partner's key.
    pub key: &'a SignKey,
}

impl<'a> Renewable<'a> {
    /// Reads a recorded request.
    ///
    /// # Errors
    /// [`RenewError`] says why it can't be made fresh.
    pub fn read(sent: &'a [u8], body_start: usize, key: &SignKey) -> Result<Self, RenewError> {
        let (head, document) = sent.split_at(body_start.min(sent.len()));
        if header_value(head, "transfer-encoding").is_some() {
            return Err(RenewError::Chunked);
        }
        let envelope = Envelope::parse(document, Direction::Request)?;
        envelope.verify(key).map_err(|_| RenewError::NotSigned)?;
        let text = std::str::from_utf8(document).map_err(|_| EnvelopeError::NotUtf8)?;
        let whole = part("request", text)?;
        let request = part("request", envelope.raw)?;
        let signature = whole
            .get("signature")
            .ok_or(EnvelopeError::Missing("signature"))?;
        Ok(Self {
            head,
            text,
            value: place(text, envelope.raw),
            signature: place(text, signature),
            header: part("header", request.get("header").unwrap_or("null"))?,
            body: part("body", request.get("body").unwrap_or("null"))?,
        })
    }

    /// The amount that it asks for, where that is a whole number.
    pub fn amount(&self) -> Option<Amount> {
        Amount::from_token(self.body.get("orderAmount")?).ok()
    }

    /// The partner that it names, where it names one.
    pub fn partner(&self) -> Option<String> {
        self.header.text("partnerNo").ok()?.map(Into::into)
    }

    /// The request with new numbers, a new time and its signature made anew, and
    /// which of its members are new. What is not as recoup writes it is what the
    /// request tests, and stays.
    pub fn renewed(&self, renewal: &Renewal<'_>) -> (Vec<u8>, Vec<&'static str>) {
        let value = &self.text[self.value.clone()];
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        let mut names: Vec<&'static str> = Vec::new();
        let mut replace = |object: &Object<'_>, name, new: &dyn Fn(&str) -> Option<String>| {
            if let Some(token) = object.get(name)
                && let Some(new) = new(token)
            {
                edits.push((place(value, token), new));
                names.push(name);
            }
        };
        let (order, refund) = (renewal.order.as_str(), renewal.refund.as_str());
        replace(&self.header, "reqMsgId", &|token| {
            message(token, &renewal.message)
        });
        for name in ["requestTime", "reqTime"] {
            replace(&self.header, name, &|token| time_of(token, renewal));
        }
        replace(&self.body, "partnerOrderNo", &|token| {
            number(token, 'o', order)
        });
        replace(&self.body, "refundNo", &|token| number(token, 'r', refund));
        let value = edited(value, edits);
        let signature = format!("\"{}\"", sign(value.as_bytes(), renewal.key));
        let document = edited(
            self.text,
            vec![
                (self.value.clone(), value),
                (self.signature.clone(), signature),
            ],
        );
        let mut bytes = with_length(self.head, self.text.len(), document.len());
        bytes.extend_from_slice(document.as_bytes());
        (bytes, names)
    }
}

fn part<'a>(part: &'static str, text: &'a str) -> Result<Object<'a>, RenewError> {
    Object::parse(text).map_err(|problem| RenewError::Part { part, problem })
}

/// Where a piece of a text stands in it.
fn place(text: &str, piece: &str) -> Range<usize> {
    let start = piece.as_ptr().addr() - text.as_ptr().addr();
    start..start + piece.len()
}

/// The text with these pieces replaced.
fn edited(text: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(place, _)| place.start);
    let mut out = String::with_capacity(text.len() + 64);
    let mut at = 0;
    for (place, new) in edits {
        out.push_str(&text[at..place.start]);
        out.push_str(&new);
        at = place.end;
    }
    out.push_str(&text[at..]);
    out
}

/// A message id in place of one that recoup made.
fn message(token: &str, fresh: &MessageId) -> Option<String> {
    let id: String = serde_json::from_str(token).ok()?;
    let is_ours = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_ours.then(|| spelled_like(token, &id, fresh.as_str()))
}

/// The present time in place of the run's.
fn time_of(token: &str, renewal: &Renewal<'_>) -> Option<String> {
    let text: String = serde_json::from_str(token).ok()?;
    let time = Timestamp::parse(&text).ok()?;
    let is_own = renewal
        .recorded_clock
        .is_none_or(|clock| time.seconds_since(clock).abs() <= OWN_TIME_SECONDS);
    (is_own && time.to_string() == text)
        .then(|| spelled_like(token, &text, &renewal.time.to_string()))
}

/// A fresh number in place of one of recoup's, which may be part of a longer
/// text; in place of the whole text where that is an order of a pool.
fn number(token: &str, kind: char, fresh: &str) -> Option<String> {
    let text: String = serde_json::from_str(token).ok()?;
    let new = match Numbers::find(&text, kind) {
        Some(place) => edited(&text, vec![(place, fresh.to_owned())]),
        None if kind == 'o' && OrderNo::new(&text).is_ok() => fresh.to_owned(),
        None => return None,
    };
    Some(spelled_like(token, &text, &new))
}

/// `new` as a JSON string: every character escaped, where that is how `token`
/// spells its `text`.
fn spelled_like(token: &str, text: &str, new: &str) -> String {
    let units = text.encode_utf16().count();
    if !text.is_empty() && token.len() == 6 * units + 2 {
        let escaped: Vec<String> = new
            .encode_utf16()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect();
        return format!("\"{}\"", escaped.concat());
    }
    serde_json::Value::from(new).to_string()
}

/// The head with another length, where the recorded one was true.
fn with_length(head: &[u8], old: usize, new: usize) -> Vec<u8> {
    match header_value(head, "content-length") {
        Some(value) if head[value.clone()] == *old.to_string().as_bytes() => [
            &head[..value.start],
            new.to_string().as_bytes(),
            &head[value.end..],
        ]
        .concat(),
        _ => head.to_vec(),
    }
}

/// Where the value of the first header `name` stands, without blanks around it.
fn header_value(head: &[u8], name: &str) -> Option<Range<usize>> {
    let mut start = 0;
    for line in head.split(|byte| *byte == b'\n') {
        if let Some(colon) = line.iter().position(|byte| *byte == b':')
            && line[..colon].eq_ignore_ascii_case(name.as_bytes())
        {
            let value = &line[colon + 1..];
            let from = colon + 1 + value.len() - value.trim_ascii_start().len();
            return Some(start + from..start + from + value.trim_ascii().len());
        }
        start += line.len() + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SignKey {
        SignKey::new("123456").unwrap()
    }

    fn request(value: &str) -> Vec<u8> {
        let signature = sign(value.as_bytes(), &key());
        let document = format!("{{ \"request\": {value},\"signature\":\"{signature}\"}}");
        format!(
            "POST / HTTP/1.1\r\nX: 1\r\ncontent-length:  {} \r\n\r\n{document}",
            document.len()
        )
        .into_bytes()
    }

    fn renewed(sent: &[u8]) -> Result<String, RenewError> {
        let body_start = crate::target::schedule::body_start(sent);
        let key = key();
        let renewable = Renewable::read(sent, body_start, &key)?;
        let (bytes, _) = renewable.renewed(&Renewal {
            message: MessageId::new("f".repeat(32)).unwrap(),
            refund: RefundNo::new("rnew").unwrap(),
            order: OrderNo::new("onew").unwrap(),
            time: Timestamp::parse("2027-01-01T00:00:00+00:00").unwrap(),
            recorded_clock: Timestamp::parse("2026-01-01T00:00:00+00:00").ok(),
            key: &key,
        });
        Ok(String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn all_but_numbers_time_length_and_signature_stays_as_it_was() {
        let numbers = Numbers::new(1, "");
        let (order, refund) = (numbers.order(), numbers.refund());
        let value = format!(
            "{{ \"header\":{{\"reqTime\":\"2026-01-01T00:02:00+00:00\",\"reqMsgId\":\"{}\"}},\n \"body\":{{\"refundNo\":\"{refund}xx\",\"orderAmount\":1e2,\"partnerOrderNo\":\"{order}\", \"odd\" :\"{refund}\"}}}}",
            "0".repeat(32)
        );
        let sent = renewed(&request(&value)).unwrap();
        let expected = value
            .replace("2026-01-01T00:02", "2027-01-01T00:00")
            .replace(&"0".repeat(32), &"f".repeat(32))
            .replace(&format!("{refund}xx"), "rnewxx")
            .replace(order.as_str(), "onew");
        assert_eq!(sent.as_bytes(), request(&expected));
    }

    #[test]
    fn what_the_request_tests_stays() {
        let value = r#"{"header":{"reqTime":"2018-01-01T00:00:00+00:00","reqMsgId":""},"body":{"refundNo":"","partnerOrderNo":7}}"#;
        assert_eq!(renewed(&request(value)).unwrap().as_bytes(), request(value));
    }

    #[test]
    fn escaped_numbers_stay_escaped() {
        let order = Numbers::new(1, "").order();
        let escaped: Vec<String> = order
            .as_str()
            .bytes()
            .map(|byte| format!("\\u{byte:04x}"))
            .collect();
        let value = format!(
            "{{\"header\":{{}},\"body\":{{\"partnerOrderNo\":\"{}\"}}}}",
            escaped.concat()
        );
        let sent = renewed(&request(&value)).unwrap();
        assert!(sent.contains(r"\u006f\u006e\u0065\u0077"), "{sent}");
    }

    #[test]
    fn what_can_not_be_signed_anew_says_why() {
        let broken = String::from_utf8(request(r#"{"header":{},"body":{}}"#)).unwrap();
        for (sent, words) in [
            (broken.replace("\"body\"", "\"bode\""), "did not hold"),
            (broken.replace("\"signature\"", "\"sig\""), "no member"),
            (broken.replace("},\"body", "},,\"body"), "not valid JSON"),
            (
                broken.replace("X: 1", "Transfer-Encoding: chunked"),
                "chunks",
            ),
        ] {
            let error = renewed(sent.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        let error = renewed(&request(r#"{"header":{},"body":[]}"#)).unwrap_err();
        assert_eq!(error.to_string(), "its body is not a JSON object");
    }
}
