//! The commands as a user meets them: the real binary, real sockets, exit
//! codes and files.

#[path = "support/recoup.rs"]
mod support;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;
use std::time::Duration;

use support::{Gateway, Run, Workplace};

/// A load that is long enough to be one, and short enough for a test.
const SHORT: [&str; 6] = ["--duration", "1s", "--warmup", "0s", "--users", "8"];

fn with<'a>(command: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    command.iter().chain(more).copied().collect()
}

/// A server that answers everything with a page.
fn web_server() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(
                b"HTTP/1.1 404 Not Found\r\nContent-Length: 15\r\nConnection: close\r\n\r\n<html>no</html>",
            );
        }
    });
    url
}

#[test]
fn a_fresh_machine_passes_the_gate_and_finds_its_reports() {
    let workplace = Workplace::new();
    let run = workplace
        .run(&with(&["gate", "--threshold", "errors==0%"], &SHORT))
        .expect(0);
    assert!(run.stdout.contains("report.html"), "{}", run.stdout);
    assert_eq!(run.stderr, "", "nothing is said in a pipe");
    for file in [
        "report.json",
        "report.html",
        "junit.xml",
        "summary.md",
        "history.ndjson",
    ] {
        let path = workplace.latest(file);
        assert!(
            std::fs::metadata(&path).is_ok_and(|meta| meta.len() > 0),
            "{}",
            path.display()
        );
    }
    let report = workplace.report();
    assert_eq!(report["verdict"], "pass");
    assert_eq!(report["exitCode"], 0);
    assert_eq!(report["audit"]["verdict"], "pass");
    assert!(report["rules"].as_array().expect("rules").len() >= 40);
    assert!(report["load"]["requests"].as_u64().expect("a count") > 0);
    // The history that the run recorded can be audited again, without a target.
    let history = workplace.latest("history.ndjson");
    let again = workplace
        .run(&["audit", history.to_str().expect("a plain path")])
        .expect(0);
    assert!(again.stdout.contains("audit"), "{}", again.stdout);
}

#[test]
fn a_gateway_that_checks_and_then_acts_ends_the_gate_with_the_two_refunds() {
    let workplace = Workplace::new();
    let gateway = Gateway::start(
        &workplace,
        &["--store", "memory", "--fault", "check-then-act"],
    );
    let mut command = workplace.recoup(&with(&["gate", "--target", &gateway.url], &SHORT));
    command.env("RECOUP_SIGN_KEY", "123456");
    let run = Run::of(command).expect(5);
    let report = workplace.report();
    assert_eq!(report["exitCode"], 5);
    let rule = report["rules"]
        .as_array()
        .expect("rules")
        .iter()
        .find(|rule| rule["id"] == "races.over-subscription")
        .expect("the rule")
        .clone();
    assert_eq!(rule["verdict"], "fail");
    let message = rule["message"].as_str().expect("a message");
    let refunds = message.split_whitespace().filter(|word| {
        let word = word.trim_matches(|sign: char| !sign.is_ascii_alphanumeric());
        word.starts_with('r') && word.len() == 23
    });
    assert!(refunds.count() >= 2, "{message}");
    assert!(run.stdout.contains("I1"), "{}", run.stdout);
}

#[test]
fn a_wrong_key_a_dead_port_and_a_web_server_are_one_clear_line_each() {
    let workplace = Workplace::new();
    let gateway = Gateway::start(&workplace, &["--store", "memory"]);
    let dead = {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        format!("http://{}", listener.local_addr().expect("an address"))
    };
    for (target, key, words) in [
        (
            gateway.url.as_str(),
            "not-the-key",
            "the sign key of partner 10001 is wrong",
        ),
        (dead.as_str(), "123456", "failed to reach the gateway"),
        (web_server().as_str(), "123456", "is no refund gateway"),
    ] {
        for command in ["gate", "check", "load"] {
            let mut command = workplace.recoup(&[command, "--quiet", "--target", target]);
            command.env("RECOUP_SIGN_KEY", key);
            let run = Run::of(command).expect(3);
            assert!(run.stdout.contains(words), "{}", run.stdout);
            assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
            assert_eq!(workplace.report()["verdict"], "inconclusive");
        }
    }
}

#[test]
fn what_is_asked_for_wrongly_is_a_usage_error_with_its_cure() {
    let workplace = Workplace::new();
    let scenario = workplace.write("bad.toml", "name = \"x\"\nusers = 1\nduration = \"soon\"\n");
    let scenario = scenario.to_str().expect("a plain path");
    for (arguments, word) in [
        (vec!["check", "--only", "race.*"], "recoup rules"),
        (
            vec!["check", "--target", "http://127.0.0.1:1"],
            "RECOUP_SIGN_KEY",
        ),
        (vec!["check", "--target", "nowhere"], "--target"),
        (vec!["load", scenario], "line 3"),
        (vec!["load", "--threshold", "p99"], "p99<50ms"),
        (vec!["load", "--orders", "none.csv"], "none.csv"),
        (vec!["check", "--profile", "none.toml"], "none.toml"),
        (vec!["check", "--config", "none.toml"], "none.toml"),
        (vec!["rules", "--explain", "x.y"], "recoup rules"),
        (vec!["serve", "--fault", "no-such-fault"], "no-such-fault"),
    ] {
        let run = workplace.run(&arguments).expect(2);
        assert!(run.stderr.contains(word), "{arguments:?}: {}", run.stderr);
    }
}

#[test]
fn a_target_that_is_not_loopback_needs_to_be_called_staging() {
    let workplace = Workplace::new();
    let mut command = workplace.recoup(&["check", "--target", "http://gateway.invalid"]);
    command.env("RECOUP_SIGN_KEY", "k");
    let run = Run::of(command).expect(2);
    assert!(run.stderr.contains("--staging"), "{}", run.stderr);
}

#[test]
fn a_broken_threshold_has_its_own_exit_code() {
    let workplace = Workplace::new();
    workplace
        .run(&with(&["load", "--threshold", "max<1us"], &SHORT))
        .expect(4);
    let report = workplace.report();
    assert_eq!(report["load"]["thresholds"][0]["held"], false);
}

#[test]
fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
    let workplace = Workplace::new();
    workplace.write(
        "recoup.toml",
        "only = [\"refunding.full\"]\nseed = 1\njobs = 3\n",
    );
    let seed = |arguments: &[&str], variable: Option<&str>| {
        let mut command = workplace.recoup(&with(&["check", "--quiet"], arguments));
        if let Some(value) = variable {
            command.env("RECOUP_SEED", value);
        }
        Run::of(command).expect(0);
        let report = workplace.report();
        assert_eq!(report["rules"].as_array().expect("rules").len(), 1);
        report["seed"].as_u64().expect("a seed")
    };
    assert_eq!(seed(&[], None), 1);
    assert_eq!(seed(&[], Some("2")), 2);
    assert_eq!(seed(&["--seed", "3"], Some("2")), 3);
    workplace.write("recoup.toml", "sign-key = \"x\"\n");
    let run = workplace.run(&["check"]).expect(2);
    assert!(run.stderr.contains("RECOUP_SIGN_KEY"), "{}", run.stderr);
}

#[test]
fn a_sign_key_is_in_no_output() {
    const SECRET: &str = "correct-horse-battery-staple";
    let workplace = Workplace::new();
    workplace.write(
        "partners.toml",
        "[[partner]]\nno = \"10001\"\nkey-env = \"GATEWAY_KEY\"\n",
    );
    let mut serve = workplace.recoup(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--store",
        "memory",
        "--partners",
        "partners.toml",
        "--fault",
        "cap-off-by-one",
    ]);
    serve.env("GATEWAY_KEY", SECRET);
    let gateway = Gateway::spawn(serve);
    let key = workplace.write("key", &format!("{SECRET}\n"));
    let run = workplace.run(&with(
        &[
            "gate",
            "--target",
            &gateway.url,
            "--sign-key-file",
            key.to_str().expect("a plain path"),
        ],
        &SHORT,
    ));
    let run = run.expect(5);
    assert!(!run.stdout.contains(SECRET) && !run.stderr.contains(SECRET));
    let mut folders = vec![workplace.path("reports")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of reports") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files += 1;
                let bytes = std::fs::read(&path).expect("a report");
                let leaks = bytes
                    .windows(SECRET.len())
                    .any(|window| window == SECRET.as_bytes());
                assert!(!leaks, "{}", path.display());
            }
        }
    }
    assert!(files > 5);
    // Without the second partner's key its rules are skipped, with the reason.
    let report = workplace.report();
    let isolation = report["rules"]
        .as_array()
        .expect("rules")
        .iter()
        .find(|rule| rule["id"] == "isolation.foreign-order")
        .expect("the rule")
        .clone();
    assert_eq!(isolation["verdict"], "skip");
    assert!(
        isolation["message"]
            .as_str()
            .expect("a reason")
            .contains("--other-partner")
    );
}

#[test]
fn orders_from_a_pool_are_used_once_and_recorded() {
    let workplace = Workplace::new();
    let gateway = Gateway::start(&workplace, &["--store", "memory"]);
    let pool = workplace.write(
        "orders.csv",
        "partnerOrderNo,orderAmount,currency\nnobody-paid-this,100,JPY\n",
    );
    let mut command = workplace.recoup(&[
        "check",
        "--quiet",
        "--target",
        &gateway.url,
        "--orders",
        pool.to_str().expect("a plain path"),
    ]);
    command.env("RECOUP_SIGN_KEY", "123456");
    let run = Run::of(command).expect(3);
    assert!(run.stdout.contains("is the order paid"), "{}", run.stdout);
    let used = std::fs::read_to_string(workplace.path("orders.csv.used")).expect("a record");
    assert_eq!(used, "nobody-paid-this\n");
}

#[test]
fn a_cap_on_what_may_be_refunded_is_kept() {
    let workplace = Workplace::new();
    let checked = |cap: &str, code: i32| {
        let only = [
            "check",
            "--only",
            "refunding.*",
            "--quiet",
            "--max-total-refund",
        ];
        workplace.run(&with(&only, &[cap])).expect(code);
        let report = workplace.report();
        let rules = report["rules"].as_array().expect("rules").clone();
        rules
            .iter()
            .filter(|rule| rule["verdict"] == "blocked")
            .count()
    };
    assert_eq!(checked("20000", 0), 0);
    assert!(checked("1500", 3) > 0);
}

#[test]
fn ctrl_c_ends_a_load_with_a_report_of_what_was_gathered() {
    let workplace = Workplace::new();
    let child = workplace
        .recoup(&[
            "load",
            "--history",
            "history.ndjson",
            "--duration",
            "60s",
            "--warmup",
            "0s",
            "--users",
            "4",
        ])
        .spawn()
        .expect("the binary starts");
    // Until the history shows that traffic is under way.
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while !std::fs::metadata(workplace.path("history.ndjson")).is_ok_and(|meta| meta.len() > 10_000)
    {
        assert!(std::time::Instant::now() < deadline, "the load never began");
        std::thread::sleep(Duration::from_millis(50));
    }
    let interrupted = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(interrupted.success());
    let run = Run::from(child.wait_with_output().expect("it ends")).expect(3);
    assert!(run.stdout.contains("interrupted"), "{}", run.stdout);
    let report = workplace.report();
    assert_eq!(report["verdict"], "inconclusive");
    assert!(report["load"]["requests"].as_u64().expect("a count") > 0);
}

#[test]
fn the_catalogue_is_printed_with_clauses() {
    let workplace = Workplace::new();
    let table = workplace.run(&["rules"]).expect(0).stdout;
    assert!(table.lines().count() >= 40);
    let line = table
        .lines()
        .find(|line| line.starts_with("refunding.rest-plus-one "))
        .expect("the rule");
    assert!(
        line.contains("MUST") && line.contains("refund.total"),
        "{line}"
    );
    let explained = workplace
        .run(&["rules", "--explain", "refunding.rest-plus-one"])
        .expect(0)
        .stdout;
    assert!(
        explained.contains("no greater than the amount paid"),
        "{explained}"
    );
    let json = workplace
        .run(&["rules", "--format", "json"])
        .expect(0)
        .stdout;
    assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok_and(|rules| rules.is_array()));
}

#[test]
fn the_harness_catches_every_fault_and_accuses_no_clean_gateway() {
    let workplace = Workplace::new();
    let run = workplace.run(&["selftest", "--cases", "8"]).expect(0);
    for fault in [
        "check-then-act",
        "signature-reserialised",
        "refusal-consumes",
    ] {
        let lines = run
            .stdout
            .lines()
            .filter(|line| line.starts_with(&format!("{fault} ")));
        assert_eq!(
            lines.count(),
            2,
            "{fault}, in two dialects:\n{}",
            run.stdout
        );
    }
}
