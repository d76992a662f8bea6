//! The rules, one file an area.

mod answer;
mod envelope;
mod every_answer;
mod fields;
mod idempotency;
mod isolation;
mod json;
mod orders;
mod races;
mod refunding;
mod signature;
mod transport;

use super::rule::Rule;

/// Every area's rules.
pub const AREAS: &[&[Rule]] = &[
    answer::RULES,
    envelope::RULES,
    every_answer::RULES,
    fields::RULES,
    idempotency::RULES,
    isolation::RULES,
    json::RULES,
    orders::RULES,
    races::RULES,
    refunding::RULES,
    signature::RULES,
    transport::RULES,
];
