//! The lines of a history between traffic and its file: gathered, so that the
//! writer is handed many at once.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use super::part::{PARTS, own_part};
use super::sink::{Batch, Sink};
use crate::audit::history::text::write_record;
use crate::audit::history::{Record, Terms, TextWriter};

/// Lines are handed on when so many bytes of them are there.
const BATCH: usize = 32 * 1024;

/// A history of text.
pub(super) struct Lines {
    sink: Sink,
    parts: Vec<Mutex<Vec<u8>>>,
}

impl Lines {
    /// Lines that go to `target`, the first of them among these.
    pub(super) fn new(target: Box<dyn Write + Send>, terms: Terms) -> Self {
        let sink = Sink::start(target);
        let head = TextWriter::new(Vec::new(), terms)
            .and_then(TextWriter::finish)
            .expect("a vector takes every byte");
        sink.write(Batch::Bytes(head));
        Self {
            sink,
            parts: (0..PARTS).map(|_| Mutex::default()).collect(),
        }
    }

    /// Writes the line of a record.
    pub(super) fn push(&self, record: &Record<'_>) {
        let mut lines = self.parts[own_part()]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        write_record(record, &mut lines);
        if lines.len() >= BATCH {
            let full = std::mem::replace(&mut *lines, Vec::with_capacity(BATCH + 1024));
            drop(lines);
            self.sink.write(Batch::Bytes(full));
        }
    }

    /// Hands on what is left.
    pub(super) fn end(&self) -> &Sink {
        for part in &self.parts {
            let rest = std::mem::take(&mut *part.lock().unwrap_or_else(PoisonError::into_inner));
            self.sink.write(Batch::Bytes(rest));
        }
        &self.sink
    }

    pub(super) const fn sink(&self) -> &Sink {
        &self.sink
    }
}
