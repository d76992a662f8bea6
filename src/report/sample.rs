//! Runs to test the writers with. The failed one holds what a gateway might
//! answer to break a report: markup, control bytes, quotes, bytes that are no
//! text, and the sign key.

use std::collections::BTreeMap;

use super::collected::{Collector, Report};
use super::redact::Redactor;
use crate::verdict::{
    AuditSummary, CERTIFICATE_SCHEMA, Certificate, CertifiedTerms, Claim, Comparison, Dialect,
    DialectPoint, Event, ExchangeEvidence, Exhibit, ExitCode, Exposure, FailureDetail, KindSummary,
    Lane, LaneKind, Latency, Level, LoadProgress, LoadSummary, MoneyPoint, Observer,
    PercentilePoint, Proof, REPRODUCER_SCHEMA, Races, ReleaseForm, Released, Reproduced,
    Reproducer, Reproduction, RuleOutcome, RunPlan, RunVerdict, Scene, Severity, ThresholdOutcome,
    TimelinePoint, Timing, Traffic, Verdict, Violation, Volley, VolleyRequest, WitnessStep,
};

/// A sign key that the failed run's gateway gives away everywhere.
pub(super) const SECRET: &str = "s3same/open";

/// Compares with `snapshots/report__<name>.snap`.
pub(super) fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("report__{name}"), text));
}

fn collected(events: impl IntoIterator<Item = Event>) -> Report {
    let collector = Collector::new(Redactor::new(vec![SECRET.as_bytes().to_vec()]));
    for event in events {
        collector.observe(&event);
    }
    collector.report()
}

/// A gate in which everything went wrong that can.
pub(super) fn failed() -> Report {
    let mut events = vec![
        Event::Started(RunPlan {
            target: "https://staging.example/<gateway>".into(),
            ..plan(false)
        }),
        step("reachable", true, "answered in 1.20 ms"),
        step("clock", true, "2 s behind"),
        Event::Notice(format!("the target's error page shows {SECRET}")),
        Event::CheckStarted { rules: 11 },
    ];
    events.extend(
        failed_rules()
            .into_iter()
            .map(Box::new)
            .map(Event::RuleFinished),
    );
    let mut dialect = dialect();
    dialect.points[1].note = format!("<b> | {SECRET} \u{1b}[31m");
    let earlier = BTreeMap::from([("duplicate-number".into(), format!("replay {SECRET}"))]);
    dialect.compare(&earlier, "the run of 2026-01-01T00:00:00+00:00");
    events.extend([
        Event::DialectObserved(Box::new(dialect)),
        Event::LoadStarted {
            scenario: "sustained".into(),
            seconds: 13.0,
        },
        Event::Alarm(Box::new(violation())),
        Event::LoadFinished(Box::new(load())),
        Event::AuditFinished(Box::new(audit())),
        finished(),
    ]);
    collected(events)
}

/// A gate in which everything held.
pub(super) fn green() -> Report {
    let observed = RuleOutcome {
        level: Level::Observed,
        message: "a repeated refundNo is answered as the first one was".into(),
        ..outcome("idempotency.same-answer", Verdict::Observed)
    };
    let skipped = RuleOutcome {
        message: "no sign key of a second partner".into(),
        ..outcome("isolation.other-partner", Verdict::Skip)
    };
    let rules = [
        outcome("envelope.layout", Verdict::Pass),
        outcome("refunding.total", Verdict::Pass),
        observed,
        skipped,
    ];
    let mut events = vec![
        Event::Started(plan(true)),
        step("reachable", true, "answered in 210 µs"),
        Event::CheckStarted { rules: 4 },
    ];
    events.extend(rules.into_iter().map(Box::new).map(Event::RuleFinished));
    events.push(Event::DialectObserved(Box::new(dialect())));
    let mut load = load();
    load.failed = 0;
    load.errors.clear();
    load.thresholds.truncate(1);
    load.comparison.remove(0);
    let audit = AuditSummary {
        verdict: RunVerdict::Pass,
        unknown: 0,
        inconclusive_orders: 0,
        reason: None,
        violations: Vec::new(),
        ..audit()
    };
    events.extend([
        Event::RacesFinished(Box::new(races())),
        Event::LoadFinished(Box::new(load)),
        Event::AuditFinished(Box::new(audit)),
        Event::Finished {
            exit: ExitCode::Success,
            reason: "2 rules passed, 1 threshold held, no invariant was violated".into(),
        },
    ]);
    collected(events)
}

/// A load that was killed after the monitor had raised an alarm.
pub(super) fn interrupted() -> Report {
    collected([
        Event::Started(RunPlan {
            command: "load".into(),
            ..plan(true)
        }),
        Event::LoadStarted {
            scenario: "duels".into(),
            seconds: 33.0,
        },
        Event::Alarm(Box::new(violation())),
        Event::LoadProgress(LoadProgress {
            elapsed_seconds: 12.3,
            total_seconds: 33.0,
            requests: 1_200,
            ..LoadProgress::default()
        }),
    ])
}

/// A run that ended before it said anything.
pub(super) fn minimal() -> Report {
    collected([])
}

/// What the races of a check came to.
fn races() -> Races {
    Races {
        release: "whole",
        reason: "the answers to 8 harmless requests came within 180 µs where each left in one write, and within 210 µs where the last bytes were held back".into(),
        contenders: 8,
        whole_spread_micros: Some(180),
        last_byte_spread_micros: Some(210),
        service_micros: 240,
        volleys: 190,
        duels: 24,
        exposure: Exposure {
            decisive_volleys: 70,
            ..audit().exposure
        },
    }
}

/// How the failed run ended.
pub(super) fn finished() -> Event {
    Event::Finished {
        exit: ExitCode::Money,
        reason: "order o17 was refunded 1003 of 1000 paid".into(),
    }
}

/// What was found out about a few open points.
pub(super) fn dialect() -> Dialect {
    let point = |point, answer: Option<&str>, note: &str| DialectPoint {
        point,
        question: "What does a gateway do here?",
        answer: answer.map(str::to_owned),
        note: note.to_owned(),
    };
    Dialect::new(vec![
        point(
            "amount-beyond-32-bit",
            None,
            "no order of 2147483648 could be had",
        ),
        point("answer-layout", Some("compact"), ""),
        point(
            "answer-signature",
            Some("raw"),
            "signs the raw text of its answer, byte for byte",
        ),
        point("duplicate-number", Some("refuse"), "with code 31"),
        point("refusal-status", Some("200"), "200 with code 8, 30, 35"),
        point(
            "request-signature",
            Some("raw"),
            "verifies the raw text of a request, byte for byte",
        ),
        point("unknown-members", Some("taken"), ""),
    ])
}

/// An outcome with nothing to say.
pub(super) fn outcome(id: &str, verdict: Verdict) -> RuleOutcome {
    RuleOutcome {
        id: id.into(),
        level: Level::Must,
        title: format!("What {id} asks of a gateway."),
        clauses: vec!["refund.total".into()],
        verdict,
        message: String::new(),
        is_money: false,
        detail: FailureDetail::default(),
        evidence: Vec::new(),
        exchanges: 2,
        duration_micros: 1_500,
    }
}

/// Two refunds that raced.
pub(super) fn violation() -> Violation {
    Violation {
        invariant: "I1".into(),
        claim: Claim::OverRefund,
        severity: Severity::MoneyLost,
        order: "o17".into(),
        paid: 1_000,
        message: "accepted refunds 501 + 502 = 1003 > 1000 paid".into(),
        timing: Timing::ConcurrencyOnly,
        witness: vec![
            witness("r1", 501, 12, Some(18), "accepted"),
            witness("r2", 502, 13, Some(17), "accepted"),
        ],
        exhibit: Some(Box::new(exhibit())),
        certificate: None,
        picture: None,
        reproducer: None,
    }
}

/// The same, found by a rule, with its files. The history holds the sign key.
fn proof() -> Proof {
    let file = |name: &str| format!("proofs/refunding.total/{name}");
    Proof {
        violation: Violation {
            certificate: Some(file("certificate.json")),
            picture: Some(file("picture.svg")),
            reproducer: Some(Reproduction {
                file: file("reproducer.json"),
                command: "recoup replay reproducer.json --seed 42".into(),
                traffic: reproducer().traffic.to_string(),
                failed: 31,
                rounds: 40,
            }),
            ..violation()
        },
        history: Some(file("history.ndjson")),
        recorded: format!("{{\"currency\":\"{SECRET}\"}}\n").into_bytes(),
    }
}

/// What the two are shown with; a number of theirs holds the sign key.
fn exhibit() -> Exhibit {
    let lane = |refund: String, amount, sent, answered, is_witness| Lane {
        order: None,
        refund,
        amount: Some(amount),
        sent,
        answered: Some(answered),
        sent_ns: Some(sent * 1_000),
        answered_ns: Some(answered * 1_000),
        kind: LaneKind::Accepted,
        outcome: "accepted".into(),
        is_witness,
    };
    Exhibit {
        certificate: Certificate {
            schema: CERTIFICATE_SCHEMA,
            invariant: "I1".into(),
            claim: Claim::OverRefund,
            terms: CertifiedTerms {
                duplicates: "either".into(),
                late_failure: false,
            },
            history: format!("runs/{SECRET}/history.ndjson"),
            order: "o17".into(),
            paid: 1_000,
            timing: Timing::ConcurrencyOnly.to_string(),
            records: Vec::new(),
            sums: None,
            inequality: None,
        },
        history: Some(0),
        scene: Some(Scene {
            currency: "JPY".into(),
            lanes: vec![
                lane("r1".into(), 501, 12, 18, true),
                lane("r2<&>".into(), 502, 13, 17, true),
                lane(SECRET.into(), 7, 19, 20, false),
            ],
            hidden: 3,
            money: vec![MoneyPoint {
                place: 18,
                at_least: Some(1_003),
                at_most: 1_010,
            }],
            mark: None,
            note: String::new(),
        }),
        reproducer: Some(reproducer()),
    }
}

/// Traffic that showed it again; the order that it was found with holds the
/// sign key.
fn reproducer() -> Reproducer {
    let refund = |number, amount| VolleyRequest::Refund {
        number,
        amount,
        after_micros: 0,
        abandoned: false,
    };
    Reproducer {
        schema: REPRODUCER_SCHEMA.into(),
        invariant: "I1".into(),
        claim: Claim::OverRefund,
        timing: Timing::ConcurrencyOnly,
        traffic: Traffic {
            paid: 10,
            volleys: vec![Volley {
                release: ReleaseForm::Whole,
                requests: vec![refund(1, 6), refund(2, 6)],
            }],
        },
        failed: 31,
        rounds: 40,
        shows: "6 + 6 > 10".into(),
        found_with: format!("o17 {SECRET}"),
        seed: 42,
    }
}

/// What an audit found that found two violations.
pub(super) fn audit() -> AuditSummary {
    let refused = Violation {
        invariant: "I3".into(),
        claim: Claim::UnjustifiedRefusal,
        severity: Severity::MoneyStuck,
        order: "o<4>".into(),
        message: format!(
            "refused 100 while 400 was left, or an earlier denial was false; {SECRET}"
        ),
        timing: Timing::Sequential,
        witness: vec![
            witness("r7", 600, 31, Some(32), "accepted"),
            witness("r8", 50, 33, None, "unknown"),
            witness("r9", 100, 34, Some(36), "exceeds"),
        ],
        ..violation()
    };
    AuditSummary {
        verdict: RunVerdict::Fail,
        orders: 1_000,
        operations: 29_503,
        unknown: 1,
        inconclusive_orders: 1,
        left_to_merge: 0,
        reason: Some("1 order could be neither cleared nor accused".into()),
        violations: vec![violation(), refused],
        exposure: Exposure {
            overlapping_pairs: 12_345,
            decisive_volleys: 96,
            exact_rest_acceptances: 812,
            exceeds_refusals: 2_900,
            one_over_refusals: 815,
            retries: 400,
            raced_retries: 120,
            unknown_made: 7,
            unknown_resolved: 6,
            drained_orders: 999,
        },
    }
}

/// What a load of ten seconds measured.
pub(super) fn load() -> LoadSummary {
    let latency = |p50| Latency {
        p50,
        p90: p50 * 2,
        p99: p50 * 10,
        p999: p50 * 40,
        max: p50 * 100,
        mean: p50 + 31,
        ..Latency::default()
    };
    let threshold = |threshold: &str, measured: Option<&str>, held| ThresholdOutcome {
        threshold: threshold.into(),
        measured: measured.map(str::to_owned),
        held,
    };
    let kind = |requests, failed, p50| KindSummary {
        requests,
        failed,
        latency: latency(p50),
        percentiles: curve(p50),
    };
    LoadSummary {
        scenario: "sustained".into(),
        shard: None,
        users: 32,
        target_rate: Some(3_000.0),
        requests: 29_503,
        failed: 3,
        rate: 2_950.3,
        duration_seconds: 10.0,
        latency: latency(420),
        percentiles: curve(420),
        service_time: latency(390),
        generator_lag: latency(9),
        thresholds: vec![
            threshold("failed<1%", Some("0.01%"), true),
            threshold("p99<2ms", Some("4.2ms"), false),
            threshold("query.p99<5ms", None, false),
        ],
        by_kind: BTreeMap::from([
            ("refund".into(), kind(28_000, 3, 425)),
            ("retry".into(), kind(1_503, 0, 180)),
        ]),
        errors: BTreeMap::from([
            (format!("status 500: key {SECRET}"), 2),
            ("no answer within 5 s".into(), 1),
        ]),
        timeline: (0..10)
            .map(|second| TimelinePoint {
                second,
                requests: 2_900 + 20 * (second % 4),
                failed: u64::from(second == 6) * 3,
                p50: 400 + second,
                p99: 3_900 + 100 * (second % 5),
            })
            .collect(),
        release: Some(Released {
            form: ReleaseForm::Whole,
            contenders: 8,
            whole_spread_micros: 91,
            last_byte_spread_micros: 118,
        }),
        comparison: comparison(),
        interrupted: None,
        aborted: None,
        inconclusive: None,
    }
}

/// The curve that belongs to such a median.
fn curve(p50: u64) -> Vec<PercentilePoint> {
    [(0.0, 1), (50.0, 2), (90.0, 4), (99.0, 20), (99.9, 80)]
        .map(|(percentile, halves)| PercentilePoint {
            percentile,
            micros: p50 * halves / 2,
        })
        .to_vec()
}

/// Figures beside those of an earlier run: one held, one did not.
fn comparison() -> Vec<Comparison> {
    let line = |measure, unit, earlier: f64, measured: f64, held| Comparison {
        measure,
        unit,
        earlier,
        measured,
        change: (earlier > 0.0).then(|| measured / earlier - 1.0),
        band: 0.2,
        held,
    };
    vec![
        line("p99", "us", 3_000.0, 4_200.0, false),
        line("rate", "per second", 2_800.0, 2_950.3, true),
        line("errors", "share", 0.0, 0.0001, true),
    ]
}

fn plan(in_process: bool) -> RunPlan {
    RunPlan {
        command: "gate".into(),
        version: "0.1.0".into(),
        target: "http://127.0.0.1:40123".into(),
        in_process,
        partner: "10001".into(),
        profile: "built-in".into(),
        seed: 42,
        clock: "2026-01-02T03:04:05.678901+00:00".into(),
        started: "2026-01-02T03:04:05+00:00".into(),
    }
}

fn step(step: &str, passed: bool, finding: &str) -> Event {
    Event::Preflight {
        step: step.into(),
        passed,
        finding: finding.into(),
    }
}

fn witness(
    refund: &str,
    amount: i64,
    sent: u64,
    answered: Option<u64>,
    outcome: &str,
) -> WitnessStep {
    WitnessStep {
        refund: refund.into(),
        amount,
        sent,
        answered,
        outcome: outcome.into(),
    }
}

fn exchange(label: &str, body: &[u8], received: &[u8]) -> ExchangeEvidence {
    let head = format!(
        "POST /api/common/refund HTTP/1.1\r\nHost: staging.example\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    ExchangeEvidence {
        label: label.into(),
        url: "https://staging.example/api/common/refund".into(),
        sent: [head.as_bytes(), body].concat(),
        received: received.to_vec(),
        body_start: head.len(),
        ending: "kept open".into(),
        ..ExchangeEvidence::default()
    }
}

/// A request whose changed bytes are no text.
fn not_utf_8() -> ExchangeEvidence {
    let exchange = exchange(
        "not UTF-8",
        b"{\"request\":\"\xff\xfe\x00\"}",
        b"HTTP/1.1 200 OK\r\n\r\n\x80\x81\x82 binary",
    );
    let start = exchange.body_start + 12;
    ExchangeEvidence {
        changed: Some(start..start + 3),
        ..exchange
    }
}

fn failed_rules() -> Vec<RuleOutcome> {
    let ok = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
    let answer = |body: &[u8]| [ok, body].concat();
    vec![
        RuleOutcome {
            message: "701 was refunded where 700 was left".into(),
            is_money: true,
            detail: FailureDetail {
                is_grave: false,
                expected: Some("refused with 35, 32 or 33".into()),
                actual: Some("accepted, code 1".into()),
                drained: Some("nothing was left, and 1 could be refunded".into()),
                proof: Some(Box::new(proof())),
                failing_seed: Some(42),
                reproduced: Some(Reproduced {
                    failed: 3,
                    attempts: 3,
                }),
                known: None,
            },
            evidence: vec![
                exchange("query", b"{}", &answer(b"{}")),
                exchange(
                    "refund 701 of 700",
                    br#"{"request":{"body":{"orderAmount":701}},"signature":"ab"}"#,
                    &answer(br#"{"response":{"body":{"code":1}},"signature":"cd"}"#),
                ),
            ],
            ..outcome("refunding.total", Verdict::Fail)
        },
        RuleOutcome {
            level: Level::Must,
            message: format!("answered <script>alert(1)</script> & {SECRET} \u{1b}[31m|`"),
            clauses: vec!["envelope.request".into(), "server.limits".into()],
            evidence: vec![exchange(
                "trailing comma, \"quoted\" <b>",
                b"{\"request\":{},}",
                format!("HTTP/1.1 500 Oops\r\n\r\n<pre>panic: {SECRET}</pre>\u{7}]]>").as_bytes(),
            )],
            ..outcome("json.trailing-comma", Verdict::Fail)
        },
        RuleOutcome {
            level: Level::Should,
            message: "code 2 where 6 was to be expected".into(),
            detail: FailureDetail {
                failing_seed: Some(42),
                ..FailureDetail::default()
            },
            evidence: vec![not_utf_8()],
            ..outcome("json.utf-8", Verdict::Warn)
        },
        RuleOutcome {
            message: "the gateway keeps upper-case hex".into(),
            level: Level::Observed,
            ..outcome("signature.upper-case", Verdict::Observed)
        },
        RuleOutcome {
            message: "no sign key of a second partner".into(),
            ..outcome("isolation.other-partner", Verdict::Skip)
        },
        RuleOutcome {
            message: "no sign key of a second partner".into(),
            ..outcome("isolation.other-refund", Verdict::Skip)
        },
        RuleOutcome {
            message: "the order could not be paid: code 43".into(),
            ..outcome("races.duel", Verdict::Blocked)
        },
        RuleOutcome {
            message: "all 64 answers were 9, so nothing is known".into(),
            ..outcome("races.storm", Verdict::Inconclusive)
        },
        RuleOutcome {
            message: "the rule panicked: index out of bounds".into(),
            ..outcome("fields.length", Verdict::Error)
        },
        outcome("transport.keep-alive", Verdict::Pass),
        outcome("envelope.layout", Verdict::Pass),
    ]
}
