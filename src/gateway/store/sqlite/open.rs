//! Opening the file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::schema;

/// How long to wait for another process that writes to the file.
const BUSY: Duration = Duration::from_secs(5);

/// A file that can't be used as a store.
#[derive(Debug, thiserror::Error)]
#[error("can't open the store {}: {problem}", path.display())]
pub struct OpenError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: OpenProblem,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum OpenProblem {
    /// Its folder can't be made, or the writer's thread not started.
    #[error(transparent)]
    System(#[from] std::io::Error),
    /// SQLite's own reason.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// It has tables, and they are not a gateway's.
    #[error("it is a database of something else")]
    Foreign,
    /// It was written by another version of this gateway.
    #[error("it has tables of version {0}, and this gateway knows version {known}", known = schema::VERSION)]
    Version(i64),
    /// The file system does not support the write-ahead log.
    #[error("its journal mode is {0:?} and can't be made \"wal\"")]
    JournalMode(String),
}

/// Opens, and where need be creates, the file at `path`.
pub(super) fn open(path: &Path) -> Result<Connection, OpenError> {
    connect(path).map_err(|problem| OpenError {
        path: path.to_owned(),
        problem,
    })
}

fn connect(path: &Path) -> Result<Connection, OpenProblem> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder)?;
    }
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    let mode: String = connection.query_row("PRAGMA journal_mode = wal", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(OpenProblem::JournalMode(mode));
    }
    // FULL: the log is on the disk before a transaction counts as committed,
    // and an answer is sent only after that.
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")?;
    schema::prepare(&mut connection)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_of_something_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.sqlite");
        let other = Connection::open(&path).unwrap();
        other
            .execute_batch("CREATE TABLE notes (text TEXT)")
            .unwrap();
        drop(other);
        assert!(matches!(
            open(&path).unwrap_err().problem,
            OpenProblem::Foreign
        ));
    }

    #[test]
    fn tables_of_a_later_version_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/store.sqlite");
        open(&path)
            .unwrap()
            .execute_batch("PRAGMA user_version = 2")
            .unwrap();
        assert!(matches!(
            open(&path).unwrap_err().problem,
            OpenProblem::Version(2)
        ));
    }

    #[test]
    fn the_tables_refuse_what_a_forgetful_writer_would_write() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open(&folder.path().join("store.sqlite")).unwrap();
        connection
            .execute_batch(
                "INSERT INTO orders VALUES (1, 'p', 'o', 's', 'b', 100, 'JPY', 'now', 100, 0);
                 INSERT INTO refunds VALUES ('p', 'r', 1, 60)",
            )
            .unwrap();
        for forbidden in [
            "UPDATE orders SET refunded = 101",
            "UPDATE orders SET refunded = -1",
            "INSERT INTO refunds VALUES ('p', 'r', 1, 10)",
            "INSERT INTO refunds VALUES ('p', 's', 1, 0)",
            "INSERT INTO refunds VALUES ('p', 's', 2, 10)",
            "INSERT INTO orders VALUES (2, 'p', 'o', 's', 'b', 5, 'JPY', 'now', 5, 0)",
            "INSERT INTO orders VALUES (2, 'p', 'q', 's', 'b', 5, 'JPY', NULL, 5, 0)",
        ] {
            assert!(connection.execute_batch(forbidden).is_err(), "{forbidden}");
        }
        connection
            .execute_batch("UPDATE orders SET refunded = 100")
            .unwrap();
    }
}
