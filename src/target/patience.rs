//! A time-out that costs next to nothing while it is not needed.
//!
//! Setting a timer and taking it back takes longer than a short exchange
//! itself. So one timer stands behind all steps of a connection and is left
//! alone when a step ends in time: when it goes off it looks what the present
//! step's limit is, and is set again if that is yet to come.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// How long the steps of a connection are waited for.
#[derive(Debug, Default)]
pub(super) struct Patience {
    timer: Option<Pin<Box<Sleep>>>,
}

/// The step took longer than its limit, and was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLate;

impl Patience {
    /// Runs `step` for at most `limit`.
    pub(super) async fn with<F: Future>(
        &mut self,
        limit: Duration,
        step: F,
    ) -> Result<F::Output, TooLate> {
        let mut step = pin!(step);
        let mut deadline = None;
        poll_fn(|context| {
            if let Poll::Ready(output) = step.as_mut().poll(context) {
                return Poll::Ready(Ok(output));
            }
            // Only who has to wait at all looks at the clock.
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + limit);
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            if timer.deadline() > deadline {
                timer.as_mut().reset(deadline);
            }
            while timer.as_mut().poll(context).is_ready() {
                if Instant::now() >= deadline {
                    self.timer = None;
                    return Poll::Ready(Err(TooLate));
                }
                timer.as_mut().reset(deadline);
            }
            Poll::Pending
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio::time::sleep;

    use super::*;

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_step_that_does_not_end_is_given_up_whatever_was_waited_for_before() {
        let mut patience = Patience::default();
        assert_eq!(patience.with(LONG, ready(1)).await, Ok(1));
        assert_eq!(patience.with(LONG, sleep(SHORT)).await, Ok(()));
        // The timer stands at a minute: a shorter limit brings it forward.
        assert_eq!(patience.with(SHORT, pending::<()>()).await, Err(TooLate));
        assert_eq!(patience.with(SHORT, pending::<()>()).await, Err(TooLate));
    }

    #[tokio::test]
    async fn a_timer_that_was_left_behind_does_not_end_a_later_step() {
        let mut patience = Patience::default();
        let first = patience.with(SHORT, sleep(SHORT / 4)).await;
        assert_eq!(first, Ok(()));
        // It goes off in the midst of this one, which has time enough.
        assert_eq!(patience.with(LONG, sleep(SHORT * 3)).await, Ok(()));
    }
}
