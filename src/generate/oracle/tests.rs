//! The recogniser against a table of documents, and against `serde_json`
//! wherever both decide.

use proptest::prelude::*;

use super::*;

/// Documents that are JSON.
const VALID: &[&[u8]] = &[
    b"null",
    b"true",
    b"false",
    b"0",
    b"-0",
    b"42",
    b"-1",
    b"0.1",
    b"-0.0",
    b"1e2",
    b"1E2",
    b"1e+2",
    b"1e-2",
    b"0e1",
    b"0E+1",
    b"123.456e78",
    b"20e1",
    b"123456789012345",
    b"-123.123",
    b"\"\"",
    b"\"a\"",
    b"\" \"",
    b"\"\\\"\"",
    b"\"\\\\\"",
    b"\"\\/\"",
    b"\"/\"",
    b"\"\\b\\f\\n\\r\\t\"",
    b"\"\\u0041\"",
    b"\"\\u00e9\\u00E9\"",
    b"\"\\u0060\\u012a\\u12AB\"",
    b"\"\\ud834\\udd1e\"",
    b"\"\\uD834\\uDD1E\"",
    b"\"\\u0012\"",
    b"\"\\u2028\\u2029\"",
    b"\"\\u005C\"",
    b"\"\\u0022\"",
    b"\"\\\\u0000\"",
    b"\"\x7f\"",
    "\"é\"".as_bytes(),
    "\"€\"".as_bytes(),
    "\"𝄞\"".as_bytes(),
    "\"\u{2028}\u{2029}\"".as_bytes(),
    "\"\u{2060}\u{200b}\"".as_bytes(),
    "\"\u{80}\u{7ff}\u{800}\u{fffd}\u{10000}\"".as_bytes(),
    "\"\u{feff}\"".as_bytes(),
    b"\"a/*b*/c\"",
    b"[]",
    b"[ ]",
    b"[1]",
    b"[1,2]",
    b"[null, 1, \"1\", {}]",
    b"[[], [[]]]",
    b"[\"\", 0]",
    b"[1\n]",
    b" [1]",
    b"[1] ",
    b"\r\n\t [\r\n\t 1 \r\n\t] \r\n\t",
    b"[false]",
    b"{}",
    b"{ }",
    b"{\"\":0}",
    b"{\"a\":0}",
    b"{\"a\":[]}",
    b"{\"a\":{}}",
    b"{\"a\" : \"b\" , \"c\" : null}",
    b"{\n\"a\": \"b\"\n}",
    b"{\"a\":1,\"A\":2}",
    b"{\"\\u0061\":1,\"b\":2}",
    b"{\"a\":{\"a\":{\"a\":1}}}",
    b"{\"__proto__\":1,\"constructor\":2}",
    b"{\"request\":{\"header\":{},\"body\":{}},\"signature\":\"\"}",
];

/// Documents that are none, and where that shows.
const INVALID: &[(&[u8], usize)] = &[
    (b"", 0),
    (b" ", 1),
    (b"\r\n", 2),
    (b"nul", 0),
    (b"nulll", 4),
    (b"NULL", 0),
    (b"True", 0),
    (b"tru", 0),
    (b"undefined", 0),
    (b"NaN", 0),
    (b"Infinity", 0),
    (b"-Infinity", 1),
    (b"abc", 0),
    (b"'a'", 0),
    (b"`a`", 0),
    (b"+1", 0),
    (b".5", 0),
    (b"-.5", 1),
    (b"1.", 2),
    (b"1.e1", 2),
    (b"1.5.6", 3),
    (b"1e", 2),
    (b"1e+", 3),
    (b"1e1e1", 3),
    (b"1e1.5", 3),
    (b"-", 1),
    (b"--1", 1),
    (b"- 1", 1),
    (b"-01", 2),
    (b"00", 1),
    (b"0100", 1),
    (b"012", 1),
    (b"0x64", 1),
    (b"0b1", 1),
    (b"1_000", 1),
    (b"1 000", 2),
    (b"1,000", 1),
    (b"100n", 3),
    (b"1a", 1),
    ("１００".as_bytes(), 0),
    ("1\u{ff10}".as_bytes(), 1),
    (b"\"", 1),
    (b"\"a", 2),
    (b"\"\\\"", 3),
    (b"\"\\", 2),
    (b"\"\\a\"", 2),
    (b"\"\\x41\"", 2),
    (b"\"\\'\"", 2),
    (b"\"\\0\"", 2),
    (b"\"\\U0041\"", 2),
    (b"\"\\\n\"", 2),
    ("\"\\é\"".as_bytes(), 2),
    (b"\"\\u\"", 3),
    (b"\"\\u12\"", 5),
    (b"\"\\u00G0\"", 5),
    (b"\"\\u{41}\"", 3),
    (b"\"\\ud834\\u\"", 9),
    (b"\"\\ud834\\u12\"", 11),
    (b"\"\\ud834\\x\"", 8),
    (b"\"\n\"", 1),
    (b"\"\t\"", 1),
    (b"\"\r\"", 1),
    (b"\"\0\"", 1),
    (b"\"a\x1fb\"", 2),
    (b"\"\x80\"", 1),
    (b"\"\xbf\"", 1),
    (b"\"\xff\"", 1),
    (b"\"\xfe\"", 1),
    (b"\"\xc3\"", 1),
    (b"\"\xe2\x82\"", 1),
    (b"\"\xe2\x82", 1),
    (b"\"\xc0\x80\"", 1),
    (b"\"\xc0\xaf\"", 1),
    (b"\"\xc1\xbf\"", 1),
    (b"\"\xe0\x80\xaf\"", 1),
    (b"\"\xed\xa0\x80\"", 1),
    (b"\"\xed\xa0\xb4\xed\xb4\x9e\"", 1),
    (b"\"\xf0\x80\x80\xaf\"", 1),
    (b"\"\xf4\x90\x80\x80\"", 1),
    (b"\"\xf8\x88\x80\x80\x80\"", 1),
    (b"\xff", 0),
    (b"[", 1),
    (b"]", 0),
    (b"[1", 2),
    (b"[1,", 3),
    (b"[1,]", 3),
    (b"[,1]", 1),
    (b"[,]", 1),
    (b"[1,,2]", 3),
    (b"[1 2]", 3),
    (b"[1;2]", 2),
    (b"[1:2]", 2),
    (b"[1]]", 3),
    (b"[1}", 2),
    (b"[1]x", 3),
    (b"[1],", 3),
    (b"[1][2]", 3),
    (b"[*]", 1),
    (b"[-]", 2),
    (b"[1 true]", 3),
    (b"[\x0b1]", 1),
    (b"[\x0c]", 1),
    ("[\u{a0}1]".as_bytes(), 1),
    ("[\u{2060}1]".as_bytes(), 1),
    ("[\u{85}1]".as_bytes(), 1),
    ("[\u{feff}1]".as_bytes(), 1),
    ("[\u{3000}1]".as_bytes(), 1),
    (b"[1]\0", 3),
    (b"{", 1),
    (b"}", 0),
    (b"{\"a\"", 4),
    (b"{\"a\"}", 4),
    (b"{\"a\":", 5),
    (b"{\"a\":}", 5),
    (b"{\"a\":1", 6),
    (b"{\"a\":1,", 7),
    (b"{\"a\":1,}", 7),
    (b"{,\"a\":1}", 1),
    (b"{\"a\":1,,\"b\":2}", 7),
    (b"{\"a\":1 \"b\":2}", 7),
    (b"{\"a\",1}", 4),
    (b"{\"a\"=1}", 4),
    (b"{\"a\"::1}", 5),
    (b"{\"a\" 1}", 5),
    (b"{a:1}", 1),
    (b"{'a':1}", 1),
    (b"{1:1}", 1),
    (b"{null:1}", 1),
    (b"{\"a\":'b'}", 5),
    (b"{\"a\":b}", 5),
    (b"{\"a\":1]", 6),
    (b"{\"a\":1}}", 7),
    (b"{\"a\":1}{\"a\":1}", 7),
    (b"{\"a\":1} {}", 8),
    (b"{\"a\":1}x", 7),
    (b"{\"a\":1}//", 7),
    (b"{\"a\":/* */1}", 5),
    (b"{\"a\":1 // b\n}", 7),
    (b"# a\n{}", 0),
    (b"{[]:1}", 1),
    (b"callback({})", 0),
    (b")]}',\n{}", 0),
    (b"request=1&signature=2", 0),
    (b"<request/>", 0),
    (b"{\0}\0", 1),
    (b"\xff\xfe{\0}\0", 0),
    (b"\xfe\xff\0{\0}", 0),
    (b"\0{\0}", 0),
    (b"\xef\xbb\xbf", 3),
    (b"\xef\xbb{}", 0),
    (b"\xef\xbb\xbf\xef\xbb\xbf{}", 3),
    (b"{\"a\":1,\"a\":2,}", 13),
];

/// Documents that the grammar takes and readers treat as they like.
const IMPLEMENTATION_DEFINED: &[(&[u8], Liberty)] = &[
    (b"{\"a\":1,\"a\":1}", Liberty::DuplicateMembers),
    (b"{\"a\":1,\"a\":2}", Liberty::DuplicateMembers),
    (b"{\"a\":1,\"\\u0061\":2}", Liberty::DuplicateMembers),
    (b"[{\"b\":{\"a\":1,\"a\":2}}]", Liberty::DuplicateMembers),
    (b"\"\\ud800\"", Liberty::LoneSurrogate),
    (b"\"\\udc00\"", Liberty::LoneSurrogate),
    (b"\"\\udd1e\\ud834\"", Liberty::LoneSurrogate),
    (b"\"\\ud800\\ud800\\n\"", Liberty::LoneSurrogate),
    (b"\"\\ud800a\"", Liberty::LoneSurrogate),
    (b"\"\\ud800\\u0061\"", Liberty::LoneSurrogate),
    (b"1e400", Liberty::HugeNumber),
    (b"1e-400", Liberty::HugeNumber),
    (b"-1e99999999999999999999", Liberty::HugeNumber),
    (b"100000000000000000000", Liberty::HugeNumber),
    (b"100.000000000000000001", Liberty::HugeNumber),
    (b"0.1234567890123456", Liberty::HugeNumber),
    (b"\"\\u0000\"", Liberty::Nul),
    (b"{\"\\u0000\":0}", Liberty::Nul),
    (b"\"\\uffff\"", Liberty::Noncharacter),
    (b"\"\\ufdd0\"", Liberty::Noncharacter),
    (b"\"\\udbff\\udfff\"", Liberty::Noncharacter),
    ("\"\u{ffff}\"".as_bytes(), Liberty::Noncharacter),
    ("\"\u{10ffff}\"".as_bytes(), Liberty::Noncharacter),
    ("\"\u{1fffe}\"".as_bytes(), Liberty::Noncharacter),
    (b"\xef\xbb\xbf{}", Liberty::ByteOrderMark),
];

#[test]
fn every_document_of_the_table_is_what_it_is() {
    assert!(VALID.len() + INVALID.len() + IMPLEMENTATION_DEFINED.len() >= 200);
    let shown = |document: &[u8]| document.escape_ascii().to_string();
    for document in VALID {
        assert_eq!(class_of(document), JsonClass::Valid, "{}", shown(document));
    }
    for (document, place) in INVALID {
        assert!(
            matches!(class_of(document), JsonClass::Invalid { at, .. } if at == *place),
            "{}: {:?}",
            shown(document),
            class_of(document)
        );
    }
    for (document, liberty) in IMPLEMENTATION_DEFINED {
        assert_eq!(
            class_of(document),
            JsonClass::ImplementationDefined(*liberty),
            "{}",
            shown(document)
        );
    }
}

#[test]
fn nesting_is_left_to_readers_beyond_what_all_take_and_never_overflows() {
    let nested = |levels: usize| [b"[".repeat(levels), b"]".repeat(levels)].concat();
    assert_eq!(class_of(&nested(DEEPEST)), JsonClass::Valid);
    for levels in [DEEPEST + 1, 100_000] {
        assert_eq!(
            class_of(&nested(levels)),
            JsonClass::ImplementationDefined(Liberty::DeepNesting)
        );
    }
    let unclosed = b"{\"a\":".repeat(100_000);
    assert!(matches!(
        class_of(&unclosed),
        JsonClass::Invalid { at: 500_000, .. }
    ));
}

/// Whether `serde_json` and the oracle agree, where the oracle decides.
fn agree(document: &[u8]) -> Result<(), TestCaseError> {
    let parsed = serde_json::from_slice::<serde_json::Value>(document);
    let shown = document.escape_ascii();
    match class_of(document) {
        JsonClass::Valid => prop_assert!(parsed.is_ok(), "{shown}: {parsed:?}"),
        JsonClass::Invalid { at, reason } => {
            prop_assert!(at <= document.len());
            prop_assert!(parsed.is_err(), "{shown}: {reason} at {at}");
        }
        JsonClass::ImplementationDefined(_) => {}
    }
    Ok(())
}

proptest! {
    #[test]
    fn random_tokens_are_what_another_parser_says(
        tokens in proptest::collection::vec(
            proptest::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"b\"", "0", "1", "-", ".", "e", "+",
                "null", "true", " ", "\n", "\\", "\\u00e9", "\\ud834", "\\udd1e", "é", "\t", "\u{b}",
            ]),
            0..12,
        )
    ) {
        agree(tokens.concat().as_bytes())?;
    }

    #[test]
    fn random_bytes_are_what_another_parser_says(
        bytes in proptest::collection::vec(any::<u8>(), 0..8),
        quoted in any::<bool>(),
    ) {
        let quote: &[u8] = if quoted { b"\"" } else { b"" };
        agree(&[quote, &bytes, quote].concat())?;
    }
}
