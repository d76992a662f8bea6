//! Replacing the right parts of a gateway by wrong ones.

use std::sync::Arc;

use axum::Router;

use super::catalogue::{Fault, Seat};
use super::chosen::Faults;
use super::http::{Doorstep, FaultyConnections};
use super::ledger::FaultyLedger;
use super::wire::FaultyWire;
use crate::gateway::connection::{Connections, RightConnections};
use crate::gateway::settings::StoreChoice;
use crate::gateway::store::Store;
use crate::gateway::wire::{RightWire, Wire};

/// A fault that can't be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// It keeps money wrong, and a right store is asked for.
    #[error("the fault {0} keeps money wrong in memory and goes with the store \"memory\" alone")]
    NeedsMemory(Fault),
    /// It keeps money wrong, and refunds are to be settled later.
    #[error(
        "the fault {0} keeps books of its own, in which nothing is settled later: leave out --dealing"
    )]
    NotDealing(Fault),
}

/// A fault of the ledger, and the store that has it.
pub(in crate::gateway) type FaultyStore = (Fault, Arc<dyn Store>);

/// The first fault of the ledger, and the store that keeps money as wrong as
/// `faults` say; `None` without a fault
/// of the ledger: the right one is the caller's to open.
///
/// # Errors
/// [`FaultError`] where a fault does not go with the store.
pub(in crate::gateway) fn ledger(
    faults: &Faults,
    store: &StoreChoice,
) -> Result<Option<FaultyStore>, FaultError> {
    match faults.first_of_ledger() {
        None => Ok(None),
        Some(fault) if *store != StoreChoice::Memory => Err(FaultError::NeedsMemory(fault)),
        Some(fault) => Ok(Some((fault, Arc::new(FaultyLedger::new(faults.clone()))))),
    }
}

/// The wire that reads and answers as wrong as `faults` say.
pub(in crate::gateway) fn wire(faults: &Faults) -> Box<dyn Wire> {
    if faults.is_empty() {
        Box::new(RightWire)
    } else {
        Box::new(FaultyWire::new(faults.clone()))
    }
}

/// The connections that take HTTP as wrong as `faults` say.
pub(in crate::gateway) fn connections(faults: &Faults) -> Arc<dyn Connections> {
    if faults.at(Seat::Connection).next().is_some() {
        Arc::new(FaultyConnections::new(faults.clone()))
    } else {
        Arc::new(RightConnections)
    }
}

/// `router`, asked for what `faults` make of a request's head.
pub(in crate::gateway) fn doorstep(faults: &Faults, router: Router) -> Router {
    if faults.at(Seat::Doorstep).next().is_some() {
        Doorstep::new(faults.clone(), router).into_router()
    } else {
        router
    }
}
