//! The bytes of a connection, as they come.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::gateway::stream::Stream;

/// How much one read brings at most.
const PACKET: usize = 256 * 1024;

/// A connection, and what was read from it and not used yet.
#[derive(Debug)]
pub(super) struct Reader {
    stream: Stream,
    /// What was read and not used yet.
    pub(super) buffer: Vec<u8>,
}

impl Reader {
    /// Reads from `stream`.
    pub(super) const fn new(stream: Stream) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// Waits for more; `false` at the end.
    pub(super) async fn more(&mut self) -> bool {
        self.buffer.reserve(PACKET);
        let read = self.stream.read_buf(&mut self.buffer).await;
        read.is_ok_and(|length| length > 0)
    }

    /// Takes the first `length` bytes out of the buffer.
    pub(super) fn take(&mut self, length: usize) -> Vec<u8> {
        self.buffer.drain(..length.min(self.buffer.len())).collect()
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// [`io::Error`] where nobody receives them.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Says that nothing more is sent, and throws away what comes: closing on
    /// unread bytes would reset the connection, and the answer be lost.
    pub(super) async fn end(mut self) {
        let _ = self.stream.shutdown().await;
        while self.more().await {
            self.buffer.clear();
        }
    }

    /// Resets the connection, as the system does for a process that died.
    pub(super) fn reset(self) {
        self.stream.reset_on_drop();
    }
}
