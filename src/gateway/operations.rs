//! What those who run the gateway ask it: whether it can work, and how much it
//! has done. Neither is signed, neither is a call, and neither waits in the
//! line of the calls.

use std::time::Duration;

use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use super::order::OrderName;
use super::transport::Front;
use crate::protocol::OrderNo;

/// How long the store may take to answer before it counts as out of reach.
const PATIENCE: Duration = Duration::from_secs(2);
/// The type of the metrics' text.
const METRICS: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
/// The type of any other text.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// One of these questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// Whether the store answers.
    Health,
    /// What was counted.
    Metrics,
}

impl Question {
    /// The question that a request line is; `None` for any other path or
    /// method, which are refused as ever.
    pub(super) fn of(method: &Method, path: &str) -> Option<Self> {
        match path {
            _ if *method != Method::GET && *method != Method::HEAD => None,
            "/healthz" => Some(Self::Health),
            "/metrics" => Some(Self::Metrics),
            _ => None,
        }
    }

    /// The answer to it.
    pub(super) async fn answer(self, front: &Front) -> Response {
        match self {
            Self::Health => health(front).await,
            Self::Metrics => text(StatusCode::OK, METRICS, front.metrics.text()),
        }
    }
}

/// Looks for an order, which a store that works finds or does not find.
async fn health(front: &Front) -> Response {
    let partner = front.gateway.partners.first().no.clone();
    let name = OrderNo::new("healthz").expect("seven letters are an order number");
    let finding = front.gateway.store.find(partner, OrderName::Number(name));
    let (status, words) = match tokio::time::timeout(PATIENCE, finding).await {
        Ok(Ok(_)) => (StatusCode::OK, "ok\n"),
        Ok(Err(_)) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the store did not answer\n",
        ),
        Err(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the store did not answer in time\n",
        ),
    };
    text(status, TEXT, words.to_owned())
}

fn text(status: StatusCode, kind: HeaderValue, words: String) -> Response {
    let mut response = Response::new(words.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
