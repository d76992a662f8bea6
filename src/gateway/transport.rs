//! One HTTP exchange: what must be right before a document is looked at, and
//! the response that carries the answer.
//!
//! A refusal at this level is signed as well. Its sender is not known, so the
//! key is that of the partner that the body seems to name.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use axum::response::Response;
use axum::routing::post;

use super::body::{self, BodyError};
use super::calls::Gateway;
use super::checkout;
use super::metrics::Metrics;
use super::operations::Question;
use super::refusal::Refusal;
use super::seldom::Seldom;
use super::variant::{Variant, delivery};
use super::wire::{Reply, Sending};
use crate::protocol::{Api, Code};

/// The content type of every answer.
const JSON: HeaderValue = HeaderValue::from_static("application/json;charset=UTF-8");

/// How often it is told that calls are turned away.
const PAUSE: Duration = Duration::from_secs(10);

/// A gateway, and what is counted of its work.
pub(super) struct Front {
    /// Who answers calls.
    pub(super) gateway: Arc<Gateway>,
    /// What is counted.
    pub(super) metrics: Arc<Metrics>,
    busy: Seldom,
}

impl Front {
    /// The front of `gateway`.
    pub(super) fn new(gateway: Arc<Gateway>, metrics: Arc<Metrics>) -> Self {
        Self {
            gateway,
            metrics,
            busy: Seldom::each(PAUSE),
        }
    }
}

/// A response, and the code of its answer; `None` where it has none.
type Coded = (Response, Option<Code>);

/// The paths of the API and what becomes of all others.
pub(super) fn router(front: Arc<Front>) -> Router {
    let gateway = Arc::clone(&front.gateway);
    let mut router = Router::new();
    for api in Api::ALL {
        let handler = move |State(front): State<Arc<Front>>, request: Request| async move {
            exchange(&front, Wanted::Call(api), request).await
        };
        router = router.route(api.path(), post(handler));
    }
    router
        .merge(checkout::routes(gateway))
        .method_not_allowed_fallback(|State(front): State<Arc<Front>>, request| async move {
            exchange(&front, Wanted::OtherMethod, request).await
        })
        .fallback(
            |State(front): State<Arc<Front>>, request: Request| async move {
                match Question::of(request.method(), request.uri().path()) {
                    Some(question) => question.answer(&front).await,
                    None => exchange(&front, Wanted::OtherPath, request).await,
                }
            },
        )
        .with_state(front)
}

/// What a request line asks for.
#[derive(Debug, Clone, Copy)]
enum Wanted {
    Call(Api),
    OtherMethod,
    OtherPath,
}

impl Wanted {
    const fn api(self) -> Option<Api> {
        match self {
            Self::Call(api) => Some(api),
            Self::OtherMethod | Self::OtherPath => None,
        }
    }
}

async fn exchange(front: &Front, wanted: Wanted, request: Request) -> Response {
    let gateway = &front.gateway;
    let (head, body) = request.into_parts();
    let document = match body::read(body, &head.headers, &gateway.limits).await {
        Ok(document) => document,
        Err(error) => return respond_unread(front, error),
    };
    let started = Instant::now();
    let (mut response, code) = match check(wanted, &head) {
        Ok(api) => call(front, api, &document).await,
        Err((status, refusal)) => turn_away(gateway, wanted.api(), status, refusal, &document),
    };
    if !gateway.delay.is_zero() {
        tokio::time::sleep(gateway.delay).await;
    }
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        let headers = response.headers_mut();
        headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    record(front, wanted.api(), code, &response, started.elapsed());
    response
}

/// Counts an answer, and logs it where that is asked for: nothing of what the
/// request said, which may be as long as it likes and hold what is secret.
fn record(
    front: &Front,
    api: Option<Api>,
    code: Option<Code>,
    response: &Response,
    latency: Duration,
) {
    front.metrics.answered(api, code, latency);
    tracing::debug!(
        call = api.map_or("other", Api::name),
        code = code.map(|code| code.0),
        status = response.status().as_u16(),
        micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX),
        "answered"
    );
}

/// The response to a document that has come to its call.
async fn call(front: &Front, api: Api, document: &[u8]) -> Coded {
    let gateway = &front.gateway;
    let hiccup = gateway.hiccups.strike(api, document);
    if let Some(hiccup) = hiccup.filter(|hiccup| !hiccup.has_effect) {
        return (hiccup.response(), None);
    }
    let answer = match front.metrics.wait(gateway.limits.waiting) {
        Some(_place) => gateway.wire.answer(gateway, api, document).await,
        None => gateway.refuse(busy(front), document),
    };
    if let Some(hiccup) = hiccup {
        return (hiccup.response(), None);
    }
    let refused = answer.body.code() != Code::SUCCESS;
    let status = if refused && gateway.variants.has(Variant::RefusalsAs4xx) {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    let sending = Sending {
        gateway,
        api: Some(api),
        document,
        answer: &answer,
    };
    respond(&sending, status)
}

/// The refusal of a call that would only make the line of those that wait
/// longer. Nothing was done for it.
fn busy(front: &Front) -> Refusal {
    if front.busy.is_due() {
        tracing::warn!(
            waiting = front.gateway.limits.waiting,
            "the store can't keep up: calls are answered as busy, code 22"
        );
    }
    Refusal::of(Code::UPSTREAM_FAILED)
}

/// The response to what is refused before it comes to a call. Whom it is for
/// is guessed from the `beginning` of the body.
fn turn_away(
    gateway: &Gateway,
    api: Option<Api>,
    status: StatusCode,
    refusal: Refusal,
    beginning: &[u8],
) -> Coded {
    if gateway.variants.has(Variant::PlainRefusals) {
        let code = refusal.code;
        let response = delivery::plain(status, refusal.msg);
        return (delivery::finish(&gateway.variants, response), Some(code));
    }
    let sending = Sending {
        gateway,
        api,
        document: beginning,
        answer: &gateway.refuse(refusal, beginning),
    };
    respond(&sending, status)
}

fn respond(sending: &Sending<'_>, status: StatusCode) -> Coded {
    let gateway = sending.gateway;
    let mut reply = Reply {
        status,
        content_type: JSON,
        document: gateway.write(sending.answer),
    };
    gateway.wire.before_sending(sending, &mut reply);
    let mut response = Response::new(delivery::body(&gateway.variants, reply.document));
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, reply.content_type);
    let code = sending.answer.body.code();
    (delivery::finish(&gateway.variants, response), Some(code))
}

/// The response to a request whose body was not read to its end: the
/// connection can't be used again.
fn respond_unread(front: &Front, error: BodyError) -> Response {
    let (status, msg, beginning) = match error {
        BodyError::TooLarge(beginning) => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is too large",
            beginning,
        ),
        BodyError::Late => (
            StatusCode::REQUEST_TIMEOUT,
            "the body did not arrive in time",
            Vec::new(),
        ),
        BodyError::Broken => (StatusCode::BAD_REQUEST, "the body is broken", Vec::new()),
    };
    let refusal = Refusal::new(Code::ILLEGAL_REQUEST, msg);
    let (mut response, code) = turn_away(&front.gateway, None, status, refusal, &beginning);
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    record(front, None, code, &response, Duration::ZERO);
    response
}

/// Checks the request line and the headers.
fn check(wanted: Wanted, head: &Parts) -> Result<Api, (StatusCode, Refusal)> {
    let refuse = |status, msg| Err((status, Refusal::new(Code::ILLEGAL_REQUEST, msg)));
    let api = match wanted {
        Wanted::Call(api) => api,
        Wanted::OtherMethod => {
            return refuse(StatusCode::METHOD_NOT_ALLOWED, "the method is not POST");
        }
        Wanted::OtherPath => return refuse(StatusCode::NOT_FOUND, "there is no such path"),
    };
    let hosts = head.headers.get_all(header::HOST).iter().count();
    if hosts > 1 || (hosts == 0 && head.version >= Version::HTTP_11) {
        return refuse(StatusCode::BAD_REQUEST, "not exactly one Host header");
    }
    let unexpected = |value: &HeaderValue| !value.as_bytes().eq_ignore_ascii_case(b"100-continue");
    if head.headers.get_all(header::EXPECT).iter().any(unexpected) {
        return refuse(StatusCode::EXPECTATION_FAILED, "the expectation is unknown");
    }
    let encoded = |value: &HeaderValue| !value.as_bytes().eq_ignore_ascii_case(b"identity");
    if head
        .headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .any(encoded)
    {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is encoded");
    }
    if !has_json(&head.headers) {
        return refuse(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the content type is not application/json in UTF-8",
        );
    }
    Ok(api)
}

/// Whether there is one content type, and it is JSON in UTF-8.
fn has_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    match (types.next().map(HeaderValue::to_str), types.next()) {
        (Some(Ok(content_type)), None) => is_json(content_type),
        _ => false,
    }
}

fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let json = parts
        .next()
        .is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    json && parts
        .filter_map(|parameter| parameter.split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .all(|(_, value)| {
            let value = value.trim();
            let charset = value
                .strip_prefix('"')
                .and_then(|quoted| quoted.strip_suffix('"'))
                .unwrap_or(value);
            charset.eq_ignore_ascii_case("utf-8")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_utf_8_is_taken_in_any_spelling_and_nothing_else_is() {
        for taken in [
            "application/json",
            "Application/JSON",
            "application/json;",
            "application/json;charset=UTF-8",
            "application/json; Charset=\"utf-8\"",
            "application/json ; charset=Utf-8 ; v=1",
        ] {
            assert!(is_json(taken), "{taken}");
        }
        for refused in [
            "",
            "text/plain",
            "application/jsonp",
            "application/json;charset=gbk",
            "application/json;charset=utf-8;charset=utf-16",
            "application/json;charset=",
            "application/x-www-form-urlencoded",
        ] {
            assert!(!is_json(refused), "{refused}");
        }
    }
}
