//! Can refunds that arrive at the same time take more than was paid, or get in
//! each other's way?
//!
//! Each rule fires volleys at fresh orders, resolves what stayed unknown,
//! drains the orders and has the whole history judged: a failure is a proof,
//! with the smallest history that shows it.

mod answers;
mod apart;
mod race;
mod together;
mod totals;
mod waiting;

pub(super) use answers::RULES as ANSWERS;
pub(super) use apart::RULES as APART;
pub(super) use together::RULES as TOGETHER;
pub(super) use totals::RULES as TOTALS;
pub(super) use waiting::RULES as WAITING;
