//! What traffic calls: places, the history, its file, and the alarms.

pub mod fault;
pub mod recording;
pub mod shard;
pub mod sink;
pub mod snapshot;

pub use fault::{BrokenRecording, Fault};
pub use recording::{Attempt, Query, Recorder, Stamp};
pub use snapshot::OrderSnapshot;
