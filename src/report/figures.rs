//! Figures as people read them, and the order in which they are listed.

use crate::verdict::{
    Comparison, Exposure, Latency, LoadSummary, RunVerdict, Shard, ThresholdOutcome, Verdict,
};

/// A count with its thousands set apart: `12,345`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count with its noun, which takes an `s` unless there is one.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", count(number))
}

/// A duration in microseconds, in the unit that leaves three digits or so.
pub(crate) fn micros(micros: u64) -> String {
    // Display only: what is lost beyond 2⁵³ µs is 285 years in.
    let value = micros as f64;
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..10_000 => format!("{:.2} ms", value / 1e3),
        10_000..100_000 => format!("{:.1} ms", value / 1e3),
        100_000..1_000_000 => format!("{:.0} ms", value / 1e3),
        _ => format!("{:.2} s", value / 1e6),
    }
}

/// The same for a round value, without zeros behind the point: `30 ms`.
pub(crate) fn round_micros(value: u64) -> String {
    let text = micros(value);
    match text.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            let number = number.trim_end_matches('0').trim_end_matches('.');
            format!("{number} {unit}")
        }
        _ => text,
    }
}

/// Requests per second: `983.3/s`, without the fraction from a thousand on.
pub(crate) fn rate(per_second: f64) -> String {
    if per_second < 1_000.0 {
        format!("{per_second:.1}/s")
    } else {
        // A cast from f64 saturates, which is right for a figure to look at.
        format!("{}/s", count(per_second.round() as u64))
    }
}

/// A part of a whole in percent, or nothing of nothing.
pub(crate) fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0 %".to_owned();
    }
    let percent = part as f64 * 100.0 / whole as f64;
    match part {
        0 => "0 %".to_owned(),
        _ if percent < 0.01 => "< 0.01 %".to_owned(),
        _ => format!("{percent:.2} %"),
    }
}

/// The columns of a latency table.
pub(crate) const fn latency_columns(latency: &Latency) -> [(&'static str, u64); 6] {
    [
        ("p50", latency.p50),
        ("p90", latency.p90),
        ("p99", latency.p99),
        ("p99.9", latency.p999),
        ("max", latency.max),
        ("mean", latency.mean),
    ]
}

/// The rows of a latency table: what was measured from which moment.
pub(crate) const fn latency_rows(load: &LoadSummary) -> [(&'static str, &Latency); 3] {
    [
        ("latency", &load.latency),
        ("service time", &load.service_time),
        ("generator lag", &load.generator_lag),
    ]
}

/// The exposure counters in words.
pub(crate) const fn exposure_rows(exposure: &Exposure) -> [(&'static str, u64); 10] {
    [
        ("overlapping pairs", exposure.overlapping_pairs),
        ("decisive volleys", exposure.decisive_volleys),
        ("exact rests accepted", exposure.exact_rest_acceptances),
        ("refusals for too much", exposure.exceeds_refusals),
        ("refusals of one unit too much", exposure.one_over_refusals),
        ("retries", exposure.retries),
        ("retries that raced", exposure.raced_retries),
        ("unknown made", exposure.unknown_made),
        ("unknown resolved", exposure.unknown_resolved),
        ("orders drained", exposure.drained_orders),
    ]
}

/// Which part of a load it was, behind the scenario's name: ` · shard 0/3`.
pub(crate) fn shard(shard: Option<Shard>) -> String {
    shard.map_or_else(String::new, |shard| format!(" · shard {shard}"))
}

/// What a threshold was held against.
pub(crate) fn measured(threshold: &ThresholdOutcome) -> &str {
    threshold.measured.as_deref().unwrap_or("no samples")
}

/// What an earlier run measured, what this one did, and the change: `420 µs`,
/// `504 µs`, `+20.0 %`.
pub(crate) fn compared(line: &Comparison) -> [String; 3] {
    let figure = |value: f64| match line.unit {
        // Display only: a cast from f64 saturates.
        "us" => micros(value as u64),
        "share" => format!("{:.2} %", value * 100.0),
        _ => rate(value),
    };
    let change = line.change.map_or_else(
        || {
            if line.measured > 0.0 {
                "from 0"
            } else {
                "none"
            }
            .to_owned()
        },
        |change| format!("{:+.1} %", change * 100.0),
    );
    [figure(line.earlier), figure(line.measured), change]
}

/// The band of a comparison: `±20 %`.
pub(crate) fn band(line: &Comparison) -> String {
    format!("±{:.0} %", line.band * 100.0)
}

/// What is to be known before a load's figures are read: that it was cut
/// short, or that they can't be trusted.
pub(crate) fn cautions(load: &LoadSummary) -> impl Iterator<Item = (&'static str, &str)> {
    [
        ("interrupted", &load.interrupted),
        ("ended early by a threshold", &load.aborted),
        ("inconclusive", &load.inconclusive),
    ]
    .into_iter()
    .filter_map(|(word, text)| text.as_deref().map(|text| (word, text)))
}

/// A verdict as a participle, for counts: `3 failed`.
pub(crate) const fn participle(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "passed",
        Verdict::Fail => "failed",
        Verdict::Warn => "warned",
        Verdict::Observed => "observed",
        Verdict::Skip => "skipped",
        Verdict::Blocked => "blocked",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Error => "crashed",
    }
}

/// The word for the verdict on a run, as `report.json` has it.
pub(crate) const fn run_word(verdict: RunVerdict) -> &'static str {
    match verdict {
        RunVerdict::Pass => "pass",
        RunVerdict::Fail => "fail",
        RunVerdict::Inconclusive => "inconclusive",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_grouped_and_carry_their_unit() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "exchange"), "1 exchange");
        assert_eq!(counted(0, "exchange"), "0 exchanges");
        assert_eq!(micros(999), "999 µs");
        assert_eq!(micros(1_234), "1.23 ms");
        assert_eq!(micros(12_340), "12.3 ms");
        assert_eq!(micros(123_400), "123 ms");
        assert_eq!(micros(61_000_000), "61.00 s");
        assert_eq!(round_micros(30_000), "30 ms");
        assert_eq!(round_micros(200_000), "200 ms");
        assert_eq!(round_micros(2_500_000), "2.5 s");
        assert_eq!(rate(983.34), "983.3/s");
        assert_eq!(rate(86_123.4), "86,123/s");
    }

    #[test]
    fn a_share_that_is_not_zero_never_reads_as_zero() {
        assert_eq!(share(0, 10), "0 %");
        assert_eq!(share(1, 1_000_000), "< 0.01 %");
        assert_eq!(share(3, 29_500), "0.01 %");
        assert_eq!(share(0, 0), "0 %");
    }
    #[test]
    fn a_comparison_shows_both_figures_and_the_change() {
        let line = |unit, earlier, measured, change| Comparison {
            measure: "m",
            unit,
            earlier,
            measured,
            change,
            band: 0.2,
            held: true,
        };
        assert_eq!(
            compared(&line("us", 420.0, 504.0, Some(0.2))),
            ["420 µs", "504 µs", "+20.0 %"]
        );
        assert_eq!(
            compared(&line("per second", 2_000.0, 1_900.0, Some(-0.05))),
            ["2,000/s", "1,900/s", "-5.0 %"]
        );
        assert_eq!(
            compared(&line("share", 0.0, 0.001, None)),
            ["0.00 %", "0.10 %", "from 0"]
        );
        assert_eq!(band(&line("us", 1.0, 1.0, None)), "±20 %");
    }
}
