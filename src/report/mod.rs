//! Events in, files and screens out.
//!
//! A [`Collector`] listens to a run and folds what it hears into one
//! [`Report`]; each form of it (terminal, JSON, JUnit, Markdown, HTML) is
//! written from that value alone, by a module of its own, so that they can't
//! disagree. [`RunFolder`] puts all of them on disk, with the raw bytes of what
//! failed. [`Progress`] and [`Lines`] tell a person how the run
//! goes on, [`LiveMetrics`] a Prometheus.
//!
//! Two things are kept out on the way in, so that no writer has to think of
//! them: sign keys, which a [`Redactor`] replaces in every event, and control
//! characters, which a gateway could use to draw on the reader's terminal.

mod again;
pub mod annotations;
mod block;
mod collected;
pub(crate) mod dialect;
mod error;
mod exchanges;
mod exhibits;
mod figures;
mod folder;
pub mod html;
pub mod json;
pub mod junit;
mod last_run;
mod lines;
mod live;
pub mod markdown;
mod palette;
mod picture;
mod power;
mod progress;
mod recorded;
mod redact;
mod replayed;
mod replayed_rounds;
#[cfg(test)]
mod sample;
mod script;
mod shown;
pub mod terminal;

pub use collected::{Collector, PreflightStep, Report};
pub use error::ReportError;
pub use folder::RunFolder;
pub use last_run::LastRun;
pub use lines::Lines;
pub use live::LiveMetrics;
pub use palette::{Palette, Tone};
pub use progress::Progress;
pub use recorded::{About, RecordedError, RecordedExchange};
pub use redact::Redactor;
pub use replayed::Replayed;
pub use replayed_rounds::ReplayedRounds;
