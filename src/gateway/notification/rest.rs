//! Receivers that are left alone for a while.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

/// How many notifications one receiver gets at once.
const MOST_AT_ONCE: usize = 4;
/// How long a receiver rests that could not be reached; then twice as long each
/// time,
const FIRST_REST: Duration = Duration::from_secs(1);
/// but no longer than this.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// How many receivers are remembered; others do not rest.
const MOST_REMEMBERED: usize = 256;

/// Who is busy, and who rests: a receiver that is dead takes up one place for
/// one time-out, now and then, whatever waits for it.
#[derive(Debug, Default)]
pub(super) struct Receivers {
    busy: HashMap<String, usize>,
    resting: HashMap<String, Rest>,
}

#[derive(Debug, Clone, Copy)]
struct Rest {
    until: Instant,
    length: Duration,
}

impl Receivers {
    /// Those that get nothing now.
    pub(super) fn passed_over(&self, now: Instant) -> Vec<String> {
        let busy = self
            .busy
            .iter()
            .filter(|(receiver, count)| **count >= self.most_for(receiver))
            .map(|(receiver, _)| receiver);
        let resting = self
            .resting
            .iter()
            .filter(|(_, rest)| rest.until > now)
            .map(|(receiver, _)| receiver);
        let mut all: Vec<String> = busy.chain(resting).cloned().collect();
        all.sort();
        all.dedup();
        all
    }

    /// When the first of those that rest can be tried again.
    pub(super) fn first_back(&self, now: Instant) -> Option<Instant> {
        let ends = self.resting.values().map(|rest| rest.until);
        ends.filter(|until| *until > now).min()
    }

    /// Notes that something is sent to `receiver`.
    pub(super) fn begin(&mut self, receiver: &str) {
        *self.busy.entry(receiver.to_owned()).or_default() += 1;
    }

    /// Notes that it has ended, and whether the receiver was reached.
    pub(super) fn end(&mut self, receiver: &str, is_reached: bool, now: Instant) {
        if let Some(count) = self.busy.get_mut(receiver) {
            *count -= 1;
            if *count == 0 {
                self.busy.remove(receiver);
            }
        }
        if is_reached {
            self.resting.remove(receiver);
            return;
        }
        let length = match self.resting.get(receiver) {
            // Others that were under way say nothing new.
            Some(rest) if rest.until > now => return,
            Some(rest) => (rest.length * 2).min(LONGEST_REST),
            None => FIRST_REST,
        };
        if self.resting.len() >= MOST_REMEMBERED {
            self.resting.retain(|_, rest| rest.until > now);
        }
        if self.resting.len() < MOST_REMEMBERED {
            let until = now + length;
            let rest = Rest { until, length };
            self.resting.insert(receiver.to_owned(), rest);
        }
    }

    /// Who was not reached the last time is tried by one.
    fn most_for(&self, receiver: &str) -> usize {
        if self.resting.contains_key(receiver) {
            1
        } else {
            MOST_AT_ONCE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_that_is_not_reached_rests_longer_each_time_and_is_then_tried_by_one() {
        let mut receivers = Receivers::default();
        let start = Instant::now();
        receivers.begin("dead");
        assert!(receivers.passed_over(start).is_empty());
        receivers.end("dead", false, start);
        assert_eq!(receivers.passed_over(start), ["dead"]);
        let second = start + FIRST_REST;
        assert_eq!(receivers.first_back(start), Some(second));
        assert!(receivers.passed_over(second).is_empty());
        receivers.begin("dead");
        assert_eq!(receivers.passed_over(second), ["dead"]);
        receivers.end("dead", false, second);
        assert_eq!(receivers.first_back(second), Some(second + FIRST_REST * 2));
        receivers.begin("dead");
        receivers.end("dead", true, second + LONGEST_REST);
        assert!(receivers.passed_over(second).is_empty());
    }

    #[test]
    fn one_receiver_has_so_many_places_and_others_have_theirs() {
        let mut receivers = Receivers::default();
        let now = Instant::now();
        for _ in 0..MOST_AT_ONCE {
            assert!(receivers.passed_over(now).is_empty());
            receivers.begin("busy");
        }
        receivers.begin("other");
        assert_eq!(receivers.passed_over(now), ["busy"]);
        receivers.end("busy", true, now);
        assert!(receivers.passed_over(now).is_empty());
    }

    #[test]
    fn no_more_receivers_are_remembered_than_there_is_room_for() {
        let mut receivers = Receivers::default();
        let now = Instant::now();
        for number in 0..MOST_REMEMBERED * 2 {
            let receiver = format!("http://127.0.0.1:{number}");
            receivers.begin(&receiver);
            receivers.end(&receiver, false, now);
        }
        assert_eq!(receivers.resting.len(), MOST_REMEMBERED);
        assert!(receivers.busy.is_empty());
    }
}
