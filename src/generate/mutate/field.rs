//! Members of the body that are missing, empty, too long, or of another type.
//! Every document is signed as it stands.

use crate::protocol::SignKey;

use super::super::draft::{Draft, Part, string_token};
use super::super::mutation::Mutation;
use super::sealed;

/// A parameter is empty, or illegitimate.
const PARAMETER: &[i64] = &[4, 5];
/// A parameter is illegitimate, or more than the order can give.
const AMOUNT: &[i64] = &[4, 5, 35, 6];

/// The optional texts of a refund's body, with their limits in characters.
pub const OPTIONAL_TEXTS: [(&str, usize); 2] = [("operatorId", 20), ("terminalNo", 20)];

fn changed(value: &str, key: &SignKey, name: &str, token: &str) -> Vec<u8> {
    let draft = Draft::of(value).expect("the value is valid");
    sealed(draft.with(Part::Body, name, token).text(), key)
}

/// Each required member missing.
pub fn missing(value: &str, key: &SignKey) -> Vec<Mutation> {
    let draft = Draft::of(value).expect("the value is valid");
    ["partnerOrderNo", "refundNo", "orderAmount"]
        .into_iter()
        .map(|name| {
            let text = draft.clone().without(Part::Body, name).text();
            Mutation::refused(format!("no {name}"), sealed(text, key), PARAMETER)
        })
        .collect()
}

/// Each required member empty or null.
pub fn empty(value: &str, key: &SignKey) -> Vec<Mutation> {
    let mut mutations = Vec::new();
    for name in ["partnerOrderNo", "refundNo", "orderAmount"] {
        for (label, token) in [("null as", "null"), ("an empty string as", "\"\"")] {
            mutations.push(Mutation::refused(
                format!("{label} {name}"),
                changed(value, key, name, token),
                PARAMETER,
            ));
        }
    }
    mutations
}

/// Each member of another JSON type.
pub fn wrong_type(value: &str, key: &SignKey) -> Vec<Mutation> {
    let mut mutations = Vec::new();
    for name in ["partnerOrderNo", "refundNo"] {
        for token in ["1", "true", "[]", "{}", "[\"x\"]"] {
            mutations.push(Mutation::refused(
                format!("{token} as {name}"),
                changed(value, key, name, token),
                PARAMETER,
            ));
        }
    }
    for token in ["true", "false", "[]", "{}", "[100]"] {
        mutations.push(Mutation::refused(
            format!("{token} as orderAmount"),
            changed(value, key, "orderAmount", token),
            PARAMETER,
        ));
    }
    mutations
}

/// Texts one character longer than their limit. The order's number can't be
/// tried this way, since no order has it.
pub fn too_long(value: &str, key: &SignKey) -> Vec<Mutation> {
    [("refundNo", 32), OPTIONAL_TEXTS[0], OPTIONAL_TEXTS[1]]
        .into_iter()
        .map(|(name, limit)| {
            let text = "7".repeat(limit + 1);
            Mutation::refused(
                format!("{name} of {} characters", limit + 1),
                changed(value, key, name, &string_token(&text)),
                PARAMETER,
            )
        })
        .collect()
}

/// Optional texts exactly as long as their limit, absent and empty.
pub fn optional_texts(value: &str, key: &SignKey) -> Vec<Mutation> {
    let mut mutations = Vec::new();
    for (name, limit) in OPTIONAL_TEXTS {
        for (label, text) in [
            (format!("{name} of {limit} characters"), "7".repeat(limit)),
            (format!("an empty {name}"), String::new()),
        ] {
            mutations.push(Mutation::accepted(
                label,
                changed(value, key, name, &string_token(&text)),
            ));
        }
    }
    mutations
}

/// Amounts that are fractions, and texts that look like numbers.
pub fn amounts_that_are_none(value: &str, key: &SignKey) -> Vec<Mutation> {
    [
        "100.5",
        "0.5",
        "100.000000000000000001",
        "1e-2",
        "\"abc\"",
        "\"1,000\"",
        "\"0x64\"",
        "\"１００\"",
        "\" \"",
    ]
    .into_iter()
    .map(|token| {
        Mutation::refused(
            format!("the amount {token}"),
            changed(value, key, "orderAmount", token),
            AMOUNT,
        )
    })
    .collect()
}

/// Whole numbers in a spelling that the table's `int` may or may not mean:
/// each is the amount 100, or is refused.
pub fn amounts_that_are_one_hundred(value: &str, key: &SignKey) -> Vec<Mutation> {
    ["100.0", "1e2", "1E2", "100.000000", "10e1", "\"100\""]
        .into_iter()
        .map(|token| {
            Mutation::open(
                format!("the amount {token}"),
                changed(value, key, "orderAmount", token),
            )
        })
        .collect()
}

/// Zero and less.
pub fn amounts_not_positive(value: &str, key: &SignKey) -> Vec<Mutation> {
    [
        "0",
        "-0",
        "-1",
        "-100",
        "-2147483648",
        "-9223372036854775808",
    ]
    .into_iter()
    .map(|token| {
        Mutation::refused(
            format!("the amount {token}"),
            changed(value, key, "orderAmount", token),
            AMOUNT,
        )
    })
    .collect()
}

/// Amounts that no order holds: those that wrap to something small in 32 or 64
/// bits come first.
pub fn amounts_beyond_range(value: &str, key: &SignKey) -> Vec<Mutation> {
    [
        "4294967296",
        "4294967297",
        "4294967301",
        "8589934593",
        "18446744073709551616",
        "18446744073709551617",
        "2147483648",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "1000000000000000000000000000000",
        "1e400",
        "1e18",
    ]
    .into_iter()
    .map(|token| {
        Mutation::refused(
            format!("the amount {token}"),
            changed(value, key, "orderAmount", token),
            AMOUNT,
        )
    })
    .collect()
}
