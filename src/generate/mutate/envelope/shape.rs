//! Envelopes and values without what they need.

use crate::generate::draft::{Draft, Part, string_token};
use crate::generate::mutate::{sealed, wrapped};
use crate::generate::mutation::Mutation;
use crate::protocol::SignKey;

use super::{SHAPE, signature};

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

/// A signed answer of the gateway's own shown to it as a request: as it is,
/// and under the name of a request, so that even its signature holds.
pub fn response_as_request(response: &str, key: &SignKey) -> Vec<Mutation> {
    let good = signature(response, key);
    let token = string_token(&good);
    vec![
        Mutation::refused(
            "an answer as it was given",
            format!("{{\"response\":{response},\"signature\":{token}}}"),
            SHAPE,
        ),
        Mutation::refused(
            "the text of an answer for a request",
            wrapped(response, &token),
            SHAPE,
        ),
        Mutation::refused(
            "an empty request beside an answer",
            format!("{{\"request\":{{}},\"response\":{response},\"signature\":{token}}}"),
            SHAPE,
        ),
    ]
}
