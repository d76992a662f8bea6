//! What came back for a request, and how far it can be believed.

use serde::{Deserialize, Serialize};

use super::finding::Finding;
use crate::protocol::{
    Answer, Direction, Envelope, EnvelopeError, Object, PlainAnswer, SignKey, signature,
};
use crate::target::connection::AnswerView;
use crate::target::{Ending, Exchange};

/// What came back for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply<'a> {
    /// Nothing of the request was handed to the kernel: the connection was
    /// refused, or failed before the first byte.
    NotSent,
    /// Some or all of the request went out, and no complete HTTP answer came:
    /// a time-out, a reset, a short or ill-framed answer, garbage.
    NoAnswer,
    /// A complete HTTP answer.
    Answered {
        /// Its status.
        http_status: u16,
        /// Its body, as received.
        body: &'a [u8],
    },
}

/// What was kept of a whole exchange.
impl<'a> From<&'a Exchange> for Reply<'a> {
    fn from(exchange: &'a Exchange) -> Self {
        match &exchange.answer {
            Some(answer) => Self::Answered {
                http_status: answer.status,
                body: &answer.body,
            },
            None if exchange.may_have_reached() => Self::NoAnswer,
            None => Self::NotSent,
        }
    }
}

/// What a round trip left in the connection's buffer.
impl<'a> From<&'a Result<AnswerView<'_>, Ending>> for Reply<'a> {
    fn from(outcome: &'a Result<AnswerView<'_>, Ending>) -> Self {
        match outcome {
            Ok(answer) => Self::Answered {
                http_status: answer.status,
                body: answer.body,
            },
            Err(Ending::NotSent(_)) => Self::NotSent,
            Err(_) => Self::NoAnswer,
        }
    }
}

/// What became of an answer's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignatureState {
    /// It holds for the bytes that came.
    Valid,
    /// It does not.
    Invalid,
    /// There is none, or no answer that could have one.
    Missing,
}

/// The members of a response without a signature: a claim, for reports.
fn unsigned(body: &[u8]) -> Option<Answer<'_>> {
    let envelope = Object::parse(std::str::from_utf8(body).ok()?).ok()?;
    Answer::read(envelope.get(Direction::Response.member())?).ok()
}

/// A complete answer, taken apart as far as it goes.
pub(super) struct Opened<'a> {
    pub(super) signature: SignatureState,
    /// Its members, where they can be read; believed only if `signature` is
    /// [`SignatureState::Valid`].
    pub(super) answer: Option<Answer<'a>>,
    pub(super) findings: Vec<Finding>,
}

impl<'a> Opened<'a> {
    pub(super) fn read(http_status: u16, body: &'a [u8], key: &SignKey) -> Self {
        let mut opened = Self {
            signature: SignatureState::Missing,
            answer: None,
            findings: Vec::new(),
        };
        if let Some(plain) = PlainAnswer::read(body) {
            opened.check(plain.raw, &plain.signature, key);
            opened.answer = Some(plain.answer);
        } else {
            opened.read_at_length(body, key);
        }
        let signed = opened.signature == SignatureState::Valid;
        match http_status {
            200..=299 => {}
            429 => opened.findings.push(Finding::Busy),
            400..=499 if signed => {}
            500..=599 => opened.findings.push(Finding::ServerError(http_status)),
            _ => opened
                .findings
                .push(Finding::UnexpectedHttpStatus(http_status)),
        }
        opened
    }

    /// The members of the answer, if it is signed and its HTTP status is one
    /// that an answer of the protocol can have: 2xx, or 4xx for a refusal.
    pub(super) fn proof(&self, http_status: u16) -> Option<&Answer<'a>> {
        let plausible = matches!(http_status, 200..=299 | 400..=499);
        self.answer
            .as_ref()
            .filter(|_| plausible && self.signature == SignatureState::Valid)
    }

    /// What a body is that is not plain, or no answer at all.
    fn read_at_length(&mut self, body: &'a [u8], key: &SignKey) {
        let envelope = match Envelope::parse(body, Direction::Response) {
            Ok(envelope) => envelope,
            Err(error) => {
                self.findings.push(match error {
                    EnvelopeError::NotUtf8 | EnvelopeError::NotJson(_) => Finding::NotJson,
                    EnvelopeError::Missing("signature") => {
                        self.answer = unsigned(body);
                        Finding::MissingSignature
                    }
                    _ => Finding::NotAnEnvelope,
                });
                return;
            }
        };
        self.check(envelope.raw, &envelope.signature, key);
        match Answer::read(envelope.raw) {
            Ok(answer) => self.answer = Some(answer),
            Err(error) => self.findings.push(Finding::NotAnAnswer(error.0)),
        }
    }

    fn check(&mut self, raw: &str, claimed: &str, key: &SignKey) {
        self.signature = if signature::verify(raw.as_bytes(), claimed, key).is_ok() {
            SignatureState::Valid
        } else {
            self.findings.push(Finding::BadSignature);
            SignatureState::Invalid
        };
    }
}
