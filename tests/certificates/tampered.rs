//! Certificates that were changed are rejected.

use serde_json::{Value, json};

use crate::{audited, certificate, check, history, line};

/// A history, with the certificate of the claim in it.
struct Proved {
    history: String,
    certificate: Value,
}

fn proved(duplicates: &str, operations: &[&str], claim: &str) -> Proved {
    let history = history(duplicates, false, &[1000, 5000], operations);
    let summary = audited(&history);
    let mut certificates = summary.violations.iter().map(certificate);
    let certificate = certificates.find(|found| found["claim"] == claim);
    let proved = Proved {
        certificate: certificate.expect(claim),
        history,
    };
    check(&proved.history, &proved.certificate).expect("it holds as it is");
    proved
}

/// Two refunds that raced, beside a retry, an unknown one and another order's.
fn over_refund() -> Proved {
    let operations = [
        "o1 r1 600 1-3 accepted",
        "o1 r2 550 2-4 accepted",
        "o1 r2 550 5-6 accepted",
        "o1 r3 500 7- unknown",
        "o1 r4 500 8-9 exceeds",
        "o2 r5 700 10-11 accepted",
    ];
    proved("either", &operations, "over-refund")
}

/// A refusal of 300 while 400 accepted and 200 unknown can have been used.
fn refusal() -> Proved {
    let operations = [
        "o1 r1 300 1-2 accepted",
        "o1 r2 200 3- unknown",
        "o1 r3 300 4-6 exceeds",
        "o1 r4 100 5-7 accepted",
        "o1 r5 400 8-9 accepted",
        "o1 r6 300 10-11 refused",
    ];
    proved("either", &operations, "unjustified-refusal")
}

fn confirmed() -> Proved {
    let operations = [
        "o1 r1 600 1- unknown",
        "o1 r1 600 2-3 duplicate",
        "o1 r2 500 4-5 accepted",
        "o1 r3 500 6- unknown",
    ];
    proved("refuse", &operations, "over-refund")
}

fn stale() -> Proved {
    let operations = [
        "o1 r1 600 1- unknown",
        "o1 r2 401 2-3 exceeds",
        "o1 r3 400 4-5 accepted",
        "o1 query 6-7 not-refunded",
    ];
    proved("either", &operations, "stale-read")
}

fn together() -> Proved {
    let operations = [
        "o1 r1 600 1- unknown",
        "o1 r2 500 2- unknown",
        "o1 r3 450 3-4 accepted",
        "o1 r4 50 5-6 exceeds",
    ];
    proved("either", &operations, "refusals-together")
}

fn pair(claim: &str) -> Proved {
    let operations: &[&str] = match claim {
        "refused-after-effect" => &[
            "o1 r1 900 1-2 accepted",
            "o1 r1 900 3-4 exceeds",
            "o1 r2 100 5-6 refused",
        ],
        "accepted-twice" => &[
            "o1 r1 60 1-2 accepted",
            "o1 r1 60 3-4 accepted",
            "o1 r2 60 5-6 accepted",
        ],
        "changed-amount" => &[
            "o1 r1 100 1-2 accepted",
            "o1 r1 200 3-4 accepted",
            "o1 r2 1 5-6 accepted",
        ],
        "changed-order" => &[
            "o1 r1 100 1-2 accepted",
            "o2 r1 100 3-4 accepted",
            "o2 r2 1 5-6 accepted",
        ],
        _ => &["o1 r1 100 1-2 duplicate", "o1 r1 100 3-4 duplicate"],
    };
    let duplicates = if claim == "accepted-twice" {
        "refuse"
    } else {
        "either"
    };
    proved(duplicates, operations, claim)
}

/// A record as a certificate cites it.
fn record(role: &str, operation: &str) -> Value {
    let mut record: Value = serde_json::from_str(&line(operation)).expect("JSON");
    record["role"] = role.into();
    record
}

fn set(pointer: &'static str, value: Value) -> Box<dyn Fn(&mut Proved)> {
    Box::new(move |proved| {
        *proved.certificate.pointer_mut(pointer).expect(pointer) = value.clone();
    })
}

fn change(change: impl Fn(&mut Proved) + 'static) -> Box<dyn Fn(&mut Proved)> {
    Box::new(change)
}

/// Appends an operation to the history: what the certificate did not count.
fn also(operation: &'static str) -> Box<dyn Fn(&mut Proved)> {
    change(move |proved| proved.history += &line(operation))
}

type Tampering = (
    &'static str,
    fn() -> Proved,
    Box<dyn Fn(&mut Proved)>,
    &'static str,
);

#[expect(clippy::too_many_lines, reason = "a table")]
fn table() -> Vec<Tampering> {
    vec![
        (
            "another schema",
            over_refund,
            set("/schema", json!("recoup.certificate/2")),
            "schema",
        ),
        (
            "another invariant",
            over_refund,
            set("/invariant", json!("I3")),
            "invariant is \"I1\"",
        ),
        (
            "a claim of another kind",
            over_refund,
            set("/claim", json!("unjustified-refusal")),
            "should be refuted",
        ),
        (
            "a claim that there is not",
            over_refund,
            set("/claim", json!("theft")),
            "no claim is called",
        ),
        (
            "other terms for duplicates",
            over_refund,
            set("/terms/duplicates", json!("refuse")),
            "other terms",
        ),
        (
            "other terms for late failure",
            over_refund,
            set("/terms/lateFailure", json!(true)),
            "other terms",
        ),
        (
            "another order",
            over_refund,
            set("/order", json!("o2")),
            "something else was paid",
        ),
        (
            "an order that there is not",
            over_refund,
            set("/order", json!("o9")),
            "no such order",
        ),
        (
            "less paid",
            over_refund,
            set("/paid", json!(900)),
            "something else was paid",
        ),
        (
            "the other timing",
            over_refund,
            set("/timing", json!("sequential")),
            "timing is \"concurrency only\"",
        ),
        (
            "a changed amount",
            over_refund,
            set("/records/0/amount", json!(700)),
            "no such record",
        ),
        (
            "a changed number",
            over_refund,
            set("/records/0/refund", json!("r9")),
            "no such record",
        ),
        (
            "a changed place",
            over_refund,
            set("/records/0/sent", json!(12)),
            "no such record",
        ),
        (
            "a changed answer",
            over_refund,
            set("/records/0/answered", json!(5)),
            "no such record",
        ),
        (
            "a changed outcome",
            over_refund,
            set("/records/0/outcome", json!("unknown")),
            "no such record",
        ),
        (
            "a changed role",
            over_refund,
            set("/records/0/role", json!("base")),
            "no place",
        ),
        (
            "a changed order of a record",
            over_refund,
            set("/records/0/order", json!("o2")),
            "no such record",
        ),
        (
            "an amount in the sum",
            over_refund,
            set("/inequality/sum/0", json!(601)),
            "inequality is",
        ),
        (
            "another relation",
            over_refund,
            set("/inequality/relation", json!(">=")),
            "inequality is",
        ),
        (
            "another bound",
            over_refund,
            set("/inequality/bound", json!(999)),
            "inequality is",
        ),
        (
            "no inequality",
            over_refund,
            set("/inequality", json!(null)),
            "inequality is",
        ),
        (
            "sums where there are none",
            over_refund,
            set("/sums", json!({"accepted": 1})),
            "sums is null",
        ),
        (
            "one record twice",
            over_refund,
            change(|proved| {
                proved.certificate["records"][1] = proved.certificate["records"][0].clone();
            }),
            "cited twice",
        ),
        (
            "a retry counted as a second refund",
            over_refund,
            change(|proved| {
                let records = [
                    record("counted", "o1 r2 550 2-4 accepted"),
                    record("counted", "o1 r2 550 5-6 accepted"),
                ];
                proved.certificate["records"] = json!(records);
                proved.certificate["inequality"]["sum"] = json!([550, 550]);
            }),
            "proves no effect",
        ),
        (
            "an unknown outcome counted as accepted",
            over_refund,
            change(|proved| {
                proved.certificate["records"][1] = record("counted", "o1 r3 500 7- unknown");
                proved.certificate["inequality"]["sum"] = json!([600, 500]);
            }),
            "proves no effect",
        ),
        (
            "a refusal counted as accepted",
            over_refund,
            change(|proved| {
                proved.certificate["records"][1] = record("counted", "o1 r4 500 8-9 exceeds");
                proved.certificate["inequality"]["sum"] = json!([600, 500]);
            }),
            "proves no effect",
        ),
        (
            "another order's refund counted",
            over_refund,
            change(|proved| {
                proved.certificate["records"][1] = record("counted", "o2 r5 700 10-11 accepted");
                proved.certificate["inequality"]["sum"] = json!([600, 700]);
            }),
            "proves no effect",
        ),
        (
            "a refund left out",
            over_refund,
            change(|proved| {
                proved.certificate["records"]
                    .as_array_mut()
                    .expect("records")
                    .pop();
                proved.certificate["inequality"]["sum"] = json!([600]);
            }),
            "no more than was paid",
        ),
        (
            "no records",
            over_refund,
            set("/records", json!([])),
            "no more than was paid",
        ),
        (
            "a record that was also accepted for less",
            over_refund,
            also("o1 r1 10 12-13 accepted"),
            "for less as well",
        ),
        (
            "what confirms an unknown outcome left out",
            confirmed,
            change(|proved| {
                proved.certificate["records"]
                    .as_array_mut()
                    .expect("records")
                    .remove(1);
            }),
            "another record confirms it",
        ),
        (
            "another record to confirm it",
            confirmed,
            change(|proved| {
                proved.certificate["records"][1] = record("confirms", "o1 r2 500 4-5 accepted");
                proved.certificate["records"]
                    .as_array_mut()
                    .expect("records")
                    .pop();
            }),
            "another record",
        ),
        (
            "confirmed, and refused before",
            confirmed,
            change(|proved| {
                proved.history = proved
                    .history
                    .replace("\"sent\":4,\"answered\":5", "\"sent\":14,\"answered\":15");
                let records = proved.certificate["records"]
                    .as_array_mut()
                    .expect("records");
                records[2] = record("counted", "o1 r2 500 14-15 accepted");
                proved.history += &line("o1 r1 600 0-5 refused");
            }),
            "proves no effect",
        ),
        (
            "an acceptance beside the refusal left out of the sum",
            refusal,
            also("o1 r7 100 0-12 accepted"),
            "sums is",
        ),
        (
            "an unknown one beside the refusal left out of the sum",
            refusal,
            change(|proved| {
                proved.history = proved.history.replace("\"paid\":1000", "\"paid\":2000");
                proved.certificate["paid"] = json!(2000);
                proved.history += &line("o1 r7 100 0- unknown");
                proved.certificate["inequality"]["bound"] = json!(2000);
            }),
            "sums is",
        ),
        (
            "less accepted in the sums",
            refusal,
            set("/sums/accepted", json!(300)),
            "sums is",
        ),
        (
            "less unknown in the sums",
            refusal,
            set("/sums/unknown", json!(0)),
            "sums is",
        ),
        (
            "less wanted in the sums",
            refusal,
            set("/sums/wanted", json!(1)),
            "sums is",
        ),
        ("no sums", refusal, set("/sums", json!(null)), "sums is"),
        (
            "the refusal's timing",
            refusal,
            set("/timing", json!("sequential")),
            "timing is",
        ),
        (
            "a refusal for another reason",
            refusal,
            change(|proved| {
                proved.certificate["records"][0] = record("refuted", "o1 r6 300 10-11 refused");
            }),
            "no refusal for want of money",
        ),
        (
            "an acceptance as the refusal",
            refusal,
            change(|proved| {
                proved.certificate["records"][0] = record("refuted", "o1 r1 300 1-2 accepted");
            }),
            "no refusal for want of money",
        ),
        (
            "a second refusal beside the first",
            refusal,
            change(|proved| {
                let records = proved.certificate["records"]
                    .as_array_mut()
                    .expect("records");
                records.push(record("refuted", "o1 r6 300 10-11 refused"));
            }),
            "no place here",
        ),
        (
            "a refusal that each alone explains, as one that none does",
            together,
            set("/claim", json!("unjustified-refusal")),
            "not have fitted",
        ),
        (
            "another largest sum",
            together,
            set("/sums/unknown", json!(450)),
            "sums is",
        ),
        (
            "an unknown refund that explains all",
            together,
            also("o1 r5 510 0- unknown"),
            "not have fitted",
        ),
        (
            "a retry sent before its effect was sure",
            || pair("refused-after-effect"),
            change(|proved| {
                proved.history = proved
                    .history
                    .replace("\"sent\":1,\"answered\":2", "\"sent\":1,\"answered\":12");
                proved.certificate["records"][0]["answered"] = json!(12);
            }),
            "before the effect was sure",
        ),
        (
            "a refusal of another refund",
            || pair("refused-after-effect"),
            change(|proved| {
                proved.certificate["records"][1] = record("refuted", "o1 r2 100 5-6 refused");
            }),
            "no refusal for want of money",
        ),
        (
            "two numbers as one",
            || pair("accepted-twice"),
            change(|proved| {
                proved.certificate["records"][1] = record("refuted", "o1 r2 60 5-6 accepted");
            }),
            "two numbers",
        ),
        (
            "accepted twice where that is a replay",
            || pair("accepted-twice"),
            change(|proved| {
                proved.history = proved.history.replace("\"refuse\"", "\"replay\"");
                proved.certificate["terms"]["duplicates"] = json!("replay");
            }),
            "answered alike",
        ),
        (
            "one amount as two",
            || pair("changed-amount"),
            change(|proved| {
                proved.history = proved.history.replace("\"amount\":200", "\"amount\":100");
                proved.certificate["records"][1]["amount"] = json!(100);
            }),
            "the amounts agree",
        ),
        (
            "two orders that are one",
            || pair("changed-order"),
            set("/claim", json!("changed-amount")),
            "another order's",
        ),
        (
            "two numbers of two orders as one",
            || pair("changed-order"),
            change(|proved| {
                proved.certificate["records"][1] = record("refuted", "o2 r2 1 5-6 accepted");
            }),
            "two numbers",
        ),
        (
            "a duplicate of a number that was used",
            || pair("spurious-duplicate"),
            change(|proved| {
                proved.certificate["records"][0] = record("refuted", "o1 r1 100 3-4 duplicate");
            }),
            "had been used",
        ),
        (
            "a duplicate of another order's number",
            || pair("spurious-duplicate"),
            also("o2 r1 7 0-9 accepted"),
            "had been used",
        ),
        (
            "a stale read of an order that is dealt with later",
            stale,
            also("o1 r9 1 10-11 accepted-0"),
            "dealt with",
        ),
        (
            "a stale read without its base",
            stale,
            change(|proved| {
                proved.certificate["records"]
                    .as_array_mut()
                    .expect("records")
                    .pop();
            }),
            "something may have been left",
        ),
        (
            "a stale read from an acceptance",
            stale,
            change(|proved| {
                proved.certificate["records"][1] = record("base", "o1 r3 400 4-5 accepted");
            }),
            "does not follow a refusal",
        ),
        (
            "a stale read with more accepted",
            stale,
            set("/sums/accepted", json!(401)),
            "sums is",
        ),
        (
            "a refusal of an order that other machines refund",
            refusal,
            change(|proved| {
                let declared = "\"order\":\"o1\",\"paid\"";
                let shared = format!("\"shared\":true,{declared}");
                proved.history = proved.history.replace(declared, &shared);
            }),
            "other machines refunded the order too",
        ),
        (
            "a stale read that showed all refunded",
            stale,
            change(|proved| {
                proved.history = proved.history.replace("not-refunded", "refunded");
                proved.certificate["records"][0]["outcome"] = json!("refunded");
            }),
            "did not show something left",
        ),
    ]
}

#[test]
fn a_tampered_certificate_is_rejected_for_what_was_changed() {
    let table = table();
    assert!(table.len() >= 50);
    let mut wrong = Vec::new();
    for (name, make, tamper, reason) in table {
        let mut proved = make();
        tamper(&mut proved);
        match check(&proved.history, &proved.certificate) {
            Err(rejected) if rejected.contains(reason) => {}
            other => wrong.push(format!("{name}: {other:?}, and not {reason:?}")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_member_but_the_historys_name_counts() {
    for proved in [over_refund(), refusal(), confirmed(), stale(), together()] {
        let members = proved.certificate.as_object().expect("an object").clone();
        for name in members.keys().filter(|name| *name != "history") {
            let mut without = proved.certificate.clone();
            let removed = without.as_object_mut().expect("an object").remove(name);
            let is_null = removed.is_some_and(|value| value.is_null());
            assert_eq!(check(&proved.history, &without).is_ok(), is_null, "{name}");
        }
    }
}
