//! Writes the history on a thread of its own, so that a slow disk is the
//! traffic's concern only once much is waiting.

use std::io::{self, BufWriter, Write};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::audit::history::{Record, Terms, TextWriter};

/// How many records may wait. Beyond that traffic waits for the disk: evidence
/// is never dropped.
const WAITING: usize = 65_536;

/// A thread that writes records.
#[derive(Debug)]
pub(super) struct Writer {
    records: SyncSender<Record<'static>>,
    thread: JoinHandle<io::Result<()>>,
}

impl Writer {
    pub(super) fn start(sink: Box<dyn Write + Send>, terms: Terms) -> Self {
        let (records, waiting) = sync_channel::<Record<'static>>(WAITING);
        let thread = std::thread::spawn(move || {
            let mut first_error = None;
            let mut writer = match TextWriter::new(BufWriter::with_capacity(1 << 18, sink), terms) {
                Ok(writer) => Some(writer),
                Err(error) => {
                    first_error = Some(error);
                    None
                }
            };
            // After an error the rest is still taken, so that nobody waits.
            for record in waiting {
                if let Some(open) = writer.as_mut()
                    && let Err(error) = open.write(&record)
                {
                    first_error = Some(error);
                    writer = None;
                }
            }
            match (first_error, writer) {
                (Some(error), _) => Err(error),
                (None, Some(writer)) => writer.finish().map(|_| ()),
                (None, None) => Ok(()),
            }
        });
        Self { records, thread }
    }

    pub(super) fn write(&self, record: Record<'static>) {
        // The thread ends only after this sender is gone.
        let _ = self.records.send(record);
    }

    pub(super) fn finish(self) -> io::Result<()> {
        drop(self.records);
        self.thread
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the history's writer crashed")))
    }
}
