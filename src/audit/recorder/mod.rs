//! What traffic calls: places, the history, its file, and the alarms.

mod blocks;
pub mod fault;
mod ledger;
mod lines;
mod part;
pub mod recording;
mod sink;
pub mod snapshot;
mod writing;

pub use fault::{BrokenRecording, Fault};
pub use ledger::RecordedOrder;
pub use recording::{Attempt, Query, Recorder, Stamp};
pub use snapshot::OrderSnapshot;
