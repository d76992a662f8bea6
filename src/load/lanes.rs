//! Lanes: goose once a core, each on a thread and a runtime of its own.
//!
//! A user waits for its connection most of the time, and what wakes it up comes
//! from the kernel. In a runtime that shares its tasks among threads that wakes
//! another thread up as often as not, which costs more than the request. So
//! each lane has its users to itself, as a worker of an event-driven server has
//! its connections.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use goose::GooseError;
use tokio::sync::oneshot;

use super::attack::goose_attack;
use super::scenario::Scenario;
use super::shared::Shared;
use crate::verdict::Shard;

/// How often the other lanes are told to stop, where one has failed.
const AGAIN: Duration = Duration::from_millis(100);

/// Runs all users of this machine's part until the load is over.
///
/// # Errors
/// The scheduler's first; the other lanes are told to stop.
pub(super) async fn run(
    scenario: &Scenario,
    part: Shard,
    shared: &Arc<Shared>,
) -> Result<(), Box<GooseError>> {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let mut lanes: FuturesUnordered<_> = share(part.share(scenario.most_users()), cores)
        .into_iter()
        .map(|users| start(scenario.clone(), part, users, Arc::clone(shared)))
        .collect();
    let mut first = Ok(());
    loop {
        let ended = tokio::select! {
            ended = lanes.next() => ended,
            () = tokio::time::sleep(AGAIN), if first.is_err() => {
                // Its switch is reset when it starts: a single word could come
                // too early.
                goose::trigger_killswitch("another lane failed");
                continue;
            }
        };
        let Some(ended) = ended else { return first };
        let ended = ended.unwrap_or_else(|_| panic!("a lane does not panic"));
        if first.is_ok() && ended.is_err() {
            first = ended;
            shared.arrivals.end();
        }
    }
}

/// Starts a lane of so many users.
fn start(
    scenario: Scenario,
    part: Shard,
    users: usize,
    shared: Arc<Shared>,
) -> oneshot::Receiver<Result<(), Box<GooseError>>> {
    let (ended, end) = oneshot::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let result = match runtime {
            Err(error) => Err(GooseError::Io(error)),
            Ok(runtime) => runtime.block_on(async {
                goose_attack(&scenario, part, users, &shared)?
                    .execute()
                    .await
                    .map(|_| ())
            }),
        };
        // Nobody listens only where the load was given up.
        let _ = ended.send(result.map_err(Box::new));
    });
    end
}

/// How many users each lane has: all of them, as evenly as they go.
fn share(users: usize, cores: usize) -> Vec<usize> {
    let lanes = cores.clamp(1, users.max(1));
    (0..lanes)
        .map(|lane| users / lanes + usize::from(lane < users % lanes))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_lane_is_empty_and_no_user_is_lost() {
        assert_eq!(share(64, 2), [32, 32]);
        assert_eq!(share(7, 4), [2, 2, 2, 1]);
        assert_eq!(share(1, 8), [1]);
        assert_eq!(share(3, 1), [3]);
    }
}
