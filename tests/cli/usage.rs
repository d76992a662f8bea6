//! What is asked for wrongly, where settings come from, and the catalogue.

use crate::support::{Run, Workplace};
use crate::with;

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
