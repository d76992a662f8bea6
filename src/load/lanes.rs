//! Lanes: goose once a core, each on a thread and a runtime of its own.
//!
//! A user waits for its connection most of the time, and what wakes it up comes
//! from the kernel. In a runtime that shares its tasks among threads that wakes
//! another thread up as often as not, which costs more than the request. So
//! each lane has its users to itself, as a worker of an event-driven server has
//! its connections.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use goose::GooseError;
#[cfg(target_os = "linux")]
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
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
        .map(|lane| start(scenario.clone(), part, lane, Arc::clone(shared)))
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

/// Starts a lane.
fn start(
    scenario: Scenario,
    part: Shard,
    lane: Lane,
    shared: Arc<Shared>,
) -> oneshot::Receiver<Result<(), Box<GooseError>>> {
    let (ended, end) = oneshot::channel();
    thread::spawn(move || {
        // In the open model a lane that waits for its own core would be late.
        if !shared.arrivals.is_open() {
            lane.keep_to_its_core();
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let result = match runtime {
            Err(error) => Err(GooseError::Io(error)),
            Ok(runtime) => runtime.block_on(async {
                goose_attack(&scenario, part, lane, &shared)?
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

/// One of the lanes.
#[derive(Debug)]
pub(super) struct Lane {
    index: usize,
    lanes: usize,
    /// How many users it has.
    pub(super) users: usize,
    started: AtomicUsize,
}

impl Lane {
    /// Which of this part's users the next one is that it starts: the lanes take
    /// them in turns, as users go in groups.
    pub(super) fn next_user(&self) -> usize {
        self.index + self.lanes * self.started.fetch_add(1, Ordering::Relaxed)
    }

    /// Keeps the present thread to a core, as every other lane is kept to
    /// another. Left to themselves two lanes meet on one core now and then, and
    /// while a busy gateway keeps the others busy nothing parts them.
    fn keep_to_its_core(&self) {
        #[cfg(target_os = "linux")]
        if let Ok(allowed) = sched_getaffinity(None) {
            let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
            if cores.clone().count() == self.lanes
                && let Some(core) = cores.nth(self.index)
            {
                let mut own = CpuSet::new();
                own.set(core);
                // Who may not choose roams.
                let _ = sched_setaffinity(None, &own);
            }
        }
    }
}

/// The lanes: all users, as evenly as they go.
fn share(users: usize, cores: usize) -> Vec<Lane> {
    let lanes = cores.clamp(1, users.max(1));
    (0..lanes)
        .map(|index| Lane {
            index,
            lanes,
            users: users / lanes + usize::from(index < users % lanes),
            started: AtomicUsize::new(0),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_lane_is_empty_and_no_user_is_lost_or_there_twice() {
        for (users, cores) in [(64, 2), (7, 4), (1, 8), (3, 1)] {
            let lanes = share(users, cores);
            assert!(lanes.iter().all(|lane| lane.users > 0));
            let started = lanes
                .iter()
                .flat_map(|lane| std::iter::repeat_with(|| lane.next_user()).take(lane.users));
            let started: BTreeSet<usize> = started.collect();
            assert_eq!(started, (0..users).collect());
        }
    }
}
