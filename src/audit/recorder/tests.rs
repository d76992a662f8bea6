//! The recorder as traffic meets it.

use std::io::BufReader;
use std::sync::Arc;

use super::*;
use crate::audit::evidence::SignatureState;
use crate::audit::history::TextReader;
use crate::audit::judge;
use crate::verdict::RunVerdict;

fn evidence(money: Money) -> Evidence {
    Evidence {
        money,
        http_status: Some(200),
        code: None,
        status: None,
        signature: SignatureState::Valid,
        findings: Vec::new(),
    }
}

fn order(text: &str) -> OrderNo {
    OrderNo::new(text).unwrap()
}

fn refund(text: &str) -> RefundNo {
    RefundNo::new(text).unwrap()
}

fn recorder(sink: Option<Box<dyn Write + Send>>) -> Recorder {
    let recorder = Recorder::new(&Profile::built_in(), sink);
    recorder.order(&order("o"), Amount::new(1_000), "JPY");
    recorder
}

fn tell(recorder: &Recorder, number: &str, amount: i64, money: Money) -> Option<Violation> {
    let attempt = recorder.sent(&order("o"), &refund(number), Amount::new(amount));
    recorder.answered(attempt, &evidence(money))
}

#[test]
fn an_over_refund_alarms_at_once_and_once_with_its_witness() {
    let recorder = recorder(None);
    assert_eq!(tell(&recorder, "r1", 600, Money::Yes), None);
    let violation = tell(&recorder, "r2", 500, Money::Yes).expect("an alarm");
    assert_eq!(violation.invariant, "I1");
    assert_eq!(violation.witness.len(), 2);
    assert!(violation.message.contains("r1") && violation.message.contains("r2"));
    assert_eq!(tell(&recorder, "r3", 500, Money::Yes), None);
    assert_eq!(recorder.judge().verdict, RunVerdict::Fail);
}

#[test]
fn a_retry_of_an_accepted_refund_is_not_counted_twice() {
    let recorder = recorder(None);
    for _ in 0..3 {
        assert_eq!(tell(&recorder, "r1", 600, Money::Yes), None);
    }
    let standing = recorder.snapshot(&order("o")).unwrap();
    assert_eq!(standing.accepted, Amount::new(600));
}

#[test]
fn an_unknown_outcome_is_decided_by_a_later_answer() {
    let recorder = recorder(None);
    let _ = tell(&recorder, "r1", 600, Money::Maybe);
    let _ = tell(&recorder, "r2", 100, Money::Maybe);
    let _ = tell(&recorder, "r3", 100, Money::NotSent);
    let standing = recorder.snapshot(&order("o")).unwrap();
    assert_eq!(standing.accepted, Amount::ZERO);
    assert_eq!(standing.unknown.len(), 2);
    let _ = tell(&recorder, "r1", 600, Money::Duplicate);
    let _ = tell(&recorder, "r2", 100, Money::NoAmount);
    let standing = recorder.snapshot(&order("o")).unwrap();
    assert_eq!(standing.accepted, Amount::new(600));
    assert_eq!(standing.unknown, []);
}

#[test]
fn what_is_written_is_judged_like_what_is_kept() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let recorder = Arc::new(recorder(Some(Box::new(file.reopen().unwrap()))));
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let recorder = Arc::clone(&recorder);
            std::thread::spawn(move || {
                for count in 0..50 {
                    let number = format!("r{thread}-{count}");
                    let _ = tell(&recorder, &number, 2, Money::Yes);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let query = recorder.query_sent(&order("o"));
    recorder.query_answered(
        query,
        &QueryEvidence {
            reading: OrderReading::NotRefunded,
            http_status: Some(200),
            code: None,
            status: None,
            signature: SignatureState::Valid,
            findings: Vec::new(),
        },
    );
    let never_answered = recorder.sent(&order("o"), &refund("open"), Amount::new(1));
    drop(never_answered);
    let kept = recorder.judge();
    recorder.finish().unwrap();
    let history = TextReader::new(BufReader::new(file.reopen().unwrap()))
        .and_then(TextReader::read_all)
        .unwrap();
    assert_eq!(judge(&history), kept);
    assert_eq!(kept.operations, 202);
}

#[test]
fn a_full_disk_is_an_error_at_the_end_and_no_panic() {
    struct Full;

    impl Write for Full {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let recorder = recorder(Some(Box::new(Full)));
    for count in 0..10_000 {
        let _ = tell(&recorder, &format!("r{count}"), 1, Money::NoOther);
    }
    let error = recorder.finish().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}
