//! Certificates of violations, and the program that checks them against the
//! raw history. The program is the real one, so what it accepts or rejects
//! here it does for a user.

mod histories;
mod machines;
mod random;
mod runs;
#[path = "../support/recoup.rs"]
#[expect(dead_code, reason = "what the tests of other commands need")]
mod support;
mod tampered;
#[path = "../../src/bin/recoup-verify/main.rs"]
#[expect(dead_code, reason = "its main function is for the binary")]
mod verifier;

use std::fmt::Write as _;

use recoup::audit::{BinaryWriter, TextReader, judge};
use recoup::verdict::{AuditSummary, Violation};
use serde_json::Value;

use verifier::history::History;
use verifier::verify::verify;

/// The terms, the orders with what was paid, and the operations of a history:
/// `order refund amount sent-answered outcome`, or `order query sent-answered
/// outcome`; no answer is `sent-`, and `accepted-0` one that is dealt with.
fn history(duplicates: &str, late: bool, paid: &[i64], operations: &[&str]) -> String {
    let mut text = format!(
        "{{\"schema\":\"recoup.history/1\",\"duplicates\":\"{duplicates}\",\"lateFailure\":{late}}}\n"
    );
    for (paid, order) in paid.iter().zip(1..) {
        // Writing to a string can't fail.
        let _ = writeln!(
            text,
            "{{\"type\":\"order\",\"order\":\"o{order}\",\"paid\":{paid},\"currency\":\"JPY\"}}"
        );
    }
    for operation in operations {
        text += &line(operation);
    }
    text
}

fn line(operation: &str) -> String {
    let words: Vec<&str> = operation.split(' ').collect();
    let places = |word: &str| {
        let (sent, answered) = word.split_once('-').expect("two places");
        let answered = if answered.is_empty() {
            "null"
        } else {
            answered
        };
        format!("\"sent\":{sent},\"answered\":{answered}")
    };
    match words[..] {
        [order, "query", at, outcome] => format!(
            "{{\"type\":\"query\",\"order\":\"{order}\",{},\"outcome\":\"{outcome}\"}}\n",
            places(at)
        ),
        [order, refund, amount, at, outcome] => {
            let status = if outcome.ends_with("-0") {
                ",\"status\":0"
            } else {
                ""
            };
            format!(
                "{{\"type\":\"refund\",\"order\":\"{order}\",\"refund\":\"{refund}\",\"amount\":{amount},{},\"outcome\":\"{}\"{status}}}\n",
                places(at),
                outcome.trim_end_matches("-0"),
            )
        }
        _ => panic!("{operation}"),
    }
}

fn read(history: &str) -> recoup::audit::History {
    let reader = TextReader::new(history.as_bytes()).expect("a history");
    reader.read_all().expect("a whole history")
}

fn audited(history: &str) -> AuditSummary {
    judge(&read(history))
}

fn certificate(violation: &Violation) -> Value {
    let exhibit = violation.exhibit.as_ref().expect("an exhibit");
    serde_json::to_value(&exhibit.certificate).expect("JSON")
}

fn check(history: &str, certificate: &Value) -> Result<String, String> {
    let certificate = certificate.to_string();
    let said = verify(&History::read(history.as_bytes())?, &certificate);
    // The binary form of the same history says the same.
    if let Some(binary) = binary(history) {
        let also = verify(&History::read(&binary)?, &certificate);
        assert_eq!(said, also);
    }
    said
}

/// The same history in the binary form, where it is one at all.
fn binary(history: &str) -> Option<Vec<u8>> {
    let reader = TextReader::new(history.as_bytes()).ok()?;
    let mut writer = BinaryWriter::new(Vec::new(), reader.terms()).ok()?;
    for record in reader {
        writer.write(&record.ok()?).ok()?;
    }
    writer.finish().ok()
}
