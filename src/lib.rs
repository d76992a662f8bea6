//! Conformance and load testing for signed refund gateways.
#![doc = ""]
pub mod protocol;
pub mod report;
pub mod verdict;
