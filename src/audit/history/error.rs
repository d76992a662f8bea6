//! Why a history can't be judged. A broken recorder must not pass.

use std::io;

use crate::protocol::OrderNo;

/// Why a history can't be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The source failed; the payload is the system's reason.
    #[error("the history can't be read: {0}")]
    Source(#[from] io::Error),
    /// A line is not what a history has there.
    #[error("line {line}: {problem}")]
    Line {
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        problem: Problem,
    },
}

impl HistoryError {
    /// What can be done about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Source(_) => "check that the file exists and may be read",
            Self::Line { problem, .. } => problem.hint(),
        }
    }
}

/// What is wrong with a line of a history.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The first line does not name a schema.
    #[error("the first line is not the schema line of a history")]
    NoSchema,
    /// It names one that this version does not read; the payload is its name.
    #[error("the schema is {0:?}, not \"recoup.history/1\"")]
    OtherSchema(String),
    /// No record; the payload is the parser's reason.
    #[error("not a record of a history: {0}")]
    Malformed(String),
    /// The last line ends in the middle.
    #[error("the last line is cut off")]
    Torn,
    /// More bytes than any record has.
    #[error("the line is longer than any record")]
    TooLong,
    /// An answer that came before its request left.
    #[error("answered at {answered}, which is not after sent at {sent}")]
    AnsweredBeforeSent {
        /// The place of the request.
        sent: u64,
        /// The place of the answer.
        answered: u64,
    },
    /// Two events at one place; the payload is the place.
    #[error("place {0} in the order of events is taken already")]
    PlaceTaken(u64),
    /// A definite outcome without an answer; the payload is its word.
    #[error("the outcome is {0:?}, but no answer came")]
    AnswerMissing(&'static str),
    /// An answer to a request that was not sent.
    #[error("the outcome is \"not-sent\", but an answer came")]
    AnswerToNothing,
    /// An order that no line declares.
    #[error("the order {0} is declared nowhere in this history")]
    UnknownOrder(OrderNo),
    /// An order that two lines declare.
    #[error("the order {0} is declared already")]
    OrderTwice(OrderNo),
    /// A payment below zero.
    #[error("the order {0} was paid less than nothing")]
    NegativePayment(OrderNo),
}

impl Problem {
    /// What can be done about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NoSchema => {
                "start the file with {\"schema\":\"recoup.history/1\",\"duplicates\":\"either\",\"lateFailure\":false}"
            }
            Self::OtherSchema(_) => "convert it with the version of recoup that wrote it",
            Self::Malformed(_) | Self::TooLong => {
                "one JSON object a line: an order, a refund or a query"
            }
            Self::Torn => {
                "the recording was cut off, and what it lost can't be judged: record again"
            }
            Self::AnsweredBeforeSent { .. } | Self::PlaceTaken(_) => {
                "take both places from one counter for the whole recording, the first before the request's first byte, the second after the answer's last"
            }
            Self::AnswerMissing(_) => "write \"unknown\" where no answer came",
            Self::AnswerToNothing => "write \"unknown\" where anything at all was sent",
            Self::UnknownOrder(_) => "write an order line with what was paid for it",
            Self::OrderTwice(_) => "declare each order once; audit separate runs as separate files",
            Self::NegativePayment(_) => "write what was paid, in the currency's smallest unit",
        }
    }
}
