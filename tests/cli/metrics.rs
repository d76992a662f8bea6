//! The live figures of a run, and the dashboard that shows them beside those of
//! the gateway.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use serde_json::Value;

use crate::support::{Gateway, Workplace};

/// Asks an address, `host:port`, for a path, and gives head and body.
fn ask(address: &str, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    let request = format!("{request} HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it is answered");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer of HTTP");
    (head.to_owned(), body.to_owned())
}

/// The sum of a metric over all its labels.
fn sum(page: &str, name: &str) -> f64 {
    page.lines()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix('{'))
        .map(|line| {
            let (_, value) = line.rsplit_once(' ').expect("a value");
            value.parse::<f64>().expect("a number")
        })
        .sum()
}

/// The names of all series that a page describes.
fn names(page: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for line in page.lines() {
        let Some(line) = line.strip_prefix("# TYPE ") else {
            continue;
        };
        let (name, kind) = line.split_once(' ').expect("a type");
        if kind == "histogram" {
            names.extend(["bucket", "sum", "count"].map(|end| format!("{name}_{end}")));
        } else {
            names.insert(name.to_owned());
        }
    }
    names
}

/// The metrics that the dashboard asks for.
fn asked_for(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            for (at, _) in text.match_indices("recoup_") {
                let is_of_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
                let rest = &text[at..];
                let end = rest
                    .find(|letter| !is_of_name(letter))
                    .unwrap_or(rest.len());
                found.insert(rest[..end].to_owned());
            }
        }
        Value::Array(values) => values.iter().for_each(|value| asked_for(value, found)),
        Value::Object(members) => members.values().for_each(|value| asked_for(value, found)),
        _ => {}
    }
}

#[test]
fn a_load_is_watched_while_it_runs_and_the_dashboard_asks_for_what_there_is() {
    let workplace = Workplace::new();
    let gateway = Gateway::start(&workplace, &["--store", "memory"]);
    let mut command = workplace.recoup(&["load", "--target", &gateway.url, "--users", "5"]);
    command
        .args(["--duration", "6s", "--warmup", "0s", "--seed", "1"])
        .args(["--metrics-listen", "127.0.0.1:0"])
        .env("RECOUP_SIGN_KEY", "123456");
    let mut load = command.spawn().expect("the binary starts");
    let mut errors = BufReader::new(load.stderr.take().expect("stderr is piped"));
    let mut line = String::new();
    errors.read_line(&mut line).expect("a line");
    let address = line
        .trim()
        .strip_prefix("recoup: metrics at http://")
        .and_then(|line| line.strip_suffix("/metrics"))
        .unwrap_or_else(|| panic!("{line}"))
        .to_owned();

    let page = loop {
        let (head, page) = ask(&address, "GET /metrics");
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!(head.contains("text/plain; version=0.0.4"), "{head}");
        if sum(&page, "recoup_load_requests_total") > 0.0 {
            break page;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    let requests = sum(&page, "recoup_load_requests_total");
    let latencies = sum(&page, "recoup_load_latency_seconds_count");
    assert!((requests - latencies).abs() < 0.5, "{page}");
    for (name, value) in [
        ("load_users", "5"),
        ("load_running", "1"),
        ("load_alarms_total", "0"),
    ] {
        let line = format!("recoup_{name}{{command=\"load\",scenario=\"sustained\"}} {value}");
        assert!(page.lines().any(|one| one == line), "{line}\n{page}");
    }
    assert!(ask(&address, "GET /").0.starts_with("HTTP/1.1 404 "));
    assert!(
        ask(&address, "POST /metrics")
            .0
            .starts_with("HTTP/1.1 405 ")
    );

    let gateway = gateway.url.strip_prefix("http://").expect("plain HTTP");
    let mut known = names(&ask(gateway, "GET /metrics").1);
    known.extend(names(&page));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/grafana-dashboard.json");
    let dashboard = std::fs::read_to_string(file).expect("the dashboard is there");
    let mut asked = BTreeSet::new();
    asked_for(
        &serde_json::from_str(&dashboard).expect("it is JSON"),
        &mut asked,
    );
    assert!(asked.len() > 15, "{asked:?}");
    let unknown: Vec<_> = asked.difference(&known).collect();
    assert!(unknown.is_empty(), "{unknown:?} is neither of\n{known:#?}");

    let end = load.wait_with_output().expect("it ends");
    assert_eq!(end.status.code(), Some(0));
}

#[test]
fn an_address_that_is_taken_is_a_usage_error_with_its_cure() {
    let workplace = Workplace::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    for command in ["load", "gate"] {
        let run = workplace
            .run(&[command, "--metrics-listen", &address])
            .expect(2);
        assert!(run.stderr.contains(&address), "{}", run.stderr);
        assert!(run.stderr.contains("--metrics-listen"), "{}", run.stderr);
    }
    assert!(!workplace.path("reports").exists());
}
