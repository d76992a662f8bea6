//! A run that is repeated sends the same bytes.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::support::{Gateway, Run, Workplace};
use crate::with;

/// What was sent on the connections of a run: each connection's bytes, and how
/// many connections sent just these.
type Sent = BTreeMap<Vec<u8>, usize>;

/// A way to a gateway that notes what goes to it. The gateway behind it can be
/// exchanged, so that two runs meet the same address and a fresh gateway each.
struct Recorder {
    url: String,
    behind: Arc<Mutex<String>>,
    sent: Arc<Mutex<Sent>>,
}

impl Recorder {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let recorder = Self {
            url: format!("http://{}", listener.local_addr().expect("an address")),
            behind: Arc::default(),
            sent: Arc::default(),
        };
        let (behind, sent) = (Arc::clone(&recorder.behind), Arc::clone(&recorder.sent));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (behind, sent) = (Arc::clone(&behind), Arc::clone(&sent));
                std::thread::spawn(move || {
                    let address = behind.lock().expect("no holder panics").clone();
                    let bytes = pass_on(&stream, &address);
                    *sent
                        .lock()
                        .expect("no holder panics")
                        .entry(bytes)
                        .or_default() += 1;
                });
            }
        });
        recorder
    }

    /// Runs a check through it against a fresh gateway.
    fn check(&self, workplace: &Workplace, arguments: &[&str]) -> Sent {
        let gateway = Gateway::start(workplace, &["--store", "memory"]);
        let address = gateway.url.trim_start_matches("http://").to_owned();
        *self.behind.lock().expect("no holder panics") = address;
        self.sent.lock().expect("no holder panics").clear();
        let target = ["check", "--quiet", "--target", &self.url];
        let mut command = workplace.recoup(&with(&target, arguments));
        command
            .env("RECOUP_SIGN_KEY", "123456")
            .env("RECOUP_OTHER_SIGN_KEY", "654321");
        Run::of(command).expect(0);
        // Connections are over once the run and the gateway are.
        drop(gateway);
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while Arc::strong_count(&self.sent) > 2 {
            assert!(std::time::Instant::now() < deadline, "a connection lasts");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        self.sent.lock().expect("no holder panics").clone()
    }
}

/// Passes bytes on in both directions, and gives back those that went to the
/// gateway.
fn pass_on(stream: &TcpStream, address: &str) -> Vec<u8> {
    let Ok(gateway) = TcpStream::connect(address) else {
        return Vec::new();
    };
    let back = {
        let (mut from, mut to) = (
            gateway.try_clone().expect("a handle"),
            stream.try_clone().expect("a handle"),
        );
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        })
    };
    let (mut from, mut to) = (stream, &gateway);
    let mut sent = Vec::new();
    let mut buffer = [0; 65_536];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        sent.extend_from_slice(&buffer[..count]);
        let _ = to.write_all(&buffer[..count]);
    }
    let _ = gateway.shutdown(Shutdown::Write);
    let _ = back.join();
    sent
}

/// Requests that are read whole: what is sent against a connection that the
/// gateway closes meanwhile arrives by chance. Nor those that hold what the
/// gateway made up: the number that it gave to an order, an answer sent back.
const WHOLE: [&str; 10] = [
    "--skip",
    "races.*",
    "--skip",
    "transport.*",
    "--skip",
    "orders.query-*",
    "--skip",
    "envelope.response-as-request",
    "--cases",
    "8",
];

#[test]
fn seed_and_clock_repeat_every_byte_whatever_runs_beside() {
    let workplace = Workplace::new();
    let recorder = Recorder::start();
    let clock = ["--seed", "7", "--clock", "2026-01-02T03:04:05.678901+00:00"];
    let with_clock = |arguments: &[&'static str]| with(&with(&clock, &WHOLE), arguments);
    let one_by_one = recorder.check(&workplace, &with_clock(&["--jobs", "1"]));
    assert!(one_by_one.len() > 300, "{} requests", one_by_one.len());
    let at_once = recorder.check(&workplace, &with_clock(&["--jobs", "8"]));
    assert!(
        one_by_one == at_once,
        "{}",
        difference(&one_by_one, &at_once)
    );
    let alone = recorder.check(&workplace, &with_clock(&["--only", "signature.*-accepted"]));
    assert!(alone.len() > 8);
    for request in alone.keys() {
        assert!(
            one_by_one.contains_key(request),
            "{}",
            String::from_utf8_lossy(request)
        );
    }
    // Without the clock a run against the same gateway is another one.
    let other = recorder.check(&workplace, &with(&["--seed", "7"], &["--only", "json.*"]));
    let names_a_refund = |request: &&Vec<u8>| {
        let words = b"\"refundNo\":\"r";
        request.windows(words.len()).any(|window| window == words)
    };
    let mut refunds = other.keys().filter(names_a_refund).peekable();
    assert!(refunds.peek().is_some());
    assert!(refunds.all(|request| !one_by_one.contains_key(request)));
    let clock = workplace.report()["clock"].as_str().map(str::to_owned);
    let clock = clock.expect("the report names the clock");
    let again = ["--seed", "7", "--clock", &clock, "--only", "json.*"];
    let again = recorder.check(&workplace, &again);
    assert!(other == again, "{}", difference(&other, &again));
}

fn difference(one: &Sent, other: &Sent) -> String {
    let only = |one: &Sent, other: &Sent| -> Vec<String> {
        one.iter()
            .filter(|(request, count)| other.get(*request) != Some(count))
            .take(3)
            .map(|(request, count)| format!("{count} × {}", String::from_utf8_lossy(request)))
            .collect()
    };
    format!("{:#?}\n{:#?}", only(one, other), only(other, one))
}

#[test]
fn in_process_the_seed_alone_fixes_the_clock() {
    let workplace = Workplace::new();
    let mut clocks = Vec::new();
    for seed in ["1", "1", "2"] {
        workplace
            .run(&[
                "check",
                "--quiet",
                "--only",
                "refunding.full",
                "--seed",
                seed,
            ])
            .expect(0);
        clocks.push(workplace.report()["clock"].clone());
    }
    assert!(
        clocks
            .iter()
            .all(|clock| *clock == clocks[0] && clock.is_string())
    );
    let clock = ["check", "--only", "refunding.full", "--clock", "noon"];
    let run = workplace.run(&clock).expect(2);
    assert!(run.stderr.contains("2026-01-02T03:04:05"), "{}", run.stderr);
}
