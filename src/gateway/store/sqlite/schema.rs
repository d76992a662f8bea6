//! The tables of the file, and how a file of an earlier version gets them.

use rusqlite::{Connection, TransactionBehavior};

use super::open::OpenProblem;

/// What each version adds to the one before, the first to an empty file. The
/// file's `user_version` says how many of them it has.
pub(super) const VERSIONS: &[&str] =
    &[include_str!("version_1.sql"), include_str!("version_2.sql")];

/// What stands in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing yet.
    Empty,
    /// The tables of a gateway that knew so many versions.
    Tables(usize),
}

impl Content {
    /// Looks at a file, and changes nothing.
    ///
    /// # Errors
    /// [`OpenProblem`] where it is somebody else's, or a later gateway's.
    pub(super) fn of(connection: &Connection, known: usize) -> Result<Self, OpenProblem> {
        let number = |query: &str| connection.query_row(query, [], |row| row.get::<_, i64>(0));
        let version = number("PRAGMA user_version")?;
        let tables = number("SELECT count(*) FROM sqlite_schema")?;
        let ours = number(
            "SELECT count(*) FROM sqlite_schema
             WHERE type = 'table' AND name IN ('orders', 'refunds')",
        )?;
        match usize::try_from(version) {
            Ok(0) if tables == 0 => Ok(Self::Empty),
            Ok(1..) if ours != 2 => Err(OpenProblem::Foreign),
            Ok(version @ 1..) if version <= known => Ok(Self::Tables(version)),
            Ok(1..) => Err(OpenProblem::Version { version, known }),
            _ => Err(OpenProblem::Foreign),
        }
    }

    const fn version(self) -> usize {
        match self {
            Self::Empty => 0,
            Self::Tables(version) => version,
        }
    }
}

/// Brings the file to the last of `versions`, in one step or not at all.
pub(super) fn migrate(connection: &mut Connection, versions: &[&str]) -> Result<(), OpenProblem> {
    if Content::of(connection, versions.len())?.version() == versions.len() {
        return Ok(());
    }
    // Two gateways that open one new file must not both create it: what counts
    // is what stands there once the lock is held.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let present = Content::of(&transaction, versions.len())?.version();
    for statements in &versions[present..] {
        transaction.execute_batch(statements)?;
    }
    let known = i64::try_from(versions.len()).expect("there are few versions");
    transaction.pragma_update(None, "user_version", known)?;
    Ok(transaction.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEXT: &str = "ALTER TABLE orders ADD COLUMN note TEXT";
    const BROKEN: &str = "ALTER TABLE orders ADD COLUMN more TEXT; SELECT nothing FROM nowhere";

    fn version(connection: &Connection) -> i64 {
        connection
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .unwrap()
    }

    fn has_column(connection: &Connection, column: &str) -> bool {
        connection
            .prepare(&format!("SELECT {column} FROM orders"))
            .is_ok()
    }

    #[test]
    fn a_file_of_an_earlier_version_is_brought_to_this_one() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &VERSIONS[..1]).unwrap();
        assert_eq!(version(&connection), 1);
        migrate(&mut connection, &[VERSIONS[0], NEXT]).unwrap();
        assert_eq!(version(&connection), 2);
        assert!(has_column(&connection, "note"));
    }

    #[test]
    fn a_migration_that_fails_leaves_the_file_as_it_was() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &VERSIONS[..1]).unwrap();
        assert!(migrate(&mut connection, &[VERSIONS[0], NEXT, BROKEN]).is_err());
        assert_eq!(version(&connection), 1);
        assert!(!has_column(&connection, "note"));
    }
}
