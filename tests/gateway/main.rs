//! The reference gateway as its callers see it: bytes over TCP.
#![expect(clippy::unwrap_used, reason = "a test that finds nothing there fails")]

mod client;
mod crash;
#[path = "../support/postgres.rs"]
mod database;
mod faults;
mod malformed;
mod money;
mod operations;
mod postgres;
mod serve;
mod sqlite;
mod tls;
mod transport;
mod variants;
