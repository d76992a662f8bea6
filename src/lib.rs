//! Conformance and load testing for signed refund gateways.
#![doc = ""]
pub mod audit;
pub mod protocol;
pub mod verdict;
