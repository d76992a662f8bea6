//! One connection, from its first byte to its last.

use std::sync::Arc;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::sync::watch;

use super::settings::Limits;
use super::stream::Stream;
use super::variant::availability;
use super::wire::Pending;

/// The largest head of a request, in bytes.
pub(super) const LARGEST_HEAD: usize = 64 * 1024;

/// Who takes HTTP requests from a connection and sends their answers.
pub(super) trait Connections: Send + Sync {
    /// Serves one connection to its end, however it comes. The answers are
    /// those of `router`.
    fn serve(
        self: Arc<Self>,
        stream: Stream,
        router: Router,
        limits: Limits,
        stop: Stop,
    ) -> Pending<'static, ()>;
}

/// The wish to stop, as connections see it.
#[derive(Debug, Clone)]
pub(super) struct Stop(pub(super) watch::Receiver<bool>);

impl Stop {
    /// Waits for it. Who can no longer ask to stop has stopped.
    pub(super) async fn requested(&mut self) {
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

/// HTTP/1.1 as it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct RightConnections;

impl Connections for RightConnections {
    fn serve(
        self: Arc<Self>,
        stream: Stream,
        router: Router,
        limits: Limits,
        stop: Stop,
    ) -> Pending<'static, ()> {
        Box::pin(serve(stream, router, limits, stop))
    }
}

async fn serve(stream: Stream, router: Router, limits: Limits, mut stop: Stop) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(|request| {
        let response = router.call(request);
        async {
            let Ok(response) = response.await;
            availability::unless_hung_up(response)
        }
    });
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_read)
            .max_buf_size(LARGEST_HEAD)
            .half_close(true)
            .serve_connection(TokioIo::new(stream), service)
    );
    // How a connection broke is its peer's business.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = stop.requested() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}
