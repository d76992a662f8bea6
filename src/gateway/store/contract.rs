//! What the gateway asks of a store.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use super::memory::MemoryStore;
use super::postgres::{self, PostgresAddress, PostgresStore};
use super::sqlite::{self, SqliteStore};
use crate::gateway::order::{Decline, Order, OrderName, Payment, Receipt, Refund};
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
pub async fn open(choice: &StoreChoice) -> Result<Arc<dyn Store>, OpenError> {
    Ok(match choice {
        StoreChoice::Memory => Arc::new(MemoryStore::default()),
        StoreChoice::Sqlite(path) => {
            let store = SqliteStore::open(path).map_err(|problem| OpenError::Sqlite {
                path: path.clone(),
                problem,
            })?;
            Arc::new(store)
        }
        StoreChoice::Postgres(address) => {
            let opened = PostgresStore::open(address).await;
            Arc::new(opened.map_err(|problem| OpenError::Postgres {
                address: address.clone(),
                problem,
            })?)
        }
    })
}
