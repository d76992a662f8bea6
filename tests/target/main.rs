//! The connection against servers that answer in every way, and against
//! nginx, which callers find in front of most gateways.
#![expect(clippy::unwrap_used, reason = "a test that finds nothing there fails")]

mod answers;
mod broken;
mod nginx;
mod proxied;
mod sending;
mod spoken;
mod tls;
mod wire;
