//! Commas, quotes, brackets, comments and white space where JSON has none.

use crate::generate::mutate::sealed;
use crate::generate::mutation::Mutation;
use crate::protocol::SignKey;

use super::refused;

/// White space in other languages, and none in JSON.
const FALSE_SPACES: [(&str, &str); 9] = [
    ("a vertical tab", "\u{b}"),
    ("a form feed", "\u{c}"),
    ("a no-break space", "\u{a0}"),
    ("a next line", "\u{85}"),
    ("a word joiner", "\u{2060}"),
    ("a zero-width space", "\u{200b}"),
    ("an ideographic space", "\u{3000}"),
    ("a line separator", "\u{2028}"),
    ("a byte order mark", "\u{feff}"),
];

/// Commas, quotes and comments where JSON has none: within the signed value,
/// and beside it.
pub fn broken_syntax(value: &str, key: &SignKey) -> Vec<Mutation> {
    let mut mutations = within(value, key);
    mutations.extend(beside(value, key));
    for (name, space) in FALSE_SPACES {
        mutations.push(refused(
            format!("{name} for white space in the request"),
            sealed(
                value.replacen("\"body\":", &format!("\"body\":{space}"), 1),
                key,
            ),
        ));
    }
    mutations.push(refused(
        "a form feed for white space in the envelope",
        edited(value, key, ",\"signature\"", "\u{c},\"signature\""),
    ));
    mutations
}

/// In the signed value, which is signed as it stands.
fn within(value: &str, key: &SignKey) -> Vec<Mutation> {
    let inner = &value[..value.len() - 1];
    let changed = |from: &str, to: &str| value.replacen(from, to, 1);
    [
        ("a trailing comma in the body", changed("}}", ",}}")),
        ("a trailing comma in the request", format!("{inner},}}")),
        ("a leading comma", changed("{", "{,")),
        ("a missing comma", changed(",", " ")),
        ("two commas", changed(",", ",,")),
        ("a semicolon for a comma", changed(",", ";")),
        ("a missing colon", changed("\"body\":", "\"body\" ")),
        ("two colons", changed("\"body\":", "\"body\"::")),
        (
            "an equals sign for a colon",
            changed("\"body\":", "\"body\"="),
        ),
        ("a comment", format!("{inner}/* paid */}}")),
        ("a line comment", format!("{inner}// paid\n}}")),
        ("a shell's comment", format!("{inner}# paid\n}}")),
        (
            "a member's name without quotes",
            changed("\"body\"", "body"),
        ),
        (
            "a member's name in single quotes",
            changed("\"body\"", "'body'"),
        ),
        (
            "a member's name in backticks",
            changed("\"body\"", "`body`"),
        ),
        (
            "a member's name in curly quotes",
            changed("\"body\"", "“body”"),
        ),
        (
            "a member's name that is not ended",
            changed("\"body\"", "\"body"),
        ),
        ("a closing brace too many", format!("{value}}}")),
        ("a closing brace too few", inner.to_owned()),
        ("a bracket for a closing brace", format!("{inner}]")),
        ("parentheses for braces", format!("({value})")),
        (
            "a member without a value",
            format!("{inner},\"operatorId\":}}"),
        ),
        (
            "a value that is a bare word",
            format!("{inner},\"operatorId\":x}}"),
        ),
        (
            "a value in single quotes",
            format!("{inner},\"operatorId\":'x'}}"),
        ),
        (
            "a value that is undefined",
            format!("{inner},\"operatorId\":undefined}}"),
        ),
        ("a value of True", format!("{inner},\"operatorId\":True}}")),
        (
            "a value in backticks",
            format!("{inner},\"operatorId\":`x`}}"),
        ),
    ]
    .into_iter()
    .map(|(label, text)| refused(label, sealed(text, key)))
    .collect()
}

/// In the envelope, around a value that is as it should be: a lenient reader
/// that takes these also finds the signature to hold.
fn beside(value: &str, key: &SignKey) -> Vec<Mutation> {
    [
        ("a trailing comma in the envelope", "\"}", "\",}"),
        (
            "a comment in the envelope",
            ",\"signature\"",
            ",/* paid */\"signature\"",
        ),
        (
            "a line comment in the envelope",
            ",\"signature\"",
            ",// paid\n\"signature\"",
        ),
        (
            "two commas in the envelope",
            ",\"signature\"",
            ",,\"signature\"",
        ),
        (
            "a missing comma in the envelope",
            ",\"signature\"",
            " \"signature\"",
        ),
        (
            "the signature's name without quotes",
            "\"signature\":",
            "signature:",
        ),
        (
            "the signature's name in single quotes",
            "\"signature\":",
            "'signature':",
        ),
        (
            "the request's name without quotes",
            "{\"request\"",
            "{request",
        ),
        (
            "the request's name in single quotes",
            "{\"request\"",
            "{'request'",
        ),
        (
            "an equals sign before the signature",
            "\"signature\":",
            "\"signature\"=",
        ),
        ("a closing brace too many in the envelope", "\"}", "\"}}"),
    ]
    .into_iter()
    .map(|(label, from, to)| refused(label, edited(value, key, from, to)))
    .collect()
}

/// The signed document with the last `from` written as `to`.
fn edited(value: &str, key: &SignKey, from: &str, to: &str) -> Vec<u8> {
    let document = sealed(value, key);
    let document = String::from_utf8(document).expect("value and signature are text");
    let at = if from.starts_with('{') {
        document.find(from)
    } else {
        document.rfind(from)
    };
    let at = at.expect("every envelope has it");
    [&document[..at], to, &document[at + from.len()..]]
        .concat()
        .into_bytes()
}
