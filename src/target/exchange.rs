//! One exchange with a gateway, kept byte for byte.

use std::fmt;
use std::time::{Duration, Instant};

use crate::verdict::ExchangeEvidence;

use super::http1::header_value;

/// A complete HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The final status.
    pub status: u16,
    /// The final head's bytes: status line and headers.
    pub head: Vec<u8>,
    /// The body, chunks put together.
    pub body: Vec<u8>,
    /// Whether the connection can be used again.
    pub keep_alive: bool,
}

impl HttpAnswer {
    /// The value of the first header `name`.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        header_value(&self.head, name)
    }
}

/// A step that has a time-out of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Connecting, TLS included.
    Connect,
    /// Writing the request.
    Write,
    /// Waiting for the whole answer.
    Answer,
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Connect => "connecting",
            Self::Write => "sending the request",
            Self::Answer => "waiting for the answer",
        })
    }
}

/// How an exchange ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ending {
    /// With a complete answer.
    #[error("answered")]
    Answered,
    /// Before a byte of the body was handed to the kernel: the gateway can't
    /// have acted. The payload says why.
    #[error("not sent: {0}")]
    NotSent(String),
    /// The other side closed before its answer was complete.
    #[error("closed by the gateway after {0} bytes of the answer")]
    Closed(usize),
    /// The connection was reset.
    #[error("reset by the gateway")]
    Reset,
    /// No complete answer in time.
    #[error("timed out {0}")]
    TimedOut(Phase),
    /// What came is no HTTP.
    #[error("the answer is malformed: {0}")]
    Malformed(String),
    /// More came than any answer of the protocol has a use for.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// We dropped the connection on purpose.
    #[error("abandoned on purpose")]
    Abandoned,
}

/// What was sent, what was received, when, and how it ended.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The request's bytes as they were to be sent.
    pub sent: Vec<u8>,
    /// How many of them were handed to the kernel.
    pub written: usize,
    /// Where the body starts in `sent`.
    pub body_start: usize,
    /// Every byte that came back, interim answers included.
    pub received: Vec<u8>,
    /// The answer, where it was complete.
    pub answer: Option<HttpAnswer>,
    /// How it ended.
    pub ending: Ending,
    /// When the first byte was about to be sent.
    pub started: Instant,
    /// From there to the last byte of the answer, or to the end without one.
    pub took: Duration,
}

impl Exchange {
    /// An exchange that came to nothing, because no connection could be had.
    pub fn not_sent(bytes: Vec<u8>, body_start: usize, ending: Ending, started: Instant) -> Self {
        Self {
            sent: bytes,
            written: 0,
            body_start,
            received: Vec::new(),
            answer: None,
            ending,
            started,
            took: started.elapsed(),
        }
    }

    /// Whether the gateway may have acted on it.
    pub const fn may_have_reached(&self) -> bool {
        !matches!(self.ending, Ending::NotSent(_))
    }

    /// The HTTP status, where there was a complete answer.
    pub fn status(&self) -> Option<u16> {
        self.answer.as_ref().map(|answer| answer.status)
    }

    /// The body of the answer, where it was complete.
    pub fn body(&self) -> Option<&[u8]> {
        self.answer.as_ref().map(|answer| answer.body.as_slice())
    }

    /// The same as evidence for a report.
    pub fn evidence(&self, label: impl Into<String>, url: impl Into<String>) -> ExchangeEvidence {
        ExchangeEvidence {
            label: label.into(),
            url: url.into(),
            sent: self.sent.clone(),
            received: self.received.clone(),
            body_start: self.body_start,
            ending: self.ending.to_string(),
            ..ExchangeEvidence::default()
        }
    }
}
