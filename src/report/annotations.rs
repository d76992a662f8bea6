//! Annotations of a job on GitHub Actions: workflow commands, which its runner
//! reads from what a step prints.

use std::fmt;
use std::io::{self, Write};

use super::block::{clause_line, violation_heading};
use super::collected::Report;
use super::figures;
use super::shown;
use crate::verdict::{RuleOutcome, RunVerdict, Verdict};

/// As many errors of one step are shown by GitHub.
const LIMIT: usize = 10;

/// Writes an annotation for each violation, failed rule and broken threshold,
/// gravest first, at most as many as are shown; and one for a run without a
/// verdict.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let found = found(report);
    let shown = if found.len() > LIMIT {
        LIMIT - 1
    } else {
        found.len()
    };
    for (title, message) in &found[..shown] {
        error(title, message, out)?;
    }
    let hidden = found.len() - shown;
    if hidden > 0 {
        let message = format!("{hidden} more are in the report: {}", report.reason);
        error("recoup: more failed", &message, out)?;
    }
    Ok(())
}

fn found(report: &Report) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if report.verdict() == RunVerdict::Inconclusive {
        let title = format!("recoup: {}", report.exit.meaning());
        found.push((title, report.reason.clone()));
    }
    for violation in report.violations() {
        let title = format!(
            "recoup: {}, {}",
            violation.invariant,
            violation_heading(violation)
        );
        found.push((title, violation.message.clone()));
    }
    let failed = report.noteworthy().into_iter();
    let failed = failed.filter(|one| matches!(one.verdict, Verdict::Fail | Verdict::Error));
    found.extend(failed.map(rule));
    if let Some(load) = &report.load {
        let broken = load.thresholds.iter().filter(|threshold| !threshold.held);
        found.extend(broken.map(|threshold| {
            let title = format!("recoup: threshold {}", threshold.threshold);
            (title, format!("measured {}", figures::measured(threshold)))
        }));
    }
    found
}

fn rule(outcome: &RuleOutcome) -> (String, String) {
    let mut lines = vec![shown::line(&outcome.message), shown::line(&outcome.title)];
    lines.extend(outcome.clauses.iter().map(|id| clause_line(id)));
    let title = format!("recoup: {} ({})", outcome.id, outcome.level);
    (title, lines.join("\n"))
}

fn error(title: &str, message: &str, out: &mut dyn Write) -> io::Result<()> {
    let title = Property(&shown::line(title)).to_string();
    let message = Data(&shown::lines(message)).to_string();
    writeln!(out, "::error title={title}::{message}")
}

/// Text of a command, in which a line end would end it.
struct Data<'a>(&'a str);

impl fmt::Display for Data<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.replace('%', "%25");
        let text = text.replace('\r', "%0D").replace('\n', "%0A");
        formatter.write_str(&text)
    }
}

/// Text of a property, which a colon or a comma would end as well.
struct Property<'a>(&'a str);

impl fmt::Display for Property<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Data(self.0).to_string();
        formatter.write_str(&text.replace(':', "%3A").replace(',', "%2C"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::block::to_text;
    use crate::report::sample;

    fn annotations(report: &Report) -> String {
        to_text(|out| write(report, out))
    }

    #[test]
    fn each_failure_is_one_line_whatever_it_holds() {
        let mut report = sample::failed();
        report.rules[0].message = "100% of a:b, c\n::stop-commands::x".into();
        report.rules[0].verdict = Verdict::Fail;
        report.rules[0].id = "json.a,b:c%".into();
        let text = annotations(&report);
        assert!(
            text.lines()
                .all(|line| line.starts_with("::error title=recoup%3A "))
        );
        assert!(
            text.contains(
                "title=recoup%3A json.a%2Cb%3Ac%25 (MUST)::100%25 of a:b, c␊::stop-commands::x%0A"
            ),
            "{text}"
        );
        assert!(text.contains("::measured 4.2ms"), "{text}");
        assert!(text.contains("title=recoup%3A I1%2C money lost"), "{text}");
    }

    #[test]
    fn no_more_are_written_than_are_shown() {
        let mut report = sample::failed();
        if let Some(audit) = &mut report.audit {
            audit.violations = vec![sample::violation(); 500];
        }
        let text = annotations(&report);
        assert_eq!(text.lines().count(), LIMIT);
        let last = text.lines().last().unwrap();
        assert!(last.contains("more are in the report"), "{last}");
    }

    #[test]
    fn a_green_run_has_none_and_one_without_a_verdict_says_so() {
        assert_eq!(annotations(&sample::green()), "");
        let text = annotations(&sample::minimal());
        assert_eq!(
            text,
            "::error title=recoup%3A no verdict::the run did not finish\n"
        );
    }
}
