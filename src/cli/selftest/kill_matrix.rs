//! The kill matrix: which rule catches which fault.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::subject::{Subject, Tested};
use crate::conformance::{Rule, catalogue};
use crate::verdict::{Level, Verdict};

/// How many rules a line of the screen names.
const SHOWN: usize = 4;

/// The matrix for a person: a line for each gateway, with the rules that
/// failed.
pub(super) fn on_screen(tested: &[Tested]) -> String {
    let width = |name: fn(Subject) -> &'static str| {
        let lengths = tested.iter().map(|one| name(one.subject).len());
        lengths.max().unwrap_or(0)
    };
    let (wrong, dialect) = (width(Subject::wrong), width(Subject::dialect));
    let mut text = String::new();
    for one in tested {
        let caught = one.caught_by();
        let said = match (one.complaint(), one.subject.fault, &one.stopped) {
            (Some(complaint), _, _) => format!("FAILED: {complaint}"),
            (None, None, _) => format!("passes all {} rules", one.rules.len()),
            (None, Some(_), Some(reason)) => format!("caught by the pre-flight: {reason}"),
            (None, Some(_), None) => format!("caught by {:2}: {}", caught.len(), some_of(&caught)),
        };
        writeln!(
            text,
            "{:wrong$}  {:dialect$}  {said}",
            one.subject.wrong(),
            one.subject.dialect()
        )
        .expect("a string takes every character");
    }
    text.push('\n');
    text
}

/// The first few, and how many more there are.
fn some_of(ids: &[&str]) -> String {
    if ids.len() <= SHOWN {
        return ids.join(" ");
    }
    format!("{} and {} more", ids[..SHOWN].join(" "), ids.len() - SHOWN)
}

/// The whole matrix as comma-separated values: a line for each rule, a column
/// for each fault, `x` where the one catches the other.
pub(super) fn as_csv(tested: &[Tested]) -> String {
    let faults: BTreeSet<&str> = tested
        .iter()
        .filter(|one| one.subject.fault.is_some())
        .map(|one| one.subject.wrong())
        .collect();
    let mut text = "rule".to_owned();
    for fault in &faults {
        text.push(',');
        text.push_str(fault);
    }
    text.push('\n');
    for rule in catalogue() {
        text.push_str(rule.id);
        for fault in &faults {
            let caught = tested
                .iter()
                .any(|one| one.subject.wrong() == *fault && one.caught_by().contains(&rule.id));
            text.push_str(if caught { ",x" } else { "," });
        }
        text.push('\n');
    }
    text
}

/// The rules that have proved nothing: no fault makes them fail. A rule that
/// only observes proves itself by observing different things.
pub(super) fn idle_rules(tested: &[Tested]) -> Vec<&'static str> {
    catalogue()
        .iter()
        .filter(|rule| !kills(rule, tested) && !tells_apart(rule, tested))
        .map(|rule| rule.id)
        .collect()
}

fn kills(rule: &Rule, tested: &[Tested]) -> bool {
    tested
        .iter()
        .filter(|one| one.subject.fault.is_some())
        .filter_map(|one| one.outcome(rule.id))
        .any(|outcome| matches!(outcome.verdict, Verdict::Fail | Verdict::Warn))
}

/// Whether an observing rule says something else of some gateway than of the
/// clean one.
fn tells_apart(rule: &Rule, tested: &[Tested]) -> bool {
    let said = |one: &Tested| {
        one.outcome(rule.id)
            .filter(|outcome| outcome.verdict == Verdict::Observed)
            .map(|outcome| without_numbers(&outcome.message))
    };
    let clean = tested
        .iter()
        .find(|one| one.subject == Subject::CLEAN)
        .and_then(said);
    rule.level == Level::Observed
        && clean.is_some()
        && tested
            .iter()
            .filter_map(said)
            .any(|other| Some(other) != clean)
}

/// The words of a message: orders and refunds have other numbers in each run.
fn without_numbers(message: &str) -> String {
    message
        .split_whitespace()
        .filter(|word| word.len() < 12 || !word.contains(|c: char| c.is_ascii_digit()))
        .collect::<Vec<_>>()
        .join(" ")
}
