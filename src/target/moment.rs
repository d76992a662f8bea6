//! Waiting for a moment, to the microsecond.

use std::time::{Duration, Instant};

/// The system's timer is no finer than this: what is nearer is waited for by
/// letting others run.
const COARSE: Duration = Duration::from_millis(2);

/// Waits until `moment`; others run meanwhile.
pub async fn wait_until(moment: Instant) {
    let left = moment.saturating_duration_since(Instant::now());
    if left > COARSE {
        tokio::time::sleep(left.saturating_sub(COARSE)).await;
    }
    while Instant::now() < moment {
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_is_woken_before_the_moment() {
        for micros in [0, 50, 3_000] {
            let moment = Instant::now() + Duration::from_micros(micros);
            wait_until(moment).await;
            assert!(Instant::now() >= moment);
        }
    }
}
