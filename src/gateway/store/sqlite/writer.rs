//! One thread that owns the file, and takes what waits for it in batches.
//!
//! A commit waits for the disk, and that costs the same for one refund as for
//! five hundred. So the thread takes all commands that have queued up while it
//! was waiting, runs them in one transaction, and answers none of them before
//! the commit (group commit). Where anything fails, the whole batch is rolled
//! back and every caller of it is told that the outcome is unknown.

use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::ledger::Ledger;
use super::open::{self, OpenError};
use crate::gateway::order::{Decline, Order, OrderName, Payment, Receipt, Refund};
use crate::gateway::store::contract::{Reply, Store, StoreError};
use crate::protocol::PartnerNo;

/// How many commands one transaction takes at most, so that the first of them
/// does not wait for ever while others keep coming.
const LARGEST_BATCH: usize = 512;

/// A store in a SQLite file. Dropping it waits for the batch under way.
#[derive(Debug)]
pub struct SqliteStore {
    /// `None` only while it is dropped.
    commands: Option<Sender<Command>>,
    writer: Option<JoinHandle<()>>,
}

/// What to do inside the transaction, and how to answer after it.
type Command = Box<dyn FnOnce(&mut Ledger<'_>) -> rusqlite::Result<Answer> + Send>;
/// Sends the answer. Dropped unsent, it tells the caller that there is none.
type Answer = Box<dyn FnOnce() + Send>;

impl SqliteStore {
    /// Opens, and where need be creates, the file at `path`.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the file.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let connection = open::open(path)?;
        let (commands, queue) = mpsc::channel();
        let writer = thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || write_all(connection, &queue))
            .map_err(|error| OpenError {
                path: path.to_owned(),
                problem: error.into(),
            })?;
        Ok(Self {
            commands: Some(commands),
            writer: Some(writer),
        })
    }

    /// Queues `work`; what it answers is sent after the commit.
    fn submit<T, W>(&self, work: W) -> Reply<'_, T>
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
        // Where the writer has gone, the command is dropped, and with it the
        // sender: the caller sees that below.
        let _ = self.commands.as_ref().map(|queue| queue.send(command));
        Box::pin(async move { answered.await.map_err(|_| StoreError) })
    }
}

impl Store for SqliteStore {
    fn pay(&self, payment: Payment) -> Reply<'_, Result<Order, Decline>> {
        self.submit(move |ledger| ledger.pay(payment))
    }

    fn refund(&self, refund: Refund) -> Reply<'_, Result<Receipt, Decline>> {
        self.submit(move |ledger| ledger.refund(&refund))
    }

    fn find(&self, partner: PartnerNo, name: OrderName) -> Reply<'_, Option<Order>> {
        self.submit(move |ledger| ledger.find(&partner, &name))
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        drop(self.commands.take());
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has already answered nobody.
            let _ = writer.join();
        }
    }
}

/// Runs until every sender has gone.
fn write_all(connection: Connection, queue: &Receiver<Command>) {
    // Without its statements the thread ends, and every call is answered with
    // an error; the tables were there when the file was opened.
    let Ok(mut ledger) = Ledger::new(&connection) else {
        return;
    };
    while let Ok(first) = queue.recv() {
        let batch = std::iter::once(first).chain(queue.try_iter().take(LARGEST_BATCH - 1));
        if let Ok(answers) = commit(&connection, &mut ledger, batch) {
            for answer in answers {
                answer();
            }
        }
    }
}

/// Runs a batch in one transaction. On an error nothing of it is kept.
fn commit(
    connection: &Connection,
    ledger: &mut Ledger<'_>,
    batch: impl Iterator<Item = Command>,
) -> rusqlite::Result<Vec<Answer>> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let answers = batch
        .map(|command| command(ledger))
        .collect::<rusqlite::Result<_>>()?;
    transaction.commit()?;
    Ok(answers)
}
