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
fn a_broken_threshold_ends_a_load_that_is_to_be_aborted() {
    let workplace = Workplace::new();
    let flags = [
        "load",
        "--duration",
        "60s",
        "--warmup",
        "0s",
        "--users",
        "4",
        "--threshold",
        "max<1us",
        // One that has no samples yet is none to end a run for.
        "--threshold",
        "p99{kind=ladder}<1h",
        "--abort-on-threshold",
        "--abort-grace",
        "1s",
    ];
    let run = workplace.run(&flags).expect(4);
    assert!(
        run.stdout.contains("ended early by a threshold"),
        "{}",
        run.stdout
    );
    let load = &workplace.report()["load"];
    let aborted = load["aborted"].as_str().expect("a reason");
    assert!(aborted.starts_with("max<1us was broken by "), "{aborted}");
    assert!(load["interrupted"].is_null());
    assert!(load["durationSeconds"].as_f64() < Some(30.0));
    assert!(load["requests"].as_u64() > Some(0));
}

/// A report of a run as fast as this, for another to be compared with.
fn earlier(workplace: &Workplace, p99: u64, rate: f64) {
    let report = format!(
        r#"{{"load":{{"scenario":"other","requests":100,"failed":0,"rate":{rate},"latency":{{"unit":"us","p50":{p99},"p90":{p99},"p99":{p99}}}}}}}"#
    );
    std::fs::create_dir_all(workplace.path("earlier")).expect("a folder");
    workplace.write("earlier/report.json", &report);
}

#[test]
fn a_load_is_held_against_an_earlier_run() {
    let workplace = Workplace::new();
    let compared = ["load", "--compare", "earlier"];
    // Slower than anything, and faster than anything.
    earlier(&workplace, 119_000_000, 0.1);
    workplace.run(&with(&compared, &SHORT)).expect(0);
    assert_eq!(workplace.report()["load"]["comparison"][2]["held"], true);
    earlier(&workplace, 1, 1e9);
    let run = workplace.run(&with(&compared, &SHORT)).expect(4);
    assert!(
        run.stdout.contains("another scenario, other"),
        "{}",
        run.stdout
    );
    let comparison = &workplace.report()["load"]["comparison"];
    let broken: Vec<&str> = comparison
        .as_array()
        .expect("lines")
        .iter()
        .filter(|line| line["held"] == false)
        .filter_map(|line| line["measure"].as_str())
        .collect();
    assert_eq!(broken, ["p50", "p90", "p99", "rate"]);
}

#[test]
fn what_can_not_be_compared_with_is_a_usage_error() {
    let workplace = Workplace::new();
    for arguments in [
        ["load", "--compare", "nowhere"].as_slice(),
        &["load", "--compare-band", "-1"],
        &["load", "--arrivals", "often"],
        &["load", "--arrivals", "poisson"],
    ] {
        let run = workplace.run(arguments).expect(2);
        assert!(run.stdout.is_empty(), "{}", run.stdout);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn more_users_than_open_files_are_a_usage_error_before_anything_is_sent() {
    let workplace = Workplace::new();
    // A shell sets the limit that its command then has.
    let run = |limit: &str, users: &str| {
        let recoup = workplace.recoup(&["load", "--users", users, "--duration", "1s"]);
        let mut shell = Command::new("sh");
        let limited = format!("ulimit -n {limit} && exec \"$0\" \"$@\"");
        shell.current_dir(workplace.path("")).arg("-c").arg(limited);
        shell.arg(recoup.get_program()).args(recoup.get_args());
        Run::of(shell)
    };
    // The reference gateway has the other ends of the connections.
    let few = run("1000", "600").expect(2);
    for words in [
        "600 users",
        "1712 open files",
        "may have 1000",
        "ulimit -n 1712",
    ] {
        assert!(few.stderr.contains(words), "{words}: {}", few.stderr);
    }
    // Only the softer of both limits is low: it is raised.
    let raised = run("-S 200", "200");
    assert_ne!(raised.code, 2, "{}", raised.stderr);
    assert!(!raised.stderr.contains("open files"), "{}", raised.stderr);
}

#[test]
fn a_pipe_gets_progress_only_where_it_is_asked_for() {
    let workplace = Workplace::new();
    let silent = workplace.run(&with(&["load"], &SHORT)).expect(0);
    assert_eq!(silent.stderr, "");
    let told = workplace
        .run(&with(&["load", "--progress"], &SHORT))
        .expect(0);
    assert!(
        told.stderr.contains("load: sustained begins"),
        "{}",
        told.stderr
    );
}

#[test]
fn poisson_arrivals_are_sent_as_they_fall_due() {
    let workplace = Workplace::new();
    let open = [
        "load",
        "--rate",
        "200",
        "--arrivals",
        "poisson",
        "--seed",
        "1",
    ];
    let run = workplace.run(&with(&open, &SHORT));
    run.expect_success_if_in_time();
    let requests = workplace.report()["load"]["requests"]
        .as_u64()
        .expect("a count");
    // Six standard deviations of what the seed draws; the machine has no say.
    assert!((115..=285).contains(&requests), "{requests}");
}

#[test]
fn ctrl_c_ends_a_load_with_a_report_of_what_was_gathered() {
    let workplace = Workplace::new();
    let child = workplace
        .recoup(&[
            "load",
            "--history",
            "history.bin",
            "--duration",
            "60s",
            "--warmup",
            "0s",
            "--users",
            "4",
        ])
        .spawn()
        .expect("the binary starts");
    // Until the history shows that traffic is under way: its orders alone are
    // far less.
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while !std::fs::metadata(workplace.path("history.bin")).is_ok_and(|meta| meta.len() > 150_000) {
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
    // What was recorded until then is whole.
    let audit = workplace.run(&["audit", "history.bin"]);
    assert!(matches!(audit.code, 0 | 3), "{}", audit.stderr);
}
