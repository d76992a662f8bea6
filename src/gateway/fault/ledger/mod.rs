//! A ledger in memory that keeps money wrong, in each way that is asked for.
//!
//! It shares no line with the right rules of refunding: their code must not
//! have a switch that turns a rule off. Its arithmetic is plain `i64`, and
//! wraps or rounds where a fault says so.
//!
//! `steps` is a refund's way from one end to the other. What can go wrong on
//! it stands by theme: `cap` (how much fits), `numbers` (which refund numbers
//! are known), `contention` (what others at the same time do to it) and
//! `settlement` (what becomes of it later, and what is said of it then). Each
//! fault changes one step and leaves the others right.

mod books;
mod cap;
mod contention;
mod numbers;
mod settlement;
mod steps;
mod store;

pub(super) use store::FaultyLedger;
