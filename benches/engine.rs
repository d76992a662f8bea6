//! What the load engine does with each request, step by step: build, sign,
//! parse, verify, classify, record. `cargo bench --bench engine`.

use std::hint::black_box;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Bencher, Criterion, Throughput, criterion_group, criterion_main};

use recoup::audit::{
    Evidence, Form, Money, OrderHistory, OrderMonitor, RecordedOrder, Recorder, RefundOutcome,
    Reply, Terms, classify,
};
use recoup::protocol::envelope::seal_raw;
use recoup::protocol::signature::{sign, verify};
use recoup::protocol::{
    Amount, Api, Direction, PartnerNo, PlainAnswer, Profile, RefundNo, RefundWriter, SignKey,
    StoreNo,
};
use recoup::target::{Caller, Clock, Endpoint, Limits, Numbers, Partner, Trust};

/// How many refunds one recording gets: as many as a run's second, so that
/// its memory is that of a run and not of a benchmark.
const RECORDED: u64 = 50_000;
/// How many orders they are about, as in a scenario.
const ORDERS: usize = 128;

const ANSWER: &[u8] = br#"{"header":{"version":"1.0","partnerNo":"10001","respTime":"2018-07-25T18:06:05+08:00","signType":"SHA256","reqMsgId":"fd03f269318045758af08f6cf324fb0f"},"body":{"code":1,"msg":"success","orderAmount":100,"status":1,"currency":"JPY"}}"#;

fn key() -> SignKey {
    SignKey::new("6a4c1d1e0b7f4f0d9a3b5c7e9f1a2b3c").expect("it is not empty")
}

fn caller() -> Caller {
    let endpoint = Endpoint::parse("http://127.0.0.1:1", &Trust::default(), Limits::default());
    Caller {
        endpoint: Arc::new(endpoint.expect("a URL")),
        partner: Partner {
            number: PartnerNo::new("10001").expect("a number"),
            key: key(),
        },
        profile: Profile::built_in(),
        store: StoreNo::new("100001").expect("a number"),
        numbers: Arc::new(Numbers::new(1, "")),
        clock: Clock::present(),
    }
}

fn answer() -> Vec<u8> {
    let mut document = Vec::new();
    seal_raw(Direction::Response, ANSWER, &key(), &mut document);
    document
}

fn signing(criterion: &mut Criterion) {
    let key = key();
    let signature = sign(ANSWER, &key).to_string();
    let mut group = criterion.benchmark_group("signature");
    group.throughput(Throughput::Bytes(ANSWER.len() as u64));
    group.bench_function("sign", |bencher| {
        bencher.iter(|| sign(black_box(ANSWER), &key));
    });
    group.bench_function("verify", |bencher| {
        bencher.iter(|| verify(black_box(ANSWER), &signature, &key));
    });
    group.finish();
}

fn messages(criterion: &mut Criterion) {
    let document = answer();
    criterion.bench_function("envelope/read an answer", |bencher| {
        bencher.iter(|| PlainAnswer::read(black_box(&document)).map(|found| found.raw.len()));
    });
    let caller = caller();
    let order = caller.numbers.order();
    let mut writer = RefundWriter::new(
        caller.partner.number.clone(),
        caller.profile.time_field,
        caller.partner.key.clone(),
    );
    let mut written = Vec::new();
    criterion.bench_function("envelope/write a refund", |bencher| {
        bencher.iter(|| {
            let refund = caller.numbers.refund();
            let message = caller.numbers.message();
            written.clear();
            let what = (black_box(&order), &refund, Amount::new(100));
            writer.write(caller.clock.now(), &message, what, &mut written);
            written.len()
        });
    });
    let head = caller.endpoint.post_head(Api::Refund.path());
    let mut request = Vec::new();
    criterion.bench_function("envelope/write a post", |bencher| {
        bencher.iter(|| {
            request.clear();
            head.write(&document, &mut request);
            black_box(&request);
        });
    });
}

fn evidence(criterion: &mut Criterion) {
    let (document, key, profile) = (answer(), key(), Profile::built_in());
    criterion.bench_function("evidence/classify an acceptance", |bencher| {
        bencher.iter(|| classify(&reply(black_box(&document)), &key, &profile));
    });
    for (name, form) in [
        ("evidence/record a refund", Some(Form::Binary)),
        ("evidence/record a refund as text", Some(Form::Text)),
        ("evidence/record a refund in memory", None),
    ] {
        criterion.bench_function(name, |bencher| {
            let accepted = classify(&reply(&document), &key, &profile);
            assert_eq!(accepted.money, Money::Yes);
            record(bencher, &profile, &accepted, form);
        });
    }
}

/// What the monitor takes of it: a refund that is sent, and accepted.
fn watching(criterion: &mut Criterion) {
    let terms = Terms::from(&Profile::built_in());
    let order = Numbers::new(1, "").order();
    let mut history = OrderHistory::new(order, Amount::new(1 << 40), "JPY");
    let refund = Numbers::new(1, "").refund();
    let number = history.new_number(&refund);
    let mut monitor = OrderMonitor::new(history.paid, terms);
    criterion.bench_function("evidence/watch a refund", |bencher| {
        bencher.iter(|| {
            monitor.sent(black_box(number), Amount::new(1), &[]);
            monitor.answered(number, Amount::new(1), RefundOutcome::Accepted)
        });
    });
}

const fn reply(body: &[u8]) -> Reply<'_> {
    Reply::Answered {
        http_status: 200,
        body,
    }
}

/// Refunds of 1 in turn of many orders, sent and answered. What a recording
/// keeps grows, so each gets so many and is thrown away, outside the clock.
fn record(bencher: &mut Bencher<'_>, profile: &Profile, accepted: &Evidence, form: Option<Form>) {
    bencher.iter_custom(|iterations| {
        let mut took = Duration::ZERO;
        let mut left = iterations;
        while left > 0 {
            let count = left.min(RECORDED);
            left -= count;
            let numbers = Numbers::new(1, "");
            let recorder = Recorder::writing(
                profile,
                form.map(|form| (form, Box::new(std::io::sink()) as Box<dyn Write + Send>)),
            );
            let orders: Vec<RecordedOrder> = (0..ORDERS)
                .map(|_| recorder.order(&numbers.order(), Amount::new(1 << 40), "JPY"))
                .collect();
            let refunds: Vec<RefundNo> = (0..count).map(|_| numbers.refund()).collect();
            let started = Instant::now();
            for (refund, order) in refunds.iter().zip(orders.iter().cycle()) {
                let attempt = recorder.first_sent_of(order, refund, Amount::new(1));
                black_box(recorder.answered(attempt, accepted));
            }
            took += started.elapsed();
        }
        took
    });
}

criterion_group!(engine, signing, messages, evidence, watching);
criterion_main!(engine);
