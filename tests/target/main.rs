//! The connection against servers that answer in every way.
#![expect(clippy::unwrap_used, reason = "a test that finds nothing there fails")]

mod answers;
mod broken;
mod sending;
mod spoken;
mod tls;
mod wire;
