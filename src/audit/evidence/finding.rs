//! What else an answer shows, beside what it proves about money.

use std::fmt;

use crate::protocol::Code;

/// Something about an answer that is not as it should be. None of these is a
/// claim about money; whoever counts or reports them decides what they weigh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finding {
    /// The body is not JSON, or not UTF-8.
    NotJson,
    /// The body is JSON, and no envelope of a response.
    NotAnEnvelope,
    /// The envelope has no signature.
    MissingSignature,
    /// The signature does not hold for the bytes that came.
    BadSignature,
    /// The signed value has no readable object of this name.
    NotAnAnswer(&'static str),
    /// A required member is not there.
    Missing(&'static str),
    /// A member has another type than its clause gives it.
    WrongType(&'static str),
    /// A code that the protocol does not list.
    UndocumentedCode(Code),
    /// A status that the protocol does not list.
    UnknownStatus(i64),
    /// Code 1 says that the call succeeded, the status that it did not.
    ContradictoryStatus(i64),
    /// The answer to a query is about another order.
    OtherOrder,
    /// 429: the gateway turns callers away. Its own affair, no breach.
    Busy,
    /// A 5xx.
    ServerError(u16),
    /// A status that does not fit the body, or that no answer should have.
    UnexpectedHttpStatus(u16),
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => formatter.write_str("the body is not JSON"),
            Self::NotAnEnvelope => formatter.write_str("the body is no response envelope"),
            Self::MissingSignature => formatter.write_str("the answer is not signed"),
            Self::BadSignature => formatter.write_str("the answer's signature does not hold"),
            Self::NotAnAnswer(name) => write!(formatter, "the answer has no object {name:?}"),
            Self::Missing(name) => write!(formatter, "{name} is missing"),
            Self::WrongType(name) => write!(formatter, "{name} has a wrong type"),
            Self::UndocumentedCode(code) => write!(formatter, "code {code}"),
            Self::UnknownStatus(status) => write!(formatter, "status {status} is not listed"),
            Self::ContradictoryStatus(status) => {
                write!(formatter, "code 1 contradicts status {status}")
            }
            Self::OtherOrder => formatter.write_str("the answer is about another order"),
            Self::Busy => formatter.write_str("the gateway is busy (429)"),
            Self::ServerError(status) => write!(formatter, "server error {status}"),
            Self::UnexpectedHttpStatus(status) => {
                write!(formatter, "unexpected HTTP status {status}")
            }
        }
    }
}
