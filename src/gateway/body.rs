//! Reading a request's body within limits.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, header};
use tokio::time::{Instant, timeout_at};

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

/// Reads a body of at most `limits.body` bytes.
///
/// Its sender has `limits.body_read`, and one second more for each
/// `limits.slowest_body` bytes that have come: who sends steadily is read to
/// the end over however thin a line, who sends a byte now and then is not.
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
    Reading {
        body,
        started: Instant::now(),
        received: 0,
        limits,
    }
    .collect()
    .await
}

/// A body that is being read.
struct Reading<'l> {
    body: Body,
    started: Instant,
    received: usize,
    limits: &'l Limits,
}

impl Reading<'_> {
    async fn collect(mut self) -> Result<Bytes, BodyError> {
        let limit = self.limits.body;
        // A small body is one piece, which is passed on as it is.
        let Some(first) = self.next().await? else {
            return Ok(Bytes::new());
        };
        if self.body.is_end_stream() && first.len() <= limit {
            return Ok(first);
        }
        let mut collected = Vec::from(first);
        while collected.len() <= limit {
            match self.next().await? {
                Some(piece) => collected.extend_from_slice(&piece),
                None => return Ok(collected.into()),
            }
        }
        collected.truncate(limit);
        let most = limit + DISCARDED;
        while self.received < most {
            match self.next().await {
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => break,
            }
        }
        Err(BodyError::TooLarge(collected))
    }

    /// The next piece, if it comes in time.
    async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        let earned = self.received.min(self.limits.body) / self.limits.slowest_body.max(1) as usize;
        let earned = Duration::from_secs(earned as u64);
        let deadline = self.started + self.limits.body_read + earned;
        let piece = timeout_at(deadline, next_piece(&mut self.body))
            .await
            .unwrap_or(Err(BodyError::Late))?;
        self.received += piece.as_ref().map_or(0, Bytes::len);
        Ok(piece)
    }
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
