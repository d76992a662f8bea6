//! The lines of a history between traffic and its file: gathered, so that the
//! writer is handed many at once.

use std::io;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::sink::Sink;
use crate::audit::history::text::write_record;
use crate::audit::history::{Record, Terms, TextWriter};

/// Lines are handed on when so many bytes of them are there.
const BATCH: usize = 32 * 1024;
/// In how many parts lines are gathered, so that two threads seldom meet.
const PARTS: usize = 16;

/// Where the lines of a recording go; nowhere, if nobody wants them.
pub(super) struct Lines(Option<Gathered>);

struct Gathered {
    sink: Sink,
    parts: Vec<Mutex<Vec<u8>>>,
    next: AtomicUsize,
}

impl Lines {
    /// Lines that go to `target`, the first of them among these.
    pub(super) fn new(target: Option<Box<dyn Write + Send>>, terms: Terms) -> Self {
        Self(target.map(|target| {
            let sink = Sink::start(target);
            let head = TextWriter::new(Vec::new(), terms)
                .and_then(TextWriter::finish)
                .expect("a vector takes every byte");
            sink.write(head);
            Gathered {
                sink,
                parts: (0..PARTS).map(|_| Mutex::default()).collect(),
                next: AtomicUsize::new(0),
            }
        }))
    }

    /// Writes the line of a record.
    pub(super) fn push(&self, record: &Record<'_>) {
        let Some(gathered) = &self.0 else { return };
        let part = gathered.next.fetch_add(1, Ordering::Relaxed) % PARTS;
        let mut lines = gathered.parts[part]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        write_record(record, &mut lines);
        if lines.len() >= BATCH {
            let full = std::mem::replace(&mut *lines, Vec::with_capacity(BATCH + 1024));
            drop(lines);
            gathered.sink.write(full);
        }
    }

    /// Whether writing has failed.
    pub(super) fn has_failed(&self) -> bool {
        self.0
            .as_ref()
            .is_some_and(|gathered| gathered.sink.has_failed())
    }

    /// Hands on what is left and waits until all of it is written.
    ///
    /// # Errors
    /// What writing failed with.
    pub(super) fn finish(&self) -> io::Result<()> {
        let Some(gathered) = &self.0 else {
            return Ok(());
        };
        for part in &gathered.parts {
            let rest = std::mem::take(&mut *part.lock().unwrap_or_else(PoisonError::into_inner));
            gathered.sink.write(rest);
        }
        gathered.sink.finish()
    }
}
