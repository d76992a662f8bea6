//! The dialect as a user meets it: a table, a profile, and what has changed.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::support::{Gateway, Run, Workplace};

/// A check of one rule that observes the dialect all the same.
const CHECK: [&str; 5] = [
    "check",
    "--only",
    "refunding.full",
    "--save-profile",
    "seen.toml",
];

fn check(workplace: &Workplace, more: &[&str], code: i32) -> Run {
    let mut command = workplace.recoup(&CHECK);
    command.args(more).env("RECOUP_SIGN_KEY", "123456");
    Run::of(command).expect(code)
}

/// The answers of the last run, by point.
fn answers(workplace: &Workplace) -> BTreeMap<String, String> {
    let report = workplace.report();
    report["dialect"]["points"]
        .as_array()
        .expect("points")
        .iter()
        .filter_map(|point| {
            let name = point["point"].as_str().expect("an id");
            Some((name.to_owned(), point["answer"].as_str()?.to_owned()))
        })
        .collect()
}

/// What differs between two dialects, as `point: one, other`.
fn differences(one: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> Vec<String> {
    assert!(one.keys().eq(other.keys()), "{one:?} {other:?}");
    one.iter()
        .zip(other.values())
        .filter(|((_, one), other)| one != other)
        .map(|((point, one), other)| format!("{point}: {one}, {other}"))
        .collect()
}

/// One address that leads to one gateway first and then to another.
struct Switch {
    url: String,
    to: Arc<Mutex<String>>,
}

impl Switch {
    fn to(gateway: &Gateway) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let to = Arc::new(Mutex::new(address(gateway)));
        let target = Arc::clone(&to);
        std::thread::spawn(move || {
            for inward in listener.incoming().flatten() {
                let outward = target.lock().expect("a lock").clone();
                let outward = TcpStream::connect(outward).expect("the gateway is there");
                for (from, to) in [(&inward, &outward), (&outward, &inward)] {
                    let (from, to) = (from.try_clone(), to.try_clone());
                    let (from, to) = (from.expect("a socket"), to.expect("a socket"));
                    std::thread::spawn(move || carry(from, to));
                }
            }
        });
        Self { url, to }
    }

    fn turn_to(&self, gateway: &Gateway) {
        *self.to.lock().expect("a lock") = address(gateway);
    }
}

fn address(gateway: &Gateway) -> String {
    gateway.url.trim_start_matches("http://").to_owned()
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 8192];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

#[test]
fn a_dialect_is_printed_reported_and_saved_as_a_profile_that_can_be_used() {
    let workplace = Workplace::new();
    let run = check(&workplace, &[], 0);
    let table: Vec<&str> = run
        .stdout
        .lines()
        .skip_while(|line| !line.starts_with("Dialect"))
        .take_while(|line| !line.is_empty())
        .collect();
    assert!((10..=20).contains(&table.len()), "{}", run.stdout);
    assert!(
        table
            .concat()
            .contains("verifies the raw text of a request")
    );
    let seen = answers(&workplace);
    for (point, answer) in [
        ("request-signature", "raw"),
        ("answer-signature", "raw"),
        ("answer-layout", "compact"),
        ("duplicate-number", "replay"),
        ("exhausted-code", "35"),
        ("time-name", "either"),
        ("message-id-length", "36"),
        ("upper-case-signature", "refused"),
        ("amount-beyond-32-bit", "taken"),
    ] {
        assert_eq!(seen[point], answer, "{point}");
    }
    let report = workplace.report();
    let verifies = report["dialect"]["verifies"].as_str().expect("a sentence");
    assert!(verifies.contains("byte for byte"), "{verifies}");
    for file in ["report.html", "summary.md"] {
        let page = std::fs::read_to_string(workplace.latest(file)).expect("a report");
        assert!(page.contains("Dialect"), "{file}");
    }
    let saved = std::fs::read_to_string(workplace.path("seen.toml")).expect("a profile");
    assert!(saved.contains("duplicates = \"replay\""), "{saved}");
    assert!(saved.contains("time-name = \"either\""), "{saved}");
    // It is read back, and its own gateway has not changed since.
    check(&workplace, &["--profile", "seen.toml"], 0);
    let report = workplace.report();
    assert_eq!(report["profile"], "seen");
    assert_eq!(report["dialect"]["changed"], serde_json::json!([]));
}

#[test]
fn each_dialect_differs_in_its_own_points() {
    let workplace = Workplace::new();
    let mut dialects = Vec::new();
    for variant in ["refuse-duplicates", "refusals-as-4xx", "extra-members"] {
        let gateway = Gateway::start(&workplace, &["--store", "memory", "--variant", variant]);
        check(&workplace, &["--target", &gateway.url], 0);
        let saved = std::fs::read_to_string(workplace.path("seen.toml")).expect("a profile");
        let refuses = saved.contains("duplicates = \"refuse\"");
        assert_eq!(refuses, variant == "refuse-duplicates", "{saved}");
        dialects.push(answers(&workplace));
    }
    assert_eq!(
        differences(&dialects[0], &dialects[1]),
        [
            "duplicate-number: refuse, replay",
            "refusal-status: 200, 400"
        ]
    );
    assert_eq!(
        differences(&dialects[1], &dialects[2]),
        ["refusal-status: 400, 200"]
    );
}

#[test]
fn what_a_gateway_does_wrong_shows_in_what_it_verifies_and_signs() {
    let workplace = Workplace::new();
    for (fault, point, answer) in [
        ("signature-reserialised", "request-signature", "compact"),
        ("signature-unchecked", "request-signature", "anything"),
        ("error-unsigned", "answer-signature", "raw,unsigned"),
        ("duplicate-applied", "duplicate-number", "refunded"),
    ] {
        let gateway = Gateway::start(&workplace, &["--store", "memory", "--fault", fault]);
        check(&workplace, &["--target", &gateway.url], 0);
        assert_eq!(answers(&workplace)[point], answer, "{fault}");
    }
}

#[test]
fn a_run_says_what_has_changed_since_the_last_one_and_since_the_profile() {
    let workplace = Workplace::new();
    let replays = Gateway::start(&workplace, &["--store", "memory"]);
    let refuses = Gateway::start(
        &workplace,
        &["--store", "memory", "--variant", "refuse-duplicates"],
    );
    let switch = Switch::to(&replays);
    let first = check(&workplace, &["--target", &switch.url], 0);
    assert!(!first.stdout.contains("changed"), "{}", first.stdout);
    // A run against another target in between does not matter.
    check(&workplace, &[], 0);
    switch.turn_to(&refuses);
    let second = check(
        &workplace,
        &["--target", &switch.url, "--profile", "seen.toml"],
        0,
    );
    let told: Vec<&str> = second
        .stdout
        .lines()
        .filter(|line| line.contains("duplicate-number was replay, is refuse"))
        .collect();
    assert_eq!(told.len(), 2, "{}", second.stdout);
    assert!(
        told[0].contains("since the profile seen was saved"),
        "{}",
        told[0]
    );
    assert!(told[1].contains("since the run of 20"), "{}", told[1]);
    for file in ["report.html", "summary.md"] {
        let page = std::fs::read_to_string(workplace.latest(file)).expect("a report");
        assert!(page.contains("behaviour changed since"), "{file}");
    }
    let changed = &workplace.report()["dialect"]["changed"];
    assert_eq!(changed[0]["was"], "replay", "{changed}");
    assert_eq!(changed[0]["is"], "refuse", "{changed}");
}

#[test]
fn a_file_that_is_not_recoups_own_is_not_overwritten() {
    let workplace = Workplace::new();
    let file = workplace.write("seen.toml", "name = \"mine\"\n");
    let run = check(&workplace, &[], 2);
    assert!(run.stderr.contains("--save-profile"), "{}", run.stderr);
    assert!(run.stderr.contains("did not write"), "{}", run.stderr);
    let text = std::fs::read_to_string(file).expect("the file");
    assert_eq!(text, "name = \"mine\"\n");
    assert!(!workplace.path("reports").exists(), "the run did not start");
    let nowhere = ["check", "--save-profile", "no/such/folder/seen.toml"];
    let run = workplace.run(&nowhere).expect(2);
    assert!(
        run.stderr.contains("its folder is not there"),
        "{}",
        run.stderr
    );
}

#[test]
fn who_asks_for_one_rule_gets_no_dialect_unless_it_is_to_be_saved() {
    let workplace = Workplace::new();
    workplace.run(&CHECK[..3]).expect(0);
    assert!(workplace.report()["dialect"].is_null());
}
