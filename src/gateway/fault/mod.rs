//! The known bugs of refund gateways, each on demand.
//!
//! [`Fault`] is the catalogue, and [`LEFT_OUT`] lists the known bugs that are
//! not in it. `decorate` replaces the store, the wire and the connections of a
//! gateway by wrong ones; everything that is wrong on purpose is in this
//! folder, and nothing outside of it asks whether a fault is on.

mod catalogue;
mod chosen;
mod decorate;
mod http;
mod ledger;
mod left_out;
mod wire;

pub use catalogue::Fault;
pub use chosen::{ChosenFault, ChosenFaultError, Faults};
pub use decorate::FaultError;
pub(super) use decorate::{connections, doorstep, ledger, wire};
pub use left_out::{LEFT_OUT, LeftOut};
