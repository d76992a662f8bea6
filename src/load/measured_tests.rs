//! What was measured, written and read again.

use std::time::Duration;

use super::super::statistics::{Sample, Statistics};
use super::*;

/// What a machine measured that sent a request of each kind in so many
/// microseconds.
pub(in crate::load) fn measured(shard: Option<Shard>, micros: &[(Kind, u64)]) -> Measured {
    let mut statistics = Statistics::default();
    for (index, &(kind, micros)) in micros.iter().enumerate() {
        statistics.record(&Sample {
            kind,
            latency: Duration::from_micros(micros),
            service: Some(Duration::from_micros(micros / 2)),
            lag: Duration::from_micros(micros / 9),
            failure: (index % 5 == 4).then_some("no answer"),
            is_unknown: index % 7 == 6,
        });
    }
    let totals = Totals::of(statistics, 10.0);
    let requests = totals.all.requests;
    Measured {
        about: About {
            version: "1.2.3".to_owned(),
            shard,
            seed: 7,
            scenario: "sustained".to_owned(),
            settings: "0123456789abcdef".to_owned(),
            target: "http://127.0.0.1:8080".to_owned(),
            in_process: false,
            partner: "10001".to_owned(),
            profile: "built-in".to_owned(),
            users: 4,
            target_rate: Some(10.0),
            thresholds: ["p50<1ms", "rate>=15/s"]
                .map(|text| text.parse().unwrap())
                .to_vec(),
            measured_from: "2026-01-02T03:04:05.000000+00:00".to_owned(),
            seconds: 10.0,
            operations: 5,
            recording: None,
        },
        all: totals.all,
        by_kind: totals.by_kind,
        service: totals.service,
        lag: totals.lag,
        errors: totals
            .errors
            .iter()
            .map(|(failure, count)| ((*failure).to_owned(), *count))
            .collect(),
        timeline: vec![TimelinePoint {
            second: 3,
            requests,
            failed: 1,
            p50: 20,
            p99: 90,
        }],
        interrupted: None,
        aborted: None,
        inconclusive: None,
    }
}

fn text_of(measured: &Measured) -> String {
    let mut text = Vec::new();
    measured.write(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn what_is_read_again_is_what_was_measured() {
    let shard = Shard::new(1, 3).unwrap();
    let requests: Vec<(Kind, u64)> = (0..5_000)
        .map(|n| {
            let kind = [Kind::Partial, Kind::Query][n as usize % 2];
            (kind, n * n * 7 % 200_000_000)
        })
        .collect();
    let written = measured(Some(shard), &requests);
    let text = text_of(&written);
    let read = Measured::parse(text.as_bytes()).unwrap();
    assert_eq!(read.about, written.about);
    assert_eq!(read.summary(), written.summary());
    for (one, other) in [
        (&read.all.latency, &written.all.latency),
        (&read.service, &written.service),
        (&read.lag, &written.lag),
    ] {
        assert_eq!(one.buckets(), other.buckets());
        assert_eq!(one.mean().to_bits(), other.mean().to_bits());
        assert_eq!(one.max(), other.max());
    }
    assert_eq!(text_of(&read), text);
}

#[test]
fn a_histogram_stands_on_one_line() {
    let text = text_of(&measured(
        None,
        &[(Kind::Partial, 100), (Kind::Partial, 300)],
    ));
    assert!(text.contains("\"latency\": [[100,1],[300,1]]"), "{text}");
}

#[test]
fn one_of_several_machines_leaves_a_rate_to_the_merge() {
    let requests = [(Kind::Partial, 100); 100];
    let thresholds = |shard| {
        let summary = measured(shard, &requests).summary();
        let thresholds = summary.thresholds.into_iter();
        thresholds
            .map(|outcome| (outcome.threshold, outcome.held))
            .collect::<Vec<_>>()
    };
    let percentile = ("p50<1ms".to_owned(), true);
    let rate = ("rate>=15/s".to_owned(), false);
    assert_eq!(thresholds(None), [percentile.clone(), rate]);
    assert_eq!(thresholds(Some(Shard::WHOLE)), [percentile]);
}

#[test]
fn a_file_that_can_not_be_right_is_refused() {
    let text = text_of(&measured(None, &[(Kind::Partial, 100)]));
    for (right, wrong) in [
        ("recoup.histograms/1", "recoup.histograms/9"),
        ("[[100,1]]", "[[0,1]]"),
        ("[[100,1]]", "[[100,0]]"),
        ("[[100,1]]", "[[99000000000,1]]"),
        ("\"digits\": 3", "\"digits\": 2"),
        ("\"failed\": 0", "\"failed\": 8"),
        ("\"partial\": {", "\"impartial\": {"),
        ("{", "["),
    ] {
        assert!(text.contains(right), "{right}");
        let error = Measured::parse(text.replacen(right, wrong, 1).as_bytes());
        assert!(error.is_err(), "{wrong}");
    }
}
