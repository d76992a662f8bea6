//! The dialect: what a gateway does where the protocol is silent, found out by
//! asking it.
//!
//! A [`topic::Topic`] is a few questions about fresh orders of its own; an
//! [`interview::Interview`] asks them and notes the answers. Nothing here
//! judges: an answer that can't be had is "not observed", with the reason, and
//! no answer fails a run.

mod answer_signature;
mod interview;
mod learned;
mod observe;
mod reaction;
mod refunding;
mod refusals;
mod request_signature;
mod requests;
mod topic;

pub use learned::learned;
pub use observe::observe;
