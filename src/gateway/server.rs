//! The server: a socket, its connections, and the way to stop them.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::background::Background;
use super::calls::Gateway;
use super::connection::{Connections, Stop};
use super::fault::{self, FaultError};
use super::settings::{Limits, Settings};
use super::store::{self, OpenError, Opened};
use super::transport;
use super::variant::availability::{self, Hiccups};
use super::variant::store::decorate;

/// How long to wait before accepting again, where the system could not: it is
/// out of file descriptors, most likely, and they come back as others close.
const PAUSE_AFTER_REFUSED_ACCEPT: Duration = Duration::from_millis(20);

/// How many may wait to be let in; the kernel grants what it has room for.
const MOST_CALLING: u32 = 65_535;

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
    let variants = settings.variants;
    let gateway = Gateway {
        partners: settings.partners,
        store: decorate(&variants, opened.store),
        deferred: opened.deferred,
        dealing: settings.dealing,
        notification: settings.notification,
        news: Notify::new(),
        public_url: settings.public_url.unwrap_or_else(|| reached_at(address)),
        wire: fault::wire(&settings.faults),
        hiccups: Hiccups::new(&variants),
        limits: settings.limits,
        delay: settings.delay + availability::delay(&variants),
        variants,
        currency: settings.currency,
    };
    let gateway = Arc::new(gateway);
    let (stop, stopped) = watch::channel(false);
    let stopped = Stop(stopped);
    let background = Background::start(&gateway, &stopped);
    let router = fault::doorstep(&settings.faults, transport::router(gateway));
    let door = Door {
        listener,
        router,
        connections: fault::connections(&settings.faults),
        limits: settings.limits,
    };
    let serving = tokio::spawn(async move {
        door.serve(stopped).await;
        background.ended().await;
    });
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

/// Where connections come in, and what becomes of them.
struct Door {
    listener: TcpListener,
    router: Router,
    connections: Arc<dyn Connections>,
    limits: Limits,
}

impl Door {
    async fn serve(self, mut stop: Stop) {
        let limits = self.limits;
        let places = Arc::new(Semaphore::new(limits.connections));
        let mut open = JoinSet::new();
        loop {
            let next = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (self.listener.accept().await, place)
            };
            let (accepted, place) = tokio::select! {
                () = stop.requested() => break,
                next = next => next,
            };
            match accepted {
                Ok((stream, _)) => {
                    let connections = Arc::clone(&self.connections);
                    let ended =
                        connections.serve(stream, self.router.clone(), limits, stop.clone());
                    open.spawn(async move {
                        ended.await;
                        drop(place);
                    });
                }
                Err(_) => tokio::time::sleep(PAUSE_AFTER_REFUSED_ACCEPT).await,
            }
            while open.try_join_next().is_some() {}
        }
        drop(self.listener);
        let all_ended = async { while open.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(limits.grace, all_ended).await;
        open.shutdown().await;
    }
}

/// The URL that this machine reaches the gateway at.
fn reached_at(address: SocketAddr) -> String {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
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
