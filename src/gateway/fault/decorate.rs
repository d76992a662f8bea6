//! Replacing the right parts of a gateway by wrong ones.

use std::sync::Arc;

use super::catalogue::Fault;
use super::chosen::Faults;
use super::ledger::FaultyLedger;
use super::wire::FaultyWire;
use crate::gateway::settings::StoreChoice;
use crate::gateway::store::Store;
use crate::gateway::wire::{RightWire, Wire};

/// A fault that can't be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// It keeps money wrong, and a right store is asked for.
    #[error("the fault {0} keeps money wrong in memory and goes with the store \"memory\" alone")]
    NeedsMemory(Fault),
}

/// The store and the wire that do what `faults` say. Without a fault of the
/// ledger there is no store: the right one is the caller's to open.
///
/// # Errors
/// [`FaultError`] where a fault does not go with the store.
#[expect(clippy::type_complexity, reason = "two parts, each a trait object")]
pub fn decorate(
    faults: &Faults,
    store: &StoreChoice,
) -> Result<(Option<Arc<dyn Store>>, Box<dyn Wire>), FaultError> {
    let wire: Box<dyn Wire> = if faults.is_empty() {
        Box::new(RightWire)
    } else {
        Box::new(FaultyWire::new(faults.clone()))
    };
    match faults.first_of_ledger() {
        None => Ok((None, wire)),
        Some(fault) if *store != StoreChoice::Memory => Err(FaultError::NeedsMemory(fault)),
        Some(_) => Ok((Some(Arc::new(FaultyLedger::new(faults.clone()))), wire)),
    }
}
