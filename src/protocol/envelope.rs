//! The envelope around every message (clauses `envelope.request`,
//! `envelope.response`): one signed value and its signature.

use std::borrow::Cow;

use serde::Serialize;

use super::object::{Object, ObjectError};
use super::signature::{self, SignKey, SignatureError};

/// Which way a message goes, and so what its envelope calls the signed value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From a partner to the gateway.
    Request,
    /// From the gateway to a partner.
    Response,
}

impl Direction {
    /// The name of the member that is signed.
    pub const fn member(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
        }
    }
}

/// An envelope, taken apart and not yet believed.
///
/// ```
/// use recoup::protocol::{Direction, Envelope, SignKey, signature};
///
/// let key = SignKey::new("123456")?;
/// // White space and escapes are part of what is signed.
/// let value = r#"{"header": {"partnerNo":"10001"}, "body":{"refundNo":"a\/b"}}"#;
/// let signature = signature::sign(value.as_bytes(), &key);
/// let document = format!(r#"{{"request":{value},"signature":"{signature}"}}"#);
///
/// let envelope = Envelope::parse(document.as_bytes(), Direction::Request)?;
/// assert_eq!(envelope.raw, value);
/// assert!(envelope.verify(&key).is_ok());
///
/// let forged = document.replace("10001", "10002");
/// let forged = Envelope::parse(forged.as_bytes(), Direction::Request)?;
/// assert!(forged.verify(&key).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Envelope<'a> {
    /// The text of the signed value, byte for byte as on the wire.
    pub raw: &'a str,
    /// The signature that was claimed for it.
    pub signature: Cow<'a, str>,
    /// Whether the document is exactly `{"request":…,"signature":"…"}` in this
    /// order with nothing between: the layout that a deployed client's
    /// verifier needs.
    pub is_compact: bool,
}

/// Why a document is no envelope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Bytes that are not UTF-8.
    #[error("the document is not UTF-8")]
    NotUtf8,
    /// Not JSON; the payload is the parser's reason.
    #[error("the document is not valid JSON: {0}")]
    NotJson(String),
    /// A JSON value of another kind.
    #[error("the document is not a JSON object")]
    NotAnObject,
    /// A member that stands twice, so that two readers could take two values.
    #[error("the envelope has the member {0:?} twice")]
    Duplicate(String),
    /// A member that is not there.
    #[error("the envelope has no member {0:?}")]
    Missing(&'static str),
    /// A signature that is no JSON string.
    #[error("the signature is not a string")]
    SignatureNotText,
}

impl<'a> Envelope<'a> {
    /// Takes a document apart. Nothing is verified yet.
    ///
    /// # Errors
    /// [`EnvelopeError`] names what is missing or ambiguous.
    pub fn parse(document: &'a [u8], direction: Direction) -> Result<Self, EnvelopeError> {
        let text = std::str::from_utf8(document).map_err(|_| EnvelopeError::NotUtf8)?;
        let object = Object::parse(text).map_err(|error| match error {
            ObjectError::NotAnObject => EnvelopeError::NotAnObject,
            ObjectError::Duplicate(name) => EnvelopeError::Duplicate(name),
            ObjectError::NotJson(reason) => EnvelopeError::NotJson(reason),
        })?;
        let raw = object
            .get(direction.member())
            .ok_or_else(|| EnvelopeError::Missing(direction.member()))?;
        let signature = object
            .text("signature")
            .map_err(|_| EnvelopeError::SignatureNotText)?
            .ok_or(EnvelopeError::Missing("signature"))?;
        let is_compact = is_compact(text, direction, raw, &signature);
        Ok(Self {
            raw,
            signature,
            is_compact,
        })
    }

    /// Whether the claimed signature holds for the raw text under `key`.
    ///
    /// # Errors
    /// [`SignatureError`] tells a malformed signature from a wrong one.
    pub fn verify(&self, key: &SignKey) -> Result<(), SignatureError> {
        signature::verify(self.raw.as_bytes(), &self.signature, key)
    }
}

fn is_compact(text: &str, direction: Direction, raw: &str, signature: &str) -> bool {
    text.strip_prefix("{\"")
        .and_then(|rest| rest.strip_prefix(direction.member()))
        .and_then(|rest| rest.strip_prefix("\":"))
        .and_then(|rest| rest.strip_prefix(raw))
        .and_then(|rest| rest.strip_prefix(",\"signature\":\""))
        .and_then(|rest| rest.strip_prefix(signature))
        == Some("\"}")
}

/// The signed value of any message: a header and a body.
#[derive(Serialize)]
struct Message<'a, H, B> {
    header: &'a H,
    body: &'a B,
}

/// Writes a signed envelope to the end of `out`: header and body are written
/// once, signed where they stand, and nothing is copied.
pub fn seal<H: Serialize, B: Serialize>(
    direction: Direction,
    header: &H,
    body: &B,
    key: &SignKey,
    out: &mut Vec<u8>,
) {
    open(direction, out);
    let start = out.len();
    serde_json::to_writer(&mut *out, &Message { header, body })
        .expect("messages have string keys and a vector takes every byte");
    close(start, key, out);
}

/// Writes a signed envelope around `raw`, whose bytes are untouched, to the
/// end of `out`.
pub fn seal_raw(direction: Direction, raw: &[u8], key: &SignKey, out: &mut Vec<u8>) {
    open(direction, out);
    let start = out.len();
    out.extend_from_slice(raw);
    close(start, key, out);
}

pub(super) fn open(direction: Direction, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"");
    out.extend_from_slice(direction.member().as_bytes());
    out.extend_from_slice(b"\":");
}

pub(super) fn close(start: usize, key: &SignKey, out: &mut Vec<u8>) {
    let signature = signature::sign(&out[start..], key);
    out.extend_from_slice(b",\"signature\":\"");
    out.extend_from_slice(signature.as_str().as_bytes());
    out.extend_from_slice(b"\"}");
}

/// The text of the signed value of a header and a body, for callers that
/// spell, sign and wrap it by themselves.
pub fn value_text<H: Serialize, B: Serialize>(header: &H, body: &B) -> String {
    serde_json::to_string(&Message { header, body }).expect("messages have string keys")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SignKey {
        SignKey::new("123456").unwrap()
    }

    #[test]
    fn white_space_around_the_value_is_not_signed_and_within_it_is() {
        let document = b"{ \"request\" :  {\"a\": 1}  , \"signature\":\"x\" }";
        let envelope = Envelope::parse(document, Direction::Request).unwrap();
        assert_eq!(envelope.raw, "{\"a\": 1}");
        assert!(!envelope.is_compact);
    }

    #[test]
    fn what_was_sealed_verifies_and_is_compact() {
        let mut document = Vec::new();
        seal_raw(
            Direction::Response,
            b"{\"a\":[1, 2]}",
            &key(),
            &mut document,
        );
        let envelope = Envelope::parse(&document, Direction::Response).unwrap();
        assert!(envelope.is_compact);
        assert_eq!(envelope.verify(&key()), Ok(()));
    }

    #[test]
    fn a_decoy_deeper_in_the_document_is_not_the_request() {
        let document = br#"{"meta":{"request":{"a":1}},"request":{"b":2},"signature":""}"#;
        let envelope = Envelope::parse(document, Direction::Request).unwrap();
        assert_eq!(envelope.raw, r#"{"b":2}"#);
    }

    #[test]
    fn every_ambiguity_has_its_own_name() {
        let parse = |text: &str| {
            Envelope::parse(text.as_bytes(), Direction::Request)
                .map(|_| ())
                .unwrap_err()
        };
        assert_eq!(parse("[]"), EnvelopeError::NotAnObject);
        assert_eq!(parse("{}"), EnvelopeError::Missing("request"));
        assert_eq!(
            parse(r#"{"request":{}}"#),
            EnvelopeError::Missing("signature")
        );
        assert_eq!(
            parse(r#"{"request":{},"signature":1}"#),
            EnvelopeError::SignatureNotText
        );
        assert_eq!(
            parse(r#"{"request":{},"signature":"","request":{}}"#),
            EnvelopeError::Duplicate("request".to_owned())
        );
        assert!(matches!(
            parse("{\"request\":{},}"),
            EnvelopeError::NotJson(_)
        ));
        assert!(matches!(parse("\u{feff}{}"), EnvelopeError::NotJson(_)));
    }
}
