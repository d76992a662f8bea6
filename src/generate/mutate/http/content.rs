//! Content types and encodings.

use super::{RawRequest, gzip, refused};
use crate::generate::mutation::Mutation;

/// Content types other than JSON.
pub fn other_content_types(request: &RawRequest) -> Vec<Mutation> {
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ]
    .into_iter()
    .map(|kind| {
        let changed = request
            .clone()
            .without("content-type")
            .with(format!("Content-Type: {kind}"));
        refused(format!("the Content-Type {kind}"), changed.bytes())
    })
    .collect()
}

/// The same content type in other words.
pub fn json_content_types(request: &RawRequest) -> Vec<Mutation> {
    [
        "content-type: application/json;charset=UTF-8",
        "CONTENT-TYPE: Application/JSON; charset=\"utf-8\"",
        "Content-Type:application/json",
        "Content-Type: \t application/json \t",
    ]
    .into_iter()
    .map(|line| {
        let changed = request.clone().without("content-type").with(line);
        Mutation::accepted(format!("the header {line:?}"), changed.bytes())
    })
    .collect()
}

/// Encodings of the request, and wishes about the answer. A server
/// that can't decode a request turns it away; one that does not look at the
/// header reads what is there.
pub fn encodings(request: &RawRequest) -> Vec<Mutation> {
    let packed = request.clone().with_body(gzip(&request.body));
    let with = |line: &str| request.clone().with(line).bytes();
    vec![
        Mutation::accepted("Accept: application/json", with("Accept: application/json")),
        Mutation::accepted(
            "Accept-Encoding: identity",
            with("Accept-Encoding: identity"),
        ),
        Mutation::open("Accept: text/html", with("Accept: text/html")),
        Mutation::open(
            "a body in gzip",
            packed.clone().with("Content-Encoding: gzip").bytes(),
        ),
        refused("a body in gzip that no header names", packed.bytes()),
        Mutation::open("a plain body called gzip", with("Content-Encoding: gzip")),
        Mutation::open("an unknown encoding", with("Content-Encoding: barter")),
        Mutation::open(
            "Content-Encoding: identity",
            with("Content-Encoding: identity"),
        ),
    ]
}
