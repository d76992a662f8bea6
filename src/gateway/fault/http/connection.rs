//! A server of HTTP/1.1 with a switch for each way to get it wrong.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{Method, StatusCode};
use tokio::time::timeout;
use tower_service::Service;

use super::reader::Reader;
use super::reply::Outgoing;
use super::request::{self, Taken, Untaken};
use super::worker::Worker;
use crate::gateway::connection::{Connections, Stop};
use crate::gateway::fault::{Fault, Faults};
use crate::gateway::settings::Limits;
use crate::gateway::stream::Stream;
use crate::gateway::wire::Pending;

/// How long a server that minds it waits to see whether its caller closes.
const HALF_CLOSE: Duration = Duration::from_millis(5);
/// How long what a refused caller still sends is read and thrown away.
const LEAVING: Duration = Duration::from_secs(1);

/// Connections with faults.
#[derive(Debug)]
pub(in crate::gateway::fault) struct FaultyConnections {
    faults: Faults,
    worker: Worker,
}

impl FaultyConnections {
    /// Connections with these faults.
    pub(in crate::gateway::fault) fn new(faults: Faults) -> Self {
        Self {
            faults,
            worker: Worker::default(),
        }
    }
}

impl Connections for FaultyConnections {
    fn serve(
        self: Arc<Self>,
        stream: Stream,
        router: Router,
        limits: Limits,
        mut stop: Stop,
    ) -> Pending<'static, ()> {
        Box::pin(async move {
            let mut connection = Connection {
                reader: Reader::new(stream),
                router,
                limits,
                leftovers: Vec::new(),
                shared: &self,
            };
            tokio::select! {
                biased;
                () = self.worker.death() => connection.reader.reset(),
                () = connection.serve(&mut stop) => {
                    if self.worker.is_dead() {
                        return connection.reader.reset();
                    }
                    // Nothing that is still sent keeps a stop waiting.
                    tokio::select! {
                        () = stop.requested() => {}
                        _ = timeout(LEAVING, connection.reader.end()) => {}
                    }
                }
            }
        })
    }
}

/// One connection.
struct Connection<'a> {
    reader: Reader,
    router: Router,
    limits: Limits,
    /// What an earlier request left behind.
    leftovers: Vec<u8>,
    shared: &'a FaultyConnections,
}

impl Connection<'_> {
    /// Serves request after request. A stop ends the connection unless an
    /// answer is under way.
    async fn serve(&mut self, stop: &mut Stop) {
        let shared = self.shared;
        let faults = &shared.faults;
        loop {
            let reading = async {
                if !self.leftovers.is_empty() && self.reader.more().await {
                    self.reader.buffer.splice(..0, self.leftovers.drain(..));
                }
                request::head(&mut self.reader, faults).await
            };
            let head = tokio::select! {
                () = stop.requested() => return,
                head = timeout(self.limits.head_read, reading) => head,
            };
            let head = match head {
                Ok(Ok(head)) => head,
                Ok(Err(untaken)) => return self.refuse(untaken).await,
                Err(_) => return,
            };
            let reading = async {
                let turn = shared.worker.turn(faults).await;
                let taken = timeout(
                    self.limits.body_read,
                    request::rest(&mut self.reader, head, faults, &self.limits),
                );
                let late = Err(Untaken::Refused(StatusCode::REQUEST_TIMEOUT));
                (taken.await.unwrap_or(late), turn)
            };
            let (taken, _turn) = tokio::select! {
                () = stop.requested() => return,
                read = reading => read,
            };
            let taken = match taken {
                Ok(taken) => taken,
                Err(untaken) => return self.refuse(untaken).await,
            };
            let hung = tokio::select! {
                () = stop.requested() => return,
                hung = Worker::hangs_on(faults, &taken.body) => hung,
            };
            if hung || !self.answer(taken).await {
                return;
            }
        }
    }

    /// Answers a request; `false` where the connection ends with it.
    async fn answer(&mut self, taken: Taken) -> bool {
        let faults = &self.shared.faults;
        if Worker::dies_of(faults, &taken.body) {
            self.shared.worker.die();
            return false;
        }
        if faults.has(Fault::HalfCloseAborts)
            && timeout(HALF_CLOSE, self.reader.more()).await == Ok(false)
        {
            return false;
        }
        if faults.has(Fault::PipelinedLost) {
            self.reader.buffer.clear();
        }
        let Ok(response) = self.router.call(taken.request()).await;
        let outgoing = Outgoing::of(response).await;
        if faults.has(Fault::KeepAliveLeftovers) && outgoing.is_early_refusal() {
            self.leftovers.clone_from(&taken.body);
        }
        let is_last = taken.is_last || outgoing.is_last();
        let method = &taken.head.method;
        let is_sent = outgoing.send(&mut self.reader, method, is_last, faults);
        is_sent.await && !is_last
    }

    /// Refuses what is no request, and is done.
    async fn refuse(&mut self, untaken: Untaken) {
        let faults = &self.shared.faults;
        let status = match untaken {
            Untaken::Ended => return,
            Untaken::Oversized(_) if faults.has(Fault::OversizedCrashes) => {
                return self.shared.worker.die();
            }
            Untaken::Oversized(status) | Untaken::Refused(status) => status,
        };
        let refusal = Outgoing::refusal(status).await;
        // Who does not hear it has gone.
        let _ = refusal
            .send(&mut self.reader, &Method::POST, true, faults)
            .await;
    }
}
