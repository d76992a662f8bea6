//! What is made of a request's head before the right router sees it.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, Uri, header};
use tower_service::Service;

use crate::gateway::fault::{Fault, Faults};
use crate::protocol::Api;

/// A doorstep that turns wrong requests into right ones, and right ones into
/// wrong ones.
#[derive(Debug, Clone)]
pub(in crate::gateway::fault) struct Doorstep {
    faults: Faults,
    router: Router,
}

impl Doorstep {
    /// The doorstep of `router`.
    pub(in crate::gateway::fault) const fn new(faults: Faults, router: Router) -> Self {
        Self { faults, router }
    }

    /// A router for every request.
    pub(in crate::gateway::fault) fn into_router(self) -> Router {
        Router::new().fallback(move |request: Request| {
            let mut doorstep = self.clone();
            async move {
                let changed = doorstep.change(request);
                doorstep.router.call(changed).await
            }
        })
    }

    fn change(&self, mut request: Request) -> Request {
        if self.faults.has(Fault::AnyMethod) {
            *request.method_mut() = Method::POST;
        }
        let path = request.uri().path();
        if self.faults.has(Fault::AnyPath) && Api::ALL.iter().all(|api| api.path() != path) {
            *request.uri_mut() = Uri::from_static(Api::Refund.path());
        }
        let headers = request.headers_mut();
        let is_exact = headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind == "application/json");
        if self.faults.has(Fault::ContentTypeIgnored) {
            headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
        } else if self.faults.has(Fault::ContentTypeExact) && !is_exact {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        }
        request
    }
}
