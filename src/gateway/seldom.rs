//! Trouble that would be told thousands of times a second.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Says when something may be told again.
#[derive(Debug)]
pub(super) struct Seldom {
    start: Instant,
    pause: Duration,
    /// Milliseconds from the start until it may be told again.
    due: AtomicU64,
}

impl Seldom {
    /// Once in each `pause`, and at once for the first time.
    pub(super) fn each(pause: Duration) -> Self {
        Self {
            start: Instant::now(),
            pause,
            due: AtomicU64::new(0),
        }
    }

    /// Whether it may be told now; of several who ask at once, one may.
    pub(super) fn is_due(&self) -> bool {
        let now = millis(self.start.elapsed());
        let due = self.due.load(Ordering::Relaxed);
        now >= due
            && self
                .due
                .compare_exchange(
                    due,
                    now.saturating_add(millis(self.pause)).saturating_add(1),
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                )
                .is_ok()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_at_once_and_then_not_before_the_pause_is_over() {
        let seldom = Seldom::each(Duration::from_secs(3600));
        assert!(seldom.is_due());
        assert!(!seldom.is_due());
        let often = Seldom::each(Duration::ZERO);
        assert!(often.is_due());
    }
}
