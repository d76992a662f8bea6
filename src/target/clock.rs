//! The clock of a run: what messages say the time is.

use std::time::{Duration, Instant};

use crate::protocol::Timestamp;

/// How long a run's clock may stand before it is moved on. Gateways that check
/// a request's time allow some minutes.
const STEP: Duration = Duration::from_secs(120);

/// What the messages of a run say the time is.
///
/// A run that is to be repeated byte for byte can't ask the machine's clock:
/// every message of such a run carries the time at which it started.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Timestamp,
    began: Instant,
    pace: Pace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// It stands.
    Fixed,
    /// It stands for two minutes, then moves on by as much.
    Steps,
    /// It tells the machine's time.
    Present,
}

impl Clock {
    /// A clock that says `time` for ever.
    pub fn fixed(time: Timestamp) -> Self {
        Self::new(time, Pace::Fixed)
    }

    /// The clock of a run that starts now. It stands at the start, so that a
    /// clock [`fixed`](Self::fixed) there repeats the run; but a run that takes
    /// longer than two minutes moves it on in steps of that length, lest a
    /// gateway that checks times refuse what comes late.
    pub fn of_run_starting(now: Timestamp) -> Self {
        Self::new(now, Pace::Steps)
    }

    /// The machine's clock.
    pub fn present() -> Self {
        Self::new(Timestamp::now(), Pace::Present)
    }

    fn new(start: Timestamp, pace: Pace) -> Self {
        Self {
            start,
            began: Instant::now(),
            pace,
        }
    }

    /// What a message that is made now says.
    pub fn now(&self) -> Timestamp {
        match self.pace {
            Pace::Fixed => self.start,
            Pace::Steps => self.start.later_by(STEP * self.steps()),
            Pace::Present => Timestamp::now(),
        }
    }

    /// Where it started: what has to be fixed for a repetition.
    pub const fn start(&self) -> Timestamp {
        self.start
    }

    /// Whether it has left its start, so that a repetition says other times in
    /// its later messages.
    pub fn has_moved(&self) -> bool {
        self.pace == Pace::Steps && self.steps() > 0
    }

    fn steps(&self) -> u32 {
        u32::try_from(self.began.elapsed().as_secs() / STEP.as_secs()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_says_the_time_of_its_start_for_two_minutes_and_then_moves_on() {
        let start = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
        let mut clock = Clock::of_run_starting(start);
        assert_eq!(clock.now(), start);
        let Some(earlier) = clock.began.checked_sub(Duration::from_secs(250)) else {
            // A machine that was started less than that ago.
            return;
        };
        clock.began = earlier;
        assert!(clock.has_moved());
        assert_eq!(clock.now().seconds_since(start), 240);
        clock.pace = Pace::Fixed;
        assert_eq!(clock.now(), start);
    }
}
