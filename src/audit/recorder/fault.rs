//! Why a recording is not to be trusted.

use std::io;

use crate::audit::history::History;
use crate::protocol::OrderNo;

/// What went wrong with a recording.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The sink failed: a full disk, for instance.
    #[error("the history could not be written: {0}")]
    Sink(#[source] io::Error),
    /// An attempt or a query of an order that was not declared before.
    #[error("the order {0} was used before it was declared")]
    UndeclaredOrder(OrderNo),
    /// An order that was declared twice.
    #[error("the order {0} was declared twice")]
    OrderTwice(OrderNo),
}

/// A recording with a fault. The history in memory is there all the same, and
/// what it shows broken is broken; but it can't be called whole.
#[derive(Debug, thiserror::Error)]
#[error("{fault}")]
pub struct BrokenRecording {
    /// What was recorded in memory.
    pub history: Box<History>,
    /// What went wrong first.
    #[source]
    pub fault: Fault,
}
