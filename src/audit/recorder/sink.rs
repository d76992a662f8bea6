//! The thread that writes the history, so that traffic never waits for a disk
//! unless the disk falls far behind.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crate::audit::history::binary::block::{Framing, Kind};

/// Batches that may wait to be written. Beyond them, traffic waits: evidence
/// is never dropped, and memory stays bounded.
const MOST_WAITING: usize = 64;

/// A writer behind a channel.
pub(super) struct Sink {
    batches: SyncSender<Batch>,
    has_failed: Arc<AtomicBool>,
    writer: Mutex<Option<JoinHandle<io::Result<()>>>>,
}

/// What the writer is handed.
pub(super) enum Batch {
    /// Bytes, to be written as they are.
    Bytes(Vec<u8>),
    /// A block with room for its head, to be numbered and sealed.
    Block {
        kind: Kind,
        count: u32,
        bytes: Vec<u8>,
    },
    /// The mark that all blocks are there.
    EndMark,
    /// Nothing follows.
    End,
}

impl Sink {
    pub(super) fn start(target: Box<dyn Write + Send>) -> Self {
        let (batches, waiting) = sync_channel(MOST_WAITING);
        let has_failed = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&has_failed);
        let writer = thread::Builder::new()
            .name("history".to_owned())
            .spawn(move || write_all(target, &waiting, &flag));
        let writer = match writer {
            Ok(handle) => Some(handle),
            Err(_) => {
                // The receiver is gone with the closure, and `finish` says so.
                has_failed.store(true, Ordering::Relaxed);
                None
            }
        };
        Self {
            batches,
            has_failed,
            writer: Mutex::new(writer),
        }
    }

    /// Queues a batch. After a failure it is dropped.
    pub(super) fn write(&self, batch: Batch) {
        // An error means that the writer is gone; `finish` has its reason.
        drop(self.batches.send(batch));
    }

    pub(super) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }

    /// Waits until everything is written and flushed. A second call has
    /// nothing to wait for and succeeds.
    pub(super) fn finish(&self) -> io::Result<()> {
        drop(self.batches.send(Batch::End));
        let writer = self
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match writer {
            Some(handle) => handle
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("the writer panicked"))),
            None if self.has_failed() => Err(io::Error::other("nobody writes the history")),
            None => Ok(()),
        }
    }
}

/// Writes until the end. After a failure it goes on receiving, so that nobody
/// waits for room in the channel.
fn write_all(
    mut target: Box<dyn Write + Send>,
    waiting: &Receiver<Batch>,
    has_failed: &AtomicBool,
) -> io::Result<()> {
    let mut outcome = Ok(());
    let mut framing = Framing::default();
    while let Ok(batch) = waiting.recv() {
        let bytes = match batch {
            Batch::Bytes(bytes) => bytes,
            Batch::Block {
                kind,
                count,
                mut bytes,
            } => {
                framing.seal(kind, count, &mut bytes);
                bytes
            }
            Batch::EndMark => framing.end(),
            Batch::End => break,
        };
        if outcome.is_ok() {
            outcome = target.write_all(&bytes);
            has_failed.store(outcome.is_err(), Ordering::Relaxed);
        }
    }
    outcome = outcome.and_then(|()| target.flush());
    has_failed.store(outcome.is_err(), Ordering::Relaxed);
    outcome
}
