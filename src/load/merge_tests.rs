//! The shards of a load, put together.

use proptest::prelude::*;

use super::super::measured::tests::measured;
use super::super::scenario::Kind;
use super::*;

fn shard(index: u32, count: u32) -> Shard {
    Shard::new(index, count).unwrap()
}

fn run(index: u32, count: u32, requests: &[(Kind, u64)]) -> ShardRun {
    ShardRun {
        name: format!("run-{index}"),
        measured: measured(Some(shard(index, count)), requests),
    }
}

fn three() -> Vec<ShardRun> {
    let requests = [(Kind::Partial, 100); 60];
    (0..3).map(|index| run(index, 3, &requests)).collect()
}

fn began_at(run: &mut ShardRun, time: &str) {
    run.measured.about.measured_from = format!("2026-01-02T{time}+00:00");
}

proptest! {
    #[test]
    fn merged_histograms_are_that_of_all_samples(
        samples in prop::collection::vec((0..3_usize, 0..2_usize, 1..130_000_000_u64), 1..200),
    ) {
        let kinds = [Kind::Partial, Kind::Query];
        let of = |own: Option<usize>| -> Vec<(Kind, u64)> {
            samples
                .iter()
                .filter(|(machine, ..)| own.is_none_or(|own| own == *machine))
                .map(|(_, kind, micros)| (kinds[*kind], *micros))
                .collect()
        };
        let runs: Vec<ShardRun> = (0..3)
            .map(|index| run(index, 3, &of(Some(index as usize))))
            .collect();
        let merged = merge(&runs).unwrap().measured;
        let whole = measured(None, &of(None));
        prop_assert_eq!(merged.all.latency.buckets(), whole.all.latency.buckets());
        prop_assert_eq!(merged.service.buckets(), whole.service.buckets());
        prop_assert_eq!(merged.lag.buckets(), whole.lag.buckets());
        let (merged, whole) = (merged.summary(), whole.summary());
        prop_assert_eq!(merged.latency, whole.latency);
        prop_assert_eq!(merged.requests, whole.requests);
        for (kind, part) in &whole.by_kind {
            prop_assert_eq!(merged.by_kind[kind].latency, part.latency);
            prop_assert_eq!(merged.by_kind[kind].requests, part.requests);
        }
    }
}

#[test]
fn counts_are_summed_and_thresholds_judged_on_the_sums() {
    let merged = merge(&three()).unwrap();
    let summary = merged.measured.summary();
    assert_eq!(summary.shard, None);
    assert_eq!((summary.users, summary.target_rate), (12, Some(30.0)));
    assert_eq!((summary.requests, summary.failed), (180, 36));
    assert_eq!(summary.errors["no answer"], 36);
    // 48 good answers in ten seconds are too few on each machine.
    assert!((summary.rate - 14.4).abs() < 1e-9);
    let judged: Vec<(&str, bool)> = summary
        .thresholds
        .iter()
        .map(|outcome| (outcome.threshold.as_str(), outcome.held))
        .collect();
    assert_eq!(judged, [("p50<1ms", true), ("rate>=15/s", false)]);
    assert_eq!(merged.measured.about.operations, 15);
}

#[test]
fn seconds_are_laid_beside_each_other_by_the_clocks() {
    let mut runs = three();
    began_at(&mut runs[0], "03:04:06.900000");
    began_at(&mut runs[1], "03:04:05.000000");
    began_at(&mut runs[2], "03:04:05.400000");
    runs[2].measured.timeline[0].p99 = 500;
    let merged = merge(&runs).unwrap();
    assert_eq!(merged.delays, [1.9, 0.0, 0.4]);
    let seconds: Vec<(u64, u64, u64)> = merged
        .measured
        .timeline
        .iter()
        .map(|point| (point.second, point.requests, point.p99))
        .collect();
    assert_eq!(seconds, [(3, 120, 500), (5, 60, 90)]);
    let about = &merged.measured.about;
    assert_eq!(about.measured_from, "2026-01-02T03:04:05.000000+00:00");
    assert!((about.seconds - 11.9).abs() < 1e-9, "to the last one's end");
    assert_eq!(merged.measured.inconclusive, None);
}

#[test]
fn machines_that_were_at_work_at_different_times_show_nothing_together() {
    let mut runs = three();
    began_at(&mut runs[1], "03:04:11.000000");
    let merged = merge(&runs).unwrap().measured;
    let reason = merged.inconclusive.unwrap();
    assert!(reason.contains("only 4.0 of 16.0 s"), "{reason}");
}

#[test]
fn what_a_shard_says_of_itself_is_said_of_the_whole() {
    let mut runs = three();
    runs[1].measured.interrupted = Some("interrupted".to_owned());
    runs[2].measured.inconclusive = Some("too slow".to_owned());
    let merged = merge(&runs).unwrap().measured;
    assert_eq!(
        merged.interrupted.as_deref(),
        Some("shard 1/3: interrupted")
    );
    assert_eq!(merged.inconclusive.as_deref(), Some("shard 2/3: too slow"));
}

#[track_caller]
fn refused(runs: &[ShardRun], words: &[&str]) {
    let error = merge(runs).unwrap_err().to_string();
    for word in words {
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn runs_that_are_not_all_the_shards_of_one_load_are_refused_by_name() {
    refused(&[], &["no runs"]);
    refused(
        &three()[1..2],
        &["merge 1 of 3 shards", "0/3, 2/3 are missing"],
    );
    refused(&three()[..2], &["2/3 is missing"]);
    let mut runs = three();
    runs[2].measured.about.shard = Some(shard(1, 3));
    refused(&runs, &["run-1", "run-2", "both are shard 1/3"]);
    runs[2].measured.about.shard = None;
    refused(&runs, &["run-2", "no shard"]);
    runs[2].measured.about.shard = Some(shard(2, 4));
    refused(&runs, &["run-2", "number of shards is 4", "run-0 is 3"]);
    let differs = |change: fn(&mut Measured), words: &[&str]| {
        let mut runs = three();
        change(&mut runs[1].measured);
        refused(&runs, words);
    };
    differs(
        |run| run.about.seed = 8,
        &["run-1", "seed is 8", "is 7", "--seed"],
    );
    differs(
        |run| run.about.scenario = "spike".to_owned(),
        &["scenario is spike"],
    );
    differs(
        |run| run.about.settings = "0".to_owned(),
        &["scenario's settings", "flags"],
    );
    differs(
        |run| run.about.version = "2".to_owned(),
        &["version of recoup is 2"],
    );
    differs(|run| run.about.partner = "3".to_owned(), &["partner is 3"]);
    differs(
        |run| run.about.measured_from = "noon".to_owned(),
        &["run-1", "noon"],
    );
}

#[test]
fn of_many_missing_shards_the_first_are_named() {
    let runs = [run(0, 100, &[])];
    refused(&runs, &["1/100, 2/100", "8/100, 91 more are missing"]);
}
