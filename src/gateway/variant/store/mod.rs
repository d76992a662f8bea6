//! Variants of what is answered to a refund: layers around a store, each of
//! which leaves the money to the right one within.

mod busy;
mod dealing;
mod decorate;
mod refusals;
mod shards;
mod unknown;

pub(in crate::gateway) use decorate::decorate;
