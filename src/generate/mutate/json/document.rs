//! More or less than one document.

use crate::generate::mutate::sealed;
use crate::generate::mutation::Mutation;
use crate::protocol::SignKey;

use super::refused;

/// More or less than one document, another encoding, or a value that is no
/// envelope.
pub fn not_one_document(value: &str, key: &SignKey) -> Vec<Mutation> {
    let good = sealed(value, key);
    let around = |before: &[u8], after: &[u8]| [before, &good, after].concat();
    let mut mutations: Vec<Mutation> = [
        ("an empty body", ""),
        ("white space alone", " \r\n"),
        ("a byte order mark alone", "\u{feff}"),
        ("null", "null"),
        ("true", "true"),
        ("a number", "1"),
        ("a string", "\"request\""),
        ("an array", "[]"),
        ("a form", "request=1&signature=2"),
        ("XML", "<request><body/></request>"),
    ]
    .into_iter()
    .map(|(label, text)| refused(label, text))
    .collect();
    for (label, before, after) in [
        ("garbage behind the document", "", "x"),
        ("a comma behind the document", "", ","),
        ("a brace behind the document", "", "}"),
        ("a NUL behind the document", "", "\0"),
        ("a comment behind the document", "", "/* */"),
        ("a byte order mark behind the document", "", "\u{feff}"),
        ("a form's end behind the document", "", "&a=b"),
        ("a byte order mark", "\u{feff}", ""),
        ("a no-break space before the document", "\u{a0}", ""),
        ("a NUL before the document", "\0", ""),
        ("a comma before the document", ",", ""),
        ("a guard against scripts before the document", ")]}',\n", ""),
        ("a call around the document", "callback(", ");"),
        ("a form around the document", "request=", ""),
    ] {
        mutations.push(refused(label, around(before.as_bytes(), after.as_bytes())));
    }
    mutations.push(refused("a second document", around(b"", &good)));
    mutations.push(refused(
        "a second document on a line of its own",
        around(b"", &[b"\n", good.as_slice()].concat()),
    ));
    mutations.extend(other_encodings(&good));
    mutations
}

fn other_encodings(good: &[u8]) -> Vec<Mutation> {
    let text = String::from_utf8_lossy(good);
    let wide = |mark: &str, write: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let marked = format!("{mark}{text}");
        marked.encode_utf16().flat_map(write).collect()
    };
    let widest: Vec<u8> = text
        .chars()
        .flat_map(|character| u32::from(character).to_le_bytes())
        .collect();
    vec![
        refused("UTF-16", wide("", u16::to_le_bytes)),
        refused("UTF-16, big end first", wide("", u16::to_be_bytes)),
        refused("UTF-16 and its mark", wide("\u{feff}", u16::to_le_bytes)),
        refused(
            "UTF-16, big end first, and its mark",
            wide("\u{feff}", u16::to_be_bytes),
        ),
        refused("UTF-32", widest),
    ]
}

/// The document cut off behind each of its bytes; every one is incomplete.
pub fn truncations(value: &str, key: &SignKey) -> Vec<Mutation> {
    let good = sealed(value, key);
    (1..good.len())
        .map(|length| {
            refused(
                format!("the document cut off after {length} bytes"),
                &good[..length],
            )
        })
        .collect()
}
