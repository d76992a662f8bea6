//! The gate as CI meets it: exit codes, reports, and one line where there is no gateway to test.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};

use crate::support::{Gateway, Run, Workplace};
use crate::{SHORT, with};

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
        "history.bin",
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
    let history = workplace.latest("history.bin");
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
fn on_github_actions_a_failed_rule_is_an_annotation_and_elsewhere_it_is_none() {
    let workplace = Workplace::new();
    let gateway = Gateway::start(&workplace, &["--store", "memory", "--fault", "wrap-32-bit"]);
    let annotated = |value: Option<&str>| {
        let rule = "fields.amount-beyond-range";
        let mut command = workplace.recoup(&[
            "check",
            "--target",
            &gateway.url,
            "--only",
            rule,
            "--format",
            "json",
        ]);
        command.env("RECOUP_SIGN_KEY", "123456");
        command.envs(value.map(|value| ("GITHUB_ACTIONS", value)));
        let run = Run::of(command);
        let report: serde_json::Value =
            serde_json::from_str(&run.stdout).expect("stdout stays JSON");
        assert_eq!(report["verdict"], "fail");
        run.stderr
            .lines()
            .filter(|line| line.starts_with("::error title=recoup%3A fields.amount-beyond-range"))
            .count()
    };
    assert_eq!(annotated(Some("true")), 1);
    assert_eq!(annotated(Some("")), 0);
    assert_eq!(annotated(None), 0);
}
