//! The audit of a recorded history, of any size, in little memory.
//!
//! [`compact`] holds records as the binary form has them, grouped by order with
//! a counting sort. [`common`] proves the common order right from these alone:
//! distinct numbers or identical retries, no unknown outcome, refusals that a
//! sweep explains. Every other order goes to [`judge_order`], as all do
//! elsewhere, so that each claim is made in one place. [`uses`] finds refund
//! numbers that more than one order uses.
//!
//! A history that does not fit the memory that may be used is put into parts by
//! order first ([`parts`]), which are judged one by one. The verdict is the same,
//! byte for byte.
//!
//! [`judge_order`]: super::judge::judge_order

pub mod common;
pub mod compact;
mod folder;
pub mod parts;
pub mod uses;
pub mod verdict;

#[cfg(test)]
mod tests;

pub use compact::Compact;
pub use parts::{Memory, audit};
pub use verdict::judge_compact;
