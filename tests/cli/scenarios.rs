//! The scenarios that are shipped, and those in the docs.

use std::path::{Path, PathBuf};

use recoup::load::{Kind, Scenario};

use crate::support::Workplace;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn shipped() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(root().join("scenarios")).expect("the folder is there");
    let mut files: Vec<PathBuf> = folder
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    files.sort();
    files
}

#[test]
fn every_shipped_scenario_can_be_run_and_is_named_as_its_file() {
    let files = shipped();
    assert_eq!(files.len(), 7, "{files:?}");
    for file in files {
        let scenario = Scenario::read(&file).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(file.file_stem(), Some(scenario.name.as_ref()));
        assert!(!scenario.thresholds.is_empty(), "{}", file.display());
        let text = std::fs::read_to_string(&file).expect("it was just read");
        assert!(text.starts_with("# "), "{} tells no story", file.display());
    }
}

#[test]
fn every_example_in_the_docs_can_be_run() {
    let page = std::fs::read_to_string(root().join("docs/scenarios.md")).expect("the page");
    let examples: Vec<&str> = page
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(examples.len() >= 2);
    for example in examples {
        Scenario::parse(example, "docs/scenarios.md").unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn every_kind_and_every_threshold_in_the_docs_is_one() {
    let page = std::fs::read_to_string(root().join("docs/scenarios.md")).expect("the page");
    for kind in Kind::MIXED {
        assert!(
            page.contains(&format!("| `{kind}` |")),
            "{kind} is not in the docs"
        );
    }
}

/// Runs a shipped scenario, made short and small by flags.
fn shortened(name: &str, flags: &[&str]) -> (Workplace, serde_json::Value) {
    let workplace = Workplace::new();
    let file = root().join("scenarios").join(name);
    let mut arguments = vec!["load", file.to_str().expect("a plain path")];
    arguments.extend_from_slice(&["--warmup", "0s", "--seed", "7"]);
    // How fast this machine is, is not what is tested.
    arguments.extend_from_slice(&["--threshold", "errors<=0%", "--threshold", "unknown==0"]);
    arguments.extend_from_slice(flags);
    let run = workplace.run(&arguments).expect_success_if_in_time();
    // Nobody but the report speaks on stdout.
    assert!(run.stdout.starts_with("recoup load "), "{}", run.stdout);
    assert_eq!(run.stderr, "");
    let report = workplace.report();
    (workplace, report)
}

#[test]
fn smoke_sends_every_kind_of_traffic_and_all_of_it_is_right() {
    let (_workplace, report) = shortened("smoke.toml", &["--duration", "2s"]);
    assert_eq!(report["audit"]["verdict"], "pass");
    for kind in Kind::MIXED {
        let requests = &report["load"]["byKind"][kind.name()]["requests"];
        assert!(requests.as_u64() > Some(0), "{kind}: {report:#}");
    }
}

#[test]
fn stages_by_rate_are_run_to_their_end() {
    let flags = ["--duration", "2s", "--rate", "400", "--users", "16"];
    let (_workplace, report) = shortened("spike.toml", &flags);
    assert_eq!(report["load"]["targetRate"], 400.0);
    // 25, 40, 400 and 40 a second for half a second each, and the first on its
    // way up: what is due is sent, whatever the machine does.
    let requests = report["load"]["requests"].as_u64().expect("a count");
    assert!((200..=320).contains(&requests), "{requests}");
}

#[test]
fn stages_by_users_come_and_go() {
    let (_workplace, report) =
        shortened("retry-storm.toml", &["--duration", "2s", "--users", "16"]);
    assert_eq!(report["load"]["users"], 16);
    assert_eq!(report["audit"]["verdict"], "pass");
}

#[test]
fn the_other_stories_are_told_without_an_error() {
    for name in ["hostile.toml", "hot-order.toml", "soak.toml"] {
        let (_workplace, report) = shortened(name, &["--duration", "1s", "--users", "8"]);
        assert!(report["load"]["requests"].as_u64() > Some(0), "{name}");
    }
}

#[test]
fn one_user_of_the_same_seed_sends_the_same_requests() {
    let history = || {
        let (workplace, _) = shortened("smoke.toml", &["--duration", "1s", "--users", "1"]);
        let text = workplace
            .run(&["history", "reports/latest", "--format", "ndjson"])
            .expect(0)
            .stdout;
        let mut sent: Vec<(u64, String)> = text
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter(|line| line["type"] == "refund")
            .map(|line| {
                let place = line["sent"].as_u64().expect("a place");
                (
                    place,
                    format!("{} {} {}", line["order"], line["refund"], line["amount"]),
                )
            })
            .collect();
        sent.sort_unstable();
        sent.into_iter()
            .map(|(_, refund)| refund)
            .collect::<Vec<_>>()
    };
    let (first, second) = (history(), history());
    // How far each came before its time was over differs, and the drain begins
    // there.
    let same = first
        .iter()
        .zip(&second)
        .take_while(|(one, other)| one == other)
        .count();
    assert!(same > 50, "{same} of {} and {}", first.len(), second.len());
}
