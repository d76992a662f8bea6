//! Latencies in microseconds, from 1 µs to 120 s, to three digits.

use std::time::Duration;

use crate::verdict::{Latency, PercentilePoint};

/// A histogram of latencies.
#[derive(Debug, Clone)]
pub struct Histogram(hdrhistogram::Histogram<u64>);

/// The largest latency that is told apart from larger ones: 120 s.
const LARGEST_MICROS: u64 = 120_000_000;
/// The digits that are told apart.
const DIGITS: u8 = 3;
/// The points of a curve of percentiles: as many between 90 and 99 % as between
/// 99 and 99.9 %, since it is drawn so that the tail can be seen.
const CURVE: [f64; 28] = [
    0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 75.0, 80.0, 85.0, 90.0, 92.5, 95.0, 96.5, 98.0,
    99.0, 99.25, 99.5, 99.65, 99.8, 99.9, 99.925, 99.95, 99.965, 99.98, 99.99, 99.999,
];

impl Histogram {
    /// An empty histogram.
    pub fn new() -> Self {
        Self(
            hdrhistogram::Histogram::new_with_bounds(1, LARGEST_MICROS, DIGITS)
                .expect("1 µs to 120 s with three digits are valid bounds"),
        )
    }

    /// Takes note of one latency; what is out of bounds counts as the bound.
    pub fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(LARGEST_MICROS);
        self.0.saturating_record(micros.max(1));
    }

    /// Adds all of another histogram.
    pub fn merge(&mut self, other: &Self) {
        self.0
            .add(&other.0)
            .expect("all histograms have the same bounds");
    }

    /// What it holds beyond what `earlier` does, which it held once itself.
    #[must_use]
    pub fn since(mut self, earlier: &Self) -> Self {
        self.0
            .subtract(&earlier.0)
            .expect("it has grown since, within the same bounds");
        self
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.0.reset();
    }

    /// How many latencies there are.
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The latency at a percentile (0 to 100), in microseconds.
    pub fn percentile(&self, percentile: f64) -> u64 {
        self.0.value_at_percentile(percentile)
    }

    /// The largest latency, in microseconds.
    pub fn max(&self) -> u64 {
        self.0.max()
    }

    /// The mean, in microseconds.
    pub fn mean(&self) -> f64 {
        self.0.mean()
    }

    /// What it holds: the largest value of each bucket that something fell in,
    /// in microseconds, and how much did. Another histogram that is filled with
    /// these gives the same figures.
    pub fn buckets(&self) -> Vec<(u64, u64)> {
        self.0
            .iter_recorded()
            .map(|bucket| (bucket.value_iterated_to(), bucket.count_at_value()))
            .collect()
    }

    /// A histogram that holds this; `None` where a value is out of bounds, or a
    /// count is nothing.
    pub fn from_buckets(buckets: &[(u64, u64)]) -> Option<Self> {
        let mut histogram = Self::new();
        for &(value, count) in buckets {
            if value == 0 || count == 0 {
                return None;
            }
            histogram.0.record_n(value, count).ok()?;
        }
        Some(histogram)
    }

    /// The bounds that tell how exact it is: the least and the largest value,
    /// in microseconds, and the digits that are kept.
    pub const BOUNDS: (u64, u64, u8) = (1, LARGEST_MICROS, DIGITS);

    /// The percentiles that reports show.
    pub fn latency(&self) -> Latency {
        if self.is_empty() {
            return Latency::default();
        }
        Latency {
            p50: self.percentile(50.0),
            p90: self.percentile(90.0),
            p99: self.percentile(99.0),
            p999: self.percentile(99.9),
            max: self.max(),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a mean of values up to 120,000,000 is positive and fits"
            )]
            mean: self.mean().round() as u64,
            ..Latency::default()
        }
    }
}

impl Histogram {
    /// The curve of percentiles: up to where at least one sample lies beyond.
    pub fn curve(&self) -> Vec<PercentilePoint> {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵²")]
        let samples = self.len() as f64;
        let has_samples_beyond = |percentile: &f64| samples * (100.0 - percentile) >= 99.999_999;
        let point = |percentile| PercentilePoint {
            percentile,
            micros: self.percentile(percentile),
        };
        let percentiles = CURVE.into_iter().take_while(has_samples_beyond);
        percentiles.map(point).collect()
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_within_a_thousandth() {
        let mut histogram = Histogram::new();
        for micros in 1..=10_000 {
            histogram.record(Duration::from_micros(micros));
        }
        let latency = histogram.latency();
        assert!(latency.p50.abs_diff(5_000) <= 5, "{latency:?}");
        assert!(latency.p99.abs_diff(9_900) <= 10, "{latency:?}");
        assert!(latency.max.abs_diff(10_000) <= 10, "{latency:?}");
    }

    #[test]
    fn what_is_out_of_bounds_counts_as_the_bound() {
        let mut histogram = Histogram::new();
        histogram.record(Duration::ZERO);
        histogram.record(Duration::from_secs(1_000));
        assert_eq!(histogram.len(), 2);
        assert!(histogram.max() >= LARGEST_MICROS);
    }

    #[test]
    fn a_curve_goes_as_far_as_there_are_samples_beyond() {
        let last_of = |samples: u64| {
            let mut histogram = Histogram::new();
            for micros in 1..=samples {
                histogram.record(Duration::from_micros(micros));
            }
            let curve = histogram.curve();
            assert!(curve.is_sorted_by_key(|point| point.micros));
            curve.last().map(|point| point.percentile)
        };
        assert_eq!(last_of(0), None);
        assert_eq!(last_of(1), Some(0.0));
        assert_eq!(last_of(100), Some(99.0));
        assert_eq!(last_of(10_000), Some(99.99));
    }
}
