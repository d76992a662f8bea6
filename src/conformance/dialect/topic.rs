//! A topic: open points that a few requests answer together.

use std::future::Future;
use std::pin::Pin;

use super::interview::Interview;

/// One open point, and what is asked about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question {
    /// Its stable id.
    pub(super) point: &'static str,
    /// The question in one sentence, for a person.
    pub(super) text: &'static str,
}

/// Asking a topic's questions, to the end or to a silence.
pub(super) type Asking<'a> = Pin<Box<dyn Future<Output = Result<(), Silence>> + Send + 'a>>;

/// Open points that a few requests answer together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Topic {
    /// Its name in labels, `dialect.` and a word.
    pub(super) name: &'static str,
    /// What it finds out.
    pub(super) questions: &'static [Question],
    /// Asks. What is left open when it ends was not observed.
    pub(super) ask: for<'a> fn(&'a mut Interview) -> Asking<'a>,
}

/// Why no more can be asked, in words that complete "not observed, because …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Silence(pub(super) String);
