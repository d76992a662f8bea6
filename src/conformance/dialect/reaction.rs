//! How a gateway reacts to a refund, as far as the dialect asks.

use crate::audit::{Money, SignatureState};
use crate::conformance::probe::Reply;
use crate::protocol::{Code, Effect};

/// Taken, refused, or neither for certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reaction {
    /// The refund was accepted.
    Taken,
    /// It was refused; by this code, where the answer has one, or else under
    /// this HTTP status.
    Refused(Refusal),
    /// The answer leaves it open; the text says what came.
    Open(String),
}

/// What a refusal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A code of the protocol.
    Code(Code),
    /// An HTTP status alone.
    Status(u16),
}

impl Reaction {
    /// The reaction that an answer shows. A refusal counts as one also where
    /// its signature does not hold: nothing about money rests on it here.
    pub(super) fn of(reply: &Reply) -> Self {
        if reply.took_effect() {
            return Self::Taken;
        }
        let status = reply.exchange.status();
        match (reply.evidence.money, reply.evidence.code, status) {
            (
                Money::NoAmount | Money::NoState | Money::NoOther | Money::Duplicate,
                Some(code),
                _,
            ) => Self::Refused(Refusal::Code(code)),
            (Money::Maybe, Some(code), Some(200..=299 | 400..=499))
                if code != Code::SUCCESS && is_refusal(reply, code) =>
            {
                Self::Refused(Refusal::Code(code))
            }
            (Money::Maybe, None, Some(status @ (400..=428 | 430..=499))) => {
                Self::Refused(Refusal::Status(status))
            }
            _ => Self::Open(brief(reply)),
        }
    }
}

/// Whether a failure's code that proves nothing means a refusal all the same:
/// it is unsigned, or on no list.
fn is_refusal(reply: &Reply, code: Code) -> bool {
    match code.meaning() {
        None => true,
        Some(_) => {
            reply.evidence.signature != SignatureState::Valid && code.effect() == Effect::None
        }
    }
}

impl Refusal {
    /// A stable word for it: the code's number, or the status as `http-415`.
    pub(super) fn word(self) -> String {
        match self {
            Self::Code(code) => code.0.to_string(),
            Self::Status(status) => format!("http-{status}"),
        }
    }

    /// The same in words: `with code 5`.
    pub(super) fn phrase(self) -> String {
        match self {
            Self::Code(code) => format!("with code {}", code.0),
            Self::Status(status) => format!("with HTTP status {status}"),
        }
    }
}

/// What came back, in as few words as will do.
pub(super) fn brief(reply: &Reply) -> String {
    match (reply.evidence.code, reply.exchange.status()) {
        (Some(code), _) => format!("code {}", code.0),
        (None, Some(status)) => format!("HTTP status {status}"),
        (None, None) => reply.exchange.ending.to_string(),
    }
}
