//! Methods, versions and header lines.

use super::{RawRequest, refused};
use crate::generate::mutation::Mutation;

/// Methods that no call has.
pub fn other_methods(request: &RawRequest) -> Vec<Mutation> {
    with_methods(
        request,
        &["GET", "PUT", "PATCH", "DELETE", "post", "REFUND"],
    )
}

/// Methods that a server may answer by itself, whatever stands at the target.
pub fn harmless_methods(request: &RawRequest) -> Vec<Mutation> {
    with_methods(request, &["HEAD", "OPTIONS", "TRACE"])
}

fn with_methods(request: &RawRequest, methods: &[&str]) -> Vec<Mutation> {
    methods
        .iter()
        .map(|method| {
            let changed = request.clone().with_method(method);
            refused(format!("the method {method}"), changed.bytes())
        })
        .collect()
}

/// Versions: those that HTTP has are a server's to take or not, all others are
/// none.
pub fn versions(request: &RawRequest) -> Vec<Mutation> {
    let with = |version: &str| request.clone().with_version(version);
    let nameless = |version: &str| with(version).without("host");
    let kept = nameless("HTTP/1.0").with("Connection: keep-alive");
    let mut preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    preface.extend(request.bytes());
    vec![
        Mutation::open("the version 1.0", with("HTTP/1.0").bytes()),
        Mutation::open("the version 1.0 and no Host", nameless("HTTP/1.0").bytes()),
        Mutation::open("the version 1.0 and keep-alive", kept.bytes()),
        Mutation::open("the version 1.2", with("HTTP/1.2").bytes()),
        refused("the version in lower case", with("http/1.1").bytes()),
        refused("the version 3.7", with("HTTP/3.7").bytes()),
        refused("a version of three numbers", with("HTTP/1.1.1").bytes()),
        Mutation::open("another protocol's version", with("RTSP/1.1").bytes()),
        refused("no version", with("").bytes()),
        refused("the preface of HTTP/2 before it", preface),
    ]
}

/// Heads that HTTP/1.1 forbids, and some that it leaves to the server.
pub fn broken_heads(request: &RawRequest) -> Vec<Mutation> {
    let with = |line: &str| request.clone().with(line).bytes();
    let host = |line: &str| request.clone().without("host").with(line).bytes();
    let at_once = |start: &str| {
        let mut bytes = start.as_bytes().to_vec();
        bytes.extend(request.bytes());
        bytes
    };
    let bare = String::from_utf8_lossy(&request.clone().with_body("").bytes_as_they_are())
        .replace("\r\n", "\n");
    let length = request.body.len();
    let mut bare = bare
        .strip_suffix('\n')
        .map_or_else(String::new, |head| {
            format!("{head}Content-Length: {length}\n\n")
        })
        .into_bytes();
    bare.extend_from_slice(&request.body);
    vec![
        refused("no Host", request.clone().without("host").bytes()),
        refused("two different Hosts", with("Host: other.example")),
        refused("a NUL in a header", with("X-Odd: a\0b")),
        refused("a space before a header's colon", with("X-Odd : 1")),
        refused("a header without a name", with(": 1")),
        // Proxies drop such lines and pass on the rest.
        Mutation::open("a header without a colon", with("X-Odd")),
        Mutation::open("a header's name with brackets", with("X(Odd): 1")),
        Mutation::open("a header's name outside ASCII", with("X-Ödd: 1")),
        Mutation::open("a bare CR in a header", with("X-Odd: a\rb")),
        Mutation::open("a header folded into two lines", with("X-Odd: a\r\n b")),
        Mutation::open("lines that end in LF alone", bare),
        Mutation::open("an empty line before it", at_once("\r\n")),
        Mutation::open("a Host with a blank", host("Host: a b")),
        Mutation::open("an empty Host", host("Host:")),
        Mutation::open("another Host", host("Host: other.example")),
    ]
}

/// Offers to go on in another protocol. One that nobody knows is ignored; to
/// take up one that is known is a server's right.
pub fn upgrades(request: &RawRequest) -> Vec<Mutation> {
    let unknown = request
        .clone()
        .with("Connection: Upgrade")
        .with("Upgrade: barter/9.7");
    let h2c = request
        .clone()
        .with("Connection: Upgrade, HTTP2-Settings")
        .with("Upgrade: h2c")
        .with("HTTP2-Settings: AAMAAABkAAQAAP__");
    vec![
        Mutation::accepted(
            "an upgrade to a protocol that nobody knows",
            unknown.bytes(),
        ),
        Mutation::open("an upgrade to HTTP/2", h2c.bytes()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_of_bare_line_feeds_has_no_carriage_return_and_its_length() {
        let request = RawRequest::post("h:1", "/", "{\"a\":1}");
        let bare = broken_heads(&request)
            .into_iter()
            .find(|mutation| mutation.label.contains("LF"))
            .unwrap();
        assert_eq!(
            String::from_utf8(bare.document).unwrap(),
            "POST / HTTP/1.1\nHost: h:1\nContent-Type: application/json\nContent-Length: 7\n\n{\"a\":1}"
        );
    }
}
