//! `junit.xml`: what CI systems read.
//!
//! One suite for each area of rules, one for the pre-flight, the load and the
//! audit, and one, `run`, whose only case says whether there is a verdict at
//! all: a run that was cut off must not look green because nothing failed.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use quick_junit::{
    NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite, XmlString,
};

use super::block::{to_text, write_rule, write_violation};
use super::collected::{PreflightStep, Report};
use super::figures;
use super::palette::Palette;
use super::shown;
use crate::verdict::{
    Comparison, LoadSummary, RuleOutcome, RunVerdict, ThresholdOutcome, Verdict, Violation,
};

/// Writes the report as JUnit XML.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut document = Document::new(format!("recoup {}", text(&report.plan.command).as_str()));
    document.add_test_suite(suite("run", [ending(report)]));
    if !report.preflight.is_empty() {
        document.add_test_suite(suite("pre-flight", report.preflight.iter().map(preflight)));
    }
    for (area, outcomes) in report.areas() {
        document.add_test_suite(suite(
            area,
            outcomes.into_iter().map(|one| rule(one, report)),
        ));
    }
    if let Some(load) = &report.load {
        document.add_test_suite(suite("load", load_cases(load)));
    }
    if report.audit.is_some() || !report.alarms.is_empty() {
        document.add_test_suite(suite("audit", audit_cases(report)));
    }
    let xml = document.to_string().map_err(io::Error::other)?;
    out.write_all(as_jenkins_knows_it(&xml).as_bytes())
}

/// The document without the count of skipped cases on its root, which Jenkins'
/// schema has on suites alone.
fn as_jenkins_knows_it(xml: &str) -> String {
    let root = xml.find("<testsuites").and_then(|start| {
        let end = start + xml[start..].find('>')?;
        let skipped = start + xml[start..end].find(" skipped=\"")?;
        let value = skipped + " skipped=\"".len();
        let after = value + xml[value..end].find('"')? + 1;
        Some((skipped, after))
    });
    root.map_or_else(
        || xml.to_owned(),
        |(skipped, after)| [&xml[..skipped], &xml[after..]].concat(),
    )
}

fn suite(name: &str, cases: impl IntoIterator<Item = TestCase>) -> TestSuite {
    let mut suite = TestSuite::new(text(name));
    let mut time = Duration::ZERO;
    for mut case in cases {
        time += case.time.unwrap_or_default();
        case.set_classname(format!("recoup.{}", text(name).as_str()));
        suite.add_test_case(case);
    }
    suite.set_time(time);
    suite
}

fn ending(report: &Report) -> TestCase {
    match report.verdict() {
        // What failed is a case of another suite; counting it twice misleads.
        RunVerdict::Pass | RunVerdict::Fail => passed("verdict", &report.reason),
        RunVerdict::Inconclusive => {
            let meaning = report.exit.meaning();
            broken(
                "verdict",
                NonSuccessKind::Error,
                meaning,
                &report.reason,
                &report.reason,
            )
        }
    }
}

fn preflight(step: &PreflightStep) -> TestCase {
    if step.passed {
        passed(&step.step, &step.finding)
    } else {
        broken(
            &step.step,
            NonSuccessKind::Failure,
            "pre-flight",
            &step.finding,
            &step.finding,
        )
    }
}

fn rule(outcome: &RuleOutcome, report: &Report) -> TestCase {
    let word = outcome.verdict.word();
    let block = || to_text(|out| write_rule(outcome, report, Palette::None, out));
    let mut case = match outcome.verdict {
        Verdict::Pass | Verdict::Observed => passed(&outcome.id, &outcome.message),
        Verdict::Warn => passed(&outcome.id, &block()),
        Verdict::Skip => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(text(&outcome.message));
            TestCase::new(text(&outcome.id), status)
        }
        Verdict::Fail => broken(
            &outcome.id,
            NonSuccessKind::Failure,
            word,
            &outcome.message,
            &block(),
        ),
        // No pass, and no fault of the gateway that anyone could point at.
        Verdict::Blocked | Verdict::Inconclusive | Verdict::Error => broken(
            &outcome.id,
            NonSuccessKind::Error,
            word,
            &outcome.message,
            &block(),
        ),
    };
    case.set_time(Duration::from_micros(outcome.duration_micros));
    case
}

fn load_cases(load: &LoadSummary) -> Vec<TestCase> {
    let measured = format!(
        "{}, {} failed, {}, p99 {}",
        figures::counted(load.requests, "request"),
        figures::count(load.failed),
        figures::rate(load.rate),
        figures::micros(load.latency.p99),
    );
    let trust = load.inconclusive.as_ref().map_or_else(
        || passed("measured", &measured),
        |why| {
            broken(
                "measured",
                NonSuccessKind::Error,
                "inconclusive",
                why,
                &measured,
            )
        },
    );
    let mut cases = vec![trust];
    cases.extend(load.thresholds.iter().map(threshold));
    cases.extend(load.comparison.iter().map(comparison));
    cases
}

fn comparison(line: &Comparison) -> TestCase {
    let name = format!("{} no worse than the earlier run's", line.measure);
    let [earlier, measured, change] = figures::compared(line);
    let finding = format!(
        "{measured} after {earlier}: {change} at {}",
        figures::band(line)
    );
    if line.held {
        passed(&name, &finding)
    } else {
        broken(
            &name,
            NonSuccessKind::Failure,
            "comparison",
            &finding,
            &finding,
        )
    }
}

fn threshold(threshold: &ThresholdOutcome) -> TestCase {
    let finding = format!("measured {}", figures::measured(threshold));
    if threshold.held {
        passed(&threshold.threshold, &finding)
    } else {
        let name = &threshold.threshold;
        broken(
            name,
            NonSuccessKind::Failure,
            "threshold",
            &finding,
            &finding,
        )
    }
}

fn audit_cases(report: &Report) -> Vec<TestCase> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let numbered = report.violations().iter().map(|found| {
        let name = format!("{} {}", found.invariant, found.order);
        let times = seen.entry(name.clone()).or_default();
        *times += 1;
        // Of cases with the same name some viewers show the first alone.
        let name = match *times {
            1 => name,
            times => format!("{name} ({times})"),
        };
        violation(&name, found)
    });
    let mut cases: Vec<_> = numbered.collect();
    let Some(audit) = &report.audit else {
        return cases;
    };
    let summary = format!(
        "{}, {}, {} unknown",
        figures::counted(audit.orders, "order"),
        figures::counted(audit.operations, "operation"),
        figures::count(audit.unknown),
    );
    match audit.verdict {
        RunVerdict::Inconclusive => {
            let why = audit.reason.as_deref().unwrap_or("too little is known");
            let kind = NonSuccessKind::Error;
            cases.push(broken("history", kind, "inconclusive", why, &summary));
        }
        RunVerdict::Pass | RunVerdict::Fail if cases.is_empty() => {
            cases.push(passed("history", &summary));
        }
        RunVerdict::Pass | RunVerdict::Fail => {}
    }
    cases
}

fn violation(name: &str, violation: &Violation) -> TestCase {
    broken(
        name,
        NonSuccessKind::Failure,
        &violation.severity.to_string(),
        &violation.message,
        &to_text(|out| write_violation(violation, Palette::None, out)),
    )
}

fn passed(name: &str, output: &str) -> TestCase {
    let mut case = TestCase::new(text(name), TestCaseStatus::success());
    if !output.is_empty() {
        case.set_system_out(text(output));
    }
    case
}

fn broken(
    name: &str,
    kind: NonSuccessKind,
    class: &str,
    message: &str,
    description: &str,
) -> TestCase {
    let mut status = TestCaseStatus::non_success(kind);
    status
        .set_type(text(class))
        .set_message(text(message))
        .set_description(text(description));
    TestCase::new(text(name), status)
}

/// Text that XML can hold: what it can't is made visible rather than dropped.
fn text(text: &str) -> XmlString {
    XmlString::new(shown::lines(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn xml(report: &Report) -> String {
        to_text(|out| write(report, out))
    }

    fn read(report: &Report) -> Document {
        Document::deserialize_from_str(&xml(report)).unwrap()
    }

    #[test]
    fn a_failed_run_is_written_as_before() {
        sample::snapshot("junit_failed", &xml(&sample::failed()));
    }

    #[test]
    fn a_green_run_is_written_as_before() {
        sample::snapshot("junit_green", &xml(&sample::green()));
    }

    /// Validates by libxml2 against the schema of Jenkins' xUnit plugin; skipped,
    /// aloud, where `xmllint` is not installed.
    #[test]
    fn what_is_written_is_valid_by_the_schema_of_jenkins() {
        use std::process::{Command, Stdio};
        let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schema/junit-10.xsd");
        let validate = |xml: &str| {
            let mut xmllint = Command::new("xmllint")
                .args(["--noout", "--nonet", "--schema", schema, "-"])
                .stdin(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .ok()?;
            let mut stdin = xmllint.stdin.take().unwrap();
            stdin.write_all(xml.as_bytes()).unwrap();
            drop(stdin);
            Some(xmllint.wait_with_output().unwrap())
        };
        for report in [
            sample::failed(),
            sample::green(),
            sample::interrupted(),
            sample::minimal(),
        ] {
            let Some(found) = validate(&xml(&report)) else {
                let is_required = std::env::var("TEST_XMLLINT").is_ok_and(|is| is == "required");
                assert!(!is_required, "xmllint is not installed");
                // Not through the macros, whose output a passing test hides.
                let aloud = b"skipped: xmllint is not installed\n";
                io::stderr().write_all(aloud).unwrap();
                return;
            };
            let said = String::from_utf8_lossy(&found.stderr);
            assert!(found.status.success(), "{said}");
        }
        let wrong = validate("<testsuites skipped=\"1\"/>").unwrap();
        assert!(!wrong.status.success(), "the schema is looked at");
    }

    #[test]
    fn a_green_run_has_no_failure_and_no_error() {
        let document = read(&sample::green());
        assert_eq!((document.failures, document.errors), (0, 0));
        assert!(document.tests > 0);
    }

    #[test]
    fn no_two_violations_have_the_same_name() {
        let mut report = sample::failed();
        if let Some(audit) = &mut report.audit {
            audit.violations = vec![sample::violation(); 3];
        }
        let text = xml(&report);
        for name in ["\"I1 o17\"", "\"I1 o17 (2)\"", "\"I1 o17 (3)\""] {
            assert_eq!(text.matches(name).count(), 1, "{name}");
        }
    }

    #[test]
    fn a_run_that_was_cut_off_is_not_green_although_no_rule_failed() {
        let document = read(&sample::minimal());
        assert_eq!((document.failures, document.errors), (0, 1));
    }

    #[test]
    fn characters_that_xml_can_not_hold_are_shown_and_the_rest_survives() {
        let mut report = sample::green();
        let mut outcome = sample::outcome("json.nul", Verdict::Fail);
        outcome.message = "a\0b\u{1b}[31mc\u{fffe}d ]]> <e & \"f\"".into();
        report.rules = vec![outcome];
        let document = read(&report);
        let json = document
            .test_suites
            .iter()
            .find(|suite| suite.name.as_str() == "json")
            .unwrap();
        let TestCaseStatus::NonSuccess { message, .. } = &json.test_cases[0].status else {
            panic!("not a failure");
        };
        assert_eq!(
            message.as_ref().unwrap().as_str(),
            "a␀b␛[31mc<U+FFFE>d ]]> <e & \"f\""
        );
    }
}
