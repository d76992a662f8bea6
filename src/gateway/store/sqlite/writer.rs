//! One thread that writes, and takes what waits for it in groups.
//!
//! A commit waits for the disk, and that costs the same for one refund as for
//! five hundred. So the thread takes all commands that have queued up while it
//! was waiting, runs them in one transaction, and answers none of them before
//! the commit (group commit). There is no timer: a command that comes alone is
//! a group of its own. Where anything fails, the whole group is rolled back and
//! every caller of it is told that the outcome is unknown.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::checkpoints::Checkpoints;
use super::ledger::Ledger;
use crate::gateway::store::contract::{Reply, StoreError};
use crate::gateway::store::trouble::Trouble;

/// How many commands one transaction takes at most, so that the first of them
/// does not wait for ever while others keep coming.
const LARGEST_GROUP: usize = 512;

/// The thread that writes. Dropping it waits for the group under way.
#[derive(Debug)]
pub(super) struct Writer {
    /// `None` only while it is dropped.
    commands: Option<Sender<Command>>,
    thread: Option<JoinHandle<()>>,
}

/// What to do inside the transaction, and how to answer after it.
type Command = Box<dyn FnOnce(&mut Ledger<'_>) -> rusqlite::Result<Answer> + Send>;
/// Sends the answer. Dropped unsent, it tells the caller that there is none.
type Answer = Box<dyn FnOnce() + Send>;

impl Writer {
    /// Starts the thread on a connection of its own.
    ///
    /// # Errors
    /// The system's, where there can be no further thread.
    pub(super) fn start(
        connection: Connection,
        checkpoints: Checkpoints,
        trouble: Arc<Trouble>,
    ) -> io::Result<Self> {
        let (commands, queue) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || write_all(connection, checkpoints, &queue, &trouble))?;
        Ok(Self {
            commands: Some(commands),
            thread: Some(thread),
        })
    }

    /// Queues `work`; what it answers is sent after the commit.
    pub(super) fn submit<T, W>(&self, work: W) -> Reply<'_, T>
    where
        T: Send + 'static,
        W: FnOnce(&mut Ledger<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let command: Command = Box::new(move |ledger| {
            let done = work(ledger)?;
            Ok(Box::new(move || {
                // A caller that has gone needs no answer.
                let _ = answer.send(done);
            }))
        });
        // Where the thread has gone, the command is dropped, and with it the
        // sender: the caller sees that below.
        let _ = self.commands.as_ref().map(|queue| queue.send(command));
        Box::pin(async move { answered.await.map_err(|_| StoreError) })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.commands.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has already answered nobody.
            let _ = thread.join();
        }
    }
}

/// Runs until every sender has gone.
fn write_all(
    connection: Connection,
    mut checkpoints: Checkpoints,
    queue: &Receiver<Command>,
    trouble: &Trouble,
) {
    // Without its statements the thread ends, and every call is answered with
    // an error; the tables were there when the file was opened.
    let mut ledger = match Ledger::new(&connection) {
        Ok(ledger) => ledger,
        Err(error) => return trouble.tell(error),
    };
    while let Ok(first) = queue.recv() {
        let group = std::iter::once(first).chain(queue.try_iter().take(LARGEST_GROUP - 1));
        match commit(&connection, &mut ledger, group) {
            Ok(answers) => {
                let commands = answers.len();
                answers.into_iter().for_each(|answer| answer());
                checkpoints.committed(&connection, commands);
            }
            Err(error) => trouble.tell(error),
        }
    }
}

/// Runs a group in one transaction. On an error nothing of it is kept.
fn commit(
    connection: &Connection,
    ledger: &mut Ledger<'_>,
    group: impl Iterator<Item = Command>,
) -> rusqlite::Result<Vec<Answer>> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let answers = group
        .map(|command| command(ledger))
        .collect::<rusqlite::Result<_>>()?;
    transaction.commit()?;
    Ok(answers)
}
