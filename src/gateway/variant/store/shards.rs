//! Values that are spread over several locks.

use std::hash::{BuildHasher, Hash, RandomState};

use tokio::sync::{Mutex, MutexGuard};

/// How many locks there are.
const SHARDS: u64 = 64;

/// Values by keys, spread so that calls of different keys seldom wait for each
/// other. A lock may be held while a store is asked.
#[derive(Debug)]
pub(super) struct Shards<T> {
    shards: Vec<Mutex<T>>,
    spread: RandomState,
}

impl<T: Default> Default for Shards<T> {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            spread: RandomState::new(),
        }
    }
}

impl<T> Shards<T> {
    /// The values of those keys that share a lock with `key`.
    pub(super) async fn lock(&self, key: &impl Hash) -> MutexGuard<'_, T> {
        let shard = usize::try_from(self.spread.hash_one(key) % SHARDS);
        let shard = shard.expect("a shard's place is small");
        self.shards[shard].lock().await
    }
}
