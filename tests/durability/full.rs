//! A file system that takes no more.
//!
//! It is a limit on the size of the gateway's files, which needs no privilege
//! and can be lifted while the gateway runs: SQLite's writes fail as they do on
//! a full disk.

use crate::gateway::Gateway;
use crate::round::Round;

/// In blocks of 512 bytes: room for the tables and some hundred refunds.
const ROOM: u32 = 600;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_file_system_under_load_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.sqlite");
    let gateway = Gateway::start_limited(&format!("sqlite:{}", file.display()), ROOM);
    let mut round = Round::begin(0, &[gateway.address()]).await;
    let log = folder.path().join("store.sqlite-wal");
    let limit = u64::from(ROOM) * 512;
    // A frame that does not fit is not begun: the log stays short of the limit.
    while std::fs::metadata(&log).map_or(0, |metadata| metadata.len()) + 8192 < limit {
        round.more_answers(10).await;
    }
    round.more_answers(200).await;
    gateway.lift_limit();
    round.more_answers(100).await;
    assert!(
        round.end().await.unknown > 0,
        "some were answered with code 9"
    );
}
