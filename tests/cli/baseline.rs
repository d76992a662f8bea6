//! Known failures, and failures of earlier runs.

use crate::support::{Gateway, Run, Workplace};
use crate::with;

fn check(workplace: &Workplace, gateway: &Gateway, arguments: &[&str]) -> Run {
    let target = ["check", "--target", &gateway.url];
    let mut command = workplace.recoup(&with(&target, arguments));
    command.env("RECOUP_SIGN_KEY", "123456");
    Run::of(command)
}

fn entry(rule: &str, expires: &str) -> String {
    format!(
        "[[known]]\nrule = \"{rule}\"\nreason = \"old parser\"\nowner = \"ana\"\nexpires = {expires}\n"
    )
}

#[test]
fn a_known_failure_does_not_fail_the_run_and_one_that_holds_does() {
    let workplace = Workplace::new();
    let fault = ["--store", "memory", "--fault", "signature-reserialised"];
    let gateway = Gateway::start(&workplace, &fault);
    let rule = "signature.other-spelling-accepted";
    let only = ["--only", rule, "--baseline", "known.toml"];
    workplace.write("known.toml", &entry(rule, "2999-12-31"));
    let run = check(&workplace, &gateway, &only).expect(0);
    assert!(
        run.stdout.contains("known until 2999-12-31"),
        "{}",
        run.stdout
    );
    let outcome = workplace.report()["rules"][0].clone();
    assert_eq!(outcome["verdict"], "warn");
    assert_eq!(outcome["known"]["owner"], "ana");

    workplace.write("known.toml", &entry(rule, "2020-12-31"));
    check(&workplace, &gateway, &only).expect(1);

    workplace.write("known.toml", &entry(rule, "2999-12-31"));
    let repaired = Gateway::start(&workplace, &["--store", "memory"]);
    let run = check(&workplace, &repaired, &only).expect(1);
    assert!(run.stdout.contains("take it out"), "{}", run.stdout);
    // Rules that are not run say nothing about their entries.
    let other = ["--only", "refunding.full", "--baseline", "known.toml"];
    check(&workplace, &repaired, &other).expect(0);
}

#[test]
fn money_is_not_let_pass() {
    let workplace = Workplace::new();
    let fault = ["--store", "memory", "--fault", "cap-off-by-one"];
    let gateway = Gateway::start(&workplace, &fault);
    workplace.write("known.toml", &entry("refunding.full", "2999-12-31"));
    let only = ["--only", "refunding.full", "--baseline", "known.toml"];
    let run = check(&workplace, &gateway, &only).expect(5);
    assert!(run.stdout.contains("never let pass"), "{}", run.stdout);
}

#[test]
fn a_wrong_entry_is_a_usage_error_with_file_line_and_cure() {
    let workplace = Workplace::new();
    for (text, words) in [
        (entry("refunding.ful", "2999-12-31"), "line 2"),
        (entry("refunding.full", "soon"), "line 5"),
        (
            "[[known]]\nrule = \"refunding.full\"\n".to_owned(),
            "reason",
        ),
    ] {
        workplace.write("known.toml", &text);
        let run = workplace
            .run(&["check", "--baseline", "known.toml"])
            .expect(2);
        assert!(run.stderr.contains("known.toml, line"), "{}", run.stderr);
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
}

#[test]
fn what_failed_is_tried_first_the_next_time() {
    let workplace = Workplace::new();
    let fault = ["--store", "memory", "--fault", "signature-reserialised"];
    let gateway = Gateway::start(&workplace, &fault);
    let rule = "signature.other-spelling-accepted";
    let only = ["--only", rule, "--only", "refunding.full", "--seed"];
    let failed = check(&workplace, &gateway, &with(&only, &["7"])).expect(1);
    assert!(!failed.stdout.contains("tried first"), "{}", failed.stdout);
    let kept = workplace.path("reports/regressions.toml");
    let text = std::fs::read_to_string(&kept).expect("the failures are kept");
    assert!(
        text.contains(rule) && text.contains("seed = \"7\""),
        "{text}"
    );
    assert_eq!(text.matches("[[failure]]").count(), 1);

    let again = check(&workplace, &gateway, &with(&only, &["8"])).expect(1);
    assert!(again.stdout.contains("it still fails"), "{}", again.stdout);
    let report = workplace.report();
    let rules = report["rules"].as_array().expect("rules");
    let outcome = rules.iter().find(|outcome| outcome["id"] == rule);
    assert_eq!(outcome.expect("the rule")["seed"], 7);
    assert_eq!(std::fs::read_to_string(&kept).expect("it is there"), text);

    let repaired = Gateway::start(&workplace, &["--store", "memory"]);
    let holds = check(&workplace, &repaired, &with(&only, &["9"])).expect(0);
    assert!(holds.stdout.contains("it holds now"), "{}", holds.stdout);
    let off = ["--only", rule, "--regressions", "off"];
    let off = check(&workplace, &gateway, &off).expect(1);
    assert!(!off.stdout.contains("tried first"), "{}", off.stdout);
}

#[test]
fn a_failure_says_how_often_it_was_seen_and_how_to_see_it_again() {
    let workplace = Workplace::new();
    let fault = ["--store", "memory", "--fault", "wrap-32-bit"];
    let gateway = Gateway::start(&workplace, &fault);
    let rule = "fields.amount-beyond-range";
    let run = check(&workplace, &gateway, &["--only", rule, "--seed", "7"]);
    for words in [
        "expected  refused with 4, 5, 35 or 6",
        "actual    accepted, code 1",
        "»4294967297«",
        "reproduced 3 of 3",
        "again     recoup check --only fields.amount-beyond-range --seed 7",
        "curl      curl --data-binary @reports/",
        "replay    recoup replay reports/",
    ] {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
    // The pictures of characters aside, JUnit and the page say the same, the page
    // with the change marked.
    let block = ["expected  refused with 4, 5, 35 or 6", "reproduced 3 of 3"];
    let page = [
        "<dt>expected</dt><dd>refused with 4, 5, 35 or 6</dd>",
        "<dt>reproduced</dt><dd>3 of 3</dd>",
        ">4294967297</mark>",
    ];
    for (file, all_words) in [
        ("junit.xml", &block[..]),
        ("summary.md", &block),
        ("report.html", &page),
    ] {
        let text = std::fs::read_to_string(workplace.latest(file)).expect("it is written");
        for words in all_words {
            assert!(text.contains(words), "{file}: {words}");
        }
    }
}
