//! The faults between a socket and a call.
//!
//! Where one of them is on, connections are not served by hyper but by a small
//! server of its own, written as one would write it in an afternoon, with a
//! switch for each fault. Its answers come from the same router.

mod body;
mod connection;
mod doorstep;
mod head;
mod reader;
mod reply;
mod request;
mod worker;

pub(super) use connection::FaultyConnections;
pub(super) use doorstep::Doorstep;
