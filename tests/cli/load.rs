//! Thresholds, and a load that is stopped.

use std::process::Command;
use std::time::Duration;

use crate::support::{Run, Workplace};
use crate::{SHORT, with};

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
