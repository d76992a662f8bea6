//! What traffic calls: places, the history, its file, and the alarms.

pub mod fault;
mod ledger;
mod lines;
pub mod recording;
mod sink;
pub mod snapshot;

pub use fault::{BrokenRecording, Fault};
pub use ledger::RecordedOrder;
pub use recording::{Attempt, Query, Recorder, Stamp};
pub use snapshot::OrderSnapshot;
