//! Taking one request from a connection.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, Version};
use tokio::time::timeout;

use super::body::{Framing, chunks, chunks_leniently, framing};
use super::head::{Head, Parsed, parse, parse_leniently};
use super::reader::Reader;
use crate::gateway::fault::wire::balanced;
use crate::gateway::fault::{Fault, Faults};
use crate::gateway::settings::Limits;

/// How far beyond the limit a body is read before its sender is cut off.
const BEYOND: usize = 1024 * 1024;
/// How long a reader that trusts no length waits for more.
const MORE: Duration = Duration::from_millis(50);

/// One request.
#[derive(Debug)]
pub(super) struct Taken {
    /// Its head.
    pub(super) head: Head,
    /// Its body; of one that is too large, its beginning.
    pub(super) body: Vec<u8>,
    /// Whether the connection must end with its answer.
    pub(super) is_last: bool,
}

/// Why there is no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Untaken {
    /// The connection ended.
    Ended,
    /// It can't be one: refuse it with this status and end the connection.
    Refused(StatusCode),
    /// It is larger than the limit: refuse it, and so on.
    Oversized(StatusCode),
}

impl Taken {
    /// The request as the router takes it.
    pub(super) fn request(&self) -> Request {
        let mut request = Request::new(Body::from(self.body.clone()));
        *request.method_mut() = self.head.method.clone();
        *request.uri_mut() = self.head.target.clone();
        *request.headers_mut() = self.head.headers.clone();
        if self.head.is_old {
            *request.version_mut() = Version::HTTP_10;
        }
        request
    }
}

/// Takes a head, in as many reads as it comes in.
pub(super) async fn head(reader: &mut Reader, faults: &Faults) -> Result<Head, Untaken> {
    loop {
        let parsed = match parse(&reader.buffer) {
            Parsed::Broken(StatusCode::BAD_REQUEST) if faults.has(Fault::BrokenHeadsTaken) => {
                parse_leniently(&reader.buffer)
            }
            Parsed::Head(..) if faults.has(Fault::BrokenHeadsTaken) => {
                parse_leniently(&reader.buffer)
            }
            parsed => parsed,
        };
        match parsed {
            Parsed::Head(head, length) => {
                reader.take(length);
                return Ok(*head);
            }
            Parsed::Unfinished => {}
            Parsed::Broken(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE) => {
                return Err(Untaken::Oversized(
                    StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                ));
            }
            Parsed::Broken(status) => return Err(Untaken::Refused(status)),
        }
        let has_begun = !reader.buffer.is_empty();
        if has_begun && faults.has(Fault::OnePacket) {
            return Err(Untaken::Refused(StatusCode::BAD_REQUEST));
        }
        if !reader.more().await {
            return Err(if has_begun {
                Untaken::Refused(StatusCode::BAD_REQUEST)
            } else {
                Untaken::Ended
            });
        }
    }
}

/// Takes the body of a request with this head.
pub(super) async fn rest(
    reader: &mut Reader,
    head: Head,
    faults: &Faults,
    limits: &Limits,
) -> Result<Taken, Untaken> {
    let is_lenient = faults.has(Fault::BrokenLengthsTaken);
    let (framing, is_contradicted) = match framing(&head) {
        Ok((Framing::Length(0), _)) | Err(_) if is_lenient => {
            let body = up_to_last_brace(reader).await;
            let is_last = head.is_last();
            return Ok(Taken {
                head: without_length(head),
                body,
                is_last,
            });
        }
        Ok(framing) => framing,
        Err(status) => return Err(Untaken::Refused(status)),
    };
    let is_smuggled = faults.has(Fault::LengthAndChunksSmuggled);
    let mut is_last = head.is_last() || is_contradicted && !is_smuggled;
    if head.expects_leave() {
        if faults.has(Fault::ExpectUnanswered) {
            return Err(Untaken::Refused(StatusCode::EXPECTATION_FAILED));
        }
        let is_too_much = matches!(framing, Framing::Length(length) if length > limits.body);
        if is_too_much {
            return Err(Untaken::Oversized(StatusCode::PAYLOAD_TOO_LARGE));
        }
        if reader.buffer.is_empty() {
            let leave = reader.send(b"HTTP/1.1 100 Continue\r\n\r\n").await;
            leave.map_err(|_| Untaken::Ended)?;
        }
    }
    let most = limits.body + BEYOND;
    let mut body = match framing {
        Framing::Chunks if faults.has(Fault::ChunkedUnread) => {
            is_last = true;
            Vec::new()
        }
        Framing::Chunks => chunked(reader, faults, most).await?,
        Framing::Length(length) => {
            is_last |= length > most;
            counted(reader, length.min(most), faults).await?
        }
    };
    if body.len() > limits.body {
        return Err(Untaken::Oversized(StatusCode::PAYLOAD_TOO_LARGE));
    }
    if is_lenient && balanced(&body).is_none() {
        body.append(&mut reader.buffer);
        let end = balanced(&body).unwrap_or(body.len());
        reader.buffer = body.split_off(end);
    }
    Ok(Taken {
        head,
        body,
        is_last,
    })
}

/// A body of so many bytes.
async fn counted(reader: &mut Reader, length: usize, faults: &Faults) -> Result<Vec<u8>, Untaken> {
    while reader.buffer.len() < length && !faults.has(Fault::OnePacket) {
        if !reader.more().await {
            return Err(Untaken::Refused(StatusCode::BAD_REQUEST));
        }
    }
    Ok(reader.take(length))
}

/// A body in chunks.
async fn chunked(reader: &mut Reader, faults: &Faults, most: usize) -> Result<Vec<u8>, Untaken> {
    loop {
        let found = match chunks(&reader.buffer) {
            Ok(found) => found,
            Err(_) if faults.has(Fault::BrokenChunksTaken) => chunks_leniently(&reader.buffer),
            Err(_) => return Err(Untaken::Refused(StatusCode::BAD_REQUEST)),
        };
        // A size that is too large looks like a chunk that has not come yet.
        let found = match found {
            None if faults.has(Fault::BrokenChunksTaken) => chunks_leniently(&reader.buffer),
            found => found,
        };
        if let Some((body, length)) = found {
            reader.take(length);
            return Ok(body);
        }
        if reader.buffer.len() > most {
            return Err(Untaken::Oversized(StatusCode::PAYLOAD_TOO_LARGE));
        }
        if faults.has(Fault::OnePacket) || !reader.more().await {
            return Err(Untaken::Refused(StatusCode::BAD_REQUEST));
        }
    }
}

/// A body that ends with its last brace, or when no more comes.
async fn up_to_last_brace(reader: &mut Reader) -> Vec<u8> {
    loop {
        if let Some(end) = balanced(&reader.buffer) {
            return reader.take(end);
        }
        if !timeout(MORE, reader.more()).await.unwrap_or(false) {
            return std::mem::take(&mut reader.buffer);
        }
    }
}

/// A head that says nothing of its body's end, since that was found otherwise.
fn without_length(mut head: Head) -> Head {
    head.headers.remove(axum::http::header::CONTENT_LENGTH);
    head.headers.remove(axum::http::header::TRANSFER_ENCODING);
    head
}
