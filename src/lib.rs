//! Conformance and load testing for signed refund gateways.
#![doc = ""]
pub mod gateway;
pub mod protocol;
