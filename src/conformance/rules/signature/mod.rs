//! Is the signature verified, over the bytes on the wire, in every way that a
//! forger would try?

mod catalogue;
mod forged;

pub(super) use catalogue::RULES;
