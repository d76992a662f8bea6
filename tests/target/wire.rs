//! A stream whose other side follows a script: how much of a request it takes
//! at a time, how its answer is cut into reads, and how it ends.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use proptest::prelude::*;
use recoup::target::{Connection, Exchange, Limits, Schedule};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A request of 2 bytes behind a head.
pub(crate) const REQUEST: &[u8] =
    b"POST / HTTP/1.1\r\nHost: gateway\r\nContent-Length: 2\r\n\r\n{}";

/// Bounds that only what never ends reaches.
pub(crate) fn patient() -> Limits {
    Limits::within(Duration::from_secs(20))
}

/// Bounds for those who are waited for in vain.
pub(crate) fn impatient() -> Limits {
    Limits {
        answer: Duration::from_millis(5),
        ..patient()
    }
}

/// How the other side ends, after all it has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It says that it is done.
    Close,
    /// It is gone without a word: TLS that was cut off.
    Tear,
    /// It resets the connection.
    Reset,
    /// It says nothing more, and keeps the connection open.
    Hold,
}

/// One answer: what has to come before it, and the reads that it is cut into.
#[derive(Debug, Clone)]
struct Turn {
    /// How many bytes must have been received, over all turns.
    after: usize,
    reads: VecDeque<Vec<u8>>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Wire {
    turns: VecDeque<Turn>,
    end: End,
    /// The most that one write takes.
    gulp: usize,
    /// After so many bytes nothing more is taken, with this error.
    deaf_after: Option<(usize, io::ErrorKind)>,
    taken: Vec<u8>,
    /// Every second read and write is not ready at first, as on a real socket.
    is_ready: bool,
    reader: Option<Waker>,
}

impl Wire {
    pub(crate) fn new(end: End) -> Self {
        Self {
            turns: VecDeque::new(),
            end,
            gulp: usize::MAX,
            deaf_after: None,
            taken: Vec::new(),
            is_ready: false,
            reader: None,
        }
    }

    /// One answer to [`REQUEST`], cut at `cuts`.
    pub(crate) fn answering(answer: &[u8], cuts: &[prop::sample::Index], end: End) -> Self {
        Self::new(end).then(REQUEST.len(), answer, cuts)
    }

    /// After `after` more bytes of requests, this answer.
    pub(crate) fn then(
        mut self,
        after: usize,
        answer: &[u8],
        cuts: &[prop::sample::Index],
    ) -> Self {
        let before = self.turns.back().map_or(0, |turn| turn.after);
        self.turns.push_back(Turn {
            after: before + after,
            reads: cut(answer, cuts).into(),
        });
        self
    }

    pub(crate) fn taking(mut self, gulp: usize) -> Self {
        self.gulp = gulp.max(1);
        self
    }

    pub(crate) fn deaf_after(mut self, bytes: usize, error: io::ErrorKind) -> Self {
        self.deaf_after = Some((bytes, error));
        self
    }

    /// What was received.
    pub(crate) fn taken(&self) -> &[u8] {
        &self.taken
    }

    /// Whether this poll is one of those that come too early.
    fn dawdles(&mut self, context: &Context<'_>) -> bool {
        self.is_ready = !self.is_ready;
        if self.is_ready {
            context.waker().wake_by_ref();
        }
        self.is_ready
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        while wire.turns.front().is_some_and(|turn| turn.reads.is_empty()) {
            wire.turns.pop_front();
        }
        let Some(turn) = wire.turns.front_mut() else {
            return match wire.end {
                End::Close => Poll::Ready(Ok(())),
                End::Tear => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                End::Reset => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
                End::Hold => Poll::Pending,
            };
        };
        if wire.taken.len() < turn.after {
            wire.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        if wire.dawdles(context) {
            return Poll::Pending;
        }
        let read = &mut wire.turns.front_mut().expect("a turn").reads[0];
        let rest = read.split_off(read.len().min(buffer.remaining()));
        buffer.put_slice(read);
        let turn = wire.turns.front_mut().expect("a turn");
        if rest.is_empty() {
            turn.reads.pop_front();
        } else {
            turn.reads[0] = rest;
            // It has come already: there is no waiting for it.
            wire.is_ready = true;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        if wire.dawdles(context) {
            return Poll::Pending;
        }
        let mut count = bytes.len().min(wire.gulp);
        if let Some((after, error)) = wire.deaf_after {
            count = count.min(after - wire.taken.len());
            if count == 0 {
                return Poll::Ready(Err(error.into()));
            }
        }
        wire.taken.extend_from_slice(&bytes[..count]);
        if let Some(reader) = wire.reader.take() {
            reader.wake();
        }
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// The pieces of `bytes` that end at `cuts`; none is empty.
pub(crate) fn cut(bytes: &[u8], cuts: &[prop::sample::Index]) -> Vec<Vec<u8>> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    let mut from = 0;
    let mut pieces = Vec::new();
    for end in ends {
        if end > from {
            pieces.push(bytes[from..end].to_vec());
            from = end;
        }
    }
    pieces
}

/// Where an answer is cut: nowhere, in a few places, or into crumbs.
pub(crate) fn cuts() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    prop_oneof![
        1 => Just(Vec::new()),
        6 => prop::collection::vec(any::<prop::sample::Index>(), 1..8),
        1 => prop::collection::vec(any::<prop::sample::Index>(), 400),
    ]
}

/// Runs a future to its end on this thread.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// One exchange of [`REQUEST`], and whether the connection can be used again.
pub(crate) fn exchange(wire: Wire, limits: Limits) -> (Exchange, bool) {
    block_on(async {
        let mut connection = Connection::new(wire, limits);
        let exchange = connection.exchange(Schedule::whole(REQUEST.to_vec())).await;
        let is_usable = connection.is_usable();
        (exchange, is_usable)
    })
}
