//! What a gateway does beside answering: it settles refunds and sends
//! notifications.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::calls::Gateway;
use super::connection::Stop;
use super::dealing;
use super::notification::Messenger;

/// The tasks beside the answers. They end when the gateway stops; what they had
/// not done is in the store.
#[derive(Debug)]
pub(super) struct Background(JoinSet<()>);

impl Background {
    /// Starts what the gateway's store has a use for.
    pub(super) fn start(gateway: &Arc<Gateway>, stop: &Stop) -> Self {
        let mut tasks = JoinSet::new();
        if let Some(deferred) = &gateway.deferred {
            tasks.spawn(dealing::settle_all(
                Arc::clone(deferred),
                gateway.dealing,
                stop.clone(),
            ));
            let messenger = Messenger::new(Arc::clone(gateway), Arc::clone(deferred));
            tasks.spawn(messenger.run(stop.clone()));
        }
        Self(tasks)
    }

    /// Waits until they have ended, which they do by themselves.
    pub(super) async fn ended(mut self) {
        while self.0.join_next().await.is_some() {}
    }
}
