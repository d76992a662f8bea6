//! When the next request is due.
//!
//! Closed model: when a user is free. Open model: request n has a due time,
//! whoever is free takes it, and its latency counts from then; so a gateway
//! that stalls is seen as its callers would see it. Arrivals are never
//! dropped: what can't be sent yet waits, and its wait is measured.

use std::iter::Peekable;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::due::DueTimes;

/// How often due arrivals are released at most: what falls due in between waits
/// for so long, which is the generator's lag and not the gateway's. The
/// runtime's own timers tick once a millisecond.
const STEP: Duration = Duration::from_micros(80);
/// How long is slept at most where nothing is due: the end may come earlier.
const NAP: Duration = Duration::from_millis(1);

/// Hands out due times.
#[derive(Debug)]
pub struct Arrivals {
    start: OnceLock<Instant>,
    open: Option<Open>,
    due: Semaphore,
}

/// What the open model needs.
#[derive(Debug)]
struct Open {
    /// Those that were not taken yet.
    untaken: Mutex<Peekable<DueTimes>>,
    /// All of them, for the pacer.
    all: DueTimes,
    /// Nothing is due from then on.
    until: Duration,
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
    /// Arrivals that are due at these times, as far as they are before `until`;
    /// or as users are free.
    pub fn new(due: Option<DueTimes>, until: Duration) -> Self {
        Self {
            start: OnceLock::new(),
            open: due.map(|all| Open {
                untaken: Mutex::new(all.again().peekable()),
                all,
                until,
            }),
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

    /// Waits until a request is due for a user who is free since `free`; `None`
    /// once the traffic has ended.
    pub async fn next(&self, free: Instant) -> Option<Arrival> {
        let Some(open) = &self.open else {
            return (!self.due.is_closed()).then_some(Arrival {
                due: free,
                ready: free,
            });
        };
        self.due.acquire().await.ok()?.forget();
        let after = open.untaken.lock().expect("no holder panics").next()?;
        let due = self.start() + after;
        Some(Arrival {
            due,
            ready: due.max(free),
        })
    }

    /// Whether requests fall due, rather than when users are free.
    pub const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whether all that will ever be due has been taken. In the closed model
    /// nothing is ever left.
    pub fn is_all_taken(&self) -> bool {
        self.open.as_ref().is_none_or(|open| {
            let mut untaken = open.untaken.lock().expect("no holder panics");
            untaken.peek().is_none_or(|due| *due >= open.until)
        })
    }

    /// Ends the traffic: whoever waits is told. What was due and nobody took
    /// is the backlog.
    pub fn end(&self) {
        self.due.close();
    }

    /// Whether the traffic has ended.
    pub fn has_ended(&self) -> bool {
        self.due.is_closed()
    }

    /// Waits until the traffic has ended; for the closed model, in which nobody
    /// waits for what is due.
    pub async fn ended(&self) {
        // Without arrivals there is no permit: the wait ends with the traffic.
        let _ = self.due.acquire().await;
    }

    /// When each arrival was due that nobody took before `end`. They are taken
    /// by this.
    pub fn backlog(&self, end: Instant) -> Vec<Instant> {
        let Some(open) = &self.open else {
            return Vec::new();
        };
        let mut untaken = open.untaken.lock().expect("no holder panics");
        untaken
            .by_ref()
            .take_while(|after| *after < open.until)
            .map(|after| self.start() + after)
            .take_while(|due| *due < end)
            .collect()
    }

    /// Releases arrivals as they fall due, until the traffic has ended. Runs
    /// on a thread of its own; returns at once in the closed model.
    pub fn pace(&self) {
        let Some(open) = &self.open else { return };
        let mut coming = open.all.again().peekable();
        while !self.due.is_closed() {
            let mut pause = NAP;
            if let Some(start) = self.started() {
                let now = start.elapsed();
                let is_due = |due: &Duration| *due <= now && *due < open.until;
                let mut count = 0;
                while count < Semaphore::MAX_PERMITS && coming.next_if(is_due).is_some() {
                    count += 1;
                }
                self.due.add_permits(count);
                if let Some(next) = coming.peek() {
                    pause = next.saturating_sub(start.elapsed()).clamp(STEP, NAP);
                }
            }
            std::thread::sleep(pause);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::scenario::{Course, Law};
    use super::*;

    /// So many arrivals a second for a second.
    fn open(rate: f64) -> Arrivals {
        let second = Duration::from_secs(1);
        let course = Course::of(rate, second, &[]);
        Arrivals::new(Some(DueTimes::new(&course, Law::Constant, 1)), second)
    }

    #[tokio::test]
    async fn the_open_model_spaces_arrivals_evenly_from_the_start() {
        let arrivals = Arc::new(open(1_000.0));
        let start = arrivals.start();
        let pacer = {
            let arrivals = Arc::clone(&arrivals);
            std::thread::spawn(move || arrivals.pace())
        };
        for n in 0..1_000_u64 {
            assert!(!arrivals.is_all_taken());
            let arrival = arrivals.next(Instant::now()).await.unwrap();
            assert_eq!(arrival.due, start + Duration::from_millis(n));
            assert!(arrival.ready >= arrival.due);
        }
        // The thousand and first would be due when the second is over.
        assert!(arrivals.is_all_taken());
        arrivals.end();
        pacer.join().unwrap();
        assert_eq!(arrivals.next(Instant::now()).await, None);
    }

    #[test]
    fn what_was_due_and_nobody_took_is_the_backlog() {
        let arrivals = open(10.0);
        let start = arrivals.start();
        let backlog = arrivals.backlog(start + Duration::from_millis(250));
        let expected = [0, 100, 200].map(|millis| start + Duration::from_millis(millis));
        assert_eq!(backlog, expected);
        let whole = open(10.0);
        assert_eq!(
            whole.backlog(whole.start() + Duration::from_secs(9)).len(),
            10
        );
    }

    #[tokio::test]
    async fn the_closed_model_never_waits_and_ends() {
        let arrivals = Arrivals::new(None, Duration::ZERO);
        assert!(arrivals.is_all_taken());
        assert!(arrivals.next(Instant::now()).await.is_some());
        arrivals.end();
        assert_eq!(arrivals.next(Instant::now()).await, None);
    }
}
