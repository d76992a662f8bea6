//! Sending one notification, once.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};

use axum::body::{Body, HttpBody};
use axum::http::{Request, StatusCode, header};
use futures_util::future::{Either, select};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use super::receiver::connect;
use crate::gateway::settings::Receivers;
use crate::gateway::web_url::WebUrl;

/// What a merchant answers who has it.
const TAKEN: &[u8] = b"success";
/// How much of an answer is read: more is not `success`.
const LONGEST_ANSWER: usize = 1024;

/// Why a notification did not arrive, as far as is known.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// It is not to be sent there.
    #[error(
        "only receivers on loopback get notifications (serve --notify anywhere sends them to others)"
    )]
    NotAllowed,
    /// There is no way there.
    #[error("{0}")]
    Unreachable(#[from] io::Error),
    /// It did not answer in time.
    #[error("it did not answer in time")]
    Late,
    /// What it said is no HTTP.
    #[error("{0}")]
    Http(#[from] hyper::Error),
    /// It has another answer than `success`.
    #[error("it answered {0}, and not the text success with a status of 2xx")]
    NotTaken(StatusCode),
}

impl Failure {
    /// Whether the receiver is there, and it is this notification alone that it
    /// did not take.
    pub(super) const fn is_reached(&self) -> bool {
        matches!(self, Self::NotTaken(_) | Self::NotAllowed)
    }
}

/// Sends `document` to `url`, and reads whether it was taken.
pub(super) async fn send(
    url: &WebUrl,
    document: Vec<u8>,
    receivers: Receivers,
) -> Result<(), Failure> {
    let stream = connect(url, receivers).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let exchange = async move {
        let answer = sender.send_request(request(url, document)).await?;
        let status = answer.status();
        let text = read(answer.into_body()).await?;
        if status.is_success() && text.trim_ascii() == TAKEN {
            Ok(())
        } else {
            Err(Failure::NotTaken(status))
        }
    };
    match select(pin!(exchange), pin!(connection)).await {
        Either::Left((taken, _)) => taken,
        // What had come before the end is still there to be read.
        Either::Right((_, exchange)) => exchange.await,
    }
}

fn request(url: &WebUrl, document: Vec<u8>) -> Request<Body> {
    let receiver = url.receiver();
    let host = receiver
        .split_once("://")
        .map_or(receiver.as_str(), |(_, host)| host);
    Request::post(url.path_and_query())
        .header(header::HOST, host)
        .header(header::CONTENT_TYPE, "application/json;charset=UTF-8")
        .header(header::CONNECTION, "close")
        .header(header::USER_AGENT, "recoup")
        .body(Body::from(document))
        .expect("a URL's path and host are a request's")
}

/// The beginning of an answer's body.
async fn read(mut body: Incoming) -> Result<Vec<u8>, hyper::Error> {
    let mut text = Vec::new();
    while text.len() <= LONGEST_ANSWER
        && let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
    {
        if let Ok(data) = frame?.into_data() {
            text.extend_from_slice(&data);
        }
    }
    Ok(text)
}
