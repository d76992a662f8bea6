//! Where orders and refunds are kept.

mod contract;
mod memory;
mod memory_later;
mod order_book;
mod postgres;
mod sqlite;
mod trouble;

pub use contract::{
    Claimed, Deferred, Delivery, OpenError, Opened, Reply, Settled, Store, StoreError, open,
};
pub use memory::MemoryStore;
pub(super) use order_book::OrderBook;
pub use postgres::{AddressError, OpenProblem as PostgresProblem, PostgresAddress, PostgresStore};
pub use sqlite::{OpenProblem as SqliteProblem, SqliteStore};
