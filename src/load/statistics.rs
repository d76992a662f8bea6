//! What is counted while a load runs.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::verdict::{KindProgress, KindSummary, TimelinePoint};

use super::histogram::Histogram;
use super::scenario::Kind;

/// One measured request.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// What it was.
    pub kind: Kind,
    /// From when it was due to its answer's last byte, less what a volley's last
    /// bytes were held back on purpose.
    pub latency: Duration,
    /// From its first byte (of a volley that was held back: from its last bytes)
    /// to its answer's last byte, where that is not the same: in the open model.
    pub service: Option<Duration>,
    /// For how long the generator let it wait: from when it was due, or its user
    /// was free, until its first byte left, less what the gateway took for it
    /// to be able to.
    pub lag: Duration,
    /// What was wrong, as one of few constant wordings.
    pub failure: Option<&'static str>,
    /// Whether it left an unknown outcome.
    pub is_unknown: bool,
}

/// The figures of one kind of traffic, or of all.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// Requests.
    pub requests: u64,
    /// Failed ones among them.
    pub failed: u64,
    /// Unknown outcomes among them.
    pub unknown: u64,
    /// Their latency.
    pub latency: Histogram,
}

impl Part {
    fn record(&mut self, sample: &Sample) {
        self.requests += 1;
        self.failed += u64::from(sample.failure.is_some());
        self.unknown += u64::from(sample.is_unknown);
        self.latency.record(sample.latency);
    }

    fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.failed += other.failed;
        self.unknown += other.unknown;
        self.latency.merge(&other.latency);
    }

    /// The same for a report.
    pub fn summary(&self) -> KindSummary {
        KindSummary {
            requests: self.requests,
            failed: self.failed,
            latency: self.latency.latency(),
            percentiles: self.latency.curve(),
        }
    }
}

/// What is counted, for a part of the users; parts are merged at the end.
#[derive(Debug, Clone, Default)]
pub struct Statistics {
    by_kind: BTreeMap<Kind, Part>,
    /// What was due and never sent; nobody knows of which kind it would have
    /// been.
    unsent: Part,
    service: Histogram,
    lag: Histogram,
    errors: BTreeMap<&'static str, u64>,
    interval: Part,
}

impl Statistics {
    /// Takes note of one request.
    pub fn record(&mut self, sample: &Sample) {
        self.by_kind.entry(sample.kind).or_default().record(sample);
        self.interval.record(sample);
        if let Some(service) = sample.service {
            self.service.record(service);
        }
        self.lag.record(sample.lag);
        if let Some(failure) = sample.failure {
            *self.errors.entry(failure).or_default() += 1;
        }
    }

    /// Takes note of a request that was due and never sent.
    pub fn record_unsent(&mut self, waited: Duration) {
        self.unsent.requests += 1;
        self.unsent.failed += 1;
        self.unsent.latency.record(waited);
        *self.errors.entry("due, and never sent").or_default() += 1;
    }

    /// Adds all of another part.
    pub fn merge(&mut self, other: &Self) {
        self.unsent.merge(&other.unsent);
        for (kind, part) in &other.by_kind {
            self.by_kind.entry(*kind).or_default().merge(part);
        }
        self.service.merge(&other.service);
        self.lag.merge(&other.lag);
        for (failure, count) in &other.errors {
            *self.errors.entry(failure).or_default() += count;
        }
    }

    /// Adds what came since the last call to `interval`, and starts anew.
    pub fn take_interval(&mut self, interval: &mut Interval) {
        interval.all.merge(&self.interval);
        interval.lag.merge(&self.lag);
        for (kind, part) in &self.by_kind {
            let sum = interval.by_kind.entry(kind.name()).or_default();
            sum.requests += part.requests;
            sum.failed += part.failed;
            sum.unknown += part.unknown;
        }
        self.interval.requests = 0;
        self.interval.failed = 0;
        self.interval.unknown = 0;
        self.interval.latency.clear();
    }
}

/// What came in an interval, and what there is so far.
#[derive(Debug, Default)]
pub struct Interval {
    /// What came, of all kinds.
    pub all: Part,
    /// What was counted of each kind so far.
    pub by_kind: BTreeMap<&'static str, KindProgress>,
    /// The generator's lag, of all requests so far.
    pub lag: Histogram,
}

/// An interval as a point of the picture over time.
pub fn timeline_point(second: u64, interval: &Part) -> TimelinePoint {
    TimelinePoint {
        second,
        requests: interval.requests,
        failed: interval.failed,
        p50: interval.latency.percentile(50.0),
        p99: interval.latency.percentile(99.0),
    }
}

/// All figures of a run, once it has ended.
#[derive(Debug, Clone)]
pub struct Totals {
    /// All kinds together.
    pub all: Part,
    /// Each kind.
    pub by_kind: BTreeMap<Kind, Part>,
    /// From the first byte to the last; in the closed model that is the latency.
    pub service: Histogram,
    /// How late the generator was.
    pub lag: Histogram,
    /// Failures by what was wrong.
    pub errors: BTreeMap<&'static str, u64>,
    /// The measured time, in seconds.
    pub seconds: f64,
}

impl Totals {
    /// The totals of what was counted in `seconds`.
    pub fn of(statistics: Statistics, seconds: f64) -> Self {
        let mut all = statistics.unsent;
        for part in statistics.by_kind.values() {
            all.merge(part);
        }
        let service = if statistics.service.is_empty() {
            all.latency.clone()
        } else {
            statistics.service
        };
        Self {
            all,
            by_kind: statistics.by_kind,
            service,
            lag: statistics.lag,
            errors: statistics.errors,
            seconds,
        }
    }

    /// The figures of all kinds that `selects` selects together; `None` where
    /// there are none.
    pub fn of_kinds(&self, selects: impl Fn(Kind) -> bool) -> Option<Part> {
        self.by_kind
            .iter()
            .filter(|(kind, _)| selects(**kind))
            .map(|(_, part)| part)
            .fold(None, |sum: Option<Part>, part| match sum {
                None => Some(part.clone()),
                Some(mut sum) => {
                    sum.merge(part);
                    Some(sum)
                }
            })
    }
}
