//! The course of the load: what the stages amount to, leg by leg.

use std::sync::Arc;
use std::time::Duration;

use super::stage::{Level, Shape, Stage};

/// A stretch of time in which the load changes evenly, or not at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Leg {
    /// What a live display calls it.
    pub name: Arc<str>,
    /// Arrivals per second, or users, at its beginning.
    pub from: f64,
    /// The same at its end.
    pub to: f64,
    /// How long it takes.
    pub length: Duration,
}

/// The legs of a load, one after the other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Course(Vec<Leg>);

impl Course {
    /// The course of `stages` that start at the level `base`, after so much of
    /// a warm-up at the level that the first of them begins with.
    pub fn of(base: f64, warmup: Duration, stages: &[Stage]) -> Self {
        let mut legs = Vec::with_capacity(stages.len() + 1);
        let mut level = base;
        for stage in stages {
            let own = stage.level.map_or(level, Level::figure);
            legs.push(Leg {
                name: stage.name.as_deref().unwrap_or(stage.shape.name()).into(),
                from: if stage.shape == Shape::Ramp {
                    level
                } else {
                    own
                },
                to: own,
                length: stage.duration,
            });
            if stage.shape != Shape::Spike {
                level = own;
            }
        }
        if !warmup.is_zero() {
            let first = legs.first().map_or(base, |leg| leg.from);
            let leg = Leg {
                name: "warm-up".into(),
                from: first,
                to: first,
                length: warmup,
            };
            legs.insert(0, leg);
        }
        Self(legs)
    }

    /// Its legs, in order.
    pub fn legs(&self) -> &[Leg] {
        &self.0
    }

    /// The highest level that it reaches.
    pub fn peak(&self) -> f64 {
        self.0
            .iter()
            .fold(0.0, |peak, leg| peak.max(leg.from).max(leg.to))
    }

    /// The level after so much time; that of the end for good.
    pub fn level(&self, elapsed: Duration) -> f64 {
        let mut begin = Duration::ZERO;
        for leg in &self.0 {
            let end = begin + leg.length;
            if elapsed < end {
                let done = (elapsed - begin).as_secs_f64() / leg.length.as_secs_f64();
                return (leg.to - leg.from).mul_add(done, leg.from);
            }
            begin = end;
        }
        self.0.last().map_or(0.0, |leg| leg.to)
    }

    /// The leg that is under way after so much time; the last one for good.
    pub fn at(&self, elapsed: Duration) -> Option<&Leg> {
        let mut end = Duration::ZERO;
        self.0
            .iter()
            .find(|leg| {
                end += leg.length;
                elapsed < end
            })
            .or(self.0.last())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(shape: Shape, rate: Option<f64>, seconds: u64) -> Stage {
        Stage {
            name: None,
            shape,
            level: rate.map(Level::Rate),
            duration: Duration::from_secs(seconds),
        }
    }

    #[test]
    fn a_spike_leaves_the_level_as_it_was_and_a_hold_keeps_it() {
        let course = Course::of(
            10.0,
            Duration::from_secs(1),
            &[
                stage(Shape::Ramp, Some(100.0), 5),
                stage(Shape::Spike, Some(900.0), 2),
                stage(Shape::Hold, None, 5),
                stage(Shape::Ramp, Some(0.0), 5),
            ],
        );
        let levels: Vec<(f64, f64)> = course.legs().iter().map(|leg| (leg.from, leg.to)).collect();
        assert_eq!(
            levels,
            [
                (10.0, 10.0),
                (10.0, 100.0),
                (900.0, 900.0),
                (100.0, 100.0),
                (100.0, 0.0)
            ]
        );
        assert!((course.peak() - 900.0).abs() < f64::EPSILON);
    }

    #[test]
    fn the_level_follows_a_ramp_and_stays_where_it_ends() {
        let course = Course::of(
            10.0,
            Duration::from_secs(1),
            &[stage(Shape::Ramp, Some(30.0), 4)],
        );
        let levels = [0, 1_000, 3_000, 4_000, 5_000, 9_000];
        let levels = levels.map(|millis| course.level(Duration::from_millis(millis)));
        assert_eq!(levels, [10.0, 10.0, 20.0, 25.0, 30.0, 30.0]);
    }

    #[test]
    fn the_leg_under_way_is_found_by_the_time() {
        let course = Course::of(1.0, Duration::from_secs(1), &[stage(Shape::Hold, None, 2)]);
        let name = |millis| {
            course
                .at(Duration::from_millis(millis))
                .map(|leg| &*leg.name)
        };
        assert_eq!(name(0), Some("warm-up"));
        assert_eq!(name(1_000), Some("hold"));
        assert_eq!(name(9_000), Some("hold"));
    }
}
