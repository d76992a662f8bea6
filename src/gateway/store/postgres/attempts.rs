//! Doing a step until it is certain what came of it, within bounds.

use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use tokio::time::{Instant, sleep, timeout_at};

use super::reason::{Fate, in_one_line};
use super::row::BrokenRow;
use crate::gateway::store::contract::StoreError;
use crate::gateway::store::trouble::Trouble;

/// How long a call may take, all attempts together. A caller waits longer than
/// that, as a rule, and learns that the outcome is unknown.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a step is tried at most.
const ATTEMPTS: u32 = 12;
/// How long to wait before the second attempt; then twice as long each time,
const FIRST_PAUSE: Duration = Duration::from_millis(5);
/// but no longer than this.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// A step that may be done again where it is not known whether it was done.
pub(super) trait Step: Send + Sync {
    /// What it comes to.
    type Answer: Send;

    /// Tries it. `after_loss` says that an earlier attempt of the same step was
    /// lost, and may still have its effect.
    fn attempt(
        &self,
        client: &Object,
        after_loss: bool,
    ) -> impl Future<Output = Result<Outcome<Self::Answer>, StepError>> + Send;
}

/// What an attempt came to.
#[derive(Debug)]
pub(super) enum Outcome<T> {
    /// The answer.
    Done(T),
    /// What it found has changed meanwhile.
    Again,
}

/// Why an attempt came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    /// The database, or the way to it.
    #[error(transparent)]
    Database(#[from] tokio_postgres::Error),
    /// What it found.
    #[error(transparent)]
    Row(#[from] BrokenRow),
}

/// Does `step`, again where need be, and tells of the trouble where it can't.
pub(super) async fn persist<S: Step>(
    pool: &Pool,
    trouble: &Trouble,
    step: &S,
) -> Result<S::Answer, StoreError> {
    let until = Instant::now() + PATIENCE;
    let mut after_loss = false;
    let mut pause = FIRST_PAUSE;
    let mut reason = String::new();
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            // Apart from each other: whoever collided once would do so again.
            sleep(pause.mul_f64(rand::random_range(0.5..1.5))).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        match try_once(pool, step, after_loss, until).await {
            Tried::Answered(answer) => return Ok(answer),
            Tried::Again => {
                "the same order was at work elsewhere again and again".clone_into(&mut reason)
            }
            Tried::Failed { reason: why, fate } => {
                reason = why;
                after_loss |= fate == Fate::Lost;
                if fate == Fate::Refused {
                    break;
                }
            }
        }
        if Instant::now() >= until {
            break;
        }
    }
    trouble.tell(reason);
    Err(StoreError)
}

/// What one attempt came to.
enum Tried<T> {
    Answered(T),
    Again,
    Failed { reason: String, fate: Fate },
}

async fn try_once<S: Step>(
    pool: &Pool,
    step: &S,
    after_loss: bool,
    until: Instant,
) -> Tried<S::Answer> {
    // Without a connection nothing was sent.
    let unsent = |reason| Tried::Failed {
        reason,
        fate: Fate::Undone,
    };
    let client = match timeout_at(until, pool.get()).await {
        Ok(Ok(client)) => client,
        Ok(Err(error)) => return unsent(in_one_line(&error)),
        Err(_) => return unsent("no connection was free in time".to_owned()),
    };
    let (reason, fate) = match timeout_at(until, step.attempt(&client, after_loss)).await {
        Ok(Ok(Outcome::Done(answer))) => return Tried::Answered(answer),
        Ok(Ok(Outcome::Again)) => return Tried::Again,
        Ok(Err(StepError::Database(error))) => (in_one_line(&error), Fate::of(&error)),
        Ok(Err(error @ StepError::Row(_))) => (error.to_string(), Fate::Refused),
        Err(_) => ("it did not answer in time".to_owned(), Fate::Lost),
    };
    if fate == Fate::Lost {
        // Whoever got it next would wait behind what is stuck on it.
        drop(Object::take(client));
    }
    Tried::Failed { reason, fate }
}
