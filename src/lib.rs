//! Conformance and load testing for signed refund gateways.
#![doc = ""]
pub mod cli;
pub mod gateway;
pub mod protocol;
