//! Threads that read beside the writer, each on a connection of its own.
//!
//! A reader sees what is committed, and a commit counts only once it is on the
//! disk: so nothing is shown that a crash could take back, and whatever was
//! answered before a question was asked is seen by it.

use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::find::Finder;
use super::open::{self, OpenProblem};
use crate::gateway::order::{Order, OrderName};
use crate::gateway::store::contract::{Reply, StoreError};
use crate::gateway::store::trouble::Trouble;
use crate::protocol::PartnerNo;

/// How many threads read: what they look up is seldom on the disk alone, so
/// more would only take turns.
const READERS: usize = 2;

/// The threads that read. Dropping them waits for what they are reading.
#[derive(Debug)]
pub(super) struct Readers {
    /// `None` only while they are dropped.
    questions: Option<Sender<Question>>,
    threads: Vec<JoinHandle<()>>,
}

/// What is to be looked up, and told to who wants to know.
type Question = Box<dyn FnOnce(&mut Finder<'_>) -> rusqlite::Result<()> + Send>;

impl Readers {
    /// Starts the threads on the file at `path`, which a writer has open.
    ///
    /// # Errors
    /// [`OpenProblem`] where the file can't be read.
    pub(super) fn start(path: &Path, trouble: &Arc<Trouble>) -> Result<Self, OpenProblem> {
        let (questions, queue) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        let mut readers = Self {
            questions: Some(questions),
            threads: Vec::with_capacity(READERS),
        };
        for _ in 0..READERS {
            let connection = open::open_reader(path)?;
            let (queue, trouble) = (Arc::clone(&queue), Arc::clone(trouble));
            let thread = thread::Builder::new()
                .name("sqlite-reader".to_owned())
                .spawn(move || read_all(&connection, &queue, &trouble))?;
            readers.threads.push(thread);
        }
        Ok(readers)
    }

    /// Finds an order of `partner`.
    pub(super) fn find(&self, partner: PartnerNo, name: OrderName) -> Reply<'_, Option<Order>> {
        self.ask(move |finder| finder.find(&partner, &name))
    }

    /// Looks something up.
    pub(super) fn ask<T, W>(&self, look: W) -> Reply<'_, T>
    where
        T: Send + 'static,
        W: FnOnce(&mut Finder<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let question: Question = Box::new(move |finder| {
            // An asker that has gone needs no answer.
            let _ = answer.send(look(finder)?);
            Ok(())
        });
        // Where the threads have gone, the question is dropped, and the asker
        // sees that below.
        let _ = self.questions.as_ref().map(|queue| queue.send(question));
        Box::pin(async move { answered.await.map_err(|_| StoreError) })
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        drop(self.questions.take());
        for thread in self.threads.drain(..) {
            // A thread that panicked has already answered nobody.
            let _ = thread.join();
        }
    }
}

/// Runs until every sender has gone.
fn read_all(connection: &Connection, queue: &Mutex<Receiver<Question>>, trouble: &Trouble) {
    let mut finder = match Finder::new(connection) {
        Ok(finder) => finder,
        Err(error) => return trouble.tell(error),
    };
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok(look) = next() {
        if let Err(error) = look(&mut finder) {
            trouble.tell(error);
        }
    }
}
