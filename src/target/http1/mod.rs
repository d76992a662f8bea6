//! HTTP/1.1 answers, parsed from a growing buffer without any I/O.
//!
//! [`AnswerParser`] is told which bytes have come so far and whether more can
//! come. It never guesses: an answer is complete only where its own framing
//! says so, and framing that two readers could take for two things is
//! [`Malformed`].

mod chunks;
mod framing;
mod parser;

pub use parser::{AnswerParser, BodyPlace, Malformed, ParsedAnswer, header_value};
