//! Earlier failures: a rule and the seed it failed with, tried first the next
//! time.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::target::Numbers;
use crate::verdict::{RuleOutcome, Verdict};

use super::baseline::line_of;

/// What a new file begins with.
const HEADING: &str = "\
# Rules that failed, each with the seed that it failed with. A run tries them
# first and adds what is new. It takes nothing out: do that once the gateway is
# mended and you need no reminder. Worth keeping under version control.
";

/// The failures of earlier runs. The empty one has no file and keeps none.
#[derive(Debug, Clone, Default)]
pub struct Regressions {
    file: Option<PathBuf>,
    failures: Vec<Failure>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Failure {
    rule: String,
    /// A text, since TOML's numbers end at 63 bits.
    #[serde(deserialize_with = "seed")]
    seed: u64,
    /// For whoever reads the file.
    #[serde(default, rename = "case")]
    _case: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    failure: Vec<Failure>,
}

/// Why a file holds no earlier failures.
#[derive(Debug, thiserror::Error)]
pub enum RegressionsError {
    /// It can't be read.
    #[error("read the --regressions {}: {error}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A line that can't be.
    #[error(
        "read the --regressions {}, line {line}: {reason} (an entry is [[failure]] with rule and seed; or delete the file)",
        file.display()
    )]
    Line {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
}

impl Regressions {
    /// Reads a file; none there is none yet.
    ///
    /// # Errors
    /// [`RegressionsError`] names the file and the line.
    pub fn read(file: &Path) -> Result<Self, RegressionsError> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                return Err(RegressionsError::File {
                    file: file.to_owned(),
                    error,
                });
            }
        };
        let document: Document = toml::from_str(&text).map_err(|error| RegressionsError::Line {
            file: file.to_owned(),
            line: line_of(&text, error.span().unwrap_or_default().start),
            reason: error.message().replace('\n', " "),
        })?;
        Ok(Self {
            file: Some(file.to_owned()),
            failures: document.failure,
        })
    }

    /// Where they are kept.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The seeds that a rule has failed with.
    pub fn seeds_of(&self, rule: &str) -> Vec<u64> {
        let of_rule = self.failures.iter().filter(|failure| failure.rule == rule);
        of_rule.map(|failure| failure.seed).collect()
    }

    /// Adds the failures among `outcomes` that are new to the file; gives back
    /// how many those are. `redact` takes secrets out of a text.
    ///
    /// # Errors
    /// Those of the file.
    pub fn add(&self, outcomes: &[RuleOutcome], redact: impl Fn(&mut String)) -> io::Result<usize> {
        let Some(file) = &self.file else {
            return Ok(0);
        };
        let new: Vec<(&RuleOutcome, u64)> = outcomes
            .iter()
            .filter(|outcome| outcome.verdict == Verdict::Fail)
            .filter_map(|outcome| Some((outcome, outcome.detail.failing_seed?)))
            .filter(|(outcome, seed)| !self.seeds_of(&outcome.id).contains(seed))
            .collect();
        if new.is_empty() {
            return Ok(0);
        }
        let mut entries: Vec<String> = new
            .iter()
            .map(|(outcome, seed)| {
                let mut case = case_of(outcome);
                redact(&mut case);
                let quoted = |text: &str| toml::Value::from(text).to_string();
                let (rule, case) = (quoted(&outcome.id), quoted(&case));
                format!("\n[[failure]]\nrule = {rule}\nseed = \"{seed}\"\ncase = {case}\n")
            })
            .collect();
        if !file.exists() {
            entries.insert(0, HEADING.to_owned());
        }
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(file)?
            .write_all(entries.concat().as_bytes())?;
        Ok(new.len())
    }
}

/// What failed, in words that don't change with the run: its numbers are left
/// out.
fn case_of(outcome: &RuleOutcome) -> String {
    let mut case = outcome
        .evidence
        .last()
        .map_or(&outcome.message, |exchange| &exchange.label)
        .clone();
    for kind in ['o', 'r'] {
        while let Some(number) = Numbers::find(&case, kind) {
            case.replace_range(number, "…");
        }
    }
    case
}

fn seed<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(u64),
        Text(String),
    }
    match Written::deserialize(deserializer) {
        Ok(Written::Number(seed)) => Ok(seed),
        Ok(Written::Text(text)) => text.parse().map_err(serde::de::Error::custom),
        Err(_) => Err(serde::de::Error::custom("the seed is no number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::find;
    use crate::conformance::trial::outcome_of;
    use crate::verdict::ExchangeEvidence;

    fn failed(seed: u64) -> RuleOutcome {
        let mut outcome = outcome_of(find("refunding.full").unwrap());
        outcome.verdict = Verdict::Fail;
        outcome.detail.failing_seed = Some(seed);
        let numbers = Numbers::new(seed, "");
        outcome.evidence = vec![ExchangeEvidence {
            label: format!(
                "refund 1 of {} as {}, \"sesame\"",
                numbers.order(),
                numbers.refund()
            ),
            ..ExchangeEvidence::default()
        }];
        outcome
    }

    #[test]
    fn what_failed_is_kept_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("regressions.toml");
        let redact = |text: &mut String| *text = text.replace("sesame", "[sign key]");
        for (seed, new) in [(u64::MAX, 1), (7, 1), (7, 0)] {
            let known = Regressions::read(&file).unwrap();
            assert_eq!(known.add(&[failed(seed)], redact).unwrap(), new);
        }
        let known = Regressions::read(&file).unwrap();
        assert_eq!(known.seeds_of("refunding.full"), [u64::MAX, 7]);
        assert_eq!(known.seeds_of("refunding.partial"), [0; 0]);
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("# Rules that failed"), "{text}");
        assert!(
            text.contains("refund 1 of … as …, \"[sign key]\""),
            "{text}"
        );
    }

    #[test]
    fn what_did_not_fail_or_has_no_file_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("regressions.toml");
        let mut known = failed(1);
        known.verdict = Verdict::Warn;
        let regressions = Regressions::read(&file).unwrap();
        assert_eq!(regressions.add(&[known], |_| {}).unwrap(), 0);
        assert_eq!(Regressions::default().add(&[failed(1)], |_| {}).unwrap(), 0);
        assert!(!file.exists());
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("regressions.toml");
        std::fs::write(&file, "\n[[failure]]\nrule = \"a.b\"\nseed = \"x\"\n").unwrap();
        let error = Regressions::read(&file).unwrap_err().to_string();
        assert!(error.contains("regressions.toml, line 4: "), "{error}");
    }
}
