//! The commands as a user meets them: the real binary, real sockets, exit
//! codes and files.

mod baseline;
mod commands;
#[path = "../support/postgres.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    reason = "shared with tests that ask more of it, and unwrap what must be there"
)]
mod database;
mod deploy;
mod dialect;
mod docs;
mod gate;
mod history;
mod load;
mod metrics;
mod orders;
mod repeat;
mod replay;
mod reproduce;
mod scenarios;
mod secrets;
mod selftest;
mod shards;
mod shell;
mod sign;
mod stores;
#[path = "../support/recoup.rs"]
mod support;
mod usage;

/// A load that is long enough to be one, and short enough for a test.
const SHORT: [&str; 6] = ["--duration", "1s", "--warmup", "0s", "--users", "8"];

fn with<'a>(command: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    command.iter().chain(more).copied().collect()
}
