//! Members of the body that are missing, empty, too long, or of another type.
//! Every document is signed as it stands.

use crate::protocol::SignKey;

use super::sealed;
use crate::generate::draft::{Draft, Part, string_token};
use crate::generate::mutation::Mutation;

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
    let draft = Draft::of(value).expect("the value is valid");
    for name in ["partnerOrderNo", "refundNo"] {
        let own = draft.token(Part::Body, name).unwrap_or("\"x\"");
        // A number that was not used before, as the text is none.
        let digits: String = own.chars().filter(char::is_ascii_digit).collect();
        let number = format!("1{}", &digits[digits.len().saturating_sub(14)..]);
        let array = format!("[{own}]");
        let object = format!("{{\"{name}\":{own}}}");
        for (label, token) in [
            ("a number", number.as_str()),
            ("a number beyond what a double holds", "9007199254740993"),
            ("a fraction", "1.5"),
            ("true", "true"),
            ("false", "false"),
            ("an empty array", "[]"),
            ("an empty object", "{}"),
            ("the text in an array", &array),
            ("the text in an object", &object),
        ] {
            mutations.push(Mutation::refused(
                format!("{label} as {name}"),
                changed(value, key, name, token),
                PARAMETER,
            ));
        }
    }
    for token in [
        "true",
        "false",
        "[]",
        "{}",
        "[100]",
        "[[100]]",
        "{\"orderAmount\":100}",
        "{\"value\":100}",
    ] {
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
            // It begins as the refund's own number, so that none is used twice.
            let draft = Draft::of(value).expect("the value is valid");
            let own = draft.token(Part::Body, name).unwrap_or_default();
            let own: String = own.chars().filter(char::is_ascii_alphanumeric).collect();
            let mut text = format!("{own}{}", "7".repeat(limit + 1));
            text.truncate(limit + 1);
            Mutation::refused(
                format!("{name} of {} characters", limit + 1),
                changed(value, key, name, &string_token(&text)),
                PARAMETER,
            )
        })
        .collect()
}

/// Optional texts exactly as long as their limit.
pub fn optional_texts(value: &str, key: &SignKey) -> Vec<Mutation> {
    OPTIONAL_TEXTS
        .into_iter()
        .map(|(name, limit)| {
            Mutation::accepted(
                format!("{name} of {limit} characters"),
                changed(value, key, name, &string_token(&"7".repeat(limit))),
            )
        })
        .collect()
}

/// An optional text that is there and empty. No source says that it is as good
/// as absent; deployed clients send one.
pub fn empty_optional_text(value: &str, key: &SignKey) -> Vec<Mutation> {
    vec![Mutation::accepted(
        "an empty terminalNo",
        changed(value, key, "terminalNo", "\"\""),
    )]
}

/// Optional texts that are null, empty or blank, where no source says whether
/// that is as good as absent.
pub fn optional_nothings(value: &str, key: &SignKey) -> Vec<Mutation> {
    [
        ("null for operatorId", "operatorId", "null"),
        ("null for terminalNo", "terminalNo", "null"),
        ("an empty operatorId", "operatorId", "\"\""),
        ("a blank operatorId", "operatorId", "\" \""),
        ("blanks around operatorId", "operatorId", "\" 7 \""),
        ("a tab in operatorId", "operatorId", "\"7\\t7\""),
    ]
    .into_iter()
    .map(|(label, name, token)| Mutation::open(label, changed(value, key, name, token)))
    .collect()
}

/// Optional texts as long as their limit if characters are counted, and
/// longer if bytes, UTF-16 units or code points are.
pub fn wide_texts(value: &str, key: &SignKey) -> Vec<Mutation> {
    [
        ("20 characters of two bytes", "\u{e9}".repeat(20)),
        ("20 characters of three bytes", "€".repeat(20)),
        ("20 characters of four bytes", "𝄞".repeat(20)),
        (
            "20 letters with accents of their own",
            "e\u{301}".repeat(20),
        ),
        ("6 characters of three bytes", "€".repeat(6)),
        ("10 characters of four bytes", "𝄞".repeat(10)),
    ]
    .into_iter()
    .map(|(label, text)| {
        Mutation::open(
            format!("{label} as operatorId"),
            changed(value, key, "operatorId", &string_token(&text)),
        )
    })
    .collect()
}

/// Texts that mean something to a database, a log, a page or a shell, and are
/// data here.
const TELLING_TEXTS: [&str; 18] = [
    "'; DROP TABLE x;--",
    "1' OR '1'='1",
    "\" OR \"\"=\"",
    "1 UNION SELECT 1",
    "${jndi:ldap://x/a}",
    "#{7*7}{{7*7}}",
    "<script>x()</script>",
    "<!--x-->&amp;&#0;",
    "%s%n%x%00",
    "../../etc/passwd",
    "$(id);`id`|id",
    "=1+1",
    "null",
    "👩\u{200d}👩\u{200d}👧 😀",
    "\u{202e}txet",
    "שלום",
    "返金係",
    "\\0\\n\\",
];

/// Those texts as operatorId.
pub fn free_texts(value: &str, key: &SignKey) -> Vec<Mutation> {
    TELLING_TEXTS
        .into_iter()
        .map(|text| {
            Mutation::accepted(
                format!("`{text}` as operatorId"),
                changed(value, key, "operatorId", &string_token(text)),
            )
        })
        .collect()
}

/// Amounts that are fractions, and texts that look like numbers.
pub fn amounts_that_are_none(value: &str, key: &SignKey) -> Vec<Mutation> {
    [
        "100.5",
        "33.333",
        "0.5",
        "100.49",
        "99.999999999999999999",
        "100.000000000000000001",
        "1e-2",
        "\"abc\"",
        "\"1,000\"",
        "\"0x64\"",
        "\"１００\"",
        "\"١٠٠\"",
        "\"100 JPY\"",
        "\"100;\"",
        "\"1e2x\"",
        "\"NaN\"",
        "\"Infinity\"",
        "\"true\"",
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
    [
        "100.0",
        "1e2",
        "1E2",
        "1e+2",
        "100.000000",
        "10e1",
        "1000e-1",
        "\"100\"",
        "\" 100\"",
        "\"100 \"",
        "\"+100\"",
        "\"0100\"",
        "\"1e2\"",
        "\"100.0\"",
    ]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_free_text_is_longer_than_its_limit() {
        for text in TELLING_TEXTS {
            assert!(text.encode_utf16().count() <= 20, "{text}");
        }
    }
}
