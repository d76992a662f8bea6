//! The page over HTTP: shown by GET, chosen on by POST.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use url::form_urlencoded;

use super::page;
use crate::gateway::body;
use crate::gateway::calls::Gateway;
use crate::gateway::moment::Moment;
use crate::gateway::order::{Choice, Means, Order};
use crate::protocol::Timestamp;

/// What every page is sent with. The link of a page is its secret: it is kept
/// nowhere and told to nobody. And nobody lays a page of his own over it.
const HEADERS: [(header::HeaderName, &str); 6] = [
    (header::CONTENT_TYPE, "text/html;charset=UTF-8"),
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    ),
];

/// The paths of the pages.
pub(in crate::gateway) fn routes<S>(gateway: Arc<Gateway>) -> Router<S> {
    Router::new()
        .route("/pay/{key}", get(show).post(choose))
        .with_state(gateway)
}

async fn show(State(gateway): State<Arc<Gateway>>, Path(key): Path<String>) -> Response {
    match find(&gateway, key).await {
        Ok(order) => respond(StatusCode::OK, page::of(&order)),
        Err(response) => response,
    }
}

async fn choose(
    State(gateway): State<Arc<Gateway>>,
    Path(key): Path<String>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let Ok(form) = body::read(body, &head.headers, &gateway.limits).await else {
        return respond(StatusCode::BAD_REQUEST, page::unclear());
    };
    let Some(choice) = chosen(&form) else {
        return respond(StatusCode::BAD_REQUEST, page::unclear());
    };
    // Who has no such page learns that, and no more.
    if let Err(response) = find(&gateway, key.clone()).await {
        return response;
    }
    let Some(deferred) = &gateway.deferred else {
        return respond(StatusCode::NOT_FOUND, page::unknown());
    };
    match deferred.close(key, choice, Moment::now()).await {
        Ok(Some(order)) => {
            gateway.news.notify_one();
            lead_on(&order)
        }
        Ok(None) => respond(StatusCode::NOT_FOUND, page::unknown()),
        Err(_) => respond(StatusCode::SERVICE_UNAVAILABLE, page::unavailable()),
    }
}

async fn find(gateway: &Gateway, key: String) -> Result<Order, Response> {
    let unknown = || respond(StatusCode::NOT_FOUND, page::unknown());
    let deferred = gateway.deferred.as_ref().ok_or_else(unknown)?;
    // No other text is a key, and none of them is looked for.
    if key.len() != 32 || !key.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(unknown());
    }
    match deferred.checkout(key).await {
        Ok(order) => order.ok_or_else(unknown),
        Err(_) => Err(respond(
            StatusCode::SERVICE_UNAVAILABLE,
            page::unavailable(),
        )),
    }
}

/// What the form says.
fn chosen(form: &[u8]) -> Option<Choice> {
    let mut choices = form_urlencoded::parse(form).filter(|(name, _)| name == "choice");
    match (choices.next()?.1.as_ref(), choices.next()) {
        ("pay", None) => Some(Choice::Pay(Timestamp::now())),
        ("decline", None) => Some(Choice::Decline),
        _ => None,
    }
}

/// Sends the customer back to the shop, or to the page, where the shop named
/// none. A page that is loaded again is not sent again.
fn lead_on(order: &Order) -> Response {
    let Means::Page(checkout) = &order.means else {
        return respond(StatusCode::NOT_FOUND, page::unknown());
    };
    let target = match &checkout.return_url {
        Some(url) => url.as_str().to_owned(),
        // To this page, whatever path a proxy has put before it.
        None => checkout.key.to_string(),
    };
    let mut response = respond(StatusCode::SEE_OTHER, page::of(order));
    let target = HeaderValue::from_str(&target).expect("a URL is visible ASCII");
    response.headers_mut().insert(header::LOCATION, target);
    response
}

fn respond(status: StatusCode, page: String) -> Response {
    let mut response = Response::new(page.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_clear_choice_is_taken() {
        assert!(matches!(chosen(b"choice=pay"), Some(Choice::Pay(_))));
        assert!(matches!(
            chosen(b"a=b&choice=decline"),
            Some(Choice::Decline)
        ));
        for unclear in [
            "",
            "choice=",
            "choice=PAY",
            "choice=pay&choice=decline",
            "pay",
        ] {
            assert!(chosen(unclear.as_bytes()).is_none(), "{unclear}");
        }
    }
}
