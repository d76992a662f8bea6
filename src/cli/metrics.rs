//! `--metrics-listen`: how a run stands, for Prometheus to ask while it goes on.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::report::LiveMetrics;

use super::error::CliError;

/// How many may ask at once; the next ones wait.
const CONNECTIONS: usize = 16;
/// How long the head of a question may take, and a connection be idle.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long is waited after a connection could not be taken.
const PAUSE: Duration = Duration::from_millis(100);
/// The type of the metrics' text.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Where the figures of a run can be had while it goes on.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Load")]
pub struct MetricsArgs {
    /// Serve live figures for Prometheus at /metrics of this address while the
    /// run goes on, such as 127.0.0.1:9109 (port 0 picks one)
    #[arg(long, value_name = "ADDRESS")]
    pub metrics_listen: Option<SocketAddr>,
}

impl MetricsArgs {
    /// Takes the address, if there is one.
    ///
    /// # Errors
    /// [`CliError::Usage`] where it can't be had.
    pub(super) fn listen(&self) -> Result<Option<Listener>, CliError> {
        let Some(address) = self.metrics_listen else {
            return Ok(None);
        };
        let listener = TcpListener::bind(address).and_then(|listener| {
            listener.set_nonblocking(true)?;
            Ok(listener)
        });
        match listener {
            Ok(listener) => Ok(Some(Listener(listener))),
            Err(error) => Err(CliError::Usage(format!(
                "listen for questions about metrics on {address}: {error} (choose another address with --metrics-listen)"
            ))),
        }
    }
}

/// An address that nobody is answered on yet.
pub(super) struct Listener(TcpListener);

impl Listener {
    /// Answers with `metrics` until what is given back is dropped, and tells the
    /// person where, unless that is to be `quiet`.
    ///
    /// # Errors
    /// [`CliError::Output`] where the runtime can't take the listener.
    pub(super) fn serve(self, metrics: Arc<LiveMetrics>, quiet: bool) -> Result<Server, CliError> {
        let failed = |error| CliError::Output {
            what: "metrics to --metrics-listen".to_owned(),
            error,
        };
        let listener = tokio::net::TcpListener::from_std(self.0).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        if !quiet {
            // stdout may be somebody's JSON.
            eprintln!("recoup: metrics at http://{address}/metrics");
        }
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        tokio::spawn(async move {
            stopped.run_until_cancelled(accept(listener, metrics)).await;
        });
        Ok(Server(stop.drop_guard()))
    }
}

/// Whoever answers; it ends when it is dropped.
pub(super) struct Server(#[expect(dead_code, reason = "its end is all that it does")] DropGuard);

async fn accept(listener: tokio::net::TcpListener, metrics: Arc<LiveMetrics>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let metrics = Arc::clone(&metrics);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let answer = answer(&request, &metrics);
                async { Ok::<_, Infallible>(answer) }
            });
            // Who hangs up or speaks no HTTP is no concern of the run.
            let _ = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE)
                .serve_connection(TokioIo::new(stream), service)
                .await;
            drop(place);
        });
    }
}

fn answer(request: &Request<Incoming>, metrics: &LiveMetrics) -> Response<String> {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let (status, text) = match request.uri().path() {
        "/metrics" if is_read => (StatusCode::OK, metrics.text()),
        "/metrics" => (StatusCode::METHOD_NOT_ALLOWED, String::new()),
        _ => (StatusCode::NOT_FOUND, "see /metrics\n".to_owned()),
    };
    let mut response = Response::new(text);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(METRICS));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}
