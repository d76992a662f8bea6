//! The tables of the file, and which version of them it has.

use rusqlite::{Connection, TransactionBehavior};

use super::open::OpenProblem;

/// The version of the tables that this gateway writes.
pub(super) const VERSION: i64 = 1;

/// Creates the tables in an empty file, or sees that they are there.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), OpenProblem> {
    // Two gateways that open one new file must not both create it.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let tables: i64 =
        transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match version {
        VERSION => {}
        0 if tables == 0 => transaction.execute_batch(include_str!("schema.sql"))?,
        0 => return Err(OpenProblem::Foreign),
        other => return Err(OpenProblem::Version(other)),
    }
    Ok(transaction.commit()?)
}
