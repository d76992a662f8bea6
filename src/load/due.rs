//! When each arrival of the open model is due, counted from the start.

use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::scenario::{Course, Law};
use crate::verdict::Shard;

/// How many arrivals there have been since the start, as a function of time,
/// turned around.
#[derive(Debug)]
struct Curve(Vec<Stretch>);

/// A leg of the course, in seconds and arrivals.
#[derive(Debug)]
struct Stretch {
    /// When it begins.
    begin: f64,
    /// Arrivals before it.
    before: f64,
    /// Arrivals per second at its beginning.
    rate: f64,
    /// By how much they grow each second.
    growth: f64,
}

impl Curve {
    /// The curve of a course; the rate that it ends with goes on for good.
    fn of(course: &Course) -> Self {
        let (mut begin, mut before, mut last) = (0.0, 0.0, 0.0);
        let mut stretches = Vec::with_capacity(course.legs().len() + 1);
        for leg in course.legs() {
            let length = leg.length.as_secs_f64();
            stretches.push(Stretch {
                begin,
                before,
                rate: leg.from,
                growth: (leg.to - leg.from) / length.max(f64::EPSILON),
            });
            begin += length;
            before += f64::midpoint(leg.from, leg.to) * length;
            last = leg.to;
        }
        stretches.push(Stretch {
            begin,
            before,
            rate: last,
            growth: 0.0,
        });
        Self(stretches)
    }

    /// The second in which so many arrivals have come; `None` where so many
    /// never come.
    fn when(&self, count: f64) -> Option<f64> {
        let after = self.0.partition_point(|stretch| stretch.before <= count);
        let stretch = &self.0[after.saturating_sub(1)];
        let left = count - stretch.before;
        if left <= 0.0 && (stretch.rate > 0.0 || stretch.growth > 0.0) {
            return Some(stretch.begin);
        }
        // The root of left = rate·t + growth/2·t², in the form that loses no
        // digits where the growth is small.
        let root = 2.0f64.mul_add(stretch.growth * left, stretch.rate * stretch.rate);
        let divisor = stretch.rate + root.max(0.0).sqrt();
        (divisor > 0.0).then(|| stretch.begin + 2.0 * left / divisor)
    }
}

/// The due times of a load's arrivals, in order. Two of the same course, law
/// and seed give the same times: one for whoever releases the arrivals, one
/// for those who take them.
///
/// A shard has every Nth of the whole load's, so that the shards together send
/// just what one machine would.
#[derive(Debug)]
pub struct DueTimes {
    curve: Arc<Curve>,
    seed: u64,
    shard: Shard,
    /// Arrivals before the next one; of a Poisson process, as time would be if
    /// one came a second.
    count: f64,
    /// Where the gaps of a Poisson process come from.
    gaps: Option<StdRng>,
}

impl DueTimes {
    /// The due times of a course.
    pub fn new(course: &Course, law: Law, seed: u64) -> Self {
        Self::of_shard(course, law, seed, Shard::WHOLE)
    }

    /// Those of a course that one shard of the load sends.
    pub fn of_shard(course: &Course, law: Law, seed: u64, shard: Shard) -> Self {
        Self::on(Arc::new(Curve::of(course)), law, seed, shard)
    }

    /// The same times once more, from the first.
    #[must_use]
    pub fn again(&self) -> Self {
        let law = if self.gaps.is_some() {
            Law::Poisson
        } else {
            Law::Constant
        };
        Self::on(Arc::clone(&self.curve), law, self.seed, self.shard)
    }

    fn on(curve: Arc<Curve>, law: Law, seed: u64, shard: Shard) -> Self {
        let mut due = Self {
            curve,
            seed,
            shard,
            count: 0.0,
            gaps: (law == Law::Poisson).then(|| StdRng::seed_from_u64(seed)),
        };
        due.count = due.gap(0.0);
        due.pass(shard.index());
        due
    }

    /// Passes over so many arrivals.
    fn pass(&mut self, arrivals: u32) {
        for _ in 0..arrivals {
            self.count += self.gap(1.0);
        }
    }

    fn gap(&mut self, even: f64) -> f64 {
        match &mut self.gaps {
            None => even,
            Some(random) => -(1.0 - random.random::<f64>()).ln(),
        }
    }
}

impl Iterator for DueTimes {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let due = self.curve.when(self.count)?;
        self.pass(self.shard.count());
        // What is due in ages is never due.
        Duration::try_from_secs_f64(due).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::super::scenario::{Level, Shape, Stage};
    use super::*;

    fn course(base: f64, stages: &[(Shape, f64, u64)]) -> Course {
        let stages: Vec<Stage> = stages
            .iter()
            .map(|(shape, rate, seconds)| Stage {
                name: None,
                shape: *shape,
                level: Some(Level::Rate(*rate)),
                duration: Duration::from_secs(*seconds),
            })
            .collect();
        Course::of(base, Duration::ZERO, &stages)
    }

    fn within(due: DueTimes, from: u64, to: u64) -> usize {
        due.take_while(|due| *due < Duration::from_secs(to))
            .filter(|due| *due >= Duration::from_secs(from))
            .count()
    }

    #[test]
    fn a_constant_rate_is_even_to_the_nanosecond() {
        let due = DueTimes::new(&course(0.0, &[(Shape::Hold, 1_000.0, 9)]), Law::Constant, 1);
        for (n, due) in due.take(10_000).enumerate() {
            assert_eq!(due, Duration::from_millis(n as u64));
        }
    }

    #[test]
    fn the_shards_arrivals_together_are_those_of_one_machine() {
        let course = course(0.0, &[(Shape::Ramp, 300.0, 5), (Shape::Hold, 300.0, 5)]);
        for law in Law::ALL {
            let end = Duration::from_secs(10);
            let before_end = |due: DueTimes| due.take_while(|due| *due < end).collect::<Vec<_>>();
            let whole = before_end(DueTimes::new(&course, law, 5));
            let shards = (0..3).map(|index| Shard::new(index, 3).unwrap());
            let parts: Vec<Vec<Duration>> = shards
                .map(|shard| before_end(DueTimes::of_shard(&course, law, 5, shard)))
                .collect();
            for (part, first) in parts.iter().zip(&whole) {
                assert!(part.len().abs_diff(whole.len() / 3) <= 1);
                assert_eq!(part[0], *first, "the shards take turns");
            }
            let mut together = parts.concat();
            together.sort_unstable();
            assert_eq!(together, whole);
        }
    }

    #[test]
    fn a_ramp_grows_linearly_and_a_spike_comes_at_once() {
        let course = course(
            0.0,
            &[
                (Shape::Ramp, 100.0, 10),
                (Shape::Spike, 1_000.0, 2),
                (Shape::Hold, 50.0, 10),
            ],
        );
        let due = || DueTimes::new(&course, Law::Constant, 1);
        // Half of the ramp's time brings a quarter of its arrivals.
        assert!(within(due(), 0, 5).abs_diff(125) <= 1);
        assert!(within(due(), 0, 10).abs_diff(500) <= 1);
        assert!(within(due(), 10, 12).abs_diff(2_000) <= 1);
        assert!(within(due(), 12, 20).abs_diff(400) <= 1);
    }

    #[test]
    fn after_a_ramp_down_to_nothing_nothing_is_due() {
        let course = course(10.0, &[(Shape::Ramp, 0.0, 10)]);
        assert!(
            DueTimes::new(&course, Law::Constant, 1)
                .count()
                .abs_diff(50)
                <= 1
        );
        assert!(DueTimes::new(&course, Law::Poisson, 1).count() > 0);
    }

    #[test]
    fn poisson_arrivals_repeat_with_the_seed_and_keep_the_rate() {
        let course = course(0.0, &[(Shape::Hold, 1_000.0, 20)]);
        let due = |seed| DueTimes::new(&course, Law::Poisson, seed);
        assert!(due(7).take(1_000).eq(due(7).again().take(1_000)));
        assert!(!due(7).take(1_000).eq(due(8).take(1_000)));
        assert!(due(7).take(1_000).is_sorted());
        // Five standard deviations of a fixed seed's 20,000.
        assert!(within(due(7), 0, 20).abs_diff(20_000) < 710);
    }
}
