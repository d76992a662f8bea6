//! Requests that are unusual or wrong below the envelope: methods, paths,
//! headers, framing. The documents inside are valid and signed, so that a
//! gateway which takes the wrong request moves money.

use super::super::mutation::Mutation;

/// Any refusal will do below the protocol.
const ANY: &[i64] = &[];

/// An HTTP/1.1 request as the bytes that it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRequest {
    /// The method.
    pub method: String,
    /// The request target.
    pub target: String,
    /// The version, `HTTP/1.1`.
    pub version: String,
    /// Header lines without their line ends, in order.
    pub headers: Vec<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl RawRequest {
    /// A POST of a JSON document, without a length.
    pub fn post(authority: &str, target: impl Into<String>, document: impl Into<Vec<u8>>) -> Self {
        Self {
            method: "POST".to_owned(),
            target: target.into(),
            version: "HTTP/1.1".to_owned(),
            headers: vec![
                format!("Host: {authority}"),
                "Content-Type: application/json".to_owned(),
            ],
            body: document.into(),
        }
    }

    /// The same with one more header line.
    #[must_use]
    pub fn with(mut self, line: impl Into<String>) -> Self {
        self.headers.push(line.into());
        self
    }

    /// The same without the header of this name.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|line| {
            line.split_once(':')
                .is_none_or(|(known, _)| !known.eq_ignore_ascii_case(name))
        });
        self
    }

    /// The bytes, with the body's true length as `Content-Length`.
    pub fn bytes(&self) -> Vec<u8> {
        let length = self.body.len();
        self.clone()
            .with(format!("Content-Length: {length}"))
            .bytes_as_they_are()
    }

    /// The bytes, with the headers that are there and no other.
    pub fn bytes_as_they_are(&self) -> Vec<u8> {
        let mut bytes =
            format!("{} {} {}\r\n", self.method, self.target, self.version).into_bytes();
        for line in &self.headers {
            bytes.extend_from_slice(line.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// The same request with its body in chunks of `size` bytes.
    #[must_use]
    pub fn chunked(&self, size: usize, extension: &str, trailers: &str) -> Self {
        let mut body = Vec::new();
        for chunk in self.body.chunks(size.max(1)) {
            body.extend_from_slice(format!("{:X}{extension}\r\n", chunk.len()).as_bytes());
            body.extend_from_slice(chunk);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("0\r\n{trailers}\r\n").as_bytes());
        Self {
            body,
            ..self.clone()
        }
        .with("Transfer-Encoding: chunked")
    }
}

fn refused(label: impl Into<String>, bytes: Vec<u8>) -> Mutation {
    Mutation::refused(label, bytes, ANY)
}

/// Methods that no call has.
pub fn other_methods(request: &RawRequest) -> Vec<Mutation> {
    [
        "GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "post", "REFUND",
    ]
    .into_iter()
    .map(|method| {
        let mut changed = request.clone();
        changed.method = method.to_owned();
        refused(format!("the method {method}"), changed.bytes())
    })
    .collect()
}

/// Paths that are no call's.
pub fn other_paths(request: &RawRequest) -> Vec<Mutation> {
    let path = &request.target;
    let parent = path.rsplit_once('/').map_or("/", |(parent, _)| parent);
    [
        "/".to_owned(),
        parent.to_owned(),
        format!("{path}s"),
        format!("{path}/x"),
        format!("{parent}/refund.php"),
    ]
    .into_iter()
    .map(|target| {
        let mut changed = request.clone();
        changed.target.clone_from(&target);
        refused(format!("the path {target}"), changed.bytes())
    })
    .collect()
}

/// Content types other than JSON.
pub fn other_content_types(request: &RawRequest) -> Vec<Mutation> {
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
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
    ]
    .into_iter()
    .map(|line| {
        let changed = request.clone().without("content-type").with(line);
        Mutation::accepted(format!("the header {line}"), changed.bytes())
    })
    .collect()
}

/// Bodies in chunks: another framing of the same request.
pub fn chunked(request: &RawRequest) -> Vec<Mutation> {
    [
        ("one chunk", request.chunked(usize::MAX, "", "")),
        ("chunks of one byte", request.chunked(1, "", "")),
        ("chunk extensions", request.chunked(100, ";name=value", "")),
        ("a trailer", request.chunked(100, "", "X-Trailer: 1\r\n")),
    ]
    .into_iter()
    .map(|(label, changed)| {
        Mutation::accepted(format!("a body in {label}"), changed.bytes_as_they_are())
    })
    .collect()
}

/// Chunks that are none.
pub fn broken_chunks(request: &RawRequest) -> Vec<Mutation> {
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let length = body.len();
    [
        (
            "a chunk size of letters",
            format!("xyz\r\n{body}\r\n0\r\n\r\n"),
        ),
        (
            "a negative chunk size",
            format!("-{length:x}\r\n{body}\r\n0\r\n\r\n"),
        ),
        (
            "a chunk size with 0x",
            format!("0x{length:x}\r\n{body}\r\n0\r\n\r\n"),
        ),
        (
            "a chunk size beyond 64 bits",
            format!("1{length:016x}\r\n{body}\r\n0\r\n\r\n"),
        ),
        (
            "a chunk longer than its size",
            format!("{:x}\r\n{body}\r\n0\r\n\r\n", length - 2),
        ),
    ]
    .into_iter()
    .map(|(label, framed)| {
        let changed = RawRequest {
            body: framed.into_bytes(),
            ..request.clone()
        };
        let changed = changed.with("Transfer-Encoding: chunked");
        refused(label, changed.bytes_as_they_are())
    })
    .collect()
}

/// Lengths that are wrong, ambiguous, or no numbers.
pub fn broken_lengths(request: &RawRequest) -> Vec<Mutation> {
    let length = request.body.len();
    let with = |lines: &[String]| {
        let changed = lines
            .iter()
            .fold(request.clone(), |request, line| request.with(line));
        changed.bytes_as_they_are()
    };
    vec![
        refused("neither a length nor chunks", with(&[])),
        refused(
            "a length that is too small",
            with(&[format!("Content-Length: {}", length - 5)]),
        ),
        refused(
            "a negative length",
            with(&[format!("Content-Length: -{length}")]),
        ),
        refused(
            "a length with a sign",
            with(&[format!("Content-Length: +{length}")]),
        ),
        refused(
            "a length in hexadecimal",
            with(&[format!("Content-Length: 0x{length:x}")]),
        ),
        refused(
            "a length beyond 64 bits",
            with(&["Content-Length: 18446744073709551617".to_owned()]),
        ),
        refused(
            "two different lengths",
            with(&[
                format!("Content-Length: {length}"),
                format!("Content-Length: {}", length - 1),
            ]),
        ),
        refused(
            "an unknown transfer encoding",
            with(&["Transfer-Encoding: xchunked".to_owned()]),
        ),
    ]
}

/// Heads that HTTP/1.1 forbids.
pub fn broken_heads(request: &RawRequest) -> Vec<Mutation> {
    let mut other_version = request.clone();
    other_version.version = "HTTP/3.7".to_owned();
    let nul = request.clone().with("X-Odd: a\0b");
    let space = request.clone().with("X-Odd : 1");
    let name = request.clone().with(": 1");
    vec![
        refused("a version that is none", other_version.bytes()),
        refused("no Host", request.clone().without("host").bytes()),
        refused("a NUL in a header", nul.bytes()),
        refused("a space before a header's colon", space.bytes()),
        refused("a header without a name", name.bytes()),
    ]
}

/// A head or a body that is larger than any right one.
pub fn oversized(request: &RawRequest, padded: &RawRequest) -> Vec<Mutation> {
    let long = request
        .clone()
        .with(format!("X-Long: {}", "a".repeat(1 << 20)));
    let mut many = request.clone();
    many.headers
        .extend((0..2_000).map(|count| format!("X-Many-{count}: 1")));
    vec![
        refused("a header of a megabyte", long.bytes()),
        refused("2,000 headers", many.bytes()),
        Mutation::open("a body of four megabytes", padded.bytes()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> RawRequest {
        RawRequest::post("h:1", "/api/common/refund", "{\"a\":1}")
    }

    #[test]
    fn the_plain_request_is_a_post_with_its_length() {
        assert_eq!(
            String::from_utf8(request().bytes()).unwrap(),
            "POST /api/common/refund HTTP/1.1\r\nHost: h:1\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}"
        );
    }

    #[test]
    fn chunks_carry_the_whole_body() {
        let chunked = request().chunked(3, ";x", "T: 1\r\n").bytes_as_they_are();
        let text = String::from_utf8(chunked).unwrap();
        assert!(
            text.ends_with("\r\n\r\n3;x\r\n{\"a\r\n3;x\r\n\":1\r\n1;x\r\n}\r\n0\r\nT: 1\r\n\r\n")
        );
        assert!(!text.contains("Content-Length"));
    }
}
