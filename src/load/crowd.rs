//! Which users take part while stages change their number.
//!
//! Goose starts all of them at the beginning. Those that a stage does not want
//! yet, or not any more, close their connections and wait for their turn. (A
//! test plan of goose's would move them twice a second, and tells stdout of
//! it.)

use std::time::Duration;

use super::scenario::Course;

/// The users over time.
#[derive(Debug)]
pub(super) struct Crowd {
    course: Course,
}

impl Crowd {
    /// The crowd of a course of users.
    pub(super) const fn new(course: Course) -> Self {
        Self { course }
    }

    /// Whether the user of this number, from 0, takes part after so much time.
    pub(super) fn wants(&self, user: usize, elapsed: Duration) -> bool {
        self.turn(user, elapsed) == Some(elapsed)
    }

    /// From when on the user takes part, not before `elapsed`; `None` where its
    /// turn does not come any more.
    pub(super) fn turn(&self, user: usize, elapsed: Duration) -> Option<Duration> {
        // A ramp wants the next user when it is half way to it.
        #[expect(clippy::cast_precision_loss, reason = "users are far below 2⁵²")]
        let needed = user as f64 + 0.5;
        let mut begin = Duration::ZERO;
        for leg in self.course.legs() {
            let end = begin + leg.length;
            if elapsed < end {
                let at = elapsed.saturating_sub(begin);
                let slope = (leg.to - leg.from) / leg.length.as_secs_f64();
                let now = slope.mul_add(at.as_secs_f64(), leg.from);
                if now >= needed {
                    return Some(begin + at);
                }
                if leg.to > needed {
                    let crossing = Duration::try_from_secs_f64((needed - leg.from) / slope);
                    // Whoever comes then is to find it reached.
                    let crossing = crossing.unwrap_or(leg.length) + Duration::from_micros(1);
                    return Some((begin + crossing).clamp(elapsed, end));
                }
            }
            begin = end;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::scenario::{Level, Shape, Stage};
    use super::*;

    fn crowd(users: usize, stages: &[(Shape, usize, u64)]) -> Crowd {
        let stages: Vec<Stage> = stages
            .iter()
            .map(|(shape, users, seconds)| Stage {
                name: None,
                shape: *shape,
                level: Some(Level::Users(*users)),
                duration: Duration::from_secs(*seconds),
            })
            .collect();
        #[expect(clippy::cast_precision_loss, reason = "a handful of users")]
        let base = users as f64;
        Crowd::new(Course::of(base, Duration::ZERO, &stages))
    }

    fn count(crowd: &Crowd, millis: u64) -> usize {
        let elapsed = Duration::from_millis(millis);
        (0..1_000)
            .filter(|user| crowd.wants(*user, elapsed))
            .count()
    }

    #[test]
    fn a_ramp_wants_one_user_after_the_other_and_lets_them_go_again() {
        let crowd = crowd(10, &[(Shape::Ramp, 110, 10), (Shape::Ramp, 10, 10)]);
        let counts = [0, 5_000, 9_999, 15_000, 19_999].map(|millis| count(&crowd, millis));
        assert_eq!(counts, [10, 60, 110, 60, 10]);
    }

    #[test]
    fn a_spike_comes_and_goes_at_once() {
        let crowd = crowd(
            10,
            &[
                (Shape::Hold, 10, 5),
                (Shape::Spike, 100, 3),
                (Shape::Hold, 10, 5),
            ],
        );
        let counts = [4_999, 5_000, 7_999, 8_000].map(|millis| count(&crowd, millis));
        assert_eq!(counts, [10, 100, 100, 10]);
    }

    #[test]
    fn a_user_knows_when_its_turn_comes_and_that_it_comes_no_more() {
        let crowd = crowd(1, &[(Shape::Hold, 1, 5), (Shape::Ramp, 101, 100)]);
        let turn = crowd.turn(50, Duration::ZERO).unwrap();
        assert!(turn.abs_diff(Duration::from_millis(54_500)) < Duration::from_millis(1));
        assert!(crowd.wants(50, turn));
        assert_eq!(crowd.turn(200, Duration::ZERO), None);
    }
}
