//! A run beside an earlier one.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::verdict::{Comparison, LoadSummary};

/// A share of failed requests that is larger by no more than this is as good:
/// of few failures no band can be drawn.
const ERRORS_ALIKE: f64 = 0.001;

/// What an earlier run measured, and how much worse this one may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Earlier {
    /// The scenario that it ran.
    pub scenario: String,
    p50: f64,
    p90: f64,
    p99: f64,
    rate: f64,
    errors: f64,
    band: f64,
}

/// Why a run can't be compared with.
#[derive(Debug, thiserror::Error)]
#[error(
    "compare with {path}: {reason} (give the folder of an earlier run of load or gate, or its report.json)"
)]
pub struct CompareError {
    path: String,
    reason: String,
}

/// As much of a report as is needed.
#[derive(Deserialize)]
struct Report {
    load: Option<Load>,
}

#[derive(Deserialize)]
struct Load {
    scenario: String,
    requests: u64,
    failed: u64,
    rate: f64,
    latency: Latency,
}

#[derive(Deserialize)]
struct Latency {
    p50: u64,
    p90: u64,
    p99: u64,
}

impl Earlier {
    /// Reads the figures of the run in `path`: its folder, or its report. A
    /// figure that is worse by more than the share `band` of it will not hold.
    ///
    /// # Errors
    /// [`CompareError`] where there is no report, or it measured no load.
    pub fn read(path: &Path, band: f64) -> Result<Self, CompareError> {
        let fail = |reason: String| CompareError {
            path: path.display().to_string(),
            reason,
        };
        let file: PathBuf = if path.is_dir() {
            path.join("report.json")
        } else {
            path.to_owned()
        };
        let text = std::fs::read_to_string(&file).map_err(|error| fail(error.to_string()))?;
        let report: Report = serde_json::from_str(&text)
            .map_err(|error| fail(format!("it is no report of recoup's: {error}")))?;
        let load = report
            .load
            .filter(|load| load.requests > 0)
            .ok_or_else(|| fail("that run measured no load".to_owned()))?;
        Ok(Self {
            errors: share(load.failed, load.requests),
            scenario: load.scenario,
            p50: float(load.latency.p50),
            p90: float(load.latency.p90),
            p99: float(load.latency.p99),
            rate: load.rate,
            band,
        })
    }

    /// This run's figures beside those of the earlier one. Where this run
    /// measured nothing, none of them holds.
    pub fn compare(&self, now: &LoadSummary) -> Vec<Comparison> {
        let worse_above = 1.0 + self.band;
        let latency = |measure, earlier: f64, micros: u64| {
            let measured = float(micros);
            self.line(
                measure,
                "us",
                earlier,
                measured,
                measured <= earlier * worse_above,
            )
        };
        let errors = share(now.failed, now.requests);
        let tolerated = (self.errors * worse_above).max(self.errors + ERRORS_ALIKE);
        let rate_held = now.rate >= self.rate * (1.0 - self.band);
        let mut lines = vec![
            latency("p50", self.p50, now.latency.p50),
            latency("p90", self.p90, now.latency.p90),
            latency("p99", self.p99, now.latency.p99),
            self.line("rate", "per second", self.rate, now.rate, rate_held),
            self.line("errors", "share", self.errors, errors, errors <= tolerated),
        ];
        for line in &mut lines {
            line.held &= now.requests > 0;
        }
        lines
    }

    fn line(
        &self,
        measure: &'static str,
        unit: &'static str,
        earlier: f64,
        measured: f64,
        held: bool,
    ) -> Comparison {
        Comparison {
            measure,
            unit,
            earlier,
            measured,
            // Rounded: nobody measures latencies to more digits.
            change: (earlier > 0.0).then(|| ((measured / earlier - 1.0) * 1e4).round() / 1e4),
            band: self.band,
            held,
        }
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        float(part) / float(whole)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts and microseconds are far below 2⁵²"
)]
const fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(p99: u64, rate: f64, failed: u64) -> String {
        format!(
            r#"{{"load":{{"scenario":"s","requests":10000,"failed":{failed},"rate":{rate},"latency":{{"unit":"us","p50":100,"p90":200,"p99":{p99}}}}}}}"#
        )
    }

    fn earlier(text: &str) -> Result<Earlier, CompareError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("report.json"), text).unwrap();
        Earlier::read(folder.path(), 0.2)
    }

    /// A run of 10,000 requests.
    fn now(p99: u64, rate: f64, failed: u64) -> LoadSummary {
        LoadSummary {
            requests: 10_000,
            failed,
            rate,
            latency: crate::verdict::Latency {
                p50: 100,
                p90: 200,
                p99,
                ..crate::verdict::Latency::default()
            },
            ..LoadSummary::default()
        }
    }

    fn broken(now: &LoadSummary) -> Vec<&'static str> {
        let lines = earlier(&report(1_000, 500.0, 10)).unwrap().compare(now);
        lines
            .iter()
            .filter(|line| !line.held)
            .map(|line| line.measure)
            .collect()
    }

    #[test]
    fn what_is_within_the_band_or_better_holds_and_what_is_worse_does_not() {
        assert_eq!(broken(&now(1_200, 400.0, 20)), [""; 0]);
        assert_eq!(broken(&now(10, 5_000.0, 0)), [""; 0]);
        assert_eq!(broken(&now(1_201, 500.0, 10)), ["p99"]);
        assert_eq!(broken(&now(1_000, 399.0, 10)), ["rate"]);
        assert_eq!(broken(&now(1_000, 500.0, 21)), ["errors"]);
    }

    #[test]
    fn a_run_that_measured_nothing_is_worse_in_everything() {
        assert_eq!(broken(&LoadSummary::default()).len(), 5);
    }

    #[test]
    fn what_can_not_be_compared_with_is_told_with_the_cure() {
        for text in ["", "{}", r#"{"load":null}"#, r#"{"load":{"scenario":1}}"#] {
            let error = earlier(text).unwrap_err().to_string();
            assert!(error.contains("an earlier run"), "{error}");
        }
        let missing = Earlier::read(Path::new("/nowhere/at/all"), 0.2).unwrap_err();
        assert!(missing.to_string().contains("/nowhere/at/all"), "{missing}");
    }
}
