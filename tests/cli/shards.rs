//! A load of several machines, here processes, and its merge.

use std::path::Path;
use std::process::Child;

use serde_json::Value;

use crate::support::{Gateway, Run, Workplace};

/// A scenario for three shards: a few users on few orders.
const SMALL: &str = r#"
name = "small"
users = 7
duration = "2s"
thresholds = ["errors<=0%", "max<100s", "rate>=1/s"]
[orders]
count = 8
amount = 3000
part = 0.05
[mix]
partial = 80
exact-rest = 4
too-much = 4
retry = 6
query = 4
malformed = 2
"#;

/// The same for a race: each shard is on the shared orders alone.
const RACE: &str = r#"
name = "race"
users = 12
duration = "3s"
thresholds = ["max<100s"]
[orders]
count = 4
amount = 20000
part = 0.2
[mix]
partial = 90
too-much = 5
retry = 5
"#;

struct Shards<'a> {
    workplace: &'a Workplace,
    gateway: &'a Gateway,
    scenario: &'static str,
    more: &'a [&'a str],
}

impl Shards<'_> {
    /// Starts all of them at once, and gives each one's end.
    fn run(&self, count: usize) -> Vec<Run> {
        self.workplace.write("scenario.toml", self.scenario);
        let children: Vec<Child> = (0..count)
            .map(|index| {
                let shard = format!("{index}/{count}");
                let mut command = self.workplace.recoup(&[
                    "load",
                    "scenario.toml",
                    "--quiet",
                    "--seed",
                    "11",
                    "--shard",
                    &shard,
                    "--report",
                    &format!("shard-{index}"),
                    "--target",
                    &self.gateway.url,
                ]);
                command.args(self.more).env("RECOUP_SIGN_KEY", "123456");
                command.spawn().expect("the binary starts")
            })
            .collect();
        children
            .into_iter()
            .map(|child| Run::from(child.wait_with_output().expect("it ends")))
            .collect()
    }
}

/// The folder of a shard's run.
fn folder(index: usize) -> String {
    format!("shard-{index}/latest")
}

fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("the file is there");
    serde_json::from_str(&text).expect("it is JSON")
}

fn report_of(workplace: &Workplace, index: usize) -> Value {
    json(&workplace.path(&folder(index)).join("report.json"))
}

fn sum(reports: &[Value], pointer: &str) -> u64 {
    let figures = reports.iter().map(|report| report.pointer(pointer));
    figures
        .map(|figure| figure.and_then(Value::as_u64).expect("a count"))
        .sum()
}

#[test]
fn three_shards_are_merged_to_the_report_of_one_load() {
    let workplace = Workplace::new();
    let gateway = Gateway::start(&workplace, &["--store", "memory"]);
    let shards = Shards {
        workplace: &workplace,
        gateway: &gateway,
        scenario: SMALL,
        more: &[],
    };
    for run in shards.run(3) {
        run.expect(0);
    }
    let reports: Vec<Value> = (0..3).map(|index| report_of(&workplace, index)).collect();
    let users: Vec<u64> = reports
        .iter()
        .map(|report| report["load"]["users"].as_u64().expect("a count"))
        .collect();
    assert_eq!(users, [3, 2, 2]);
    assert_eq!(reports[1]["load"]["shard"], "1/3");
    let notices = reports[1]["notices"].to_string();
    assert!(notices.contains("rate>=1/s"), "{notices}");

    let (one, two, three) = (folder(0), folder(1), folder(2));
    let merge = ["merge", &three, &one, &two];
    // How far apart three processes of a busy machine begin is not what is tested.
    let run = workplace.run(&merge);
    let merged = workplace.report();
    let was_apart = run.code == 3 && run.stdout.contains("measured together for only");
    assert!(run.code == 0 || was_apart, "{}", run.stdout);
    assert_eq!(merged["command"], "merge");
    assert_eq!(merged["seed"], 11);
    assert_eq!(merged["load"]["shard"], Value::Null);
    for pointer in [
        "/load/users",
        "/load/requests",
        "/load/failed",
        "/load/byKind/partial/requests",
        "/audit/orders",
        "/audit/operations",
        "/audit/exposure/exceedsRefusals",
        "/audit/exposure/drainedOrders",
    ] {
        let all = merged.pointer(pointer).and_then(Value::as_u64);
        assert_eq!(all, Some(sum(&reports, pointer)), "{pointer}");
    }
    assert_eq!(merged["audit"]["verdict"], "pass");
    assert_eq!(
        merged["load"]["thresholds"]
            .as_array()
            .expect("a list")
            .len(),
        3
    );
    for file in ["report.html", "junit.xml", "summary.md", "histograms.json"] {
        assert!(workplace.latest(file).is_file(), "{file}");
    }
    let histograms = json(&workplace.latest("histograms.json"));
    let count: u64 = histograms["histograms"]["all"]["latency"]
        .as_array()
        .expect("buckets")
        .iter()
        .map(|bucket| bucket[1].as_u64().expect("a count"))
        .sum();
    assert_eq!(Some(count), merged["load"]["requests"].as_u64());
}

/// Runs that were none, or not all of one load.
#[test]
fn what_is_no_whole_load_is_refused_with_exit_code_2() {
    let workplace = Workplace::new();
    let gateway = Gateway::start(&workplace, &["--store", "memory"]);
    let mut shards = Shards {
        workplace: &workplace,
        gateway: &gateway,
        scenario: SMALL,
        more: &["--duration", "300ms"],
    };
    shards.run(2);
    let (one, two) = (folder(0), folder(1));
    let refused = |arguments: &[&str], words: &[&str]| {
        let run = workplace.run(arguments).expect(2);
        assert_eq!(run.stdout, "");
        for word in words {
            assert!(run.stderr.contains(word), "{}", run.stderr);
        }
    };
    refused(&["merge"], &["RUN"]);
    refused(&["merge", "nowhere"], &["nowhere", "load --shard"]);
    refused(&["merge", &one], &["1 of 2 shards: 1/2 is missing"]);
    refused(&["merge", &one, &two, &one], &["both are shard 0/2"]);
    // As text, which can be changed by hand.
    let as_text = |folder: &str| {
        let text = workplace.run(&["history", folder, "--format", "ndjson"]);
        let file = workplace.path(folder).join("history.bin");
        std::fs::remove_file(file).expect("it was there");
        text.expect(0).stdout
    };
    // A history that lacks its last line.
    let history = workplace.path(&one).join("history.ndjson");
    let text = as_text(&one);
    let whole = text.trim_end();
    let cut = &whole[..=whole.rfind('\n').expect("lines")];
    std::fs::write(&history, cut).expect("it can be written");
    refused(&["merge", &one, &two], &["history.ndjson", "operations"]);
    // The same order, paid otherwise.
    let order = text
        .lines()
        .find(|line| line.contains(r#""type":"order""#))
        .expect("an order");
    let other = order.replace(r#""paid":3000"#, r#""paid":2999"#);
    std::fs::write(&history, &text).expect("it can be written");
    let second = workplace.path(&two).join("history.ndjson");
    let text = as_text(&two);
    std::fs::write(&second, format!("{text}{other}\n")).expect("it can be written");
    refused(
        &["merge", &one, &two],
        &["shard-0", "shard-1", "3000", "2999"],
    );
    // Another load's shard.
    shards.more = &["--duration", "301ms"];
    let first = workplace.path("shard-0/first");
    std::fs::rename(workplace.path(&one).canonicalize().expect("a run"), &first).expect("moved");
    shards.run(2);
    refused(
        &["merge", "shard-0/first", &two],
        &["scenario's settings", "same flags"],
    );
}

#[test]
fn a_shard_that_can_not_be_one_is_refused_before_it_begins() {
    let workplace = Workplace::new();
    for (arguments, words) in [
        (["load", "--shard", "3/3"].as_slice(), "2/3"),
        (&["load", "--shard", "1"], "such as 0/3"),
        (&["load", "--shard", "0/3"], "same --seed"),
        (
            &["load", "--shard", "0/3", "--seed", "1", "--users", "2"],
            "2 users can't be shared among 3 machines",
        ),
        (&["load", "--shared-orders", "orders.csv"], "--shard"),
        (&["load", "--start-at", "noon"], "2026-01-02T03:04:05"),
        (
            &[
                "load",
                "--shard",
                "0/1",
                "--seed",
                "1",
                "--shared-orders",
                "nowhere.csv",
            ],
            "nowhere.csv",
        ),
    ] {
        let run = workplace.run(arguments).expect(2);
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
}

/// Pays for orders at a gateway, and writes them to a file for all shards.
fn shared_orders(workplace: &Workplace, gateway: &Gateway, count: usize) {
    let orders = crate::orders::paid_orders(&gateway.url, &vec![20_000; count]);
    workplace.write("shared.csv", &orders);
}

fn race(faults: &[&str]) -> (Workplace, Vec<Run>, Run) {
    let workplace = Workplace::new();
    let mut serve = vec!["--store", "memory"];
    serve.extend_from_slice(faults);
    let gateway = Gateway::start(&workplace, &serve);
    shared_orders(&workplace, &gateway, 40);
    let shards = Shards {
        workplace: &workplace,
        gateway: &gateway,
        scenario: RACE,
        more: &["--shared-orders", "shared.csv"],
    };
    let runs = shards.run(3);
    let folders: Vec<String> = (0..3).map(folder).collect();
    let mut merge = vec!["merge"];
    merge.extend(folders.iter().map(String::as_str));
    let merged = workplace.run(&merge);
    (workplace, runs, merged)
}

#[test]
fn a_right_gateway_is_not_accused_for_a_race_across_shards() {
    let (workplace, runs, merged) = race(&[]);
    for run in runs {
        run.expect(0);
    }
    let shard = report_of(&workplace, 0);
    // All of the file's: what was drained are orders of the shard's own.
    assert_eq!(shard["audit"]["leftToMerge"], 40);
    let orders = shard["audit"]["orders"].as_u64().expect("a count");
    assert!(shard["audit"]["exposure"]["drainedOrders"].as_u64() <= Some(orders - 40));
    assert!(shard["notices"].to_string().contains("recoup merge"));
    // Alone its history clears nothing.
    let audit = workplace.run(&["audit", &folder(0)]).expect(3);
    assert!(audit.stdout.contains("recoup merge"), "{}", audit.stdout);
    assert!(matches!(merged.code, 0 | 3), "{}", merged.stdout);
    let report = workplace.path("reports").join(merged_folder(&workplace));
    let audit = &json(&report)["audit"];
    assert_eq!(audit["verdict"], "pass", "{audit:#}");
    assert_eq!(audit["leftToMerge"], 0);
    assert!(audit["exposure"]["exceedsRefusals"].as_u64() > Some(0));
}

/// The report of the merge: an audit came after it.
fn merged_folder(workplace: &Workplace) -> String {
    let entries = std::fs::read_dir(workplace.path("reports")).expect("reports");
    let mut names = entries.map(|entry| {
        let name = entry.expect("an entry").file_name();
        name.into_string().expect("a plain name")
    });
    let merge = names.find(|name| name.contains("-merge"));
    format!("{}/report.json", merge.expect("a merge"))
}

#[test]
fn an_over_refund_that_no_shard_sees_alone_is_found_by_the_merge() {
    let (workplace, _, merged) = race(&["--fault", "check-then-act=20000"]);
    merged.expect(5);
    let report = workplace.report();
    let violations = report["audit"]["violations"].as_array().expect("a list");
    let over = |violation: &&Value| violation["invariant"] == "I1";
    let seen: Vec<Value> = (0..3).map(|index| report_of(&workplace, index)).collect();
    let is_seen_alone = |violation: &Value| {
        seen.iter().any(|report| {
            let mut alone = report["audit"]["violations"]
                .as_array()
                .expect("a list")
                .iter();
            alone.any(|known| known["invariant"] == "I1" && known["order"] == violation["order"])
        })
    };
    let across: Vec<&Value> = violations
        .iter()
        .filter(over)
        .filter(|violation| !is_seen_alone(violation))
        .collect();
    assert!(!across.is_empty(), "{violations:#?}");
}
