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
