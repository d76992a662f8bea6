//! The verdict on a history.
//!
//! A refund counter is an easy object: with what was paid `P`, accepted
//! refunds `A`, unknown ones `U` and refusals for want of money, each of an
//! amount `b` and answered at `ret`, an order's history is linearizable if
//! and only if some `X ⊆ U` has
//!
//! 1. `ΣA + ΣX ≤ P`, and
//! 2. for every refusal, `Σ{a ∈ A ∪ X : E(a) ≤ ret} ≥ P − b + 1`, where
//!    `E(a)` is the earliest instant at which `a` can have taken effect.
//!
//! Necessary, because the used amount only grows and only what may have taken
//! effect by the time of a refusal can have caused it. Sufficient, because
//! every effect can be put at its earliest and every refusal at its latest
//! instant: acceptances never constrain the order, only the total. So there
//! is no search: [`reduce`] turns attempts into logical refunds, [`capacity`]
//! sweeps them once, and [`subset_sum`] decides which sums of unknowns there
//! are where that matters. [`reads`] adds what queries show.
//!
//! [`together`] judges the histories of several machines, between whose events
//! there is no order.
//!
//! Amounts are summed in 128 bits, where no sum of 64-bit amounts that fits
//! into memory can overflow.

pub mod capacity;
pub mod exposure;
pub mod order;
pub(in crate::audit) mod overlap;
mod proven;
pub mod reads;
pub mod reduce;
pub mod shared;
pub mod subset_sum;
pub mod together;
pub mod whole;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod linearizer;

pub use order::{Doubt, OrderVerdict, judge_order};
pub use together::{Contradiction, judge_together};
pub use whole::{Tally, combine, judge};
