//! Orders and refunds in a SQLite file: what was answered survives a crash.

mod ledger;
mod open;
mod schema;
mod writer;

pub use open::OpenError;
pub use writer::SqliteStore;
