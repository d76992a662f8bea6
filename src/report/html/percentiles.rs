//! The curve of percentiles: how slow the slowest were.

use std::io::{self, Write};

use super::escape::text;
use super::plot::{FLOOR, LEFT, Plot, RIGHT, SERIES, Scale, TOP};
use crate::report::figures;
use crate::verdict::{LoadSummary, PercentilePoint, ThresholdOutcome};

/// The percentiles that are labelled.
const LABELLED: [f64; 6] = [0.0, 50.0, 90.0, 99.0, 99.9, 99.99];

/// Writes the curve of all requests, with the thresholds that concern it, and
/// where there is more than one kind of traffic the curve of each.
pub(super) fn write(load: &LoadSummary, out: &mut dyn Write) -> io::Result<()> {
    let all = [("all requests".to_owned(), load.percentiles.as_slice())];
    let bounds: Vec<Bound> = load.thresholds.iter().filter_map(Bound::of).collect();
    write!(out, "{}", curves("Latency by percentile", &all, &bounds))?;
    let kinds: Vec<_> = load
        .by_kind
        .iter()
        .map(|(kind, summary)| (kind.clone(), summary.percentiles.as_slice()))
        .take(SERIES)
        .collect();
    if kinds.len() > 1 {
        let title = "Latency by percentile and kind of traffic";
        write!(out, "{}", curves(title, &kinds, &[]))?;
    }
    Ok(())
}

/// A threshold on a percentile of all requests, as a place in the plot.
struct Bound {
    percentile: f64,
    micros: u64,
    text: String,
    held: bool,
}

impl Bound {
    /// `p99<50ms`; `None` for every other form.
    fn of(threshold: &ThresholdOutcome) -> Option<Self> {
        let text = threshold.threshold.replace(' ', "");
        let (percentile, bound) = text.strip_prefix('p')?.split_once('<')?;
        let bound = bound.trim_start_matches('=');
        let unit = bound.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (value, unit) = bound.split_at(unit);
        let micros = match unit {
            "us" | "µs" => 1.0,
            "ms" => 1e3,
            "s" => 1e6,
            _ => return None,
        };
        Some(Self {
            percentile: percentile.parse().ok()?,
            // A cast from f64 saturates, which is right for a place to draw.
            micros: (value.parse::<f64>().ok()? * micros) as u64,
            text,
            held: threshold.held,
        })
    }
}

/// Nines: 0 for 0 %, 1 for 90 %, 2 for 99 %.
fn nines(percentile: f64) -> f64 {
    -((100.0 - percentile) / 100.0).log10()
}

fn curves(title: &str, lines: &[(String, &[PercentilePoint])], bounds: &[Bound]) -> String {
    let points = || lines.iter().flat_map(|(_, points)| points.iter());
    if points().next().is_none() {
        return String::new();
    }
    // Of the far end of the curve there is always a whole nine to be seen.
    let last = points().map(|point| point.percentile).fold(0.0, f64::max);
    let x = Scale {
        least: 0.0,
        most: nines(last.min(99.999)).max(1.0),
        from: LEFT,
        to: RIGHT - 10.0,
        is_logarithmic: false,
    };
    let marked = bounds.iter().map(|bound| bound.micros);
    let y = Scale::of_latencies(points().map(|point| point.micros).chain(marked));
    let mut plot = Plot::with(y, |micros| figures::round_micros(micros as u64));
    for percentile in LABELLED
        .into_iter()
        .filter(|percentile| *percentile <= last)
    {
        let at = x.at(nines(percentile));
        plot.add(format_args!(
            "<line class=\"grid\" x1=\"{at:.1}\" y1=\"{TOP}\" x2=\"{at:.1}\" y2=\"{FLOOR}\"/>"
        ));
        plot.below(at, "middle", &format!("{percentile}"));
    }
    for bound in bounds {
        draw_bound(&mut plot, bound, x.at(nines(bound.percentile)), y);
    }
    let mut keys = Vec::new();
    for (index, (name, points)) in lines.iter().enumerate() {
        let class = format!("series{index}");
        let places = points.iter().map(|point| {
            let at = x.at(nines(point.percentile.min(99.999)));
            (at, y.at(point.micros as f64))
        });
        plot.line(&class, places);
        keys.push((class, text(name).to_string()));
    }
    plot.figure(title, &keys, &told(lines))
}

/// Where the threshold's percentile has to stay below.
fn draw_bound(plot: &mut Plot, bound: &Bound, x: f64, y: Scale) {
    let at = y.at(bound.micros as f64);
    let class = if bound.held { "held" } else { "broken" };
    let anchor = if x > LEFT + 130.0 { "end" } else { "start" };
    plot.add(format_args!(
        "<path class=\"bound {class}\" d=\"M{:.1} {at:.1}H{:.1}\"/>\
         <text class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}, {class}</text>",
        x - 22.0,
        x + 22.0,
        at - 6.0,
        text(&bound.text),
    ));
}

/// The curves in words, for those who don't see them.
fn told(lines: &[(String, &[PercentilePoint])]) -> String {
    let told = lines.iter().map(|(name, points)| {
        let labelled = points
            .iter()
            .filter(|point| LABELLED.contains(&point.percentile));
        let points: Vec<String> = labelled
            .map(|point| format!("{} % {}", point.percentile, figures::micros(point.micros)))
            .collect();
        format!("{}: {}", text(name), points.join(", "))
    });
    told.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::block::to_text;
    use crate::report::sample;

    #[test]
    fn a_threshold_on_a_percentile_stands_in_the_plot_and_another_does_not() {
        let load = sample::load();
        let plot = to_text(|out| write(&load, out));
        assert!(plot.contains("p99&lt;2ms, broken"), "{plot}");
        assert!(!plot.contains("failed&lt;1%"), "{plot}");
        assert!(plot.contains("series1"), "a line for each kind");
    }

    #[test]
    fn a_load_without_samples_draws_no_number_that_is_none() {
        let none = to_text(|out| write(&LoadSummary::default(), out));
        assert_eq!(none, "");
        let one = LoadSummary {
            percentiles: vec![PercentilePoint {
                percentile: 0.0,
                micros: 0,
            }],
            ..LoadSummary::default()
        };
        let plot = to_text(|out| write(&one, out));
        assert!(!plot.contains("NaN") && !plot.contains("inf"), "{plot}");
    }
}
