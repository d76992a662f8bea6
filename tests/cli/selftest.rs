//! The harness against the faults of the reference gateway: one of each kind.
//! All of them are tried by `recoup selftest` itself.

use crate::support::Workplace;
use crate::with;

#[test]
fn the_harness_catches_faults_of_every_kind_and_accuses_no_clean_gateway() {
    let workplace = Workplace::new();
    let mut args = vec!["selftest", "--cases", "8"];
    let faults = [
        "any-path",
        "check-then-act",
        "json-comments-taken",
        "keep-alive-leftovers",
        "key-in-message",
        "refusal-consumes",
        "signature-reserialised",
    ];
    for name in ["default", "dealing", "drops-answers"]
        .iter()
        .chain(&faults)
    {
        args.extend(["--only", name]);
    }
    let run = workplace.run(&args).expect(0);
    for fault in faults {
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

#[test]
fn the_gateways_can_keep_their_books_on_any_store() {
    let workplace = Workplace::new();
    let store = format!("sqlite:{}", workplace.path("books").display());
    let args = ["selftest", "--cases", "4", "--store", &store];
    let only = ["--only", "default", "--only", "any-path"];
    let run = workplace.run(&with(&args, &only)).expect(0);
    assert!(run.stdout.contains("passes all"), "{}", run.stdout);
    for gateway in ["no-fault.default", "any-path.default"] {
        let books = workplace.path(&format!("books.{gateway}"));
        assert!(books.is_file(), "{}", books.display());
    }
    let run = workplace.run(&["selftest", "--store", "postgress://u:hunter2@h/d"]);
    let run = run.expect(2);
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
}

#[test]
fn a_glob_that_matches_no_gateway_is_a_slip() {
    let run = Workplace::new()
        .run(&["selftest", "--only", "chek-then-act"])
        .expect(2);
    assert!(run.stderr.contains("--list-faults"), "{}", run.stderr);
}

#[test]
fn a_long_window_is_always_seen_and_the_right_gateway_never_accused() {
    let workplace = Workplace::new();
    let flags = ["--duels", "4", "--window", "20000", "--seed", "7"];
    let run = workplace
        .run(&with(&["selftest", "--calibrate"], &flags))
        .expect(0);
    assert!(run.stdout.contains("4 of 4"), "{}", run.stdout);
    let report = workplace.report();
    let calibration = &report["calibration"];
    assert_eq!(calibration["rightAlarms"], 0);
    assert_eq!(calibration["rightVolleys"], 4);
    let window = &calibration["windows"][0];
    assert_eq!(
        (&window["micros"], &window["seen"]),
        (&20_000.into(), &4.into())
    );
    assert!(window["low"].as_f64() > Some(0.5));
    // What is always seen has no spread to fit; later runs find it all the same.
    assert!(calibration["spreadMicros"].is_null());
    assert!(workplace.path("reports/calibration.json").is_file());
}

#[test]
fn a_check_says_how_its_races_left_and_what_they_could_have_shown() {
    let workplace = Workplace::new();
    let args = ["check", "--seed", "7", "--only", "races.o*"];
    let run = workplace.run(&args).expect(0);
    assert!(
        run.stdout
            .contains("provided that the 8 requests of a duel"),
        "{}",
        run.stdout
    );
    let races = &workplace.report()["races"];
    assert!(["whole", "last-byte"].contains(&races["release"].as_str().unwrap_or_default()));
    assert!(races["duels"].as_u64() >= Some(24));
    assert!(races["exposure"]["decisiveVolleys"].as_u64() >= Some(24));
    assert!(races["exposure"]["racedRetries"].as_u64() > Some(0));
    assert_eq!(races["power"]["windows"].as_array().map(Vec::len), Some(4));
}
