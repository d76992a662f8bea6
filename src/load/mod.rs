//! Load: goose drives users, each with one keep-alive connection of ours; the
//! signature of every answer is verified and every outcome goes to the audit.
//!
//! goose is the scheduler and nothing more: it starts users, runs their
//! transactions and stops them. There is one for each core, in a lane: a thread
//! and a runtime that its users have to themselves. The wire, the clock, the
//! histograms and the thresholds are our own, to the microsecond.
//!
//! ```text
//! Scenario ─▶ attack ─▶ lanes, each a goose on a thread of its own
//!                         │
//!                         ▼
//!                     goose user ─▶ arrivals: when is the next one due?
//!                         │             │
//!                         ▼             ▼
//!             draw ─▶ population ─▶ traffic ─▶ connection ─▶ evidence
//!                         │                        │             │
//!                         │ orders that            ▼             ▼
//!                         │ are over           statistics     Recorder
//!                         ▼                                      ▲
//!                     settling ─▶ connections of its own ────────┘
//! ```
//!
//! Settling runs beside the lanes: it drains the orders that are over while the
//! load goes on, has them judged, and lets the recorder forget them.

pub mod arrivals;
pub mod attack;
pub mod compare;
mod crowd;
pub mod draw;
pub mod due;
mod ground;
pub mod histogram;
mod lanes;
pub mod live_order;
pub mod malformed;
pub mod measured;
pub mod merge;
mod pair;
pub mod population;
mod rivals;
pub mod scenario;
mod settling;
pub mod shared;
mod shared_orders;
pub mod statistics;
pub mod threshold;
pub mod traffic;
pub mod user;
mod volley;
mod watch;

pub use attack::{Attack, AttackError, Attacked};
pub use compare::{CompareError, Earlier};
pub use measured::{Measured, MeasuredError};
pub use merge::{MergeError, Merged, ShardRun};
pub use scenario::{Kind, Law, Mix, Scenario, ScenarioError};
pub use threshold::{Threshold, ThresholdError};
