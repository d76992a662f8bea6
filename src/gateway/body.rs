//! Reading a request's body within limits.

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, header};
use tokio::time::timeout;

use super::settings::Limits;

/// How far beyond the limit a body is still read, and thrown away, so that its
/// sender has finished and sees the refusal: closing on unread bytes resets
/// the connection, and the answer may be lost with it.
const DISCARDED: usize = 1024 * 1024;

/// Why there is no body.
#[derive(Debug)]
pub(super) enum BodyError {
    /// Larger than the limit; the payload is its beginning.
    TooLarge(Vec<u8>),
    /// Not there in time.
    Late,
    /// Broken off, or broken framing.
    Broken,
}

/// Reads a body of at most `limits.body` bytes within `limits.body_read`.
pub(super) async fn read(
    body: Body,
    headers: &HeaderMap,
    limits: &Limits,
) -> Result<Bytes, BodyError> {
    // Who waits for leave to send too much is not given leave.
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limits.body) && headers.contains_key(header::EXPECT)
    {
        return Err(BodyError::TooLarge(Vec::new()));
    }
    timeout(limits.body_read, collect(body, limits.body))
        .await
        .unwrap_or(Err(BodyError::Late))
}

async fn collect(mut body: Body, limit: usize) -> Result<Bytes, BodyError> {
    // A small body is one piece, which is passed on as it is.
    let Some(first) = next_piece(&mut body).await? else {
        return Ok(Bytes::new());
    };
    if body.is_end_stream() && first.len() <= limit {
        return Ok(first);
    }
    let mut collected = Vec::from(first);
    while collected.len() <= limit {
        match next_piece(&mut body).await? {
            Some(piece) => collected.extend_from_slice(&piece),
            None => return Ok(collected.into()),
        }
    }
    collected.truncate(limit);
    let mut discarded = 0;
    while discarded < DISCARDED {
        match next_piece(&mut body).await {
            Ok(Some(piece)) => discarded += piece.len(),
            Ok(None) | Err(_) => break,
        }
    }
    Err(BodyError::TooLarge(collected))
}

/// The next piece of data; trailers are passed over.
async fn next_piece(body: &mut Body) -> Result<Option<Bytes>, BodyError> {
    loop {
        match poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await {
            None => return Ok(None),
            Some(Err(_)) => return Err(BodyError::Broken),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}
