//! An HTTP request that can be changed anywhere.

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

    /// The same with another method.
    #[must_use]
    pub fn with_method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.method);
        self
    }

    /// The same with another target.
    #[must_use]
    pub fn with_target(mut self, target: impl Into<String>) -> Self {
        self.target = target.into();
        self
    }

    /// The same in another version.
    #[must_use]
    pub fn with_version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    /// The same with another body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
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
    fn every_part_can_be_changed() {
        let changed = request()
            .with_method("PUT")
            .with_target("/x")
            .with_version("HTTP/1.0")
            .with_body("{}")
            .without("content-type")
            .with("A: b");
        assert_eq!(
            String::from_utf8(changed.bytes()).unwrap(),
            "PUT /x HTTP/1.0\r\nHost: h:1\r\nA: b\r\nContent-Length: 2\r\n\r\n{}"
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
