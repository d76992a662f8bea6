//! Why a history can't be judged. A broken recorder must not pass.

use std::io;

use crate::protocol::OrderNo;

/// Why a history can't be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The source failed; the payload is the system's reason.
    #[error("the history can't be read: {0}")]
    Source(#[from] io::Error),
    /// It is larger than the memory that may be used, and its parts can't be
    /// written.
    #[error("its parts can't be written to {folder}: {error}")]
    Parts {
        /// Where they were to go.
        folder: String,
        /// The system's reason.
        #[source]
        error: io::Error,
    },
    /// A line is not what a history has there.
    #[error("line {line}: {problem}")]
    Line {
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        problem: Problem,
    },
    /// A block of the binary form is not what a history has there.
    #[error("{}: {problem}", place_of_block(*block))]
    Block {
        /// The block, counted from 1; 0 is the file's head.
        block: u64,
        /// What is wrong with it.
        problem: Problem,
    },
}

fn place_of_block(block: u64) -> String {
    match block {
        0 => "the head".to_owned(),
        block => format!("block {block}"),
    }
}

impl HistoryError {
    /// What can be done about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Source(_) => "check that the file exists and may be read",
            Self::Parts { .. } => {
                "parts take as much room as the history: name a folder that has it with TMPDIR, or raise --memory"
            }
            Self::Line { problem, .. } | Self::Block { problem, .. } => problem.hint(),
        }
    }
}

/// What is wrong with a line or a block of a history.
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
    /// The head names a binary schema that this version does not read; the
    /// payload is its name.
    #[error("the schema is {0:?}, not \"recoup.history.binary/1\"")]
    OtherBinarySchema(String),
    /// The file ends in the middle of something.
    #[error("the file is cut off there")]
    CutOff,
    /// The file ends without its end mark.
    #[error("the file ends without its end mark")]
    NoEnd,
    /// A checksum does not hold.
    #[error("its bytes are not those that were written: the checksum does not hold")]
    Changed,
    /// Another block stands there.
    #[error("block {found} stands there: a block is missing, repeated or moved")]
    OutOfSequence {
        /// Which one, counted from 1.
        found: u64,
    },
    /// The end mark counts something else.
    #[error("the end mark counts other entries than the file holds")]
    OtherTotals,
    /// The file goes on after its end mark.
    #[error("the file goes on after its end mark")]
    AfterEnd,
    /// An entry that is none, or of an order or a stem that was not declared
    /// before it.
    #[error("an entry is none that a history has, or what it names was not declared before it")]
    NoEntry,
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
            Self::OtherBinarySchema(_) => "convert it with the version of recoup that wrote it",
            Self::CutOff | Self::NoEnd => {
                "the recording or a copy of it was cut off, and what is lost can't be judged: copy the whole file, or record again"
            }
            Self::Changed | Self::OutOfSequence { .. } | Self::OtherTotals | Self::AfterEnd => {
                "the file was damaged after it was written: copy it again, or record again"
            }
            Self::NoEntry => "write it with recoup history --format binary",
        }
    }
}
