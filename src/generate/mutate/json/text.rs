//! Bytes that are no text, texts in every spelling, and texts that not every
//! reader takes.

use crate::generate::draft::{Draft, Part, string_token};
use crate::generate::mutate::sealed;
use crate::generate::mutation::Mutation;
use crate::protocol::SignKey;

use super::refused;

/// The signed document of a value whose `operatorId` is this token.
fn noted(value: &str, key: &SignKey, token: &str) -> Vec<u8> {
    let draft = Draft::of(value).expect("the value is valid");
    sealed(draft.with(Part::Body, "operatorId", token).text(), key)
}

/// What no string can hold.
const BROKEN: [(&str, &[u8]); 24] = [
    ("a byte that is no UTF-8", b"\xff"),
    ("a continuation without a beginning", b"\x80"),
    ("a UTF-8 sequence cut short", b"\xe2\x82"),
    ("a UTF-8 sequence of two bytes cut short", b"\xc3"),
    ("an overlong UTF-8 sequence", b"\xc0\xaf"),
    ("an overlong NUL", b"\xc0\x80"),
    ("an overlong UTF-8 sequence of three bytes", b"\xe0\x80\xaf"),
    (
        "an overlong UTF-8 sequence of four bytes",
        b"\xf0\x80\x80\xaf",
    ),
    ("a surrogate in UTF-8", b"\xed\xa0\x80"),
    ("a pair of surrogates in UTF-8", b"\xed\xa0\xb4\xed\xb4\x9e"),
    ("a code point beyond Unicode", b"\xf4\x90\x80\x80"),
    ("a letter of Latin-1", b"\xe9"),
    ("a raw newline in a string", b"\n"),
    ("a raw carriage return in a string", b"\r"),
    ("a raw tab in a string", b"\t"),
    ("a raw NUL in a string", b"\0"),
    ("a raw unit separator in a string", b"\x1f"),
    ("an escape that is none", b"\\x41"),
    ("an escaped letter that needs none", b"\\a"),
    ("an escaped single quote", b"\\'"),
    ("an escaped newline", b"\\\n"),
    ("a \\u escape with a letter too far", b"\\u00G0"),
    ("a \\u escape cut short", b"\\u12"),
    ("a \\u escape in braces", b"\\u{41}"),
];

/// Bytes that are no text, or characters that JSON forbids in strings: in the
/// signed value, and in the envelope beside a value that is as it should be.
pub fn broken_text(value: &str, key: &SignKey) -> Vec<Mutation> {
    let within = |bytes: &[u8]| {
        let draft = Draft::of(value).expect("the value is valid");
        let text = draft.with(Part::Body, "operatorId", "\"@\"").text();
        sealed(spliced(&text, bytes), key)
    };
    let mut mutations: Vec<Mutation> = BROKEN
        .into_iter()
        .map(|(label, bytes)| refused(label, within(bytes)))
        .collect();
    for (label, bytes) in BROKEN {
        let good = String::from_utf8(sealed(value, key)).expect("it is made of text");
        let beside = format!("{},\"note\":\"@\"}}", &good[..good.len() - 1]);
        mutations.push(refused(
            format!("{label}, beside the request"),
            spliced(&beside, bytes),
        ));
    }
    mutations
}

/// `text` with `bytes` for its last at sign.
fn spliced(text: &str, bytes: &[u8]) -> Vec<u8> {
    let at = text.rfind('@').expect("it was just put there");
    [&text.as_bytes()[..at], bytes, &text.as_bytes()[at + 1..]].concat()
}

/// One text, and one message, in every spelling: escapes and white space.
pub fn spellings_of_text(value: &str, key: &SignKey) -> Vec<Mutation> {
    let mut mutations: Vec<Mutation> = [
        ("an escaped letter", r#""\u0041""#),
        ("escapes with small digits", r#""\u004a\u004b""#),
        ("escapes with large digits", r#""\u004A\u004B""#),
        ("an escaped slash", r#""1\/2""#),
        ("a slash", r#""1/2""#),
        ("a slash as a \\u escape", r#""1\u002f2""#),
        ("an escaped quote", r#""1\"2""#),
        ("a quote as a \\u escape", r#""1\u00222""#),
        ("an escaped backslash", r#""1\\2""#),
        ("a backslash as a \\u escape", r#""1\u005c2""#),
        ("an escaped backslash before a u", r#""1\\u0041""#),
    ]
    .into_iter()
    .map(|(label, token)| Mutation::accepted(label, noted(value, key, token)))
    .collect();
    let between = |space: &str| value.replace("\":", &format!("\"{space}:{space}"));
    for (label, text) in [
        (
            "carriage returns and newlines between tokens",
            between("\r\n"),
        ),
        ("tabs between tokens", between("\t")),
        ("carriage returns between tokens", between("\r")),
        (
            "a thousand spaces between tokens",
            value.replacen("\":", &format!("\":{}", " ".repeat(1_000)), 1),
        ),
        (
            "an escaped letter in a member's name",
            value.replacen("\"orderAmount\"", "\"order\\u0041mount\"", 1),
        ),
        (
            "an escaped letter in the name of the body",
            value.replacen("\"body\"", "\"\\u0062ody\"", 1),
        ),
        (
            "every letter of a member's name escaped",
            value.replacen(
                "\"refundNo\"",
                "\"\\u0072\\u0065\\u0066\\u0075\\u006e\\u0064\\u004e\\u006f\"",
                1,
            ),
        ),
    ] {
        mutations.push(Mutation::accepted(label, sealed(text, key)));
    }
    mutations
}

/// Texts that JSON can hold, raw and escaped. Control characters are left to
/// gateways: that JSON can write them does not make them part of a number.
pub fn texts(value: &str, key: &SignKey) -> Vec<Mutation> {
    let mut mutations = Vec::new();
    for (label, text) in [
        ("a letter outside ASCII", "é"),
        ("a character of three bytes", "€"),
        ("a character of four bytes", "𝄞"),
        ("a line separator", "a\u{2028}b"),
        ("a paragraph separator", "a\u{2029}b"),
        ("a replacement character", "\u{fffd}"),
    ] {
        let escaped: String = text
            .encode_utf16()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect();
        mutations.push(Mutation::accepted(
            label,
            noted(value, key, &string_token(text)),
        ));
        mutations.push(Mutation::accepted(
            format!("{label}, escaped"),
            noted(value, key, &format!("\"{escaped}\"")),
        ));
    }
    for (label, token) in [
        ("a delete character", "\"a\u{7f}b\""),
        ("an escaped backspace and form feed", "\"a\\b\\fb\""),
        ("a code point that is no character", "\"\u{ffff}\""),
        ("the last code point of all", "\"\u{10ffff}\""),
        ("an escaped code point that is no character", "\"\\uffff\""),
    ] {
        mutations.push(Mutation::open(label, noted(value, key, token)));
    }
    mutations
}

/// Escapes of half a surrogate pair, and of U+0000.
pub fn surrogates(value: &str, key: &SignKey) -> Vec<Mutation> {
    [
        ("the first half of a surrogate pair", r#""\ud800""#),
        ("the second half of a surrogate pair", r#""\udc00""#),
        ("a surrogate pair the wrong way round", r#""\udd1e\ud834""#),
        ("two first halves", r#""\ud800\ud800""#),
        ("half a pair and a letter", r#""\ud834a""#),
        ("an escaped NUL", r#""a\u0000b""#),
    ]
    .into_iter()
    .map(|(label, token)| Mutation::open(label, noted(value, key, token)))
    .collect()
}
