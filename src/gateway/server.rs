//! The server: a socket, its connections, and the way to stop them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::calls::Gateway;
use super::fault::{self, FaultError};
use super::settings::{Limits, Settings};
use super::store::{self, OpenError};
use super::transport;
use super::variant::availability::{self, Hiccups};
use super::variant::store::decorate;

/// How long to wait before accepting again, where the system could not: it is
/// out of file descriptors, most likely, and they come back as others close.
const PAUSE_AFTER_REFUSED_ACCEPT: Duration = Duration::from_millis(20);
/// The largest head of a request, in bytes.
const LARGEST_HEAD: usize = 64 * 1024;

/// A gateway that runs. Dropping it stops it too, without waiting for it.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

/// Why a gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address can't be listened on.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The store can't be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// A fault that this gateway can't have.
    #[error(transparent)]
    Fault(#[from] FaultError),
}

/// Starts a gateway on the current runtime. It answers from the moment this
/// returns.
///
/// # Errors
/// [`StartError`] where the address or the store can't be had, or a fault does
/// not go with the store.
pub async fn start(settings: Settings) -> Result<Running, StartError> {
    let cannot_listen = |source| StartError::Listen {
        address: settings.listen,
        source,
    };
    let (store, wire) = match fault::decorate(&settings.faults, &settings.store)? {
        (Some(faulty), wire) => (faulty, wire),
        (None, wire) => (store::open(&settings.store)?, wire),
    };
    let listener = TcpListener::bind(settings.listen)
        .await
        .map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    let variants = settings.variants;
    let router = transport::router(Arc::new(Gateway {
        partners: settings.partners,
        store: decorate(&variants, store),
        wire,
        hiccups: Hiccups::new(&variants),
        limits: settings.limits,
        delay: settings.delay + availability::delay(&variants),
        variants,
        currency: settings.currency,
    }));
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(serve(listener, router, settings.limits, Stop(stopped)));
    Ok(Running {
        address,
        stop,
        serving,
    })
}

impl Running {
    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL of its calls.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops it: no new connection is accepted, answers under way are sent,
    /// and the store is closed.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // It ends by itself; that it panicked or was cancelled with its
        // runtime leaves nothing to stop.
        let _ = self.serving.await;
    }
}

/// The wish to stop, as connections see it.
#[derive(Clone)]
struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Waits for it. Who can no longer ask to stop has stopped.
    async fn requested(&mut self) {
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

async fn serve(listener: TcpListener, router: Router, limits: Limits, mut stop: Stop) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            () = stop.requested() => break,
            next = next => next,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = connection(stream, router.clone(), limits, stop.clone());
                connections.spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(_) => tokio::time::sleep(PAUSE_AFTER_REFUSED_ACCEPT).await,
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(limits.grace, all_ended).await;
    connections.shutdown().await;
}

/// Serves one connection to its end, however it comes.
async fn connection(stream: TcpStream, router: Router, limits: Limits, mut stop: Stop) {
    // An answer is one small write: waiting for more to send would only delay
    // it. A socket that can't be told works all the same.
    let _ = stream.set_nodelay(true);
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
