//! The thread that writes the history, so that traffic never waits for a disk
//! unless the disk falls far behind.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// Batches that may wait to be written. Beyond them, traffic waits: evidence
/// is never dropped, and memory stays bounded.
const MOST_WAITING: usize = 64;

/// A writer behind a channel.
pub(super) struct Sink {
    batches: SyncSender<Batch>,
    has_failed: Arc<AtomicBool>,
    writer: Mutex<Option<JoinHandle<io::Result<()>>>>,
}

enum Batch {
    Lines(Vec<u8>),
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

    /// Queues lines. After a failure they are dropped.
    pub(super) fn write(&self, lines: Vec<u8>) {
        // An error means that the writer is gone; `finish` has its reason.
        drop(self.batches.send(Batch::Lines(lines)));
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
    while let Ok(Batch::Lines(lines)) = waiting.recv() {
        if outcome.is_ok() {
            outcome = target.write_all(&lines);
            has_failed.store(outcome.is_err(), Ordering::Relaxed);
        }
    }
    outcome = outcome.and_then(|()| target.flush());
    has_failed.store(outcome.is_err(), Ordering::Relaxed);
    outcome
}
