//! Documents that are no JSON. What is inside the signed value is signed as it
//! stands, so that a gateway can't refuse it for its signature alone.

use crate::protocol::SignKey;

use super::super::draft::{Draft, Part};
use super::super::mutation::Mutation;
use super::sealed;

/// Not JSON, or not what the parser can make sense of.
const NOT_JSON: &[i64] = &[6, 5, 4, 8];

fn refused(label: &str, document: impl Into<Vec<u8>>) -> Mutation {
    Mutation::refused(label, document, NOT_JSON)
}

/// Commas, quotes and comments where JSON has none.
pub fn broken_syntax(value: &str, key: &SignKey) -> Vec<Mutation> {
    let inner = &value[..value.len() - 1];
    let unquoted = value.replacen("\"body\"", "body", 1);
    let single = value.replacen("\"body\"", "'body'", 1);
    let missing = value.replacen(',', " ", 1);
    let double = value.replacen(',', ",,", 1);
    vec![
        refused(
            "a trailing comma in the body",
            sealed(value.replacen("}}", ",}}", 1), key),
        ),
        refused(
            "a trailing comma in the request",
            sealed(format!("{inner},}}"), key),
        ),
        refused(
            "a trailing comma in the envelope",
            trailing_comma(value, key),
        ),
        refused("a missing comma", sealed(missing, key)),
        refused("two commas", sealed(double, key)),
        refused("a comment", sealed(format!("{inner}/* paid */}}"), key)),
        refused("a line comment", sealed(format!("{inner}// paid\n}}"), key)),
        refused("a member's name without quotes", sealed(unquoted, key)),
        refused("a member's name in single quotes", sealed(single, key)),
        refused(
            "a closing brace too many",
            sealed(format!("{value}}}"), key),
        ),
    ]
}

fn trailing_comma(value: &str, key: &SignKey) -> Vec<u8> {
    let mut document = sealed(value, key);
    document.pop();
    document.extend_from_slice(b",}");
    document
}

/// Numbers that are no JSON numbers, as the amount.
pub fn broken_numbers(value: &str, key: &SignKey) -> Vec<Mutation> {
    let draft = Draft::of(value).expect("the value is valid");
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "0100",
        "+100",
        ".5",
        "1.",
        "0x64",
        "1_00",
        "100n",
        "1e",
        "--1",
    ]
    .into_iter()
    .map(|token| {
        let text = draft.clone().with(Part::Body, "orderAmount", token).text();
        refused(&format!("the amount {token}"), sealed(text, key))
    })
    .collect()
}

/// Bytes that are no text, or characters that JSON forbids in strings.
pub fn broken_text(value: &str, key: &SignKey) -> Vec<Mutation> {
    let with_note = |bytes: &[u8]| {
        let draft = Draft::of(value).expect("the value is valid");
        let text = draft.with(Part::Body, "operatorId", "\"@\"").text();
        let at = text.find('@').expect("it was just put there");
        let mut broken = text.as_bytes()[..at].to_vec();
        broken.extend_from_slice(bytes);
        broken.extend_from_slice(&text.as_bytes()[at + 1..]);
        sealed(broken, key)
    };
    vec![
        refused("a byte that is no UTF-8", with_note(b"\xff")),
        refused("a UTF-8 sequence cut short", with_note(b"\xe2\x82")),
        refused("an overlong UTF-8 sequence", with_note(b"\xc0\xaf")),
        refused("a surrogate in UTF-8", with_note(b"\xed\xa0\x80")),
        refused("a raw newline in a string", with_note(b"\n")),
        refused("a raw tab in a string", with_note(b"\t")),
        refused("a raw NUL in a string", with_note(b"\0")),
        refused("an escape that is none", with_note(b"\\x41")),
        refused("a \\u escape with a letter too far", with_note(b"\\u00G0")),
        refused("a \\u escape cut short", with_note(b"\\u12")),
    ]
}

/// More or less than one document, or a value that is no envelope.
pub fn not_one_document(value: &str, key: &SignKey) -> Vec<Mutation> {
    let good = sealed(value, key);
    let around = |before: &[u8], after: &[u8]| [before, &good, after].concat();
    let wide: Vec<u8> = String::from_utf8_lossy(&good)
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    vec![
        refused("an empty body", ""),
        refused("white space alone", " \r\n"),
        refused("null", "null"),
        refused("a number", "1"),
        refused("a string", "\"request\""),
        refused("an array", "[]"),
        refused("garbage behind the document", around(b"", b"x")),
        refused("a second document", around(b"", &good)),
        refused("a byte order mark", around(b"\xef\xbb\xbf", b"")),
        refused(
            "a no-break space before the document",
            around(b"\xc2\xa0", b""),
        ),
        refused("UTF-16", wide),
        refused("a form", "request=1&signature=2"),
    ]
}

/// The document cut off behind each of its bytes; every one is incomplete.
pub fn truncations(value: &str, key: &SignKey) -> Vec<Mutation> {
    let good = sealed(value, key);
    (1..good.len())
        .map(|length| {
            refused(
                &format!("the document cut off after {length} bytes"),
                &good[..length],
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Direction, Envelope};

    const VALUE: &str =
        r#"{"header":{"partnerNo":"10001"},"body":{"refundNo":"r","orderAmount":100}}"#;

    #[test]
    fn nothing_here_is_json_that_holds_an_envelope() {
        let key = SignKey::new("123456").unwrap();
        for mutation in [
            broken_syntax(VALUE, &key),
            broken_numbers(VALUE, &key),
            broken_text(VALUE, &key),
            not_one_document(VALUE, &key),
            truncations(VALUE, &key),
        ]
        .concat()
        {
            assert!(
                Envelope::parse(&mutation.document, Direction::Request).is_err(),
                "{}",
                mutation.label
            );
        }
    }
}
