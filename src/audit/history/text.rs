//! The text form of a history: one JSON object a line, the schema first.

use std::borrow::Cow;
use std::io::{self, BufRead, Read, Write};

use serde::{Deserialize, Serialize};

use super::collected::History;
use super::error::{HistoryError, Problem};
use super::integrity::Integrity;
use super::line::write_refund;
use super::record::{Record, Terms};

/// The only schema there is.
pub const SCHEMA: &str = "recoup.history/1";

/// More bytes than any record has, so that a file without line ends can't
/// take all memory.
const LONGEST_LINE: u64 = 64 * 1024;

#[derive(Serialize, Deserialize)]
struct SchemaLine<'a> {
    schema: Cow<'a, str>,
    #[serde(flatten)]
    terms: Terms,
}

/// Writes a history line by line.
#[derive(Debug)]
pub struct TextWriter<W> {
    sink: W,
    line: Vec<u8>,
}

impl<W: Write> TextWriter<W> {
    /// Writes the first line.
    ///
    /// # Errors
    /// The sink's own.
    pub fn new(sink: W, terms: Terms) -> io::Result<Self> {
        let mut writer = Self {
            sink,
            line: Vec::new(),
        };
        writer.write_with(|line| {
            let schema = SchemaLine {
                schema: SCHEMA.into(),
                terms,
            };
            write_line(&schema, line);
        })?;
        Ok(writer)
    }

    /// Writes one record. Whether it fits the others is not asked here.
    ///
    /// # Errors
    /// The sink's own.
    pub fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.write_with(|line| write_record(record, line))
    }

    fn write_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        self.line.clear();
        write(&mut self.line);
        self.sink.write_all(&self.line)
    }

    /// Flushes, and gives the sink back.
    ///
    /// # Errors
    /// The sink's own.
    pub fn finish(mut self) -> io::Result<W> {
        self.sink.flush()?;
        Ok(self.sink)
    }
}

/// Writes one record's line at the end of `lines`.
pub(in crate::audit) fn write_record(record: &Record<'_>, lines: &mut Vec<u8>) {
    match record {
        Record::Refund(record) => {
            write_refund(record, lines);
            lines.push(b'\n');
        }
        record => write_line(record, lines),
    }
}

fn write_line(line: &impl Serialize, lines: &mut Vec<u8>) {
    serde_json::to_writer(&mut *lines, line)
        .expect("records have string keys and a vector takes every byte");
    lines.push(b'\n');
}

/// Reads a history line by line, and trusts none of it: an error ends it, and
/// what came before must not be judged as a whole history.
///
/// A record may stand before the line that declares its order; members that
/// the form does not know are passed over, and so are empty lines.
#[derive(Debug)]
pub struct TextReader<R> {
    source: R,
    terms: Terms,
    integrity: Integrity,
    buffer: Vec<u8>,
    line: u64,
    ended: bool,
}

impl<R: BufRead> TextReader<R> {
    /// Reads the first line.
    ///
    /// # Errors
    /// [`HistoryError`] where the source fails or is no history of this schema.
    pub fn new(source: R) -> Result<Self, HistoryError> {
        Self::with_integrity(source, Integrity::default())
    }

    /// The same with what is checked beyond single lines.
    pub(in crate::audit) fn with_integrity(
        source: R,
        integrity: Integrity,
    ) -> Result<Self, HistoryError> {
        let mut reader = Self {
            source,
            terms: Terms::default(),
            integrity,
            buffer: Vec::new(),
            line: 0,
            ended: false,
        };
        let found = reader.next_line()?;
        reader.terms = found
            .then_some(reader.buffer.as_slice())
            .ok_or(Problem::NoSchema)
            .and_then(read_schema)
            .map_err(|problem| HistoryError::Line { line: 1, problem })?;
        Ok(reader)
    }

    /// The open points that the history was recorded under.
    pub const fn terms(&self) -> Terms {
        self.terms
    }

    /// The line that was read last, and its number.
    pub(in crate::audit) fn line(&self) -> (u64, &[u8]) {
        (self.line, &self.buffer)
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// The first [`HistoryError`].
    pub fn read_all(self) -> Result<History, HistoryError> {
        History::try_collect(self.terms, self)
    }

    /// Whether there was another line; it is in `buffer`, without its end.
    fn next_line(&mut self) -> Result<bool, HistoryError> {
        self.buffer.clear();
        let read = self
            .source
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut self.buffer)?;
        self.line += 1;
        if read as u64 == LONGEST_LINE && self.buffer.last() != Some(&b'\n') {
            return Err(self.wrong(Problem::TooLong));
        }
        Ok(read > 0)
    }

    fn next_record(&mut self) -> Result<Option<Record<'static>>, HistoryError> {
        loop {
            if !self.next_line()? {
                return self.end().map(|()| None);
            }
            if !self.buffer.trim_ascii().is_empty() {
                break;
            }
        }
        let record: Record<'static> = serde_json::from_slice(&self.buffer).map_err(|error| {
            let torn = error.is_eof() && self.buffer.last() != Some(&b'\n');
            self.wrong(if torn {
                Problem::Torn
            } else {
                Problem::Malformed(error.to_string())
            })
        })?;
        self.integrity
            .check(&record, self.line)
            .map_err(|problem| self.wrong(problem))?;
        Ok(Some(record))
    }

    fn end(&self) -> Result<(), HistoryError> {
        match self.integrity.undeclared() {
            None => Ok(()),
            Some((line, order)) => Err(HistoryError::Line {
                line,
                problem: Problem::UnknownOrder(order.clone()),
            }),
        }
    }

    const fn wrong(&self, problem: Problem) -> HistoryError {
        HistoryError::Line {
            line: self.line,
            problem,
        }
    }
}

impl<R: BufRead> Iterator for TextReader<R> {
    type Item = Result<Record<'static>, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.next_record().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

fn read_schema(line: &[u8]) -> Result<Terms, Problem> {
    /// The name alone, so that another schema is named as such even where its
    /// other members differ.
    #[derive(Deserialize)]
    struct Name {
        schema: String,
    }
    let Name { schema } = serde_json::from_slice(line).map_err(|_| Problem::NoSchema)?;
    if schema != SCHEMA {
        return Err(Problem::OtherSchema(schema));
    }
    serde_json::from_slice::<SchemaLine<'_>>(line)
        .map(|line| line.terms)
        .map_err(|error| Problem::Malformed(error.to_string()))
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
