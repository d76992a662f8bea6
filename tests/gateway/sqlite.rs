//! A gateway over a SQLite file that fails it.

use std::fs;
use std::process::Command;

use rusqlite::Connection;
use tempfile::TempDir;

use crate::client::{Session, shop};
use crate::serve::{Served, command};

/// The argument that names a file in `folder`.
fn store_in(folder: &TempDir) -> String {
    format!("sqlite:{}", folder.path().join("store.sqlite").display())
}

#[tokio::test]
async fn a_locked_file_is_answered_with_code_9_and_told_on_stderr() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(&folder);
    let served = Served::start(&["--store", &store]);
    let mut session = Session::open_at(served.address, shop()).await;
    session.pay("o", 100).await;
    assert_eq!(session.refund("o", "before", 10).await.code(), 1);

    let other = Connection::open(folder.path().join("store.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Every answer of a session is signed, or it would fail.
    assert_eq!(session.refund("o", "while", 10).await.code(), 9);
    assert_eq!(session.query("o").await.code(), 1, "reading goes on");
    other.execute_batch("ROLLBACK").unwrap();

    assert_eq!(session.refund("o", "while", 10).await.code(), 1);
    assert_eq!(session.refund("o", "before", 10).await.code(), 1);
    assert_eq!(session.drain("o").await, 80);
    let said = served.kill();
    let trouble: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("code 9"))
        .collect();
    assert!(trouble[0].contains("database is locked"), "{said}");
    assert_eq!(trouble.len(), 1, "{said}");
}

/// A file system that takes no more, as a limit on the size of the process's
/// files: that needs no privilege, and can be lifted while it runs.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_file_system_is_answered_with_code_9_until_there_is_room_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(&folder);
    // By its signal the limit would end the process; ignored, writing fails.
    let script = "trap '' XFSZ; ulimit -S -f 256; exec \"$@\"";
    let served = command(&["--store", &store]);
    let mut limited = Command::new("sh");
    limited
        .args(["-c", script, "sh"])
        .arg(served.get_program())
        .args(served.get_args());
    let served = Served::spawn(limited);
    let mut session = Session::open_at(served.address, shop()).await;
    session.pay("o", 1_000_000).await;

    let number = |count: usize| format!("{count:032}");
    let mut acknowledged = 0;
    let full = loop {
        match session.refund("o", &number(acknowledged), 1).await.code() {
            1 => acknowledged += 1,
            other => break other,
        }
        assert!(acknowledged < 10_000, "the limit was never met");
    };
    assert_eq!(full, 9);
    assert_eq!(session.query("o").await.code(), 1, "reading goes on");

    let lifted = Command::new("prlimit")
        .arg(format!("--pid={}", served.process.id()))
        .arg("--fsize=unlimited")
        .status();
    assert!(lifted.unwrap().success());
    for count in 0..=acknowledged {
        assert_eq!(session.refund("o", &number(count), 1).await.code(), 1);
    }
    let refunded = i64::try_from(acknowledged).unwrap() + 1;
    assert_eq!(session.drain("o").await, 1_000_000 - refunded);
    let said = served.kill();
    assert!(said.contains("code 9"), "{said}");
}

#[test]
fn a_damaged_file_is_refused_in_one_line_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    fs::write(&path, "these are no books\n".repeat(1_000)).unwrap();
    let before = fs::read(&path).unwrap();
    let output = command(&["--store", &store_in(&folder)]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(output.stdout.is_empty());
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.contains("store.sqlite") && said.contains("damaged"),
        "{said}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn two_gateways_over_one_file_refund_no_more_than_was_paid() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(&folder);
    let gateways = [(); 2].map(|()| Served::start(&["--store", &store]));
    let mut sessions = Vec::new();
    for gateway in &gateways {
        sessions.push(Session::open_at(gateway.address, shop()).await);
    }
    sessions[0].pay("o", 100).await;
    let mut refunded = 0;
    for count in 0..20 {
        let session = &mut sessions[count % 2];
        let code = session.refund("o", &format!("r{count}"), 9).await.code();
        refunded += if code == 1 { 9 } else { 0 };
    }
    assert_eq!(refunded, 99);
    assert_eq!(sessions[1].refund("o", "r0", 9).await.code(), 1);
    assert_eq!(sessions[0].drain("o").await, 1);
}
