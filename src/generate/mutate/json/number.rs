//! Amounts that are no JSON numbers.

use crate::generate::draft::{Draft, Part};
use crate::generate::mutate::sealed;
use crate::generate::mutation::Mutation;
use crate::protocol::SignKey;

use super::refused;

/// Tokens that some reader takes for a number, and JSON does not.
const TOKENS: [&str; 38] = [
    "NaN",
    "nan",
    "Infinity",
    "-Infinity",
    "Inf",
    "0100",
    "00",
    "-0100",
    "+100",
    "++100",
    "--1",
    "- 1",
    "-",
    ".5",
    "-.5",
    ".",
    "1.",
    "100.",
    "1.e2",
    "1..0",
    "1.0.0",
    "1e",
    "1e+",
    "1e1.5",
    "e2",
    "0x64",
    "0b1100100",
    "0o144",
    "64h",
    "1_00",
    "1,000",
    "1 000",
    "100n",
    "100L",
    "100f",
    "$100",
    "１００",
    "100%",
];

/// Numbers that are no JSON numbers, as the amount.
pub fn broken_numbers(value: &str, key: &SignKey) -> Vec<Mutation> {
    let draft = Draft::of(value).expect("the value is valid");
    TOKENS
        .into_iter()
        .map(|token| {
            let text = draft.clone().with(Part::Body, "orderAmount", token).text();
            refused(format!("the amount {token}"), sealed(text, key))
        })
        .collect()
}
