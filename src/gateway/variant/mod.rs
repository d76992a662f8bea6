//! Conforming gateways of another dialect: what the protocol leaves open,
//! answered in another way. A harness must stay silent on each of them, and on
//! any of them together.
//!
//! [`Variant`] is the catalogue. What a variant changes stands by where it
//! does: `requests` (which ones are taken), `store` (what is answered to a
//! refund, and when), `answers` (how they are written), `delivery` (how they
//! are sent) and `availability` (whether they are).

pub(super) mod answers;
pub(super) mod availability;
mod catalogue;
pub(super) mod delivery;
mod document;
pub(super) mod requests;
pub(super) mod store;

pub use catalogue::{Variant, Variants};
