//! A refusal: the code and the words of an answer that is no success.

use super::order::Decline;
use super::store::StoreError;
use crate::protocol::object::ObjectError;
use crate::protocol::{Code, EnvelopeError, FieldError};

/// Why a request is refused. The words are the gateway's own and show nothing
/// of what the request said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The code of the answer.
    pub(super) code: Code,
    /// The same in words, at most 100 characters.
    pub(super) msg: String,
}

impl Refusal {
    /// A refusal with words of its own.
    pub(super) fn new(code: Code, msg: impl Into<String>) -> Self {
        let msg = msg.into();
        debug_assert!(msg.chars().count() <= 100, "{msg}");
        Self { code, msg }
    }

    /// A refusal in the words of the code list.
    pub(super) fn of(code: Code) -> Self {
        Self::new(code, code.meaning().unwrap_or("failure"))
    }
}

impl From<EnvelopeError> for Refusal {
    fn from(error: EnvelopeError) -> Self {
        match error {
            EnvelopeError::NotUtf8 => Self::new(Code::NOT_JSON, "the document is not UTF-8"),
            EnvelopeError::NotJson(_) => {
                Self::new(Code::NOT_JSON, "the document is not valid JSON")
            }
            EnvelopeError::Duplicate(_) => Self::new(
                Code::PARAMETER_ILLEGITIMATE,
                "the envelope has a member twice",
            ),
            EnvelopeError::NotAnObject | EnvelopeError::SignatureNotText => {
                Self::new(Code::PARAMETER_ILLEGITIMATE, error.to_string())
            }
            EnvelopeError::Missing(_) => Self::new(Code::PARAMETER_EMPTY, error.to_string()),
        }
    }
}

impl From<FieldError> for Refusal {
    fn from(error: FieldError) -> Self {
        let code = if error.problem.is_empty() {
            Code::PARAMETER_EMPTY
        } else {
            Code::PARAMETER_ILLEGITIMATE
        };
        Self::new(code, error.to_string())
    }
}

impl Refusal {
    /// The refusal of the member `name`, whose text `raw` is no usable object.
    pub(super) fn of_object(name: &'static str, raw: &str, error: &ObjectError) -> Self {
        let (code, problem) = match error {
            _ if raw == "null" => (Code::PARAMETER_EMPTY, "is null"),
            ObjectError::Duplicate(_) => (Code::PARAMETER_ILLEGITIMATE, "has a member twice"),
            ObjectError::NotAnObject | ObjectError::NotJson(_) => {
                (Code::PARAMETER_ILLEGITIMATE, "is not an object")
            }
        };
        Self::new(code, format!("{name} {problem}"))
    }
}

impl From<Decline> for Refusal {
    fn from(decline: Decline) -> Self {
        Self::of(match decline {
            Decline::OrderUnknown => Code::ORDER_UNKNOWN,
            Decline::NumberTaken => Code::DUPLICATE,
            Decline::NotPaid => Code::ILLEGAL_STATUS,
            Decline::NotPositive => Code::PARAMETER_ILLEGITIMATE,
            Decline::Exceeds => Code::REFUND_EXCEEDS,
            Decline::Closed => Code::ORDER_CLOSED,
            Decline::Busy => Code::UPSTREAM_FAILED,
            Decline::Failed => Code::FAILURE,
        })
    }
}

impl From<StoreError> for Refusal {
    fn from(_: StoreError) -> Self {
        Self::of(Code::SYSTEM_ERROR)
    }
}
