//! Conformance and load testing for signed refund gateways.
#![doc = ""]
pub mod protocol;
pub mod target;
pub mod verdict;
