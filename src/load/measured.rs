//! All that a load measured, exactly: what a report sums up, and what the
//! figures of several machines are put together from.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::histogram::Histogram;
use super::scenario::{Kind, Scenario};
use super::statistics::{Part, Totals};
use super::threshold::Threshold;
use crate::verdict::{LoadSummary, Shard, TimelinePoint};

/// The version of the file that is written.
pub const SCHEMA: &str = "recoup.histograms/1";
/// The file's name in a run's folder.
pub const FILE: &str = "histograms.json";

/// All that a load measured.
#[derive(Debug, Clone)]
pub struct Measured {
    /// What was run.
    pub about: About,
    /// All kinds together, by latency.
    pub all: Part,
    /// Each kind.
    pub by_kind: BTreeMap<Kind, Part>,
    /// From the first byte to the last.
    pub service: Histogram,
    /// How late the generator was.
    pub lag: Histogram,
    /// Failures by what was wrong.
    pub errors: BTreeMap<String, u64>,
    /// Second by second, from when measuring began.
    pub timeline: Vec<TimelinePoint>,
    /// What cut it short, other than a threshold.
    pub interrupted: Option<String>,
    /// The threshold that cut it short, and when.
    pub aborted: Option<String>,
    /// Why the figures can't be trusted.
    pub inconclusive: Option<String>,
}

/// What was run, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// recoup's version.
    pub version: String,
    /// Which part of the load it was, where there were several.
    pub shard: Option<Shard>,
    /// What the traffic followed from.
    pub seed: u64,
    /// The scenario's name.
    pub scenario: String,
    /// A digest of all its settings, after flags: equal where they are.
    pub settings: String,
    /// The gateway's URL.
    pub target: String,
    /// Whether that was the reference gateway, started for the run.
    pub in_process: bool,
    /// The partner.
    pub partner: String,
    /// The profile's name.
    pub profile: String,
    /// This machine's users, at their height.
    pub users: usize,
    /// Arrivals per second that were asked of this machine, at their height;
    /// `None` in the closed model.
    pub target_rate: Option<f64>,
    /// All thresholds of the scenario.
    pub thresholds: Vec<Threshold>,
    /// When measuring began, by this machine's clock: RFC 3339, to the
    /// microsecond.
    pub measured_from: String,
    /// How long was measured, in seconds.
    pub seconds: f64,
    /// Operations that the run's history holds.
    pub operations: u64,
    /// What went wrong with the recording of the history, where something did.
    pub recording: Option<String>,
}

/// Why a file holds nothing that was measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasuredError {
    /// It can't be read.
    #[error("{0}")]
    File(#[from] io::Error),
    /// It is something else.
    #[error("it is no {FILE} of recoup's: {0}")]
    Content(#[from] serde_json::Error),
    /// It has another schema.
    #[error("its schema is {0:?}, not {SCHEMA:?} (merge with the version of recoup that wrote it)")]
    Schema(String),
    /// What it says can't be.
    #[error("{0}")]
    Wrong(String),
}

/// A digest of a scenario's settings, for comparing them.
pub fn digest_of(scenario: &Scenario) -> String {
    let digest: [u8; 32] = Sha256::digest(format!("{scenario:?}")).into();
    hex::encode(&digest[..8])
}

impl Measured {
    /// The figures and how they compare with the thresholds; on one of several
    /// machines with those that it can judge.
    pub fn summary(&self) -> LoadSummary {
        let totals = self.totals();
        let about = &self.about;
        let judged = about
            .thresholds
            .iter()
            .filter(|threshold| about.shard.is_none() || !threshold.is_about_the_whole());
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵²")]
        let answered = (self.all.requests - self.all.failed) as f64;
        LoadSummary {
            scenario: about.scenario.clone(),
            shard: about.shard,
            users: about.users,
            target_rate: about.target_rate,
            requests: self.all.requests,
            failed: self.all.failed,
            rate: answered / about.seconds.max(f64::EPSILON),
            duration_seconds: about.seconds,
            latency: self.all.latency.latency(),
            percentiles: self.all.latency.curve(),
            service_time: self.service.latency(),
            generator_lag: self.lag.latency(),
            thresholds: judged.map(|threshold| threshold.judge(&totals)).collect(),
            comparison: Vec::new(),
            by_kind: self
                .by_kind
                .iter()
                .map(|(kind, part)| (kind.name().to_owned(), part.summary()))
                .collect(),
            errors: self.errors.clone(),
            timeline: self.timeline.clone(),
            release: None,
            interrupted: self.interrupted.clone(),
            aborted: self.aborted.clone(),
            inconclusive: self.inconclusive.clone(),
        }
    }

    /// What thresholds are judged by.
    fn totals(&self) -> Totals {
        Totals {
            all: self.all.clone(),
            by_kind: self.by_kind.clone(),
            service: self.service.clone(),
            lag: self.lag.clone(),
            errors: BTreeMap::new(),
            seconds: self.about.seconds,
        }
    }

    /// Writes it as JSON, each histogram on a line.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, &Document::of(self))?;
        writeln!(out)
    }

    /// Reads what [`Self::write`] wrote.
    ///
    /// # Errors
    /// [`MeasuredError`] says what is wrong with the file.
    pub fn read(path: &Path) -> Result<Self, MeasuredError> {
        Self::parse(&std::fs::read(path)?)
    }

    fn parse(text: &[u8]) -> Result<Self, MeasuredError> {
        #[derive(Deserialize)]
        struct Name {
            schema: String,
        }
        let Name { schema } = serde_json::from_slice(text)?;
        if schema != SCHEMA {
            return Err(MeasuredError::Schema(schema));
        }
        serde_json::from_slice::<Document>(text)?.measured()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema: String,
    run: About,
    histograms: Histograms,
    errors: BTreeMap<String, u64>,
    timeline: Vec<TimelinePoint>,
    interrupted: Option<String>,
    aborted: Option<String>,
    inconclusive: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Histograms {
    unit: String,
    lowest: u64,
    highest: u64,
    digits: u8,
    all: WrittenPart,
    by_kind: BTreeMap<String, WrittenPart>,
    service_time: Buckets,
    generator_lag: Buckets,
}

#[derive(Serialize, Deserialize)]
struct WrittenPart {
    requests: u64,
    failed: u64,
    unknown: u64,
    latency: Buckets,
}

/// The buckets of a histogram, each with its value and its count.
#[derive(Deserialize)]
struct Buckets(Vec<(u64, u64)>);

impl Serialize for Buckets {
    /// On one line, however the rest is laid out.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let line = serde_json::value::to_raw_value(&self.0).map_err(serde::ser::Error::custom)?;
        line.serialize(serializer)
    }
}

impl Document {
    fn of(measured: &Measured) -> Self {
        let buckets = |histogram: &Histogram| Buckets(histogram.buckets());
        let part = |part: &Part| WrittenPart {
            requests: part.requests,
            failed: part.failed,
            unknown: part.unknown,
            latency: buckets(&part.latency),
        };
        let (lowest, highest, digits) = Histogram::BOUNDS;
        Self {
            schema: SCHEMA.to_owned(),
            run: measured.about.clone(),
            histograms: Histograms {
                unit: "us".to_owned(),
                lowest,
                highest,
                digits,
                all: part(&measured.all),
                by_kind: measured
                    .by_kind
                    .iter()
                    .map(|(kind, of_kind)| (kind.name().to_owned(), part(of_kind)))
                    .collect(),
                service_time: buckets(&measured.service),
                generator_lag: buckets(&measured.lag),
            },
            errors: measured.errors.clone(),
            timeline: measured.timeline.clone(),
            interrupted: measured.interrupted.clone(),
            aborted: measured.aborted.clone(),
            inconclusive: measured.inconclusive.clone(),
        }
    }

    fn measured(self) -> Result<Measured, MeasuredError> {
        let wrong = |what: &str| MeasuredError::Wrong(what.to_owned());
        let written = self.histograms;
        if (written.lowest, written.highest, written.digits) != Histogram::BOUNDS
            || written.unit != "us"
        {
            return Err(wrong(
                "its histograms have other bounds than this version's",
            ));
        }
        let by_kind = written.by_kind.into_iter().map(|(name, part)| {
            let kind = Kind::named(&name)
                .ok_or_else(|| MeasuredError::Wrong(format!("{name} is no kind of traffic")))?;
            Ok((kind, part.part()?))
        });
        if !self.run.seconds.is_finite() || self.run.seconds < 0.0 {
            return Err(wrong("its measured seconds are none"));
        }
        Ok(Measured {
            all: written.all.part()?,
            by_kind: by_kind.collect::<Result<_, MeasuredError>>()?,
            service: written.service_time.histogram()?,
            lag: written.generator_lag.histogram()?,
            about: self.run,
            errors: self.errors,
            timeline: self.timeline,
            interrupted: self.interrupted,
            aborted: self.aborted,
            inconclusive: self.inconclusive,
        })
    }
}

impl WrittenPart {
    fn part(self) -> Result<Part, MeasuredError> {
        if self.failed > self.requests {
            return Err(MeasuredError::Wrong(format!(
                "{} of {} requests failed in it",
                self.failed, self.requests
            )));
        }
        Ok(Part {
            requests: self.requests,
            failed: self.failed,
            unknown: self.unknown,
            latency: self.latency.histogram()?,
        })
    }
}

impl Buckets {
    fn histogram(&self) -> Result<Histogram, MeasuredError> {
        Histogram::from_buckets(&self.0)
            .ok_or_else(|| MeasuredError::Wrong("a bucket of it is out of bounds".to_owned()))
    }
}

#[cfg(test)]
#[path = "measured_tests.rs"]
pub(in crate::load) mod tests;
