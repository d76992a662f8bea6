//! The recorder with threads, files that fail, and answers that never come.

use std::io;
use std::sync::Arc;
use std::thread;

use super::*;
use crate::audit::drain::Purpose;
use crate::audit::evidence::SignatureState;
use crate::audit::history::{HistoryReader, RefundOutcome};
use crate::audit::judge::judge;
use crate::protocol::Code;
use crate::verdict::RunVerdict;

/// A file in memory.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A disk with no room at all.
struct FullDisk;

impl Write for FullDisk {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn recorder() -> Recorder {
    Recorder::new(&Profile::built_in(), None)
}

fn order(number: &str) -> OrderNo {
    OrderNo::new(number).unwrap()
}

fn refund(number: impl AsRef<str>) -> RefundNo {
    RefundNo::new(number).unwrap()
}

fn evidence(money: Money) -> Evidence {
    let is_answered = !matches!(money, Money::Maybe | Money::NotSent);
    Evidence {
        money,
        http_status: is_answered.then_some(200),
        code: is_answered.then_some(Code::SUCCESS),
        status: None,
        signature: SignatureState::Valid,
        findings: Vec::new(),
    }
}

fn exchange(
    recorder: &Recorder,
    order: &OrderNo,
    number: &str,
    amount: i64,
    money: Money,
) -> Option<Violation> {
    let attempt = recorder.sent(order, &refund(number), Amount::new(amount));
    recorder.answered(attempt, &evidence(money))
}

#[test]
fn an_over_refund_is_told_with_the_answer_that_makes_it_certain() {
    let recorder = recorder();
    recorder.order(&order("o1"), Amount::new(1000), "JPY");
    assert_eq!(
        exchange(&recorder, &order("o1"), "r1", 500, Money::Yes),
        None
    );
    let violation = exchange(&recorder, &order("o1"), "r2", 600, Money::Yes).unwrap();
    assert_eq!(
        violation.message,
        "order o1: paid 1000, but refunds r2 (600) and r1 (500) were both accepted: 1100 > 1000"
    );
    assert_eq!(recorder.alarms(), 1);
    assert!(recorder.snapshot(&order("o1")).unwrap().is_alarmed);
}

#[test]
fn every_alarm_comes_with_its_violation() {
    for (traffic, invariant) in [
        (&[("r1", 1001, Money::Yes)][..], "I2"),
        (&[("r1", 1000, Money::NoAmount)], "I3"),
        (&[("r1", 999, Money::NoState)], "I3"),
        (&[("r1", 1, Money::Yes), ("r1", 2, Money::Yes)], "I6"),
        (&[("r1", 999, Money::Yes), ("r2", 2, Money::Yes)], "I1"),
    ] {
        let recorder = recorder();
        recorder.order(&order("o1"), Amount::new(1000), "JPY");
        let violations: Vec<Violation> = traffic
            .iter()
            .filter_map(|(number, amount, money)| {
                exchange(&recorder, &order("o1"), number, *amount, *money)
            })
            .collect();
        assert_eq!(violations.len(), 1, "{invariant}");
        assert_eq!(violations[0].invariant, invariant);
        let summary = judge(&recorder.finish().unwrap());
        let judged = summary.violations.iter().map(|v| v.invariant.as_str());
        assert!(judged.collect::<Vec<_>>().contains(&invariant));
    }
}

#[test]
fn what_is_written_says_what_is_kept_in_memory() {
    for form in [Form::Text, Form::Binary] {
        write_and_read(form);
    }
}

fn write_and_read(form: Form) {
    const THREADS: usize = 8;
    const ROUNDS: usize = 400;
    let page = Page::default();
    let sink: Box<dyn Write + Send> = Box::new(page.clone());
    let recorder = Recorder::writing(&Profile::built_in(), Some((form, sink)));
    for number in 0..4 {
        recorder.order(&order(&format!("o{number}")), Amount::new(300), "JPY");
    }
    let left: Vec<Mutex<i64>> = (0..4).map(|_| Mutex::new(300)).collect();
    thread::scope(|scope| {
        for user in 0..THREADS {
            let (recorder, left) = (&recorder, &left);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let which = (user + round) % 4;
                    let order = order(&format!("o{which}"));
                    let number = refund(format!("r{user}-{round}"));
                    let attempt = recorder.sent(&order, &number, Amount::new(1));
                    let mut left = left[which].lock().unwrap();
                    let fits = *left > 0;
                    *left -= i64::from(fits);
                    drop(left);
                    let money = if fits { Money::Yes } else { Money::NoAmount };
                    assert_eq!(recorder.answered(attempt, &evidence(money)), None);
                }
            });
        }
    });
    let kept = recorder.finish().unwrap();
    let written = page.0.lock().unwrap().clone();
    let read = HistoryReader::new(written.as_slice())
        .unwrap()
        .read_all()
        .unwrap();
    let summary = judge(&kept);
    assert_eq!(summary, judge(&read));
    assert_eq!(summary.verdict, RunVerdict::Pass);
    assert_eq!(summary.operations, (THREADS * ROUNDS) as u64);
    assert_eq!(summary.exposure.drained_orders, 4);
}

#[test]
fn an_attempt_that_is_never_answered_stays_unknown_in_memory_and_on_file() {
    let page = Page::default();
    let recorder = Recorder::new(&Profile::built_in(), Some(Box::new(page.clone())));
    recorder.order(&order("o1"), Amount::new(1000), "JPY");
    drop(recorder.sent(&order("o1"), &refund("r1"), Amount::new(10)));
    exchange(&recorder, &order("o1"), "r2", 20, Money::Maybe);
    exchange(&recorder, &order("o1"), "r3", 30, Money::NotSent);
    let kept = recorder.finish().unwrap();
    let outcomes: Vec<_> = kept.orders[0].attempts.iter().map(|a| a.outcome).collect();
    assert_eq!(
        outcomes,
        [
            RefundOutcome::Unknown,
            RefundOutcome::Unknown,
            RefundOutcome::NotSent
        ]
    );
    let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    let of = |number: &str| text.lines().find(|line| line.contains(number)).unwrap();
    for number in ["\"r1\"", "\"r2\""] {
        assert!(of(number).contains(r#""answered":null,"outcome":"unknown""#));
    }
    assert!(of("\"r3\"").contains(r#""answered":null,"outcome":"not-sent""#));
}

#[test]
fn a_full_disk_is_an_error_at_the_end_and_the_history_is_still_there() {
    let recorder = Recorder::new(&Profile::built_in(), Some(Box::new(FullDisk)));
    recorder.order(&order("o1"), Amount::new(1_000_000), "JPY");
    // Far more than the channel holds: nobody may hang on a dead disk.
    for index in 0..20_000 {
        exchange(
            &recorder,
            &order("o1"),
            &format!("r{index}"),
            1,
            Money::NoOther,
        );
    }
    let broken = recorder.finish().unwrap_err();
    assert!(matches!(broken.fault, Fault::Sink(_)));
    assert!(recorder.sink_failed());
    assert_eq!(broken.history.orders[0].attempts.len(), 20_000);
}

#[test]
fn an_order_that_was_never_declared_or_twice_breaks_the_recording() {
    let undeclared = recorder();
    assert_eq!(
        exchange(&undeclared, &order("o1"), "r1", 1, Money::Yes),
        None
    );
    assert!(matches!(
        undeclared.finish().unwrap_err().fault,
        Fault::UndeclaredOrder(_)
    ));
    let twice = recorder();
    twice.order(&order("o1"), Amount::new(1), "JPY");
    twice.order(&order("o1"), Amount::new(2), "JPY");
    assert!(matches!(
        twice.finish().unwrap_err().fault,
        Fault::OrderTwice(_)
    ));
}

#[test]
fn an_answer_after_the_end_is_lost_without_a_panic() {
    let recorder = recorder();
    recorder.order(&order("o1"), Amount::new(1000), "JPY");
    let late = recorder.sent(&order("o1"), &refund("r1"), Amount::new(10));
    recorder.finish().unwrap();
    assert_eq!(recorder.answered(late, &evidence(Money::Yes)), None);
}

#[test]
fn a_query_is_recorded_only_where_it_shows_something() {
    let recorder = recorder();
    recorder.order(&order("o1"), Amount::new(1000), "JPY");
    for reading in [
        OrderReading::Refunded,
        OrderReading::NotRefunded,
        OrderReading::Nothing,
    ] {
        let query = recorder.query_sent(&order("o1"));
        let shown = QueryEvidence {
            reading,
            http_status: Some(200),
            code: None,
            status: None,
            signature: SignatureState::Valid,
            findings: Vec::new(),
        };
        recorder.query_answered(query, &shown);
    }
    let history = recorder.finish().unwrap();
    let shown: Vec<_> = history.orders[0]
        .queries
        .iter()
        .map(|q| q.outcome)
        .collect();
    assert_eq!(shown, [QueryOutcome::Refunded, QueryOutcome::NotRefunded]);
}

#[test]
fn a_snapshot_tells_what_is_left_to_resolve_and_to_drain() {
    let recorder = recorder();
    recorder.order(&order("o1"), Amount::new(1000), "JPY");
    let traffic = [
        ("r1", 300, Money::Yes),
        ("r1", 300, Money::Yes),
        ("r2", 100, Money::Maybe),
        ("r3", 50, Money::Maybe),
        ("r3", 50, Money::Duplicate),
        ("r4", 20, Money::Maybe),
        ("r4", 20, Money::Yes),
    ];
    for (number, amount, money) in traffic {
        exchange(&recorder, &order("o1"), number, amount, money);
    }
    let open = recorder.snapshots().remove(0);
    assert_eq!(open.accepted, Amount::new(320));
    assert_eq!(open.taken, Amount::new(50));
    assert_eq!(open.unresolved, [(refund("r2"), Amount::new(100))]);
    assert_eq!(open.drain().next().unwrap().purpose, Purpose::Digit);
    exchange(&recorder, &order("o1"), "r2", 100, Money::Yes);
    let settled = recorder.snapshot(&order("o1")).unwrap();
    assert!(settled.unresolved.is_empty());
    assert_eq!(
        settled.drain().next().unwrap().amount,
        Amount::new(1000 - 320 - 100 - 50 + 1)
    );
}
