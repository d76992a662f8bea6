//! Connections beside those of the users, for requests that leave at once.
//!
//! A lane's users share them: few of them race at a time, and what is used
//! often is warm. They go round, so that those to different instances of a
//! gateway all get their turns.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::target::{Connection, Ending, Endpoint};

/// A lane's connections that nobody uses at present.
#[derive(Debug, Default)]
pub(super) struct Rivals(Mutex<VecDeque<Connection>>);

impl Rivals {
    /// One that can be used: the one that has waited longest, or a new one.
    ///
    /// # Errors
    /// [`Ending`] where a new one can't be had.
    pub(super) async fn take(&self, endpoint: &Endpoint) -> Result<Connection, Ending> {
        while let Some(mut connection) = self.pop() {
            if connection.is_still_usable() {
                return Ok(connection);
            }
        }
        endpoint.connect().await
    }

    fn pop(&self) -> Option<Connection> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.pop_front()
    }

    /// Gives connections back. Those that nothing can be sent on are closed.
    pub(super) fn give_back(&self, connections: impl Iterator<Item = Connection>) {
        let usable = connections.filter_map(|mut connection| {
            let is_usable = connection.is_still_usable();
            is_usable.then_some(connection)
        });
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.extend(usable);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::target::{Limits, Trust};

    /// A server, and what leads to it.
    async fn server() -> (TcpListener, Endpoint) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let limits = Limits::within(Duration::from_secs(5));
        let endpoint = Endpoint::parse(&url, &Trust::default(), limits).unwrap();
        (listener, endpoint)
    }

    async fn pair(
        rivals: &Rivals,
        endpoint: &Endpoint,
        listener: &TcpListener,
    ) -> (Connection, TcpStream) {
        let connection = rivals.take(endpoint).await.unwrap();
        (connection, listener.accept().await.unwrap().0)
    }

    fn port_of(connection: &Connection) -> u16 {
        match connection.stream() {
            crate::target::stream::Stream::Plain(socket) => socket.local_addr().unwrap().port(),
            crate::target::stream::Stream::Tls(_) => unreachable!("the server speaks plain TCP"),
        }
    }

    #[tokio::test]
    async fn connections_go_round_and_closed_ones_are_not_handed_out() {
        let (listener, endpoint) = server().await;
        let rivals = Rivals::default();
        let (first, _kept) = pair(&rivals, &endpoint, &listener).await;
        let (second, closing) = pair(&rivals, &endpoint, &listener).await;
        let (third, _kept_too) = pair(&rivals, &endpoint, &listener).await;
        let ports = [&first, &third].map(port_of);
        rivals.give_back([first, second, third].into_iter());
        drop(closing);
        // Until the runtime has heard of it.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut taken = Vec::new();
        for _ in 0..2 {
            taken.push(rivals.take(&endpoint).await.unwrap());
        }
        assert_eq!([&taken[0], &taken[1]].map(port_of), ports);
        assert!(rivals.pop().is_none(), "the closed one was let go of");
    }
}
