//! A violation that a load found, made small and tried again.

use std::path::PathBuf;
use std::process::Command;

use crate::support::{Gateway, Run, Workplace};

/// Pairs that race for a few orders, among other traffic.
const DUELS: &str = r#"
name = "duels"
description = "pairs that race, among others"
users = 8
duration = "1s"
warmup = "0s"
thresholds = ["errors<100%"]

[orders]
count = 16
amount = 10000

[mix]
partial = 40
retry = 10
query = 10
duel = 40
"#;

/// A gateway that checks and acts in two steps, far enough apart for any race.
const RACY: [&str; 4] = ["--store", "memory", "--fault", "check-then-act=20000"];

fn run(workplace: &Workplace, arguments: &[&str]) -> Run {
    let mut command = workplace.recoup(arguments);
    command.env("RECOUP_SIGN_KEY", "123456");
    Run::of(command)
}

fn load(workplace: &Workplace, url: &str, more: &[&str]) -> Run {
    workplace.write("duels.toml", DUELS);
    let mut arguments = vec!["load", "duels.toml", "--target", url, "--seed", "7"];
    arguments.extend_from_slice(more);
    run(workplace, &arguments)
}

/// The first reproducer of the last run, and what it says.
fn reproducer(workplace: &Workplace) -> (PathBuf, serde_json::Value) {
    let report = workplace.report();
    let violations = report["audit"]["violations"].as_array().expect("a list");
    let mut found = violations.iter().map(|violation| &violation["reproducer"]);
    let found = found.find(|found| found.is_object()).expect("a reproducer");
    let path = workplace.latest(found["file"].as_str().expect("a file"));
    let text = std::fs::read_to_string(&path).expect("it is there");
    (path, serde_json::from_str(&text).expect("it is JSON"))
}

#[test]
fn a_race_shrinks_to_two_refunds_at_once_that_fail_again_and_not_once_repaired() {
    let workplace = Workplace::new();
    let gateway = Gateway::start(&workplace, &RACY);
    let found = load(&workplace, &gateway.url, &[]).expect(5);
    let (path, reproducer) = reproducer(&workplace);
    assert_eq!(reproducer["claim"], "over-refund");
    let volleys = reproducer["volleys"].as_array().expect("volleys");
    assert_eq!(volleys.len(), 1, "{reproducer}");
    let requests = volleys[0]["requests"].as_array().expect("requests");
    assert_eq!(requests.len(), 2, "{reproducer}");
    assert!(requests.iter().all(|request| request["ask"] == "refund"));
    assert!(reproducer["failed"].as_u64() > Some(0), "{reproducer}");
    for words in ["reproducer: 2 requests at once", "replay: recoup replay "] {
        assert!(found.stdout.contains(words), "{words}: {}", found.stdout);
    }
    let page = std::fs::read_to_string(workplace.latest("report.html")).expect("the page");
    assert!(page.contains("<span>replay</span>"), "no command to replay");

    let path = path.to_str().expect("a plain path");
    let replay = ["replay", path, "--rounds", "12", "--target", &gateway.url];
    let again = run(&workplace, &replay).expect(5);
    assert!(again.stdout.contains("of 12 rounds"), "{}", again.stdout);
    // Without a target the right gateway is started.
    let right = run(&workplace, &["replay", path, "--rounds", "12"]).expect(0);
    let held = "fails 0 of 12 rounds";
    assert!(right.stdout.contains(held), "{}", right.stdout);
}

#[test]
fn a_race_that_a_rule_finds_comes_with_its_proof_and_is_made_small() {
    let workplace = Workplace::new();
    let gateway = Gateway::start(&workplace, &RACY);
    let only = ["check", "--only", "races.over-subscription", "--target"];
    let found = run(&workplace, &[&only[..], &[&gateway.url]].concat()).expect(5);
    let report = workplace.report();
    let proof = &report["rules"][0]["proof"];
    let file = |file: &serde_json::Value| {
        let path = workplace.latest(file.as_str().expect("a file"));
        path.to_str().expect("a plain path").to_owned()
    };
    let violation = &proof["violation"];
    assert_eq!(violation["claim"], "over-refund", "{proof}");
    let verified = Command::new(env!("CARGO_BIN_EXE_recoup-verify"))
        .args([file(&proof["history"]), file(&violation["certificate"])])
        .output()
        .expect("it is built");
    let said = String::from_utf8_lossy(&verified.stdout);
    assert!(verified.status.success(), "{said}");
    let picture = std::fs::read_to_string(file(&violation["picture"])).expect("a picture");
    assert!(picture.contains("10000 paid"), "{picture}");
    let page = std::fs::read_to_string(workplace.latest("report.html")).expect("the page");
    assert!(page.contains("aria-label=\"What happened\""), "no picture");

    let reproducer = &violation["reproducer"];
    assert!(reproducer["failed"].as_u64() > Some(0), "{reproducer}");
    let traffic = reproducer["traffic"].as_str().expect("words");
    assert!(traffic.starts_with("2 requests at once"), "{traffic}");
    let again = reproducer["command"].as_str().expect("a command");
    let line = format!("replay    {again}");
    assert!(found.stdout.contains(&line), "{line}: {}", found.stdout);
    let path = file(&reproducer["file"]);
    let replay = ["replay", &path, "--rounds", "12", "--target", &gateway.url];
    run(&workplace, &replay).expect(5);
    run(&workplace, &["replay", &path, "--rounds", "12"]).expect(0);
}

#[test]
fn without_shrinking_the_reproducer_is_what_was_recorded() {
    let workplace = Workplace::new();
    let gateway = Gateway::start(&workplace, &RACY);
    load(&workplace, &gateway.url, &["--shrink", "off"]).expect(5);
    let (_, recorded) = reproducer(&workplace);
    assert_eq!(recorded["rounds"], 0, "{recorded}");
    // An audit of the history, which has no gateway to ask, says the same.
    let folder = workplace.latest("");
    let audited = run(&workplace, &["audit", folder.to_str().expect("a path")]).expect(5);
    let (_, again) = reproducer(&workplace);
    assert_eq!(again["volleys"], recorded["volleys"]);
    let command = "--target URL";
    assert!(audited.stdout.contains(command), "{}", audited.stdout);
}

#[test]
fn a_gate_that_does_not_shrink_leaves_what_its_rules_prove_as_it_was() {
    let workplace = Workplace::new();
    let gateway = Gateway::start(&workplace, &RACY);
    workplace.write("duels.toml", DUELS);
    let gate = ["gate", "duels.toml", "--only", "races.over-subscription"];
    let unshrunk = ["--shrink", "off", "--target", &gateway.url];
    let found = run(&workplace, &[&gate[..], &unshrunk].concat()).expect(5);
    let report = workplace.report();
    let rule = &report["rules"][0];
    let reproducer = &rule["proof"]["violation"]["reproducer"];
    assert_eq!(reproducer["rounds"], 0, "{reproducer}");
    // What failed no second time takes nobody's place.
    let block = found.stdout.split("Races").next().expect("the rules' part");
    assert!(!block.contains("traffic   "), "{block}");
    assert!(
        block.contains("exchanges/races.over-subscription"),
        "{block}"
    );
}

#[test]
fn rounds_that_failed_count_where_no_more_can_be_had() {
    let workplace = Workplace::new();
    let gateway = Gateway::start(&workplace, &RACY);
    load(&workplace, &gateway.url, &["--shrink", "off"]).expect(5);
    let (path, recorded) = reproducer(&workplace);
    assert_eq!(recorded["paid"], 10_000);
    let path = path.to_str().expect("a plain path");
    let few = ["replay", path, "--max-total-refund", "65000", "--target"];
    let run_few = |url: &str| run(&workplace, &[&few[..], &[url]].concat());
    let failed = run_few(&gateway.url).expect(5);
    let stopped = "and then no more (failed to take another order";
    assert!(failed.stdout.contains(stopped), "{}", failed.stdout);
    // That the others held says nothing of those that are missing.
    let right = Gateway::start(&workplace, &["--store", "memory"]);
    let held = run_few(&right.url).expect(3);
    assert!(held.stdout.contains("fails 0 of"), "{}", held.stdout);
    assert!(held.stdout.contains(stopped), "{}", held.stdout);
}

#[test]
fn orders_that_are_few_are_not_spent_on_shrinking() {
    let workplace = Workplace::new();
    let gateway = Gateway::start(&workplace, &RACY);
    let capped = ["--max-total-refund", "900000000"];
    let run = load(&workplace, &gateway.url, &capped).expect(5);
    assert!(run.stdout.contains("orders are limited"), "{}", run.stdout);
    assert_eq!(reproducer(&workplace).1["rounds"], 0);
}

#[test]
fn what_can_not_be_replayed_is_a_usage_error() {
    let workplace = Workplace::new();
    let broken = r#"{"schema": "recoup.reproducer/1", "paid": 1}"#;
    workplace.write("broken.json", broken);
    let run = workplace.run(&["replay", "broken.json"]).expect(2);
    assert!(run.stderr.contains("no reproducer"), "{}", run.stderr);
    for flags in [["--shrink", "soon"], ["--shrink-rounds", "0"]] {
        let mut arguments = vec!["load"];
        arguments.extend(flags);
        workplace.run(&arguments).expect(2);
    }
}
