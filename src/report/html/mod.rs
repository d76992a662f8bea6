//! `report.html`: one file that needs nothing else.
//!
//! No script, no font, no address outside: it opens from a CI artefact, in ten
//! years, on a phone, on paper. A content security policy says the same to the
//! browser, so that nothing an answer holds could make it load anything.

mod audit;
mod chart;
mod dialect;
mod escape;
mod failures;
mod load;
mod matrix;
mod page;
mod races;
mod run;

pub(super) use escape::text as escaped;
pub use page::write;
