//! `report.html`: one file that needs nothing else.
//!
//! No font, no address outside: it opens from a CI artefact, in ten years, on a
//! phone, on paper. Its own little script filters and copies; without it
//! everything can be read. A content security policy lets that script run and
//! nothing else, so that nothing an answer holds could run or load anything.

mod audit;
mod banner;
mod chart;
mod command;
mod dialect;
mod escape;
mod failures;
mod load;
mod matrix;
mod members;
mod message;
mod page;
mod percentiles;
mod plot;
mod proof;
mod races;
mod run;

pub(super) use escape::text as escaped;
pub use page::write;
