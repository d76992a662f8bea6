//! The server: a socket, its connections, and the way to stop them.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::background::Background;
use super::calls::Gateway;
use super::connection::{Connections, Stop};
use super::fault::{self, FaultError};
use super::metrics::Metrics;
use super::seldom::Seldom;
use super::settings::{Limits, Settings};
use super::store::{self, OpenError, Opened};
use super::stream::Stream;
use super::tls::Tls;
use super::transport::{self, Front};
use super::variant::availability::{self, Hiccups};
use super::variant::store::decorate;

/// How long to wait before accepting again, where the system could not: it is
/// out of file descriptors, most likely, and they come back as others close.
const PAUSE_AFTER_REFUSED_ACCEPT: Duration = Duration::from_millis(20);

/// How often it is told that connections can't be accepted, or have to wait.
const PAUSE_BETWEEN_TROUBLES: Duration = Duration::from_secs(10);

/// How many may wait to be let in; the kernel grants what it has room for.
const MOST_CALLING: u32 = 65_535;

/// A gateway that runs. Dropping it stops it too, without waiting for it.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    scheme: &'static str,
    metrics: Arc<Metrics>,
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
    let opened = match fault::ledger(&settings.faults, &settings.store)? {
        Some(fault) if settings.dealing.is_some() => {
            return Err(FaultError::NotDealing(fault.0).into());
        }
        Some((_, faulty)) => Opened {
            store: faulty,
            deferred: None,
        },
        None => store::open(&settings.store).await?,
    };
    let listener = listen(settings.listen).map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    let scheme = if settings.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let variants = settings.variants;
    let gateway = Gateway {
        partners: settings.partners,
        store: decorate(&variants, opened.store),
        deferred: opened.deferred,
        dealing: settings.dealing,
        notification: settings.notification,
        news: Notify::new(),
        public_url: settings
            .public_url
            .unwrap_or_else(|| reached_at(scheme, address)),
        wire: fault::wire(&settings.faults),
        hiccups: Hiccups::new(&variants),
        limits: settings.limits,
        delay: settings.delay + availability::delay(&variants),
        variants,
        currency: settings.currency,
    };
    let gateway = Arc::new(gateway);
    let metrics = Arc::new(Metrics::default());
    let (stop, stopped) = watch::channel(false);
    let stopped = Stop(stopped);
    let background = Background::start(&gateway, &stopped);
    let front = Front::new(gateway, Arc::clone(&metrics));
    let router = fault::doorstep(&settings.faults, transport::router(Arc::new(front)));
    let door = Door {
        listener,
        tls: settings.tls.as_ref().map(Tls::acceptor),
        router,
        connections: fault::connections(&settings.faults),
        limits: settings.limits,
        metrics: Arc::clone(&metrics),
    };
    let serving = tokio::spawn(async move {
        door.serve(stopped).await;
        background.ended().await;
    });
    Ok(Running {
        address,
        scheme,
        metrics,
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
        format!("{}://{}", self.scheme, self.address)
    }

    /// Stops it: no new connection is accepted, answers under way are sent,
    /// and the store is closed. Gives how many requests it has answered.
    pub async fn stop(self) -> u64 {
        self.stop.send_replace(true);
        // It ends by itself; that it panicked or was cancelled with its
        // runtime leaves nothing to stop.
        let _ = self.serving.await;
        self.metrics.answers()
    }
}

/// Where connections come in, and what becomes of them.
struct Door {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    connections: Arc<dyn Connections>,
    limits: Limits,
    metrics: Arc<Metrics>,
}

impl Door {
    async fn serve(self, mut stop: Stop) {
        let limits = self.limits;
        let places = Arc::new(Semaphore::new(limits.connections));
        let (unheard, full) = (
            Seldom::each(PAUSE_BETWEEN_TROUBLES),
            Seldom::each(PAUSE_BETWEEN_TROUBLES),
        );
        let mut open = JoinSet::new();
        loop {
            if places.available_permits() == 0 && full.is_due() {
                let connections = limits.connections;
                tracing::warn!(connections, "all connections are taken: callers wait");
            }
            let next = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (self.listener.accept().await, place)
            };
            let (accepted, place) = tokio::select! {
                () = stop.requested() => break,
                next = next => next,
            };
            match accepted {
                Ok((socket, _)) => {
                    let serving = self.serve_one(socket, stop.clone());
                    open.spawn(async move {
                        serving.await;
                        drop(place);
                    });
                }
                Err(error) => {
                    if unheard.is_due() {
                        tracing::warn!(%error, "a connection can't be accepted");
                    }
                    tokio::time::sleep(PAUSE_AFTER_REFUSED_ACCEPT).await;
                }
            }
            while open.try_join_next().is_some() {}
        }
        drop(self.listener);
        let all_ended = async { while open.join_next().await.is_some() {} };
        let _ = timeout(limits.grace, all_ended).await;
        open.shutdown().await;
    }

    /// One connection, from the handshake where there is one.
    fn serve_one(
        &self,
        socket: TcpStream,
        mut stop: Stop,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (limits, metrics) = (self.limits, Arc::clone(&self.metrics));
        let (tls, router) = (self.tls.clone(), self.router.clone());
        let connections = Arc::clone(&self.connections);
        async move {
            let _counted = metrics.connected();
            // An answer is one small write: waiting for more to send would only
            // delay it. A socket that can't be told works all the same.
            let _ = socket.set_nodelay(true);
            let stream = match tls {
                None => Stream::plain(socket, limits.answer_write),
                Some(acceptor) => {
                    let handshake = tokio::select! {
                        () = stop.requested() => return,
                        shaken = timeout(limits.body_read, acceptor.accept(socket)) => shaken,
                    };
                    let Ok(Ok(stream)) = handshake else {
                        return metrics.handshake_failed();
                    };
                    Stream::tls(stream, limits.answer_write)
                }
            };
            connections.serve(stream, router, limits, stop).await;
        }
    }
}

/// The URL that this machine reaches the gateway at.
fn reached_at(scheme: &str, address: SocketAddr) -> String {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    format!("{scheme}://{}", SocketAddr::new(ip, address.port()))
}

/// Listens with as long a queue of callers as the kernel grants: ten thousand
/// that call at once should be kept waiting, and not be left unheard.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(MOST_CALLING)
}
