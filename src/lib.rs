//! Conformance and load testing for signed refund gateways.
#![doc = ""]
pub mod generate;
pub mod protocol;
pub mod target;
pub mod verdict;
