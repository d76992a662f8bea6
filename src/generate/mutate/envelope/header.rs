//! Headers that are not what their clauses say; each request is signed as it
//! stands, unless its name says otherwise.

use crate::generate::draft::{Draft, Part, string_token};
use crate::generate::mutate::{sealed, wrapped};
use crate::generate::mutation::Mutation;
use crate::protocol::SignKey;

use super::{SHAPE, signature};

/// A parameter is empty or illegitimate, or the request is.
const PARAMETER: &[i64] = &[4, 5, 3];

fn draft(value: &str) -> Draft {
    Draft::of(value).expect("the value is valid")
}

/// The document of a value whose header's member is this token.
fn with(value: &str, key: &SignKey, name: &str, token: &str) -> Vec<u8> {
    sealed(draft(value).with(Part::Header, name, token).text(), key)
}

fn without(value: &str, key: &SignKey, name: &str) -> Vec<u8> {
    sealed(draft(value).without(Part::Header, name).text(), key)
}

/// Versions that there are none of.
pub fn versions(value: &str, key: &SignKey) -> Vec<Mutation> {
    let mut mutations = vec![Mutation::refused(
        "no version",
        without(value, key, "version"),
        PARAMETER,
    )];
    for token in [
        "null",
        "\"\"",
        "\"0.9\"",
        "\"2.0\"",
        "\"99.9\"",
        "\"1.0.0.0.0\"",
        "\"latest\"",
        "\"v1.0\"",
        "1",
        "true",
        "[\"1.0\"]",
    ] {
        mutations.push(Mutation::refused(
            format!("the version {token}"),
            with(value, key, "version", token),
            PARAMETER,
        ));
    }
    mutations
}

/// A partner that is nobody, or that is not named: there is no key that its
/// signature could be made with. `stranger` is a number that nobody has.
pub fn partners_unknown(value: &str, stranger: &str, key: &SignKey) -> Vec<Mutation> {
    let named = string_token(stranger);
    let mut mutations = vec![Mutation::refused(
        "no partnerNo",
        without(value, key, "partnerNo"),
        SHAPE,
    )];
    for token in [
        named.as_str(),
        "null",
        "\"\"",
        "\" \"",
        "0",
        "true",
        "[]",
        "{}",
        "\"*\"",
        "\"%\"",
        "\"' OR '1'='1\"",
        "\"../10001\"",
        "\"0000000000000000\"",
    ] {
        mutations.push(Mutation::refused(
            format!("the partnerNo {token}"),
            with(value, key, "partnerNo", token),
            SHAPE,
        ));
    }
    let text = draft(value).with(Part::Header, "partnerNo", named).text();
    let plain = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&text));
    for (label, claimed) in [
        ("a partnerNo of nobody and no key", plain.as_str()),
        ("a partnerNo of nobody and an empty signature", ""),
    ] {
        mutations.push(Mutation::refused(
            label,
            wrapped(&text, &string_token(claimed)),
            SHAPE,
        ));
    }
    mutations
}

/// Message ids that are none, and those that the sources disagree on: an empty
/// one, none at all, and a UUID of 36 characters.
pub fn message_ids(value: &str, key: &SignKey) -> Vec<Mutation> {
    const NAME: &str = "reqMsgId";
    let mut mutations = Vec::new();
    for token in ["8", "true", "[]", "{}", "[\"x\"]"] {
        mutations.push(Mutation::refused(
            format!("the message id {token}"),
            with(value, key, NAME, token),
            PARAMETER,
        ));
    }
    for length in [37, 64, 1_000] {
        mutations.push(Mutation::refused(
            format!("a message id of {length} characters"),
            with(value, key, NAME, &format!("\"{}\"", "7".repeat(length))),
            PARAMETER,
        ));
    }
    mutations.push(Mutation::open("no message id", without(value, key, NAME)));
    let known = draft(value);
    let id = known.token(Part::Header, NAME).unwrap_or_default();
    let id = id.trim_matches('"');
    let uuid = format!("{id:0>32}");
    let uuid = format!(
        "{}-{}-{}-{}-{}",
        &uuid[..8],
        &uuid[8..12],
        &uuid[12..16],
        &uuid[16..20],
        &uuid[20..32]
    );
    for (label, token) in [
        ("null for a message id", "null".to_owned()),
        ("an empty message id", "\"\"".to_owned()),
        ("a UUID for a message id", string_token(&uuid)),
        (
            "a message id with a line break",
            string_token(&format!("{}\r\n", &id[..id.len().min(8)])),
        ),
    ] {
        mutations.push(Mutation::open(label, with(value, key, NAME, &token)));
    }
    mutations
}

/// Times that are none, and times that a gateway may find too far off.
pub fn times(value: &str, key: &SignKey) -> Vec<Mutation> {
    let (name, other) = match draft(value).token(Part::Header, "reqTime") {
        Some(_) => ("reqTime", "requestTime"),
        None => ("requestTime", "reqTime"),
    };
    let mut mutations = vec![Mutation::refused(
        "no time",
        without(value, key, name),
        PARAMETER,
    )];
    for token in [
        "null",
        "\"\"",
        "\"now\"",
        "1532513165",
        "\"1532513165\"",
        "true",
        "[]",
        "\"2018-07-25\"",
        "\"2018-07-25T18:06:05\"",
        "\"2018-02-30T18:06:05+08:00\"",
        "\"2018-13-25T18:06:05+08:00\"",
        "\"2018-07-25T25:06:05+08:00\"",
        "\"25.07.2018 18:06:05\"",
        "\"Wed, 25 Jul 2018 10:06:05 GMT\"",
    ] {
        mutations.push(Mutation::refused(
            format!("the time {token}"),
            with(value, key, name, token),
            PARAMETER,
        ));
    }
    for (label, time) in [
        ("a time of the last century", "1999-12-31T23:59:59+00:00"),
        ("a time of the next century", "2101-01-01T00:00:00+00:00"),
        ("a leap second", "2016-12-31T23:59:60+00:00"),
        ("a time that ends in Z", "2018-07-25T10:06:05Z"),
        ("a time of day 24", "2018-07-25T24:00:00+08:00"),
        ("a time with a blank for its T", "2018-07-25 18:06:05+08:00"),
    ] {
        mutations.push(Mutation::open(
            label,
            with(value, key, name, &string_token(time)),
        ));
    }
    mutations.push(Mutation::open(
        "two times that differ",
        with(value, key, other, "\"1999-12-31T23:59:59+00:00\""),
    ));
    mutations
}

/// Names of signatures that a lenient verifier may take for none.
const SIGN_TYPES: [&str; 12] = [
    "\"NONE\"",
    "\"none\"",
    "\"None\"",
    "\"\"",
    "null",
    "\"PLAIN\"",
    "\"MD5\"",
    "\"SHA1\"",
    "\"SHA512\"",
    "\"RSA\"",
    "\"sha256\"",
    "0",
];

/// Another signType, and a signature that does not hold: naming another kind
/// of signature must not switch the check off.
pub fn unsigned_sign_types(value: &str, key: &SignKey) -> Vec<Mutation> {
    const CODES: &[i64] = &[8, 3, 4, 5];
    let mut mutations = Vec::new();
    for token in SIGN_TYPES {
        let text = draft(value).with(Part::Header, "signType", token).text();
        let plain = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&text));
        for (label, claimed) in [
            ("an empty signature", string_token("")),
            ("a wrong signature", string_token(&"0".repeat(64))),
            ("a signature without any key", string_token(&plain)),
            ("the word none for a signature", string_token("none")),
        ] {
            mutations.push(Mutation::refused(
                format!("the signType {token} and {label}"),
                wrapped(&text, &claimed),
                CODES,
            ));
        }
        mutations.push(Mutation::refused(
            format!("the signType {token} and no signature"),
            format!("{{\"request\":{text}}}"),
            CODES,
        ));
    }
    let text = draft(value).without(Part::Header, "signType").text();
    mutations.push(Mutation::refused(
        "no signType and an empty signature",
        wrapped(&text, "\"\""),
        CODES,
    ));
    // The signature of the same value under the right signType.
    let text = draft(value)
        .with(Part::Header, "signType", "\"NONE\"")
        .text();
    mutations.push(Mutation::refused(
        "the signType changed after signing",
        wrapped(&text, &string_token(&signature(value, key))),
        CODES,
    ));
    mutations
}

/// Another signType, and a signature that holds all the same.
pub fn other_sign_types(value: &str, key: &SignKey) -> Vec<Mutation> {
    SIGN_TYPES
        .into_iter()
        .map(|token| {
            Mutation::open(
                format!("the signType {token}"),
                with(value, key, "signType", token),
            )
        })
        .collect()
}

/// No signType: SHA256 is the default.
pub fn sign_type_absent(value: &str, key: &SignKey) -> Vec<Mutation> {
    vec![Mutation::accepted(
        "no signType",
        without(value, key, "signType"),
    )]
}
