//! Pictures of a load over time.

use std::io::{self, Write};

use super::plot::{FLOOR, LEFT, Plot, RIGHT, Scale, TOP};
use crate::report::figures;
use crate::verdict::TimelinePoint;

/// Points that are drawn; a longer run is gathered into as many.
const MOST_POINTS: usize = 240;

/// Writes answers and failures per second over time.
pub(super) fn throughput(timeline: &[TimelinePoint], out: &mut dyn Write) -> io::Result<()> {
    let points = gathered(timeline);
    let most = points.iter().map(|point| point.requests);
    let most = most.fold(1, u64::max) as f64 * 1.05;
    let scale = Scale {
        least: 0.0,
        most,
        from: FLOOR,
        to: TOP,
        is_logarithmic: false,
    };
    let mut plot = Plot::with(scale, |value| format!("{}/s", figures::count(value as u64)));
    let Some(time) = time(&points) else {
        return Ok(());
    };
    let answers = |point: &TimelinePoint| scale.at(point.requests as f64);
    plot.line(
        "series0",
        points
            .iter()
            .map(|point| (time.at(second(point)), answers(point))),
    );
    let figure = finish(
        plot,
        &points,
        (scale, time),
        "Answers per second",
        &[("series0", "answers")],
    );
    write!(out, "{figure}")
}

/// Writes the median and the 99th percentile over time.
pub(super) fn latency(timeline: &[TimelinePoint], out: &mut dyn Write) -> io::Result<()> {
    let points = gathered(timeline);
    let answered: Vec<_> = points.iter().filter(|point| point.requests > 0).collect();
    let Some(time) = time(&points) else {
        return Ok(());
    };
    let values = answered.iter().flat_map(|point| [point.p50, point.p99]);
    let scale = Scale::of_latencies(values);
    let mut plot = Plot::with(scale, |micros| figures::round_micros(micros as u64));
    let keys = [("series1", "p99"), ("series0", "p50")];
    for (class, of) in [
        (
            "series1",
            (|point: &TimelinePoint| point.p99) as fn(&TimelinePoint) -> u64,
        ),
        ("series0", |point| point.p50),
    ] {
        let places = answered
            .iter()
            .map(|point| (time.at(second(point)), scale.at(of(point) as f64)));
        plot.line(class, places);
    }
    let figure = finish(plot, &points, (scale, time), "Latency over time", &keys);
    write!(out, "{figure}")
}

fn second(point: &TimelinePoint) -> f64 {
    point.second as f64
}

/// The axis of time; `None` where there is none.
fn time(points: &[TimelinePoint]) -> Option<Scale> {
    let (first, last) = (points.first()?, points.last()?);
    Some(Scale {
        least: second(first),
        most: second(last).max(second(first) + 1.0),
        from: LEFT,
        to: RIGHT,
        is_logarithmic: false,
    })
}

/// Marks the seconds with failures, labels the axis, and lets each second be
/// asked for its figures.
fn finish(
    mut plot: Plot,
    points: &[TimelinePoint],
    (scale, time): (Scale, Scale),
    title: &str,
    lines: &[(&str, &str)],
) -> String {
    let mut keys: Vec<(String, String)> = lines
        .iter()
        .map(|(class, name)| ((*class).to_owned(), (*name).to_owned()))
        .collect();
    let width = (time.at(time.least + 1.0) - time.at(time.least)).clamp(3.0, 24.0);
    for point in points {
        let x = time.at(second(point)).clamp(LEFT + 2.0, RIGHT - 2.0);
        if point.failed > 0 {
            // As high as the failures are many, and never too low to be seen.
            let top = if scale.is_logarithmic {
                FLOOR - 8.0
            } else {
                scale.at(point.failed as f64).min(FLOOR - 8.0)
            };
            plot.add(format_args!(
                "<path class=\"line failures\" d=\"M{x:.1} {FLOOR}V{top:.1}\"/>"
            ));
        }
        plot.add(format_args!(
            "<rect class=\"second\" x=\"{:.1}\" y=\"{TOP}\" width=\"{width:.1}\" height=\"{}\"><title>second {}: {} answers, {} failed, p50 {}, p99 {}</title></rect>",
            x - width / 2.0,
            FLOOR - TOP,
            point.second,
            figures::count(point.requests),
            figures::count(point.failed),
            figures::micros(point.p50),
            figures::micros(point.p99),
        ));
    }
    let failed = points.iter().filter(|point| point.failed > 0).count();
    if failed > 0 {
        keys.push(("failures".to_owned(), "failed".to_owned()));
    }
    plot.below(LEFT, "start", &format!("{} s", time.least));
    plot.below(RIGHT, "end", &format!("{} s", time.most));
    plot.figure(title, &keys, &told(points, failed))
}

/// The picture in words, for those who don't see it.
fn told(points: &[TimelinePoint], failed: usize) -> String {
    let (first, last) = (&points[0], &points[points.len() - 1]);
    let most = |of: fn(&TimelinePoint) -> u64| points.iter().map(of).fold(0, u64::max);
    format!(
        "From second {} to {}: at most {} answers a second, p99 at most {}, failures in {} of {} points.",
        first.second,
        last.second,
        figures::count(most(|point| point.requests)),
        figures::micros(most(|point| point.p99)),
        failed,
        points.len(),
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
        let svg = to_text(|out| throughput(&timeline, out));
        assert_eq!(svg.matches("\"line failures\" d=").count(), 1, "{svg}");
    }

    #[test]
    fn a_load_without_samples_draws_no_number_that_is_none() {
        let empty = to_text(|out| throughput(&[], out));
        assert_eq!(empty, "");
        let one = to_text(|out| latency(&[TimelinePoint::default()], out));
        assert!(!one.contains("NaN") && !one.contains("inf"), "{one}");
    }
}
