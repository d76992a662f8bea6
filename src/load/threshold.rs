//! Thresholds: `p99<50ms`, `p99.9{kind=refund}<80ms`, `errors<0.1%`,
//! `rate>=2000/s`, `unknown==0`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::verdict::ThresholdOutcome;

use super::scenario::Kind;
use super::statistics::Totals;

/// Something measured, a comparison, and a bound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Threshold {
    text: String,
    measure: Measure,
    about: About,
    comparison: Comparison,
    bound: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Measure {
    /// Microseconds at a percentile.
    Percentile(f64),
    /// The largest latency, in microseconds.
    Max,
    /// The mean latency, in microseconds.
    Mean,
    /// Failed requests, as a share of all.
    Errors,
    /// Unknown outcomes: a share with `%`, a count without.
    Unknown { is_share: bool },
    /// Answers per second that were as they should be.
    Rate,
}

/// Which requests count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    All,
    /// Every kind of refund that the gateway has to look up.
    Refunds,
    Kind(Kind),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
}

/// Why a text is no threshold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no threshold: {reason} (write p99<50ms, p99.9{{kind=refund}}<80ms, errors<0.1%, rate>=2000/s or unknown==0)"
)]
pub struct ThresholdError {
    text: String,
    reason: String,
}

impl Threshold {
    /// Whether it is about what all machines of a load do together, so that one
    /// of several can't judge it.
    pub const fn is_about_the_whole(&self) -> bool {
        matches!(self.measure, Measure::Rate)
    }

    /// Compares it with what was measured. Without samples it does not hold.
    pub fn judge(&self, totals: &Totals) -> ThresholdOutcome {
        let selected = match self.about {
            About::All => Some(Cow::Borrowed(&totals.all)),
            About::Refunds => totals.of_kinds(Kind::is_refund).map(Cow::Owned),
            About::Kind(kind) => totals.by_kind.get(&kind).map(Cow::Borrowed),
        };
        let measured = selected.and_then(|part| {
            if part.requests == 0 {
                return None;
            }
            #[expect(
                clippy::cast_precision_loss,
                reason = "counts and microseconds are far below 2⁵²"
            )]
            let value = match self.measure {
                Measure::Percentile(percentile) => part.latency.percentile(percentile) as f64,
                Measure::Max => part.latency.max() as f64,
                Measure::Mean => part.latency.mean(),
                Measure::Errors => part.failed as f64 / part.requests as f64,
                Measure::Unknown { is_share: true } => part.unknown as f64 / part.requests as f64,
                Measure::Unknown { is_share: false } => part.unknown as f64,
                Measure::Rate => {
                    (part.requests - part.failed) as f64 / totals.seconds.max(f64::EPSILON)
                }
            };
            let has_latency = !part.latency.is_empty();
            let needs_latency = matches!(
                self.measure,
                Measure::Percentile(_) | Measure::Max | Measure::Mean
            );
            (has_latency || !needs_latency).then_some(value)
        });
        ThresholdOutcome {
            threshold: self.text.clone(),
            measured: measured.map(|value| self.show(value)),
            held: measured.is_some_and(|value| self.holds(value)),
        }
    }

    fn holds(&self, value: f64) -> bool {
        match self.comparison {
            Comparison::Less => value < self.bound,
            Comparison::LessOrEqual => value <= self.bound,
            Comparison::Greater => value > self.bound,
            Comparison::GreaterOrEqual => value >= self.bound,
            Comparison::Equal => (value - self.bound).abs() < 1e-9,
        }
    }

    fn show(&self, value: f64) -> String {
        match self.measure {
            Measure::Percentile(_) | Measure::Max | Measure::Mean => {
                if value >= 1_000_000.0 {
                    format!("{:.3}s", value / 1_000_000.0)
                } else if value >= 1_000.0 {
                    format!("{:.3}ms", value / 1_000.0)
                } else {
                    format!("{value:.0}us")
                }
            }
            Measure::Errors | Measure::Unknown { is_share: true } => {
                format!("{:.3}%", value * 100.0)
            }
            Measure::Unknown { is_share: false } => format!("{value:.0}"),
            Measure::Rate => format!("{value:.1}/s"),
        }
    }
}

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        let fail = |reason: &str| ThresholdError {
            text: text.to_owned(),
            reason: reason.to_owned(),
        };
        let compact: String = text.split_whitespace().collect();
        let at = compact
            .find(['<', '>'])
            .or_else(|| compact.find("=="))
            .ok_or_else(|| fail("it compares nothing"))?;
        let (left, right) = compact.split_at(at);
        let (comparison, bound) = [
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("==", Comparison::Equal),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ]
        .into_iter()
        .find_map(|(sign, comparison)| right.strip_prefix(sign).map(|rest| (comparison, rest)))
        .ok_or_else(|| fail("it compares nothing"))?;
        let (name, about) = match left.split_once('{') {
            None => (left, About::All),
            Some((name, filter)) => {
                let about = filter
                    .strip_suffix('}')
                    .and_then(|filter| filter.strip_prefix("kind="))
                    .and_then(|kind| match kind {
                        "refund" => Some(About::Refunds),
                        kind => Kind::named(kind).map(About::Kind),
                    })
                    .ok_or_else(|| fail("the braces hold no kind=NAME of a kind of traffic"))?;
                (name, about)
            }
        };
        let (measure, bound) = read_measure(name, bound)
            .ok_or_else(|| fail("what it measures and its unit do not fit together"))?;
        Ok(Self {
            text: text.to_owned(),
            measure,
            about,
            comparison,
            bound,
        })
    }
}

/// A measure with its bound in the measure's own unit.
fn read_measure(name: &str, bound: &str) -> Option<(Measure, f64)> {
    let number = |text: &str| {
        text.parse::<f64>()
            .ok()
            .filter(|number| number.is_finite() && *number >= 0.0)
    };
    let micros = |text: &str| {
        let duration = humantime::parse_duration(text).ok();
        // humantime takes whole numbers only; `1.5ms` is as good.
        duration
            .map(|duration| duration.as_secs_f64() * 1e6)
            .or_else(|| {
                [("us", 1.0), ("µs", 1.0), ("ms", 1e3), ("s", 1e6)]
                    .into_iter()
                    .find_map(|(unit, factor)| {
                        number(text.strip_suffix(unit)?).map(|value| value * factor)
                    })
            })
    };
    let share = |text: &str| number(text.strip_suffix('%')?).map(|value| value / 100.0);
    match name {
        "max" => Some((Measure::Max, micros(bound)?)),
        "mean" => Some((Measure::Mean, micros(bound)?)),
        "errors" => Some((Measure::Errors, share(bound)?)),
        "rate" => Some((
            Measure::Rate,
            number(bound.strip_suffix("/s").unwrap_or(bound))?,
        )),
        "unknown" => Some(match share(bound) {
            Some(bound) => (Measure::Unknown { is_share: true }, bound),
            None => (Measure::Unknown { is_share: false }, number(bound)?),
        }),
        _ => {
            let percentile = number(name.strip_prefix('p')?).filter(|value| *value <= 100.0)?;
            Some((Measure::Percentile(percentile), micros(bound)?))
        }
    }
}

impl TryFrom<String> for Threshold {
    type Error = ThresholdError;

    fn try_from(text: String) -> Result<Self, ThresholdError> {
        text.parse()
    }
}

impl From<Threshold> for String {
    fn from(threshold: Threshold) -> Self {
        threshold.text
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::statistics::{Sample, Statistics};
    use super::*;

    fn totals() -> Totals {
        let mut statistics = Statistics::default();
        for millis in 1..=100 {
            let latency = Duration::from_millis(millis);
            let failure = (millis == 1).then_some("a failure");
            statistics.record(&Sample {
                kind: Kind::Partial,
                latency,
                service: None,
                lag: Duration::ZERO,
                failure,
                is_unknown: millis == 2,
            });
        }
        Totals::of(statistics, 2.0)
    }

    fn judged(text: &str) -> ThresholdOutcome {
        text.parse::<Threshold>().unwrap().judge(&totals())
    }

    #[test]
    fn each_measure_is_compared_in_its_own_unit() {
        for (text, held) in [
            ("p50<51ms", true),
            ("p50 < 49ms", false),
            ("p99.9<=100.1ms", true),
            ("max<1s", true),
            ("mean<50.6ms", true),
            ("errors<=1%", true),
            ("errors<1%", false),
            ("unknown==1", true),
            ("unknown<1%", false),
            ("rate>=49.5/s", true),
            ("rate>=50", false),
            ("p50{kind=partial}<51ms", true),
            ("p50{kind=refund}<51ms", true),
        ] {
            assert_eq!(judged(text).held, held, "{text}: {:?}", judged(text));
        }
    }

    #[test]
    fn refunds_are_all_that_the_gateway_has_to_look_up() {
        let mut statistics = Statistics::default();
        for (kind, millis) in [
            (Kind::Partial, 1),
            (Kind::Ladder, 2),
            (Kind::Query, 50),
            (Kind::Malformed, 60),
            (Kind::BadSignature, 70),
        ] {
            statistics.record(&Sample {
                kind,
                latency: Duration::from_millis(millis),
                service: None,
                lag: Duration::ZERO,
                failure: None,
                is_unknown: false,
            });
        }
        let totals = Totals::of(statistics, 1.0);
        for (text, held) in [
            ("max{kind=refund}<3ms", true),
            ("rate{kind=refund}<=2/s", true),
            ("max{kind=refund}<2ms", false),
            ("max<3ms", false),
        ] {
            let outcome = text.parse::<Threshold>().unwrap().judge(&totals);
            assert_eq!(outcome.held, held, "{outcome:?}");
        }
    }

    #[test]
    fn a_threshold_without_samples_does_not_hold() {
        let outcome = judged("p99{kind=ladder}<1h");
        assert!(!outcome.held);
        assert_eq!(outcome.measured, None);
    }

    #[test]
    fn what_is_no_threshold_says_how_one_is_written() {
        for text in [
            "",
            "p99",
            "p99<",
            "p99<50",
            "p101<5ms",
            "errors<3",
            "q99<5ms",
            "p99{kind}<5ms",
            "p99{kind=partail}<5ms",
            "rate<-1/s",
        ] {
            let error = text.parse::<Threshold>().unwrap_err().to_string();
            assert!(error.contains("p99<50ms"), "{error}");
        }
    }
}
