//! Variants of how an answer is sent.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::stream;

use super::catalogue::{Variant, Variants};

/// How many bytes a chunk has.
const CHUNK: usize = 100;

/// A document as a response's body.
pub(in crate::gateway) fn body(variants: &Variants, document: Vec<u8>) -> Body {
    if !variants.has(Variant::ChunkedAnswers) {
        return document.into();
    }
    let chunks: Vec<Result<Bytes, Infallible>> = document
        .chunks(CHUNK)
        .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
        .collect();
    Body::from_stream(stream::iter(chunks))
}

/// A refusal in plain text.
pub(in crate::gateway) fn plain(status: StatusCode, text: String) -> Response {
    const PLAIN: HeaderValue = HeaderValue::from_static("text/plain;charset=UTF-8");
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, PLAIN);
    response
}

/// Has the last word on a response.
pub(in crate::gateway) fn finish(variants: &Variants, mut response: Response) -> Response {
    if variants.has(Variant::ClosesEach) {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}
