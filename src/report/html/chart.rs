//! Pictures of a load: over time, and by percentile.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::report::figures;
use crate::verdict::{Latency, TimelinePoint};

/// Points that are drawn; a longer run is gathered into as many.
const MOST_POINTS: usize = 240;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 180.0;
/// Room for the labels left of and below the plot.
const LEFT: f64 = 76.0;
const BOTTOM: f64 = 24.0;
const TOP: f64 = 8.0;

/// Writes answers and failures per second over time.
pub(super) fn throughput(timeline: &[TimelinePoint], out: &mut dyn Write) -> io::Result<()> {
    let points = gathered(timeline);
    let answers = points.iter().map(|point| point.requests).collect();
    let failed = points.iter().map(|point| point.failed).collect();
    over_time(
        "Answers per second",
        &points,
        &[("answers", answers), ("failed", failed)],
        |value| format!("{}/s", figures::count(value)),
        out,
    )
}

/// Writes the median and the 99th percentile over time.
pub(super) fn latency(timeline: &[TimelinePoint], out: &mut dyn Write) -> io::Result<()> {
    let points = gathered(timeline);
    let p99 = points.iter().map(|point| point.p99).collect();
    let p50 = points.iter().map(|point| point.p50).collect();
    over_time(
        "Latency",
        &points,
        &[("p99", p99), ("p50", p50)],
        figures::micros,
        out,
    )
}

/// Writes the percentiles as bars, on a logarithmic scale: the tail is what
/// matters, and on a linear one it hides everything else.
pub(super) fn percentiles(latency: &Latency, out: &mut dyn Write) -> io::Result<()> {
    const ROW: f64 = 26.0;
    let rows: Vec<_> = figures::latency_columns(latency)
        .into_iter()
        .filter(|(name, _)| *name != "mean")
        .collect();
    let height = ROW * rows.len() as f64;
    let largest = scale(latency.max.max(1));
    writeln!(
        out,
        "<figure>\n<figcaption>Percentiles, logarithmic</figcaption>\n\
         <svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n<title>Percentiles of the latency</title>"
    )?;
    for (place, (name, micros)) in rows.iter().enumerate() {
        let y = ROW * place as f64;
        // The widest bar leaves room for its label.
        let width = (WIDTH - LEFT - 90.0) * scale(*micros) / largest;
        writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{name}</text>\
             <rect class=\"bar\" x=\"{LEFT}\" y=\"{}\" width=\"{width:.1}\" height=\"{}\"/>\
             <text x=\"{:.1}\" y=\"{}\">{}</text>",
            LEFT - 8.0,
            y + 17.0,
            y + 4.0,
            ROW - 8.0,
            LEFT + width + 6.0,
            y + 17.0,
            figures::micros(*micros),
        )?;
    }
    writeln!(out, "</svg>\n</figure>")
}

fn scale(micros: u64) -> f64 {
    (micros as f64 + 1.0).ln()
}

fn over_time(
    title: &str,
    points: &[TimelinePoint],
    lines: &[(&str, Vec<u64>)],
    label: impl Fn(u64) -> String,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Ok(());
    };
    let largest = lines
        .iter()
        .flat_map(|(_, values)| values)
        .fold(1, |largest, value| largest.max(*value));
    let floor = HEIGHT - BOTTOM;
    let seconds = (last.second - first.second).max(1) as f64;
    let x = |second: u64| LEFT + (WIDTH - LEFT - 8.0) * (second - first.second) as f64 / seconds;
    let y = |value: u64| floor - (floor - TOP) * value as f64 / largest as f64;

    let legend: Vec<String> = lines
        .iter()
        .map(|(name, _)| format!("<span class=\"key {name}\">{name}</span>"))
        .collect();
    writeln!(
        out,
        "<figure>\n<figcaption>{title} {}</figcaption>\n\
         <svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n<title>{title} over time</title>\n\
         <desc>From second {} to {}; the largest value is {}.</desc>",
        legend.join(" "),
        first.second,
        last.second,
        label(largest),
    )?;
    for value in [0, largest / 2, largest] {
        writeln!(
            out,
            "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{:.1}\" x2=\"{}\" y2=\"{:.1}\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            y(value),
            WIDTH - 8.0,
            y(value),
            LEFT - 8.0,
            y(value) + 4.0,
            label(value),
        )?;
    }
    for (name, values) in lines {
        let mut path = String::new();
        for (point, value) in points.iter().zip(values) {
            // Writing to a string can't fail.
            let _ = write!(path, "{:.1},{:.1} ", x(point.second), y(*value));
        }
        let path = path.trim_end();
        writeln!(out, "<polyline class=\"line {name}\" points=\"{path}\"/>")?;
    }
    writeln!(
        out,
        "<text x=\"{LEFT}\" y=\"{}\">{} s</text><text x=\"{}\" y=\"{}\" text-anchor=\"end\">{} s</text>\n</svg>\n</figure>",
        HEIGHT - 6.0,
        first.second,
        WIDTH - 8.0,
        HEIGHT - 6.0,
        last.second,
    )
}

/// At most [`MOST_POINTS`] points: counts become means per second, latencies
/// the worst of what they stand for, so that no spike is smoothed away.
fn gathered(timeline: &[TimelinePoint]) -> Vec<TimelinePoint> {
    let size = timeline.len().div_ceil(MOST_POINTS).max(1);
    let gather = |points: &[TimelinePoint]| {
        let mean = |of: fn(&TimelinePoint) -> u64| {
            let sum = points.iter().map(of).fold(0, u64::saturating_add);
            sum.div_ceil(points.len() as u64)
        };
        let worst = |of: fn(&TimelinePoint) -> u64| points.iter().map(of).fold(0, u64::max);
        TimelinePoint {
            second: points[0].second,
            requests: mean(|point| point.requests),
            failed: mean(|point| point.failed),
            p50: worst(|point| point.p50),
            p99: worst(|point| point.p99),
        }
    };
    timeline.chunks(size).map(gather).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::block::to_text;

    #[test]
    fn an_hour_is_drawn_in_few_points_and_keeps_its_spike() {
        let timeline: Vec<_> = (0..3_600)
            .map(|second| TimelinePoint {
                second,
                requests: 100,
                failed: u64::from(second == 1_234),
                p50: 1,
                p99: if second == 1_234 { 9_000 } else { 10 },
            })
            .collect();
        let points = gathered(&timeline);
        assert_eq!(points.len(), MOST_POINTS);
        assert!(points.iter().all(|point| point.requests == 100));
        assert_eq!(points.iter().filter(|point| point.p99 == 9_000).count(), 1);
        assert_eq!(points.iter().filter(|point| point.failed > 0).count(), 1);
    }

    #[test]
    fn a_load_without_samples_draws_no_number_that_is_none() {
        let empty = to_text(|out| throughput(&[], out));
        assert_eq!(empty, "");
        let one = to_text(|out| latency(&[TimelinePoint::default()], out));
        let bars = to_text(|out| percentiles(&Latency::default(), out));
        for svg in [one, bars] {
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
