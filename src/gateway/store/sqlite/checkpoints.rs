//! Writing the log back into the file, beside the writer.
//!
//! A checkpoint copies every page that changed and waits for the disk, and
//! callers would wait with it: so a thread of its own does it. While it works
//! the log grows, and only a log that is written back to its last page can
//! begin anew. So the writer, told that the thread is done, adds the few pages
//! that came meanwhile.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;

use super::open::{self, OpenProblem};

/// After how many pages the log is written back: 32 MiB. Pages that change
/// often are in it many times and are copied once.
const PAGES: usize = 8192;
/// How many pages one commit adds to the log at most, beside one for each of
/// its commands: the ends of the tables, and their roots.
const PAGES_OF_COMMIT: usize = 4;

/// The thread that writes the log back. Dropping it waits for what it is at.
#[derive(Debug)]
pub(super) struct Checkpoints {
    /// `None` only while it is dropped.
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    is_done: Arc<AtomicBool>,
    /// Pages since the log began, or since the thread was woken up.
    pages: usize,
}

impl Checkpoints {
    /// Starts the thread on the file at `path`, which a writer has open.
    ///
    /// # Errors
    /// [`OpenProblem`] where the file can't be opened once more.
    pub(super) fn start(path: &Path) -> Result<Self, OpenProblem> {
        let connection = open::open_for_checkpoints(path)?;
        let (wake, woken) = mpsc::sync_channel(1);
        let is_done = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&is_done);
        let thread = thread::Builder::new()
            .name("sqlite-checkpoints".to_owned())
            .spawn(move || run(&connection, &woken, &done))?;
        Ok(Self {
            wake: Some(wake),
            thread: Some(thread),
            is_done,
            pages: 0,
        })
    }

    /// Takes note of a commit of so many commands on the writer's `connection`.
    pub(super) fn committed(&mut self, connection: &Connection, commands: usize) {
        self.pages += commands + PAGES_OF_COMMIT;
        if self.is_done.swap(false, Ordering::Acquire) {
            write_back(connection);
            self.pages = 0;
        } else if self.pages >= PAGES {
            self.pages = 0;
            // One that is at it still will be told again.
            let _ = self.wake.as_ref().map(|wake| wake.try_send(()));
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        drop(self.wake.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(connection: &Connection, woken: &Receiver<()>, is_done: &AtomicBool) {
    while woken.recv().is_ok() {
        write_back(connection);
        is_done.store(true, Ordering::Release);
    }
}

/// Writes back what can be without waiting for anybody. The log keeps what is
/// not written back: that it can't be costs room, and no refund.
fn write_back(connection: &Connection) {
    let done = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    if let Err(error) = done {
        tracing::warn!(%error, "the store's log can't be written back and grows");
    }
}
