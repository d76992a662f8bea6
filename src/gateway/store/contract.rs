//! What the gateway asks of a store.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use super::memory::MemoryStore;
use super::postgres::{self, PostgresAddress, PostgresStore};
use super::sqlite::{self, SqliteStore};
use crate::gateway::moment::Moment;
use crate::gateway::order::{Choice, Decline, Notice, Order, OrderName, Payment, Receipt, Refund};
use crate::gateway::settings::StoreChoice;
use crate::protocol::PartnerNo;

/// What a store answers, in time.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A store that did not answer. Whether it did what it was asked to is unknown
/// to the caller (code 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the store did not answer")]
pub struct StoreError;

/// A store of orders and refunds. Every call is one atomic step, and what it
/// has answered is kept for as long as the store promises to keep anything.
pub trait Store: Send + Sync {
    /// Makes a payment, or finds it already made. The number of another one
    /// is [`Decline::NumberTaken`].
    fn pay(&self, payment: Payment) -> Reply<'_, Result<Order, Decline>>;

    /// Makes a refund by the rules of
    /// [`decide`](crate::gateway::refunding::decide), or finds it already made.
    fn refund(&self, refund: Refund) -> Reply<'_, Result<Receipt, Decline>>;

    /// Finds an order of `partner`; another partner's is none.
    fn find(&self, partner: PartnerNo, name: OrderName) -> Reply<'_, Option<Order>>;
}

/// What a store keeps of what happens after an answer: refunds that are settled
/// later, orders that are paid later, and notifications. Every call is one
/// atomic step here too, and where several gateways share the store, each thing
/// is done by one of them.
pub trait Deferred: Send + Sync {
    /// Settles refunds that are due at `now`, a bounded number of them. The
    /// amount of one that fails is released in the same step.
    fn settle(&self, now: Moment) -> Reply<'_, Settled>;

    /// Finds the order that is paid on the page with this key.
    fn checkout(&self, key: String) -> Reply<'_, Option<Order>>;

    /// Does what the customer chose on that page, unless the order is paid or
    /// declined already, and gives the order as it is then. A payment's
    /// notification is noted in the same step.
    fn close(&self, key: String, choice: Choice, now: Moment) -> Reply<'_, Option<Order>>;

    /// Takes a notification that is due at `now`, and leaves it to nobody else
    /// before `until`. Those to the receivers in `except` are passed over.
    fn claim(&self, now: Moment, until: Moment, except: Vec<String>) -> Reply<'_, Claimed>;

    /// Says what became of a notification that was taken.
    fn finish(&self, id: i64, delivery: Delivery) -> Reply<'_, ()>;
}

/// What settling came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settled {
    /// How many refunds were settled.
    pub count: usize,
    /// When the next one is due; `None` where there is none.
    pub next: Option<Moment>,
}

/// What there was to take.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claimed {
    /// The notification that was taken.
    pub notice: Option<Notice>,
    /// When the next one is due; `None` where there is none.
    pub next: Option<Moment>,
}

/// What became of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The merchant has it.
    Done,
    /// It is to be tried again, then.
    Again(Moment),
    /// It will not be tried again.
    GivenUp,
}

/// An opened store, as its two sides.
pub struct Opened {
    /// What a call asks for.
    pub store: Arc<dyn Store>,
    /// What happens later; `None` where the store has nothing of it.
    pub deferred: Option<Arc<dyn Deferred>>,
}

impl Opened {
    /// The two sides of one store.
    pub fn of<S: Store + Deferred + 'static>(store: S) -> Self {
        let store = Arc::new(store);
        Self {
            deferred: Some(Arc::clone(&store) as Arc<dyn Deferred>),
            store,
        }
    }
}

/// A store that can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file.
    #[error("can't open the store {}: {problem}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: sqlite::OpenProblem,
    },
    /// A database.
    #[error("can't open the store {address}: {problem}")]
    Postgres {
        /// Where it is.
        address: PostgresAddress,
        /// What is wrong with it.
        problem: postgres::OpenProblem,
    },
}

impl OpenError {
    /// Whether it is not the store that is wrong, but the way to it.
    pub const fn is_out_of_reach(&self) -> bool {
        matches!(
            self,
            Self::Postgres {
                problem: postgres::OpenProblem::OutOfReach(_),
                ..
            }
        )
    }
}

/// Opens the store that was chosen.
///
/// # Errors
/// [`OpenError`] where it can't be used.
pub async fn open(choice: &StoreChoice) -> Result<Opened, OpenError> {
    Ok(match choice {
        StoreChoice::Memory => Opened::of(MemoryStore::default()),
        StoreChoice::Sqlite(path) => {
            let store = SqliteStore::open(path).map_err(|problem| OpenError::Sqlite {
                path: path.clone(),
                problem,
            })?;
            Opened::of(store)
        }
        StoreChoice::Postgres(address) => {
            let opened = PostgresStore::open(address).await;
            Opened::of(opened.map_err(|problem| OpenError::Postgres {
                address: address.clone(),
                problem,
            })?)
        }
    })
}
