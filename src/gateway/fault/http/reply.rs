//! Sending an answer.

use axum::body;
use axum::http::{Method, StatusCode, header};
use axum::response::Response;

use super::reader::Reader;
use crate::gateway::fault::wire::find;
use crate::gateway::fault::{Fault, Faults};

/// An answer, ready to be written.
#[derive(Debug)]
pub(super) struct Outgoing {
    response: axum::http::response::Parts,
    body: body::Bytes,
}

impl Outgoing {
    /// Takes a response of the router.
    pub(super) async fn of(response: Response) -> Self {
        let (response, body) = response.into_parts();
        // The router's bodies are in memory and can't fail.
        let body = body::to_bytes(body, usize::MAX).await.unwrap_or_default();
        Self { response, body }
    }

    /// A refusal without words.
    pub(super) async fn refusal(status: StatusCode) -> Self {
        let mut response = Response::new(body::Body::empty());
        *response.status_mut() = status;
        Self::of(response).await
    }

    /// Whether it says that the connection ends with it.
    pub(super) fn is_last(&self) -> bool {
        let said = self.response.headers.get(header::CONNECTION);
        said.is_some_and(|said| said == "close")
    }

    /// Whether it is a refusal, of whatever kind.
    fn is_refusal(&self) -> bool {
        !self.says("\"code\":1,")
    }

    /// Whether it refuses a head or a signature.
    pub(super) fn is_early_refusal(&self) -> bool {
        self.response.status.is_client_error() || self.says("\"code\":8,")
    }

    fn says(&self, words: &str) -> bool {
        find(&self.body, words.as_bytes()).is_some()
    }

    /// Sends it in answer to a request by `method`; `is_last` tells the other
    /// side that the connection ends. Whether it could be sent.
    pub(super) async fn send(
        self,
        reader: &mut Reader,
        method: &Method,
        is_last: bool,
        faults: &Faults,
    ) -> bool {
        let is_short = faults.has(Fault::LengthTooShort)
            && self.is_refusal()
            && !self.says("\"code\":30,")
            && !self.body.is_empty();
        let length = self.body.len() - usize::from(is_short);
        let status = self.response.status;
        let reason = status.canonical_reason().unwrap_or_default();
        let mut bytes = format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).into_bytes();
        for (name, value) in &self.response.headers {
            if name != header::CONNECTION && name != header::CONTENT_LENGTH {
                bytes.extend_from_slice(name.as_str().as_bytes());
                bytes.extend_from_slice(b": ");
                bytes.extend_from_slice(value.as_bytes());
                bytes.extend_from_slice(b"\r\n");
            }
        }
        if is_last {
            bytes.extend_from_slice(b"connection: close\r\n");
        }
        bytes.extend_from_slice(format!("content-length: {length}\r\n\r\n").as_bytes());
        if method != Method::HEAD {
            bytes.extend_from_slice(&self.body);
        }
        reader.send(&bytes).await.is_ok()
    }
}
