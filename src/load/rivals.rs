//! Connections beside those of the users, for requests that leave at once.
//!
//! A lane's users share them: few of them race at a time, and what is used
//! often is warm.

use std::sync::{Mutex, PoisonError};

use crate::target::{Connection, Ending};

use super::shared::Shared;

/// A lane's connections that nobody uses at present.
#[derive(Debug, Default)]
pub(super) struct Rivals(Mutex<Vec<Connection>>);

impl Rivals {
    /// One that can be used: the one that was given back last, or a new one.
    ///
    /// # Errors
    /// [`Ending`] where a new one can't be had.
    pub(super) async fn take(&self, shared: &Shared) -> Result<Connection, Ending> {
        while let Some(mut connection) = self.pop() {
            if connection.is_still_usable() {
                return Ok(connection);
            }
        }
        shared.caller.endpoint.connect().await
    }

    fn pop(&self) -> Option<Connection> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.pop()
    }

    /// Gives connections back, in whatever state they are.
    pub(super) fn give_back(&self, connections: impl Iterator<Item = Connection>) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.extend(connections);
    }
}
