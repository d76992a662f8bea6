//! Signing and verifying on stdin.

use std::io::Write;
use std::process::Stdio;

use crate::support::{Run, Workplace};

/// Runs a command with a key and something on its stdin.
fn piped(workplace: &Workplace, arguments: &[&str], input: &str) -> Run {
    let mut command = workplace.recoup(arguments);
    command
        .env("RECOUP_SIGN_KEY", "123456")
        .stdin(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    Run::from(child.wait_with_output().expect("it ends"))
}

#[test]
fn what_was_signed_keeps_its_bytes_and_verifies() {
    let workplace = Workplace::new();
    let value = r#"{ "header":{},  "body":{"orderAmount":100} }"#;
    let signed = piped(&workplace, &["sign"], &format!("{value}\n"))
        .expect(0)
        .stdout;
    assert!(
        signed.starts_with(&format!("{{\"request\":{value},\"signature\":\"")),
        "{signed}"
    );
    let verified = piped(&workplace, &["verify"], &signed).expect(0);
    assert_eq!(verified.stdout, "valid\n");
}

#[test]
fn a_signature_over_another_spelling_is_explained() {
    let workplace = Workplace::new();
    let signed = piped(&workplace, &["sign"], r#"{"a":1,"b":2}"#)
        .expect(0)
        .stdout;
    let respelled = signed.replacen(r#"{"a":1,"b":2}"#, r#"{ "b": 2, "a": 1 }"#, 1);
    let plain = piped(&workplace, &["verify"], &respelled).expect(1).stdout;
    assert!(plain.starts_with("invalid: "), "{plain}");
    let explained = piped(&workplace, &["verify", "--explain"], &respelled)
        .expect(1)
        .stdout;
    assert!(explained.contains("re-serialised"), "{explained}");
}

#[test]
fn what_is_no_json_is_not_signed() {
    let workplace = Workplace::new();
    let refused = piped(&workplace, &["sign"], "{,}").expect(2);
    assert!(
        refused.stderr.contains("not one JSON value"),
        "{}",
        refused.stderr
    );
}
