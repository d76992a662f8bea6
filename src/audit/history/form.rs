//! The two forms of a history: text and binary.

use std::io::BufRead;
use std::path::Path;

use super::binary::BinaryReader;
use super::binary::block::FIRST;
use super::collected::History;
use super::error::HistoryError;
use super::record::{Record, Terms};
use super::text::TextReader;

/// How a history is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// One JSON object a line.
    Text,
    /// Records of a fixed size, in checked blocks.
    #[default]
    Binary,
}

impl Form {
    /// The ending of its files.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Text => "ndjson",
            Self::Binary => "bin",
        }
    }

    /// The form that a file's name asks for: `.ndjson` is text, all else
    /// binary. What a file holds is told by its first byte instead.
    pub fn for_name(path: &Path) -> Self {
        if path.extension().is_some_and(|ending| ending == "ndjson") {
            Self::Text
        } else {
            Self::Binary
        }
    }

    /// The form of what a source begins with.
    ///
    /// # Errors
    /// The source's own.
    pub fn of(source: &mut impl BufRead) -> Result<Self, HistoryError> {
        let first = source.fill_buf()?.first().copied();
        Ok(if first == Some(FIRST) {
            Self::Binary
        } else {
            Self::Text
        })
    }
}

/// Reads a history of either form, and trusts none of it: an error ends it,
/// and what came before must not be judged as a whole history.
#[derive(Debug)]
pub enum HistoryReader<R> {
    /// One of text.
    Text(TextReader<R>),
    /// A binary one.
    Binary(BinaryReader<R>),
}

impl<R: BufRead> HistoryReader<R> {
    /// Looks which form it is, and reads its head.
    ///
    /// # Errors
    /// [`HistoryError`] where the source fails or is no history.
    pub fn new(mut source: R) -> Result<Self, HistoryError> {
        Ok(match Form::of(&mut source)? {
            Form::Text => Self::Text(TextReader::new(source)?),
            Form::Binary => Self::Binary(BinaryReader::new(source)?),
        })
    }

    /// The open points that the history was recorded under.
    pub const fn terms(&self) -> Terms {
        match self {
            Self::Text(reader) => reader.terms(),
            Self::Binary(reader) => reader.terms(),
        }
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// The first [`HistoryError`].
    pub fn read_all(self) -> Result<History, HistoryError> {
        History::try_collect(self.terms(), self)
    }
}

impl<R: BufRead> Iterator for HistoryReader<R> {
    type Item = Result<Record<'static>, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Text(reader) => reader.next(),
            Self::Binary(reader) => reader.next(),
        }
    }
}
