//! An exchange as evidence: the bytes, and how the connection ended.

use std::ops::Range;

use serde::Serialize;

/// What was sent and received in one exchange, kept byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExchangeEvidence {
    /// What the exchange was for: `pay 1000`, `refund with trailing comma`.
    pub label: String,
    /// The URL that it went to.
    pub url: String,
    /// Every byte that was sent, request line and headers included.
    pub sent: Vec<u8>,
    /// Every byte that came back.
    pub received: Vec<u8>,
    /// Where in `sent` the HTTP body starts.
    pub body_start: usize,
    /// Where in `sent` it differs from the valid request that it was made from,
    /// where that is known; an empty range where something is missing there.
    pub changed: Option<Range<usize>>,
    /// What the answer amounted to: `accepted`, `refused`, `undecided`,
    /// `unanswered` or `not sent`; `None` where nobody asked.
    pub outcome: Option<String>,
    /// The answer in a few words: `code 8`.
    pub answer: Option<String>,
    /// How the connection ended, in words.
    pub ending: String,
    /// The file stem under `exchanges/`, once a report has written it there.
    pub file: Option<String>,
}

impl ExchangeEvidence {
    /// The request line and headers that were sent.
    pub fn sent_head(&self) -> &[u8] {
        self.sent.get(..self.body_start).unwrap_or(&self.sent)
    }

    /// The body that was sent.
    pub fn sent_body(&self) -> &[u8] {
        self.sent.get(self.body_start..).unwrap_or_default()
    }
}

/// The evidence as JSON: bytes as text where they are UTF-8, else as hex.
impl Serialize for ExchangeEvidence {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut members = serializer.serialize_struct("ExchangeEvidence", 9)?;
        members.serialize_field("label", &self.label)?;
        members.serialize_field("url", &self.url)?;
        for (text_name, hex_name, bytes) in [
            ("sent", "sentHex", &self.sent),
            ("received", "receivedHex", &self.received),
        ] {
            match std::str::from_utf8(bytes) {
                Ok(text) => members.serialize_field(text_name, text)?,
                Err(_) => members.serialize_field(hex_name, &hex::encode(bytes))?,
            }
        }
        let changed = self.changed.as_ref().map(|place| [place.start, place.end]);
        members.serialize_field("changed", &changed)?;
        members.serialize_field("outcome", &self.outcome)?;
        members.serialize_field("answer", &self.answer)?;
        members.serialize_field("ending", &self.ending)?;
        members.serialize_field("file", &self.file)?;
        members.end()
    }
}
