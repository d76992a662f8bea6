//! Conformance and load testing for signed refund gateways.

pub mod cli;
pub mod gateway;
pub mod generate;
pub mod protocol;
pub mod report;
pub mod target;
pub mod verdict;
