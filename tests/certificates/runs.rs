//! Real runs against gateways with a known bug: every violation that a load
//! shows is proved by the files that it leaves, and by them alone.

use std::process::Command;

use serde_json::Value;

use crate::support::{Gateway, Run, Workplace};

/// Loads a gateway with this fault, and checks every certificate of the run
/// with the real program. Gives the claims.
fn proved(fault: &str, scenario: Option<&str>) -> Vec<String> {
    let workplace = Workplace::new();
    let gateway = Gateway::start(&workplace, &["--store", "memory", "--fault", fault]);
    let mut load = vec!["load"];
    let path = scenario.map(|text| workplace.write("scenario.toml", text));
    load.extend(path.iter().map(|path| path.to_str().expect("a plain path")));
    load.extend([
        "--target",
        &gateway.url,
        "--duration",
        "2s",
        "--warmup",
        "0s",
    ]);
    load.extend(["--users", "16", "--seed", "7"]);
    let mut command = workplace.recoup(&load);
    command.env("RECOUP_SIGN_KEY", "123456");
    Run::of(command).expect(5);
    claims(&workplace, "history.bin")
}

/// The claims of the last run, each of which is proved by its certificate.
fn claims(workplace: &Workplace, history: &str) -> Vec<String> {
    let report = workplace.report();
    let violations = report["audit"]["violations"]
        .as_array()
        .expect("violations");
    assert!(!violations.is_empty());
    let file =
        |violation: &Value, name: &str| workplace.latest(violation[name].as_str().expect("a file"));
    let certificates: Vec<_> = violations.iter().map(|v| file(v, "certificate")).collect();
    let checked = Command::new(env!("CARGO_BIN_EXE_recoup-verify"))
        .arg(workplace.latest(history))
        .args(&certificates)
        .output()
        .expect("the checker starts");
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert_eq!(checked.status.code(), Some(0), "{said}");
    assert_eq!(said.lines().count(), violations.len());
    assert!(
        said.lines().all(|line| line.starts_with("accepted: I")),
        "{said}"
    );
    let page = std::fs::read_to_string(workplace.latest("report.html")).expect("a page");
    for violation in violations.iter().take(200) {
        let picture = std::fs::read_to_string(file(violation, "picture")).expect("a picture");
        assert!(picture.starts_with("<svg xmlns="), "{picture}");
    }
    assert!(page.contains("<svg class=\"picture\""));
    let claims = violations
        .iter()
        .map(|v| v["claim"].as_str().expect("a claim").to_owned());
    claims.collect()
}

/// Orders that are used up, with the retries and queries that follow.
const USED_UP: &str = r#"
name = "used-up"
users = 8
duration = "2s"
thresholds = ["errors<100%"]
[orders]
count = 8
amount = 20000
[mix]
full = 2
retry = 4
query = 4
partial = 1
"#;

#[test]
fn races_for_the_last_of_an_order_are_proved() {
    for fault in ["check-then-act", "lost-update"] {
        let claims = proved(fault, None);
        assert!(claims.contains(&"over-refund".to_owned()), "{claims:?}");
    }
}

#[test]
fn money_that_was_used_twice_or_by_a_refusal_is_proved_by_the_drain() {
    for fault in ["duplicate-applied", "refusal-consumes"] {
        let claims = proved(fault, None);
        assert!(
            claims.contains(&"unjustified-refusal".to_owned()),
            "{claims:?}"
        );
    }
}

#[test]
fn refusals_under_contention_and_the_queries_that_contradict_them_are_proved() {
    let claims = proved("contention-as-exceeds", Some(USED_UP));
    assert!(
        claims.contains(&"unjustified-refusal".to_owned()),
        "{claims:?}"
    );
}

#[test]
fn a_certificate_of_one_history_is_rejected_by_another_and_usage_is_told() {
    let workplace = Workplace::new();
    let text = crate::history("either", false, &[1000], &["o1 r1 1001 1-2 accepted"]);
    let other = text.replace("1001", "1000");
    let [history, other] = [("history.ndjson", text), ("other.ndjson", other)]
        .map(|(name, text)| workplace.write(name, &text));
    workplace
        .run(&["audit", history.to_str().expect("a plain path")])
        .expect(5);
    let violations = workplace.report()["audit"]["violations"].clone();
    let violations = violations.as_array().expect("violations");
    let files: Vec<_> = violations
        .iter()
        .map(|violation| workplace.latest(violation["certificate"].as_str().expect("a file")))
        .collect();
    let run = |arguments: &[&std::path::Path]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_recoup-verify"));
        Run::of({
            command.args(arguments);
            command
        })
    };
    for file in &files {
        let accepted = run(&[&history, file]).expect(0);
        assert!(
            accepted.stdout.starts_with("accepted: I"),
            "{}",
            accepted.stdout
        );
        let rejected = run(&[&other, file]).expect(1);
        assert!(
            rejected.stdout.contains("no such record at 1"),
            "{}",
            rejected.stdout
        );
        run(&[file]).expect(2);
    }
    run(&[&workplace.path("nowhere"), &files[0]]).expect(1);
    run(&[]).expect(2);
    let certificate = std::fs::read_to_string(&files[0]).expect("a certificate");
    assert!(certificate.contains(&format!("{:?}", history.display().to_string())));
}
