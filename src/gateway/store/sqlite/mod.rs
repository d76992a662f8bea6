//! Orders and refunds in a SQLite file: what was answered survives a crash.

mod checkpoints;
mod find;
mod later;
mod ledger;
mod open;
mod readers;
mod schema;
mod soundness;
mod store;
mod writer;

pub use open::OpenProblem;
pub use store::SqliteStore;
