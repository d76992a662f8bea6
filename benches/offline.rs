//! The audit of a history that is in memory, grouping included, with one
//! thread: `cargo bench --bench offline`. Ten million operations over a quarter
//! of a million orders, as `synthetic_history` writes them.

mod traffic;

use std::hint::black_box;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

use recoup::audit::history::Terms;
use recoup::audit::offline::{Compact, judge_compact};
use recoup::verdict::RunVerdict;

use traffic::Traffic;

const OPERATIONS: u64 = 10_000_000;
const ORDERS: u64 = 250_000;

fn offline(criterion: &mut Criterion) {
    let records = Traffic::new(OPERATIONS, ORDERS).map(Ok);
    let compact = Compact::collect(Terms::default(), records).expect("a history");
    let summary = judge_compact(&compact);
    assert_eq!(summary.operations, OPERATIONS);
    assert_ne!(
        summary.verdict,
        RunVerdict::Fail,
        "{:?}",
        summary.violations
    );
    let mut group = criterion.benchmark_group("offline");
    group.throughput(Throughput::Elements(OPERATIONS));
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.bench_function("judge 10 million operations", |bencher| {
        bencher.iter(|| judge_compact(black_box(&compact)));
    });
    group.finish();
}

criterion_group!(audit, offline);
criterion_main!(audit);
