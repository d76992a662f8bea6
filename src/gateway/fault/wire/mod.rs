//! The faults between bytes and meaning.
//!
//! A lenient gateway is the right one behind a reader that repairs: the reader
//! verifies the text as it was sent, in its own wrong way, then writes what it
//! made of it, signs that anew with the partner's key, and hands it on. So
//! whatever no fault concerns is answered by the right gateway.

mod answer;
mod crossing;
mod cut;
mod document;
mod envelope;
mod faulty;
mod fields;
mod json;
mod memory;
mod message;
mod orders;
mod reading;
mod repair;
mod signature;
mod tokens;

pub(super) use cut::{balanced, find};
pub(super) use faulty::FaultyWire;
