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
mod sequences;
mod signature;
mod transport;

use super::rule::Rule;

/// Every area's rules.
pub const AREAS: &[&[Rule]] = &[
    answer::RULES,
    envelope::RULES,
    every_answer::RULES,
    fields::RULES,
    idempotency::NUMBERS,
    idempotency::RETRIES,
    isolation::RULES,
    json::RULES,
    orders::RULES,
    races::ANSWERS,
    races::APART,
    races::TOGETHER,
    races::TOTALS,
    races::WAITING,
    refunding::RULES,
    sequences::RULES,
    signature::RULES,
    transport::CONNECTION,
    transport::CONTENT,
    transport::FRAMING,
    transport::HEAD,
    transport::PATIENCE,
];
