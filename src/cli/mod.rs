//! The commands: parse, run, report.

pub mod serve;
