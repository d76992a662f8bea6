//! How a request's bytes leave: all at once, or slice by slice.

use std::ops::Range;
use std::time::Duration;

/// How long a gateway gets to take up requests that lack their last byte.
pub const TAKING_UP: Duration = Duration::from_millis(5);

/// One step of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Writes these bytes of the request in one call.
    Write(Range<usize>),
    /// Waits, reading what comes meanwhile.
    Pause(Duration),
    /// Waits until an interim answer is there, at most so long. A final answer
    /// that comes instead ends the schedule: the rest is not wanted.
    AwaitInterim(Duration),
    /// Closes our half of the connection; the answer can still come.
    HalfClose,
    /// Drops the connection at once, without waiting for an answer.
    Abandon,
}

/// A request and the steps in which its bytes leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The bytes, request line and headers included.
    pub bytes: Vec<u8>,
    /// Where the body starts in them.
    pub body_start: usize,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

impl Schedule {
    /// Everything in one write.
    pub fn whole(bytes: Vec<u8>) -> Self {
        let steps = vec![Step::Write(0..bytes.len())];
        Self::new(bytes, steps)
    }

    /// Slices of `size` bytes with a `pause` between them.
    pub fn sliced(bytes: Vec<u8>, size: usize, pause: Duration) -> Self {
        let size = size.max(1);
        let mut steps = Vec::new();
        for from in (0..bytes.len()).step_by(size) {
            if from > 0 {
                steps.push(Step::Pause(pause));
            }
            steps.push(Step::Write(from..bytes.len().min(from + size)));
        }
        Self::new(bytes, steps)
    }

    /// All but the last byte; [`Connection::complete`] sends that.
    ///
    /// [`Connection::complete`]: super::Connection::complete
    pub fn all_but_last(bytes: Vec<u8>) -> Self {
        let held = bytes.len().saturating_sub(1);
        Self::new(bytes, vec![Step::Write(0..held)])
    }

    /// These steps for these bytes.
    pub fn new(bytes: Vec<u8>, steps: Vec<Step>) -> Self {
        let body_start = body_start(&bytes);
        Self {
            bytes,
            body_start,
            steps,
        }
    }

    /// Whether everything leaves in one write.
    pub fn is_whole(&self) -> bool {
        self.steps == [Step::Write(0..self.bytes.len())]
    }

    /// The same with one more step at its end.
    #[must_use]
    pub fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

/// Where the body of a request starts: behind the first empty line, or at the
/// end where there is none.
pub fn body_start(request: &[u8]) -> usize {
    request
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .map_or(request.len(), |at| at + 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_cover_every_byte_once_and_in_order() {
        let schedule = Schedule::sliced((0..10).collect(), 3, Duration::from_millis(1));
        let written: Vec<u8> = schedule
            .steps
            .iter()
            .filter_map(|step| match step {
                Step::Write(range) => Some(schedule.bytes[range.clone()].to_vec()),
                _ => None,
            })
            .flatten()
            .collect();
        assert_eq!(written, schedule.bytes);
    }

    #[test]
    fn the_body_starts_behind_the_empty_line() {
        assert_eq!(body_start(b"POST / HTTP/1.1\r\nA: b\r\n\r\n{}"), 25);
        assert_eq!(body_start(b"nonsense"), 8);
    }
}
