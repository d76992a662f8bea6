//! Envelopes that are incomplete, ambiguous, or hide a second request.

use crate::protocol::SignKey;
use crate::protocol::signature::sign;

use super::super::draft::{Draft, Part, string_token};
use super::super::mutation::Mutation;
use super::{sealed, wrapped};

/// Something is missing, or is of the wrong shape.
const SHAPE: &[i64] = &[4, 5, 6, 3, 8];

fn signature(value: &str, key: &SignKey) -> String {
    sign(value.as_bytes(), key).as_str().to_owned()
}

/// Envelopes without a request, or with one that is no object.
pub fn request_missing(value: &str, key: &SignKey) -> Vec<Mutation> {
    let good = signature(value, key);
    let mut mutations = vec![
        Mutation::refused("no members at all", "{}", SHAPE),
        Mutation::refused(
            "no request member",
            format!("{{\"signature\":\"{good}\"}}"),
            SHAPE,
        ),
        Mutation::refused(
            "the request named Request",
            format!("{{\"Request\":{value},\"signature\":\"{good}\"}}"),
            SHAPE,
        ),
        Mutation::refused(
            "the request named response",
            format!("{{\"response\":{value},\"signature\":\"{good}\"}}"),
            SHAPE,
        ),
        Mutation::refused(
            "the envelope in an array",
            format!("[{}]", wrapped(value, &string_token(&good))),
            SHAPE,
        ),
        Mutation::refused(
            "the envelope in an envelope",
            sealed(wrapped(value, &string_token(&good)), key),
            SHAPE,
        ),
    ];
    let quoted = string_token(value);
    for (label, request) in [
        ("null for a request", "null"),
        ("an array for a request", "[]"),
        ("a number for a request", "1"),
        ("an empty object for a request", "{}"),
        ("the request as a string", quoted.as_str()),
    ] {
        mutations.push(Mutation::refused(label, sealed(request, key), SHAPE));
    }
    mutations
}

/// Signed values whose header or body is missing or of the wrong shape.
pub fn part_missing(value: &str, key: &SignKey) -> Vec<Mutation> {
    let draft = Draft::of(value).expect("the value is valid");
    let header = draft.part_text(Part::Header);
    let body = draft.part_text(Part::Body);
    [
        ("no header", format!("{{\"body\":{body}}}")),
        ("no body", format!("{{\"header\":{header}}}")),
        (
            "null for a header",
            format!("{{\"header\":null,\"body\":{body}}}"),
        ),
        (
            "null for a body",
            format!("{{\"header\":{header},\"body\":null}}"),
        ),
        (
            "an array for a header",
            format!("{{\"header\":[],\"body\":{body}}}"),
        ),
        (
            "an array for a body",
            format!("{{\"header\":{header},\"body\":[{body}]}}"),
        ),
        (
            "header and body swapped",
            format!("{{\"header\":{body},\"body\":{header}}}"),
        ),
        (
            "an empty body",
            format!("{{\"header\":{header},\"body\":{{}}}}"),
        ),
    ]
    .into_iter()
    .map(|(label, text)| Mutation::refused(label, sealed(text, key), SHAPE))
    .collect()
}

/// Two `request` members, one signed and one not: whichever a gateway takes,
/// it must not verify the one and apply the other. `evil` is a value that
/// nobody signed.
pub fn two_requests(value: &str, evil: &str, key: &SignKey) -> Vec<Mutation> {
    let good = signature(value, key);
    let alias = "\"\\u0072equest\"";
    [
        (
            "an unsigned request behind the signed one",
            format!("{{\"request\":{value},\"request\":{evil},\"signature\":\"{good}\"}}"),
        ),
        (
            "an unsigned request before the signed one",
            format!("{{\"request\":{evil},\"request\":{value},\"signature\":\"{good}\"}}"),
        ),
        (
            "an unsigned request behind the signature",
            format!("{{\"request\":{value},\"signature\":\"{good}\",\"request\":{evil}}}"),
        ),
        (
            "an unsigned request with an escaped name behind the signed one",
            format!("{{\"request\":{value},{alias}:{evil},\"signature\":\"{good}\"}}"),
        ),
        (
            "an unsigned request with an escaped name before the signed one",
            format!("{{{alias}:{evil},\"request\":{value},\"signature\":\"{good}\"}}"),
        ),
    ]
    .into_iter()
    .map(|(label, text)| Mutation::open(label, text))
    .collect()
}

/// A signed request somewhere else than where it belongs, beside one that
/// nobody signed: a verifier that cuts text instead of parsing takes the decoy.
pub fn decoys(value: &str, evil: &str, key: &SignKey) -> Vec<Mutation> {
    let good = signature(value, key);
    let in_string = string_token(&format!("\"request\":{value},\"signature\":\"{good}\""));
    [
        (
            "a signed decoy in another member before the request",
            format!(
                "{{\"meta\":{{\"request\":{value}}},\"request\":{evil},\"signature\":\"{good}\"}}"
            ),
        ),
        (
            "a signed decoy in another member behind the request",
            format!(
                "{{\"request\":{evil},\"signature\":\"{good}\",\"meta\":{{\"request\":{value}}}}}"
            ),
        ),
        (
            "a signed decoy in a string before the request",
            format!("{{\"note\":{in_string},\"request\":{evil},\"signature\":\"{good}\"}}"),
        ),
        (
            "a signed decoy in an array",
            format!(
                "{{\"list\":[{{\"request\":{value}}}],\"request\":{evil},\"signature\":\"{good}\"}}"
            ),
        ),
    ]
    .into_iter()
    .map(|(label, text)| Mutation::refused(label, text, &[8, 3, 5, 6]))
    .collect()
}

/// Valid requests that break a verifier which looks for words in the text.
pub fn confusing_texts(value: &str, key: &SignKey) -> Vec<Mutation> {
    let draft = Draft::of(value).expect("the value is valid");
    ["\",\"signature\":\"", "}", "\"request\":{", "\\\"}}"]
        .into_iter()
        .map(|text| {
            let spoken = draft
                .clone()
                .with(Part::Body, "operatorId", string_token(text))
                .text();
            Mutation::accepted(
                format!("the text {} as operatorId", string_token(text)),
                sealed(spoken, key),
            )
        })
        .collect()
}

/// Envelopes laid out in another way, which are as valid.
pub fn layouts(value: &str, key: &SignKey) -> Vec<Mutation> {
    let good = signature(value, key);
    [
        (
            "the signature first",
            format!("{{\"signature\":\"{good}\",\"request\":{value}}}"),
        ),
        (
            "white space around the value, signed without it",
            format!("{{ \"request\" :\t{value}\r\n, \"signature\" : \"{good}\" }}"),
        ),
        (
            "white space around the document",
            format!("\n{{\"request\":{value},\"signature\":\"{good}\"}}\n"),
        ),
        (
            "an escaped letter in the name of the request",
            format!("{{\"\\u0072equest\":{value},\"signature\":\"{good}\"}}"),
        ),
    ]
    .into_iter()
    .map(|(label, text)| Mutation::accepted(label, text))
    .collect()
}
