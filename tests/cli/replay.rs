//! A recorded exchange, sent again.

use std::path::PathBuf;

use crate::support::{Gateway, Run, Workplace};
use crate::with;

/// A gateway with a fault, and an exchange that a check of it has recorded.
struct Recorded {
    workplace: Workplace,
    gateway: Gateway,
    file: PathBuf,
}

impl Recorded {
    fn by(fault: &str, rule: &str) -> Self {
        let workplace = Workplace::new();
        let gateway = Gateway::start(&workplace, &["--store", "memory", "--fault", fault]);
        let check = ["check", "--quiet", "--level", "should", "--only", rule];
        let mut command = workplace.recoup(&with(&check, &["--target", &gateway.url]));
        command.env("RECOUP_SIGN_KEY", "123456");
        assert!(matches!(Run::of(command).code, 1 | 5));
        let evidence = workplace.report()["rules"][0]["evidence"].clone();
        let last = evidence.as_array().expect("evidence").last().cloned();
        let stem = last.expect("an exchange")["file"]
            .as_str()
            .expect("a file")
            .to_owned();
        let file = workplace.latest(&format!("exchanges/{stem}.json"));
        Self {
            workplace,
            gateway,
            file,
        }
    }

    fn replay(&self, url: &str, arguments: &[&str]) -> Run {
        let file = self.file.to_str().expect("a plain path");
        let replay = ["replay", file, "--target", url];
        let mut command = self.workplace.recoup(&with(&replay, arguments));
        command.env("RECOUP_SIGN_KEY", "123456");
        Run::of(command)
    }
}

#[test]
fn the_same_bytes_get_the_same_answer_from_a_gateway_that_replays() {
    let recorded = Recorded::by("wrap-32-bit", "fields.amount-beyond-range");
    let run = recorded.replay(&recorded.gateway.url, &[]).expect(0);
    for words in [
        "as recorded",
        "signature valid, under the key of partner 10001",
        "the same as recorded: accepted, code 1",
    ] {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
}

#[test]
fn a_number_that_is_too_long_is_fresh_as_well() {
    let recorded = Recorded::by("length-unchecked", "fields.too-long");
    // The first of its exchanges is about the refund's number.
    let file = recorded
        .workplace
        .latest("exchanges/fields.too-long-1.json");
    let recorded = Recorded { file, ..recorded };
    for _ in 0..2 {
        let run = recorded.replay(&recorded.gateway.url, &["--fresh"]);
        let run = run.expect(0);
        let same = "the same as recorded: accepted, code 1";
        assert!(run.stdout.contains(same), "{}", run.stdout);
    }
}

#[test]
fn a_fresh_request_shows_the_fault_again_and_its_repair() {
    let recorded = Recorded::by("wrap-32-bit", "fields.amount-beyond-range");
    let fresh = ["--fresh"];
    let run = recorded.replay(&recorded.gateway.url, &fresh).expect(0);
    assert!(run.stdout.contains("10000 paid"), "{}", run.stdout);
    let repaired = Gateway::start(&recorded.workplace, &["--store", "memory"]);
    let run = recorded.replay(&repaired.url, &fresh).expect(1);
    assert!(
        run.stdout
            .contains("recorded accepted, code 1 (success); now refused"),
        "{}",
        run.stdout
    );
    // The bytes alone name an order that this gateway does not know.
    let run = recorded.replay(&repaired.url, &[]).expect(1);
    assert!(run.stdout.contains("code 30"), "{}", run.stdout);
    let paid = ["--fresh", "--paid", "7"];
    let run = recorded.replay(&repaired.url, &paid).expect(1);
    assert!(run.stdout.contains("(7 paid)"), "{}", run.stdout);
}

#[test]
fn only_what_was_renewed_is_said_to_be() {
    let recorded = Recorded::by("query-status-stuck", "orders.query-status");
    let run = recorded.replay(&recorded.gateway.url, &["--fresh"]);
    let line = run.stdout.lines().find(|line| line.contains("signed anew"));
    let line = line.unwrap_or_else(|| panic!("{}", run.stdout));
    assert!(
        line.contains("message ") && line.contains(" paid)"),
        "{line}"
    );
    assert!(!line.contains("refund "), "{line}");
}

#[test]
fn what_tests_the_signature_can_not_be_made_fresh_and_is_sent_as_it_is() {
    let recorded = Recorded::by("signature-unchecked", "signature.flipped-digit");
    let fresh = recorded
        .replay(&recorded.gateway.url, &["--fresh"])
        .expect(2);
    assert!(fresh.stderr.contains("did not hold"), "{}", fresh.stderr);
    assert_eq!(fresh.stderr.lines().count(), 1);
    recorded.replay(&recorded.gateway.url, &[]).expect(0);
}

#[test]
fn without_a_target_the_reference_gateway_answers() {
    let recorded = Recorded::by("wrap-32-bit", "fields.amount-beyond-range");
    let file = recorded.file.to_str().expect("a plain path");
    let run = recorded
        .workplace
        .run(&["replay", file, "--fresh"])
        .expect(1);
    assert!(run.stdout.contains("now refused"), "{}", run.stdout);
}

#[test]
fn nothing_is_sent_where_it_must_not_be_or_to_nobody() {
    let recorded = Recorded::by("wrap-32-bit", "fields.amount-beyond-range");
    let run = recorded.replay("http://gateway.invalid", &[]).expect(2);
    assert!(run.stderr.contains("--staging"), "{}", run.stderr);
    let dead = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        format!("http://{}", listener.local_addr().expect("an address"))
    };
    recorded.replay(&dead, &[]).expect(3);
    let run = recorded.workplace.run(&["replay", "none"]).expect(2);
    assert!(run.stderr.contains("exchanges/"), "{}", run.stderr);
}

#[test]
fn secrets_are_not_printed_and_headers_are_put_in_again() {
    const TOKEN: &str = "Authorization: Bearer very-secret-token";
    let workplace = Workplace::new();
    let fault = ["--store", "memory", "--fault", "wrap-32-bit"];
    let gateway = Gateway::start(&workplace, &fault);
    let only = "fields.amount-beyond-range";
    let arguments = ["check", "--quiet", "--only", only, "--header", TOKEN];
    let run = |arguments: &[&str]| {
        let target = ["--target", gateway.url.as_str()];
        let mut command = workplace.recoup(&with(arguments, &target));
        command.env("RECOUP_SIGN_KEY", "123456");
        let run = Run::of(command);
        assert!(!run.stdout.contains("very-secret"), "{}", run.stdout);
        assert!(!run.stderr.contains("very-secret"), "{}", run.stderr);
        run
    };
    run(&arguments);
    let file = workplace.latest(&format!("exchanges/{only}-1.request"));
    let file = file.to_str().expect("a plain path").to_owned();
    let kept_out = run(&["replay", &file]).expect(0);
    assert!(
        kept_out.stdout.contains("[sign key]"),
        "{}",
        kept_out.stdout
    );
    let whole = run(&["replay", &file, "--header", TOKEN]).expect(0);
    assert!(
        !whole.stdout.contains("not what was sent"),
        "{}",
        whole.stdout
    );
}
