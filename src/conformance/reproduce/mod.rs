//! Violations that an audit found, tried again on fresh orders and made as small
//! as they go.
//!
//! [`search`] decides what is tried and what is kept; [`rounds`] tries it
//! against the target, and has the audit judge each round by itself; [`whole`]
//! goes the way from a violation to its reproducer, and back.

pub mod rounds;
pub mod search;
pub mod whole;

pub use rounds::{Limits, Rounds};
pub use search::{Tried, Trying};
pub use whole::{replay, reproduce};
