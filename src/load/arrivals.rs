//! When the next request is due.
//!
//! Closed model: when a user is free. Open model: request n is due at
//! t₀ + n/R, whoever is free takes it, and its latency counts from then; so a
//! gateway that stalls is seen as its callers would see it. Arrivals are never
//! dropped: what can't be sent yet waits, and its wait is measured.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

/// How often due arrivals are released. The runtime's own timers tick once a
/// millisecond, which would be seen as the gateway's latency.
const STEP: Duration = Duration::from_micros(250);

/// Hands out due times.
#[derive(Debug)]
pub struct Arrivals {
    rate: Option<f64>,
    start: OnceLock<Instant>,
    tickets: AtomicU64,
    due: Semaphore,
}

/// A request that a user may send now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// When it was due.
    pub due: Instant,
    /// When it could have been sent by this user at the earliest: when it was
    /// due, or when the user was free, whichever was later.
    pub ready: Instant,
}

impl Arrivals {
    /// Arrivals at `rate` per second, or as users are free.
    pub const fn new(rate: Option<f64>) -> Self {
        Self {
            rate,
            start: OnceLock::new(),
            tickets: AtomicU64::new(0),
            due: Semaphore::const_new(0),
        }
    }

    /// Starts the clock, if it does not run yet, and says when that was.
    pub fn start(&self) -> Instant {
        *self.start.get_or_init(Instant::now)
    }

    /// When it was started.
    pub fn started(&self) -> Option<Instant> {
        self.start.get().copied()
    }

    /// Waits until a request is due; `None` once the traffic has ended.
    pub async fn next(&self) -> Option<Arrival> {
        let free = Instant::now();
        let Some(rate) = self.rate else {
            return (!self.due.is_closed()).then_some(Arrival {
                due: free,
                ready: free,
            });
        };
        self.due.acquire().await.ok()?.forget();
        let due = self.due_time(self.tickets.fetch_add(1, Ordering::Relaxed), rate);
        Some(Arrival {
            due,
            ready: due.max(free),
        })
    }

    /// Ends the traffic: whoever waits is told. What was due and nobody took
    /// is the backlog.
    pub fn end(&self) {
        self.due.close();
    }

    /// When each arrival was due that nobody took before `end`.
    pub fn backlog(&self, end: Instant) -> Vec<Instant> {
        let Some(rate) = self.rate else {
            return Vec::new();
        };
        (self.tickets.load(Ordering::Relaxed)..)
            .map(|ticket| self.due_time(ticket, rate))
            .take_while(|due| *due < end)
            .collect()
    }

    fn due_time(&self, ticket: u64, rate: f64) -> Instant {
        #[expect(clippy::cast_precision_loss, reason = "tickets stay far below 2⁵²")]
        let after = Duration::from_secs_f64(ticket as f64 / rate);
        self.start() + after
    }

    /// Releases arrivals as they fall due, until the traffic has ended. Runs
    /// on a thread of its own; returns at once in the closed model.
    pub fn pace(&self) {
        let Some(rate) = self.rate else { return };
        let mut released: u64 = 0;
        while !self.due.is_closed() {
            if self.started().is_some() {
                let mut count = 0;
                let now = Instant::now();
                while self.due_time(released + count, rate) <= now {
                    count += 1;
                }
                released += count;
                let permits = usize::try_from(count).unwrap_or(Semaphore::MAX_PERMITS);
                self.due.add_permits(permits);
            }
            std::thread::sleep(STEP);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_open_model_spaces_arrivals_evenly_from_the_start() {
        let arrivals = std::sync::Arc::new(Arrivals::new(Some(1_000.0)));
        let start = arrivals.start();
        let pacer = {
            let arrivals = std::sync::Arc::clone(&arrivals);
            std::thread::spawn(move || arrivals.pace())
        };
        for n in 0..5_u64 {
            let arrival = arrivals.next().await.unwrap();
            assert_eq!(arrival.due, start + Duration::from_millis(n));
            assert!(arrival.ready >= arrival.due);
        }
        arrivals.end();
        pacer.join().unwrap();
        assert_eq!(arrivals.next().await, None);
    }

    #[tokio::test]
    async fn the_closed_model_never_waits_and_ends() {
        let arrivals = Arrivals::new(None);
        assert!(arrivals.next().await.is_some());
        arrivals.end();
        assert_eq!(arrivals.next().await, None);
    }
}
