//! A way to a server that breaks off at drawn bytes.

use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Passes connections on. While it cuts, each breaks off after a drawn number
/// of bytes, in whichever direction they come first.
pub(crate) struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
    _accepting: JoinSet<()>,
}

struct State {
    server: SocketAddr,
    is_cutting: AtomicBool,
    cuts: AtomicUsize,
}

impl Proxy {
    /// Listens before `server`. A connection lives for a number of bytes within
    /// `range`.
    pub(crate) async fn before(server: SocketAddr, seed: u64, range: Range<usize>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            server,
            is_cutting: AtomicBool::new(false),
            cuts: AtomicUsize::new(0),
        });
        let mut accepting = JoinSet::new();
        let passing = Arc::clone(&state);
        accepting.spawn(async move {
            let mut random = StdRng::seed_from_u64(seed);
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let lives = [range.clone(), range.clone()].map(|range| random.random_range(range));
                open.spawn(pass(stream, Arc::clone(&passing), lives));
                while open.try_join_next().is_some() {}
            }
        });
        Self {
            address,
            state,
            _accepting: accepting,
        }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins, or ceases, to cut.
    pub(crate) fn cut(&self, cut: bool) {
        self.state.is_cutting.store(cut, Ordering::Relaxed);
    }

    /// How many connections it has cut.
    pub(crate) fn cuts(&self) -> usize {
        self.state.cuts.load(Ordering::Relaxed)
    }
}

async fn pass(client: TcpStream, state: Arc<State>, lives: [usize; 2]) {
    let Ok(server) = TcpStream::connect(state.server).await else {
        return;
    };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // Whichever ends first takes the other with it: both sockets are closed.
    tokio::select! {
        _ = copy(from_client, to_server, &state, lives[0]) => {}
        _ = copy(from_server, to_client, &state, lives[1]) => {}
    }
}

async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    state: &State,
    mut life: usize,
) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        if state.is_cutting.load(Ordering::Relaxed) {
            if count >= life {
                to.write_all(&buffer[..life]).await?;
                state.cuts.fetch_add(1, Ordering::Relaxed);
                return Ok(());
            }
            life -= count;
        }
        to.write_all(&buffer[..count]).await?;
    }
}
