//! The reference gateway as its callers see it: bytes over TCP.
#![expect(clippy::unwrap_used, reason = "a test that finds nothing there fails")]

#[path = "../support/browser.rs"]
#[expect(
    dead_code,
    reason = "shared with the tests of a run's page, which ask more of it"
)]
mod browser;
mod client;
mod crash;
#[path = "../support/postgres.rs"]
mod database;
mod dealing;
mod faults;
mod malformed;
mod money;
mod notification;
mod operations;
mod pay_page;
mod php;
mod postgres;
mod receiver;
mod sandbox;
mod serve;
mod sqlite;
mod tls;
mod transport;
mod variants;
