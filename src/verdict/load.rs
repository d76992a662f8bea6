//! What a load run measured.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::reproducer::ReleaseForm;
use super::shard::Shard;

/// Percentiles of a latency, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// Always `"us"`: the unit of every figure beside it.
    pub unit: &'static str,
    /// Half of the samples are at or below it.
    pub p50: u64,
    /// 90 %.
    pub p90: u64,
    /// 99 %.
    pub p99: u64,
    /// 99.9 %.
    pub p999: u64,
    /// The largest sample.
    pub max: u64,
    /// The mean, rounded to the microsecond.
    pub mean: u64,
}

impl Default for Latency {
    fn default() -> Self {
        Self {
            unit: "us",
            p50: 0,
            p90: 0,
            p99: 0,
            p999: 0,
            max: 0,
            mean: 0,
        }
    }
}

/// A point of the curve of percentiles.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PercentilePoint {
    /// The percentile, from 0 to 100.
    pub percentile: f64,
    /// As many of the samples are at or below this, in microseconds.
    pub micros: u64,
}

/// One kind of traffic of a load run.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KindSummary {
    /// Requests that were sent.
    pub requests: u64,
    /// Those whose answer was not what the kind expects.
    pub failed: u64,
    /// Their latency.
    pub latency: Latency,
    /// The curve of its percentiles, as far as there are samples for it.
    pub percentiles: Vec<PercentilePoint>,
}

/// A threshold and whether it held.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ThresholdOutcome {
    /// The threshold as it was written: `p99<50ms`.
    pub threshold: String,
    /// What was measured, in the same unit; `None` where there were no samples.
    pub measured: Option<String>,
    /// Whether it held. A threshold without samples does not.
    pub held: bool,
}

/// A figure of a load run beside the same figure of an earlier one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// Which figure: `p99`, `rate`, `errors`.
    pub measure: &'static str,
    /// Its unit: `us`, `per second`, or `share` of all requests.
    pub unit: &'static str,
    /// What the earlier run measured.
    pub earlier: f64,
    /// What this run measured.
    pub measured: f64,
    /// How much more that is, as a share of the earlier figure; `None` where
    /// that was 0.
    pub change: Option<f64>,
    /// By which share of the earlier figure it may be worse.
    pub band: f64,
    /// Whether it is worse by no more than that.
    pub held: bool,
}

/// One second of a load run, for the picture over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TimelinePoint {
    /// Whole seconds since the load started.
    pub second: u64,
    /// Answers in that second.
    pub requests: u64,
    /// Failed ones among them.
    pub failed: u64,
    /// Median latency, in microseconds.
    pub p50: u64,
    /// 99th percentile, in microseconds.
    pub p99: u64,
}

/// What a load run measured.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadSummary {
    /// The scenario's name.
    pub scenario: String,
    /// Which part of the load this machine ran, where there were several.
    pub shard: Option<Shard>,
    /// Concurrent users at their height, each with one connection.
    pub users: usize,
    /// Arrivals per second that were asked for, at their height; `None` in the
    /// closed model.
    pub target_rate: Option<f64>,
    /// Requests measured, warm-up excluded.
    pub requests: u64,
    /// Those that failed: no answer, a broken signature, or an answer that
    /// the request does not allow.
    pub failed: u64,
    /// Requests per second that were answered.
    pub rate: f64,
    /// Measured time, in seconds, to the microsecond.
    pub duration_seconds: f64,
    /// Latency from the intended start (open model) or from the first byte
    /// (closed model).
    pub latency: Latency,
    /// The curve of its percentiles, as far as there are samples for it.
    pub percentiles: Vec<PercentilePoint>,
    /// Latency from the first byte sent, in either model.
    pub service_time: Latency,
    /// How late the generator itself was.
    pub generator_lag: Latency,
    /// The thresholds and whether they held.
    pub thresholds: Vec<ThresholdOutcome>,
    /// The figures beside those of an earlier run; empty where there was none
    /// to compare with.
    pub comparison: Vec<Comparison>,
    /// The same by kind of traffic.
    pub by_kind: BTreeMap<String, KindSummary>,
    /// Failures by what was wrong, most telling wording first.
    pub errors: BTreeMap<String, u64>,
    /// Second by second.
    pub timeline: Vec<TimelinePoint>,
    /// How volleys left; `None` of traffic without any, of a merge, and where
    /// nothing could be measured beforehand, so that they left whole.
    pub release: Option<Released>,
    /// Whether the run was cut short, and by what.
    pub interrupted: Option<String>,
    /// The broken threshold that ended the run early, and when.
    pub aborted: Option<String>,
    /// Why the figures can't be trusted, where they can't: the generator was
    /// the bottleneck.
    pub inconclusive: Option<String>,
}

/// How the volleys of a load left, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Released {
    /// The way.
    pub form: ReleaseForm,
    /// How many requests each of the harmless volleys had that were fired before
    /// the load.
    pub contenders: u32,
    /// From the first answer to the last of these, where each request left in
    /// one write, in microseconds, the median.
    pub whole_spread_micros: u64,
    /// The same, where the last bytes were held back.
    pub last_byte_spread_micros: u64,
}

/// How a load run stands, for a live display.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LoadProgress {
    /// The stage that is under way, where the run has stages or warms up.
    pub stage: Option<Arc<str>>,
    /// Seconds since the start.
    pub elapsed_seconds: f64,
    /// Seconds that it is to last, warm-up included.
    pub total_seconds: f64,
    /// Requests so far.
    pub requests: u64,
    /// Failed ones among them.
    pub failed: u64,
    /// Requests per second over the last interval.
    pub rate: f64,
    /// Median of the last interval, in microseconds.
    pub p50: u64,
    /// 99th percentile of the last interval, in microseconds.
    pub p99: u64,
    /// Unknown outcomes so far.
    pub unknown: u64,
    /// Money alarms so far.
    pub alarms: u64,
    /// Users that take part now.
    pub users: usize,
    /// Arrivals per second that are asked for now; `None` in the closed model.
    pub target_rate: Option<f64>,
    /// 99th percentile of the generator's own lag in the last interval, in
    /// microseconds.
    pub lag_p99: u64,
    /// Orders so far that were over, drained, and found to be right.
    pub settled: u64,
    /// What was counted of each kind of traffic so far, by its name.
    pub by_kind: BTreeMap<&'static str, KindProgress>,
    /// All latencies so far.
    pub latency: LatencyCounts,
}

/// How one kind of traffic stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KindProgress {
    /// Requests so far.
    pub requests: u64,
    /// Failed ones among them.
    pub failed: u64,
    /// Unknown outcomes among them.
    pub unknown: u64,
}

/// Latencies, counted in a few buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LatencyCounts {
    /// How many fell in each bucket: above the end of the one before, and at
    /// most its own; the last one has no end.
    pub buckets: [u64; Self::ENDS.len() + 1],
    /// The sum of all, in microseconds.
    pub sum: u64,
}

impl LatencyCounts {
    /// The upper ends of the buckets, in microseconds.
    pub const ENDS: [u64; 16] = [
        100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
        1_000_000, 2_500_000, 10_000_000, 60_000_000,
    ];

    /// Takes note of `count` latencies of so many microseconds.
    pub fn add(&mut self, micros: u64, count: u64) {
        self.buckets[Self::ENDS.partition_point(|end| *end < micros)] += count;
        self.sum = self.sum.saturating_add(micros.saturating_mul(count));
    }
}
