//! The users over time, as a test plan of goose's.

use std::time::Duration;

use super::scenario::Course;

/// How long the last number of users is kept beyond the plan. A backstop: the
/// watch ends the attack at the very time.
const BEYOND: Duration = Duration::from_secs(60);

/// The steps of a test plan: users, and the milliseconds to get there.
///
/// Goose looks only twice a second whether a step that keeps its users has
/// ended, and is exact about those that change them. So a hold is written as
/// the change of its last user, which comes first, and a wait: ramps lead to
/// one user less or more than the hold behind them.
pub(super) fn plan(course: &Course, hatch_rate: Option<f64>) -> Vec<(usize, usize)> {
    let legs: Vec<(usize, usize, Duration)> = course
        .legs()
        .iter()
        .map(|leg| (whole(leg.from), whole(leg.to), leg.length))
        .collect();
    let first = legs.first().map_or(1, |leg| leg.0);
    let mut plan = Plan {
        steps: Vec::new(),
        users: 0,
    };
    let hatching = Duration::try_from_secs_f64(match hatch_rate {
        Some(rate) => f64_of(first - 1) / rate,
        None if first == 1 => 0.0,
        None => 1.0,
    });
    plan.go(first - 1, hatching.unwrap_or(BEYOND));
    for (index, &(from, to, length)) in legs.iter().enumerate() {
        if from == to {
            plan.jump_beside(to);
            plan.go(to, length);
            continue;
        }
        plan.jump_beside(from);
        plan.go(from, Duration::ZERO);
        let is_held = legs
            .get(index + 1)
            .is_some_and(|next| (next.0, next.1) == (to, to));
        let goal = match is_held {
            true if from < to => to - 1,
            true => to + 1,
            false => to,
        };
        plan.go(goal, length);
    }
    let last = plan.users;
    plan.go(last, BEYOND);
    plan.go(0, Duration::ZERO);
    plan.steps
}

struct Plan {
    steps: Vec<(usize, usize)>,
    users: usize,
}

impl Plan {
    fn go(&mut self, users: usize, within: Duration) {
        if users == self.users && within.is_zero() {
            return;
        }
        self.users = users;
        let millis = usize::try_from(within.as_millis()).unwrap_or(usize::MAX);
        self.steps.push((users, millis));
    }

    /// Goes at once to one user less or more than `users`, from whichever side
    /// the plan comes; where they are there already, they stay.
    fn jump_beside(&mut self, users: usize) {
        if self.users + 1 < users {
            self.go(users - 1, Duration::ZERO);
        } else if self.users > users + 1 {
            self.go(users + 1, Duration::ZERO);
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "users are whole, positive and far below 2⁵²"
)]
fn whole(users: f64) -> usize {
    users.round().max(1.0) as usize
}

#[expect(clippy::cast_precision_loss, reason = "users are far below 2⁵²")]
const fn f64_of(users: usize) -> f64 {
    users as f64
}

#[cfg(test)]
mod tests {
    use super::super::scenario::{Level, Shape, Stage};
    use super::*;

    fn steps(users: usize, stages: &[(Shape, usize, u64)]) -> Vec<(usize, usize)> {
        let stages: Vec<Stage> = stages
            .iter()
            .map(|(shape, users, seconds)| Stage {
                name: None,
                shape: *shape,
                level: Some(Level::Users(*users)),
                duration: Duration::from_secs(*seconds),
            })
            .collect();
        let steps = plan(&Course::of(f64_of(users), Duration::ZERO, &stages), None);
        let (backstop, steps) = steps
            .split_last_chunk::<2>()
            .map(|(steps, end)| (end, steps))
            .unwrap();
        assert_eq!((backstop[0].1, backstop[1]), (60_000, (0, 0)));
        steps.to_vec()
    }

    #[test]
    fn a_hold_is_the_change_of_its_last_user_and_a_wait() {
        assert_eq!(
            steps(32, &[(Shape::Hold, 32, 10)]),
            [(31, 1_000), (32, 10_000)]
        );
        assert_eq!(steps(1, &[(Shape::Hold, 1, 10)]), [(1, 10_000)]);
    }

    #[test]
    fn ramps_lead_beside_the_hold_behind_them() {
        assert_eq!(
            steps(
                1,
                &[
                    (Shape::Ramp, 50, 10),
                    (Shape::Hold, 50, 20),
                    (Shape::Ramp, 5, 10),
                    (Shape::Hold, 5, 20),
                ]
            ),
            [(1, 0), (49, 10_000), (50, 20_000), (6, 10_000), (5, 20_000)]
        );
    }

    #[test]
    fn a_spike_comes_and_goes_at_once() {
        assert_eq!(
            steps(
                10,
                &[
                    (Shape::Hold, 10, 5),
                    (Shape::Spike, 100, 3),
                    (Shape::Hold, 10, 5)
                ]
            ),
            [
                (9, 1_000),
                (10, 5_000),
                (99, 0),
                (100, 3_000),
                (11, 0),
                (10, 5_000)
            ]
        );
    }

    #[test]
    fn a_hatch_rate_paces_the_first_users() {
        let course = Course::of(101.0, Duration::from_secs(5), &[]);
        assert_eq!(plan(&course, Some(50.0))[..2], [(100, 2_000), (101, 5_000)]);
    }
}
