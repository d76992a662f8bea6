//! The baseline: failures that somebody knows of and has let pass, until a day.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use chrono::{NaiveDate, Utc};
use serde::Deserialize;
use toml::{Spanned, Value};

use crate::verdict::{Known, RuleOutcome, Verdict};

use super::registry::find;

/// Failures that are let pass. The empty one lets none.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    file: String,
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    line: usize,
    is_expired: bool,
    known: Known,
}

/// Why a file is no baseline.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It can't be read.
    #[error("read the --baseline {file}: {error}")]
    File {
        /// The file.
        file: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// A line that can't be.
    #[error("read the --baseline {file}, line {line}: {reason}")]
    Line {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong, with the cure.
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    known: Vec<Written>,
}

/// An entry as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    rule: Spanned<String>,
    reason: Spanned<String>,
    owner: Spanned<String>,
    expires: Spanned<Value>,
}

impl Baseline {
    /// Reads a file.
    ///
    /// # Errors
    /// [`BaselineError`] names the file, the line and the cure.
    pub fn read(path: &Path) -> Result<Self, BaselineError> {
        let file = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, &file, Utc::now().date_naive()),
            Err(error) => Err(BaselineError::File { file, error }),
        }
    }

    /// Reads the text of a file.
    fn parse(text: &str, file: &str, today: NaiveDate) -> Result<Self, BaselineError> {
        let fail = |place: Range<usize>, reason: String| BaselineError::Line {
            file: file.to_owned(),
            line: line_of(text, place.start),
            reason,
        };
        let document: Document = toml::from_str(text).map_err(|error| {
            let reason = format!(
                "{} (an entry is [[known]] with rule, reason, owner and expires)",
                error.message()
            );
            fail(error.span().unwrap_or_default(), reason)
        })?;
        let mut entries = BTreeMap::new();
        for written in document.known {
            let (rule, place) = (written.rule.get_ref(), written.rule.span());
            if find(rule).is_none() {
                let reason = format!("there is no rule {rule:?} (recoup rules lists them)");
                return Err(fail(place, reason));
            }
            for (name, said) in [("reason", &written.reason), ("owner", &written.owner)] {
                if said.get_ref().trim().is_empty() {
                    let reason = format!("the {name} of {rule} is empty (say one)");
                    return Err(fail(said.span(), reason));
                }
            }
            let day = day(written.expires.get_ref()).ok_or_else(|| {
                fail(
                    written.expires.span(),
                    "expires is no day (write it as 2026-12-31)".to_owned(),
                )
            })?;
            let entry = Entry {
                line: line_of(text, place.start),
                is_expired: day < today,
                known: Known {
                    reason: written.reason.into_inner(),
                    owner: written.owner.into_inner(),
                    expires: day.to_string(),
                },
            };
            if entries.insert(rule.clone(), entry).is_some() {
                let reason = format!("{rule} stands twice (leave one of the entries)");
                return Err(fail(place, reason));
            }
        }
        Ok(Self {
            file: file.to_owned(),
            entries,
        })
    }

    /// Turns the verdict on a rule into what it is in the light of the
    /// baseline: a known failure is a warning, unless it is money; a rule that
    /// is listed and holds, or whose day is over, is a failure.
    pub fn apply(&self, outcome: &mut RuleOutcome) {
        let Some(entry) = self.entries.get(&outcome.id) else {
            return;
        };
        let known = &entry.known;
        let place = format!("{}, line {}", self.file, entry.line);
        let found = std::mem::take(&mut outcome.message);
        let (verdict, message) = match outcome.verdict {
            Verdict::Error => (Verdict::Error, found),
            open @ (Verdict::Skip | Verdict::Blocked | Verdict::Inconclusive) => (open, found),
            _ if entry.is_expired => (
                Verdict::Fail,
                format!(
                    "let pass until {} and no longer ({place}; owner {}): {}",
                    known.expires,
                    known.owner,
                    if found.is_empty() { "it holds" } else { &found }
                ),
            ),
            Verdict::Fail if outcome.is_money || outcome.detail.is_grave => (
                Verdict::Fail,
                format!(
                    "{found} (the baseline lists it, but money, keys and outages are never let pass: {place})"
                ),
            ),
            Verdict::Fail | Verdict::Warn => {
                outcome.detail.known = Some(known.clone());
                (
                    Verdict::Warn,
                    format!(
                        "known until {} ({}: {}): {found}",
                        known.expires, known.owner, known.reason
                    ),
                )
            }
            Verdict::Pass | Verdict::Observed => (
                Verdict::Fail,
                format!("it holds now: take it out of the baseline ({place})"),
            ),
        };
        outcome.verdict = verdict;
        outcome.message = message;
    }
}

/// A TOML date, or a text that is one.
fn day(value: &Value) -> Option<NaiveDate> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Datetime(day) if day.time.is_none() => day.to_string(),
        _ => return None,
    };
    NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok()
}

/// The line of a place in a text, from 1.
pub(super) fn line_of(text: &str, place: usize) -> usize {
    let before = &text.as_bytes()[..place.min(text.len())];
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::trial::outcome_of;

    const ENTRY: &str = "# ours\n[[known]]\nrule = \"refunding.full\"\nreason = \"slow\"\nowner = \"ana\"\nexpires = 2026-06-30\n";

    fn parse(text: &str, today: &str) -> Result<Baseline, BaselineError> {
        Baseline::parse(text, "known.toml", today.parse().unwrap())
    }

    fn applied(today: &str, verdict: Verdict, is_money: bool) -> RuleOutcome {
        let mut outcome = outcome_of(find("refunding.full").unwrap());
        outcome.verdict = verdict;
        outcome.is_money = is_money;
        outcome.message = "it broke".to_owned();
        parse(ENTRY, today).unwrap().apply(&mut outcome);
        outcome
    }

    #[test]
    fn a_known_failure_is_a_warning_until_its_last_day() {
        let known = applied("2026-06-30", Verdict::Fail, false);
        assert_eq!(known.verdict, Verdict::Warn);
        assert_eq!(
            known.message,
            "known until 2026-06-30 (ana: slow): it broke"
        );
        assert_eq!(known.detail.known.unwrap().owner, "ana");
        let expired = applied("2026-07-01", Verdict::Fail, false);
        assert_eq!(expired.verdict, Verdict::Fail);
        assert!(expired.message.contains("no longer (known.toml, line 3"));
    }

    #[test]
    fn a_listed_rule_that_holds_has_to_be_taken_out() {
        for verdict in [Verdict::Pass, Verdict::Observed] {
            let outcome = applied("2026-01-01", verdict, false);
            assert_eq!(outcome.verdict, Verdict::Fail);
            assert!(outcome.message.contains("take it out of the baseline"));
        }
    }

    #[test]
    fn money_is_never_let_pass_and_what_is_open_stays_open() {
        assert_eq!(
            applied("2026-01-01", Verdict::Fail, true).verdict,
            Verdict::Fail
        );
        for open in [Verdict::Skip, Verdict::Blocked, Verdict::Inconclusive] {
            let outcome = applied("2026-01-01", open, false);
            assert_eq!(
                (outcome.verdict, outcome.message.as_str()),
                (open, "it broke")
            );
        }
    }

    #[test]
    fn a_wrong_line_is_named_with_the_cure() {
        for (text, line, cure) in [
            (
                ENTRY.replace("refunding.full", "refunding.ful"),
                3,
                "recoup rules",
            ),
            (ENTRY.replace("owner = \"ana\"\n", ""), 2, "`owner`"),
            (ENTRY.replace("ana", " "), 5, "say one"),
            (ENTRY.replace("2026-06-30", "\"soon\""), 6, "2026-12-31"),
            (ENTRY.replace("2026-06-30", "7"), 6, "2026-12-31"),
            (ENTRY.replace("owner", "author"), 5, "author"),
            (format!("{ENTRY}{ENTRY}"), 9, "twice"),
            (ENTRY.replace("[[known]]", "[[known]"), 2, "[[known]]"),
        ] {
            let error = parse(&text, "2026-01-01").unwrap_err().to_string();
            let place = format!("known.toml, line {line}: ");
            assert!(error.contains(&place) && error.contains(cure), "{error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }
}
