//! The rules, one file an area.

mod answer;
mod envelope;
mod fields;
mod idempotency;
mod isolation;
mod json;
mod races;
mod refunding;
mod signature;
mod transport;

use super::rule::Rule;

/// Every area's rules.
pub const AREAS: &[&[Rule]] = &[
    answer::RULES,
    envelope::RULES,
    fields::RULES,
    idempotency::RULES,
    isolation::RULES,
    json::RULES,
    races::RULES,
    refunding::RULES,
    signature::RULES,
    transport::CONNECTION,
    transport::CONTENT,
    transport::FRAMING,
    transport::HEAD,
    transport::PATIENCE,
];
