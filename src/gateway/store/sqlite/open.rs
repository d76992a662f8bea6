//! Opening the file.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::schema::{self, Content, VERSIONS};
use super::soundness;

/// How long to wait for another process that writes to the file. Twice that is
/// what a caller waits for at most, where a batch is waiting before its own.
const BUSY: Duration = Duration::from_secs(2);

/// How much of the file the writer keeps in memory, in KiB. A refund's number
/// may belong anywhere in its index.
const CACHE_KIB: i64 = 64 * 1024;

/// Why a file can't be used as a store. Where one is given, the file is as it
/// was.
#[derive(Debug, thiserror::Error)]
pub enum OpenProblem {
    /// Its folder can't be made, or a thread not started.
    #[error(transparent)]
    System(#[from] std::io::Error),
    /// SQLite's own reason.
    #[error("{0}")]
    Sqlite(rusqlite::Error),
    /// It does not hold together.
    #[error(
        "it is damaged ({0}); it was left as it is: put a sound copy in its place, or name another file"
    )]
    Damaged(String),
    /// It has tables, and they are not a gateway's.
    #[error("it is a database of something else")]
    Foreign,
    /// It was written by a later version of this gateway.
    #[error(
        "it has tables of version {version}, and this gateway knows versions up to {known}: use the recoup that wrote it, or a later one"
    )]
    Version {
        /// The file's version.
        version: i64,
        /// The last version that is known here.
        known: usize,
    },
    /// The file system does not support the write-ahead log.
    #[error(
        "its journal mode is {0:?} and can't be made \"wal\" (is it on a network file system?)"
    )]
    JournalMode(String),
}

impl From<rusqlite::Error> for OpenProblem {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged(error.to_string())
            }
            _ => Self::Sqlite(error),
        }
    }
}

/// Opens, and where need be creates, the file at `path`. The connection is the
/// one that writes.
pub(super) fn open(path: &Path) -> Result<Connection, OpenProblem> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder)?;
    }
    check_file_of_log(path)?;
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    // Closing would write the log back into the file and delete it: not before
    // the file is known to be a gateway's, and sound.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    let content = Content::of(&connection, VERSIONS.len())?;
    soundness::check_pages(&connection)?;
    if let Content::Tables(version) = content {
        soundness::check_books(&connection, version)?;
    }
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    make_durable(&connection)?;
    schema::migrate(&mut connection, VERSIONS)?;
    Ok(connection)
}

/// Opens a file that is open already, for reading beside the writer.
pub(super) fn open_reader(path: &Path) -> Result<Connection, OpenProblem> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}

/// Opens a file that is open already, for writing its log back.
pub(super) fn open_for_checkpoints(path: &Path) -> Result<Connection, OpenProblem> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.execute_batch("PRAGMA synchronous = FULL")?;
    Ok(connection)
}

/// Refuses a log without its file: SQLite would take the file for new, and
/// delete the log with what was acknowledged in it.
fn check_file_of_log(path: &Path) -> Result<(), OpenProblem> {
    let size = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    let mut log: OsString = path.into();
    log.push("-wal");
    let log = PathBuf::from(log);
    if size(path) == 0 && size(&log) > 0 {
        return Err(OpenProblem::Damaged(format!(
            "it is empty or gone, and its log {} is not",
            log.display()
        )));
    }
    Ok(())
}

/// FULL: the log is on the disk before a transaction counts as committed, and
/// an answer is sent only after that.
fn make_durable(connection: &Connection) -> Result<(), OpenProblem> {
    let mode: String = connection.query_row("PRAGMA journal_mode = wal", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(OpenProblem::JournalMode(mode));
    }
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")?;
    // The log is written back by a thread of its own.
    connection.execute_batch("PRAGMA wal_autocheckpoint = 0")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::hash::{DefaultHasher, Hash, Hasher};

    use super::*;

    /// A folder's files and what is in them, by name.
    fn content_of(folder: &Path) -> BTreeMap<OsString, u64> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        let mut files = BTreeMap::new();
        for entry in entries {
            let bytes = fs::read(entry.path()).unwrap();
            // SQLite makes the index of a log anew whenever it opens one, and
            // leaves an empty log where it was told to write nothing.
            let is_by_the_way = entry.path().extension() == Some("sqlite-shm".as_ref());
            if !is_by_the_way && !bytes.is_empty() {
                let mut hash = DefaultHasher::new();
                bytes.hash(&mut hash);
                files.insert(entry.file_name(), hash.finish());
            }
        }
        files
    }

    /// A file with orders and refunds, closed.
    fn filled(path: &Path) {
        let connection = open(path).unwrap();
        connection
            .execute_batch(
                "WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count LIMIT 500)
                 INSERT INTO orders (id, partner, number, store, barcode, amount, currency, paid_at,
                                     paid, refunded, dealing)
                 SELECT n, 'p', 'o' || n, 's', 'b', 100, 'JPY', 'now', 100, 70, 10 FROM count;
                 INSERT INTO refunds (partner, refund_no, order_id, amount)
                 SELECT 'p', 'r' || id, id, 60 FROM orders;
                 INSERT INTO refunds SELECT 'p', 'later' || id, id, 10, 5, 1 FROM orders;
                 INSERT INTO refunds SELECT 'p', 'failed' || id, id, 40, NULL, 1 FROM orders",
            )
            .unwrap();
    }

    #[test]
    fn a_damaged_file_is_refused_and_not_a_byte_of_it_changes() {
        type Damage = fn(&mut Vec<u8>);
        let damages: [(&str, Damage); 4] = [
            ("its beginning", |bytes| bytes[..16].fill(b'x')),
            ("a page", |bytes| bytes[8192..12288].fill(0xff)),
            ("its end", |bytes| bytes.truncate(bytes.len() / 2)),
            ("all of it", |bytes| bytes.fill(b'?')),
        ];
        for (what, damage) in damages {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("store.sqlite");
            filled(&path);
            let mut bytes = fs::read(&path).unwrap();
            damage(&mut bytes);
            fs::write(&path, bytes).unwrap();
            let before = content_of(folder.path());
            let problem = open(&path).unwrap_err();
            assert!(
                matches!(problem, OpenProblem::Damaged(_)),
                "{what}: {problem}"
            );
            assert_eq!(content_of(folder.path()), before, "{what}");
        }
    }

    #[test]
    fn books_that_do_not_add_up_are_refused() {
        for wrong in [
            "UPDATE orders SET refunded = 50 WHERE id = 7",
            "UPDATE orders SET dealing = 0 WHERE id = 7",
            "DELETE FROM refunds WHERE order_id = 7",
            "UPDATE refunds SET amount = 61 WHERE refund_no = 'r7'",
            "UPDATE refunds SET fails = 0 WHERE refund_no = 'failed7'",
            "UPDATE refunds SET due = NULL WHERE refund_no = 'later7'",
            "PRAGMA foreign_keys = OFF; DELETE FROM orders WHERE id = 7",
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("store.sqlite");
            filled(&path);
            let connection = Connection::open(&path).unwrap();
            connection.execute_batch(wrong).unwrap();
            drop(connection);
            let before = content_of(folder.path());
            let problem = open(&path).unwrap_err();
            assert!(matches!(problem, OpenProblem::Damaged(_)), "{wrong}");
            assert_eq!(content_of(folder.path()), before, "{wrong}");
        }
    }

    #[test]
    fn a_file_of_the_first_version_keeps_its_books_and_gets_the_new_tables() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.sqlite");
        let mut connection = Connection::open(&path).unwrap();
        schema::migrate(&mut connection, &VERSIONS[..1]).unwrap();
        connection
            .execute_batch(
                "INSERT INTO orders VALUES (1, 'p', 'o', 's', 'b', 100, 'JPY', 'now', 100, 60);
                 INSERT INTO refunds VALUES ('p', 'r', 1, 60)",
            )
            .unwrap();
        drop(connection);
        for _ in 0..2 {
            let connection = open(&path).unwrap();
            let settled: i64 = connection
                .query_row("SELECT refunded - dealing FROM orders", [], |row| {
                    row.get(0)
                })
                .unwrap();
            assert_eq!(settled, 60);
        }
    }

    #[test]
    fn a_log_that_outlived_its_file_is_not_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.sqlite");
        let log = folder.path().join("store.sqlite-wal");
        fs::write(&log, [7; 4096]).unwrap();
        let problem = open(&path).unwrap_err();
        assert!(matches!(problem, OpenProblem::Damaged(_)), "{problem}");
        assert_eq!(fs::read(&log).unwrap(), [7; 4096]);
        assert!(!path.exists());
    }

    #[test]
    fn a_log_that_was_not_written_back_stays_where_the_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.sqlite");
        let writer = open(&path).unwrap();
        writer.execute_batch("PRAGMA user_version = 9").unwrap();
        // As a crash leaves it: the log holds what the file does not.
        let crashed = tempfile::tempdir().unwrap();
        for file in content_of(folder.path()).keys() {
            fs::copy(folder.path().join(file), crashed.path().join(file)).unwrap();
        }
        drop(writer);
        let before = content_of(crashed.path());
        assert_eq!(before.len(), 2, "the file and its log");
        let problem = open(&crashed.path().join("store.sqlite")).unwrap_err();
        assert!(matches!(problem, OpenProblem::Version { version: 9, .. }));
        assert_eq!(content_of(crashed.path()), before);
    }

    #[test]
    fn a_database_of_something_else_is_left_alone() {
        for version in [0, 1] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("other.sqlite");
            let other = Connection::open(&path).unwrap();
            other
                .execute_batch("CREATE TABLE notes (text TEXT)")
                .unwrap();
            other.pragma_update(None, "user_version", version).unwrap();
            drop(other);
            let before = content_of(folder.path());
            assert!(matches!(open(&path).unwrap_err(), OpenProblem::Foreign));
            assert_eq!(content_of(folder.path()), before);
        }
    }

    #[test]
    fn tables_of_a_later_version_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/store.sqlite");
        open(&path)
            .unwrap()
            .execute_batch("PRAGMA user_version = 3")
            .unwrap();
        let problem = open(&path).unwrap_err().to_string();
        assert!(
            problem.contains("version 3") && problem.contains("up to 2"),
            "{problem}"
        );
    }

    #[test]
    fn the_tables_refuse_what_a_forgetful_writer_would_write() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open(&folder.path().join("store.sqlite")).unwrap();
        connection
            .execute_batch(
                "INSERT INTO orders (id, partner, number, store, barcode, amount, currency, paid_at, paid)
                 VALUES (1, 'p', 'o', 's', 'b', 100, 'JPY', 'now', 100);
                 INSERT INTO refunds VALUES ('p', 'r', 1, 60, NULL, 0)",
            )
            .unwrap();
        for forbidden in [
            "UPDATE orders SET refunded = 101",
            "UPDATE orders SET refunded = -1",
            "UPDATE orders SET dealing = 1",
            "UPDATE orders SET dealing = -1",
            "UPDATE orders SET declined = 1",
            "INSERT INTO refunds VALUES ('p', 'r', 1, 10, NULL, 0)",
            "INSERT INTO refunds VALUES ('p', 's', 1, 0, NULL, 0)",
            "INSERT INTO refunds VALUES ('p', 's', 2, 10, NULL, 0)",
            "INSERT INTO refunds VALUES ('p', 's', 1, 10, NULL, 2)",
            "INSERT INTO orders (id, partner, number, store, barcode, amount, currency, paid_at, paid)
             VALUES (2, 'p', 'o', 's', 'b', 5, 'JPY', 'now', 5)",
            "INSERT INTO orders (id, partner, number, store, barcode, amount, currency, paid)
             VALUES (2, 'p', 'q', 's', 'b', 5, 'JPY', 5)",
        ] {
            assert!(connection.execute_batch(forbidden).is_err(), "{forbidden}");
        }
        connection
            .execute_batch("UPDATE orders SET refunded = 100")
            .unwrap();
    }
}
