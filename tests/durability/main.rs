//! The reference gateway's durable stores under faults: processes that are
//! killed and stopped, servers that crash, connections that are cut, disks that
//! are full. Each test loads a gateway, lets the fault happen at a drawn
//! instant, asks again for what stayed unknown, drains every order, and lets
//! the audit judge: nothing lost, nothing doubled.
//!
//! The counts are short. `cargo test --test durability -- --ignored --nocapture`
//! runs the long ones.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that finds nothing there fails")]

mod cuts;
#[path = "../support/postgres.rs"]
mod database;
mod full;
mod gateway;
mod kills;
mod pauses;
mod proxy;
mod round;
