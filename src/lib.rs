//! Conformance and load testing for signed refund gateways.
#![doc = ""]
pub mod protocol;
pub mod verdict;
