//! Does the gateway take HTTP as HTTP is, and nothing else for a refund?

mod connection;
mod content;
mod framing;
mod head;
mod patience;
mod request;

pub(super) use connection::RULES as CONNECTION;
pub(super) use content::RULES as CONTENT;
pub(super) use framing::RULES as FRAMING;
pub(super) use head::RULES as HEAD;
pub(super) use patience::{RULES as PATIENCE, TAKING_UP, judge_canary, meanwhile, measured};
pub(super) use request::{post_of, sent_until_heard};
