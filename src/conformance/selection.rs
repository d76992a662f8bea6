//! Which rules of the catalogue a run tries.

use globset::{Glob, GlobMatcher};

use super::registry::catalogue;
use super::rule::Rule;

/// `--only` and `--skip`: globs over rule ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Only rules that match one of these; all, where there are none.
    pub only: Vec<String>,
    /// None that match one of these.
    pub skip: Vec<String>,
}

/// A glob that selects nothing, which is a slip and not a wish.
#[derive(Debug, thiserror::Error)]
pub enum SelectionError {
    /// It matches no rule.
    #[error("{flag} {glob:?} matches no rule (recoup rules lists them)")]
    MatchesNothing {
        /// The flag.
        flag: &'static str,
        /// The glob.
        glob: String,
    },
    /// It is no glob.
    #[error("{flag} {glob:?} is no glob: {reason}")]
    NoGlob {
        /// The flag.
        flag: &'static str,
        /// The glob.
        glob: String,
        /// The parser's reason.
        reason: String,
    },
    /// Together they leave nothing.
    #[error("--only and --skip together leave no rule to run")]
    Nothing,
}

impl Selection {
    /// The rules that are selected, in the order of the catalogue.
    ///
    /// # Errors
    /// [`SelectionError`] where a glob matches nothing.
    pub fn rules(&self) -> Result<Vec<&'static Rule>, SelectionError> {
        let only = matchers("--only", &self.only)?;
        let skip = matchers("--skip", &self.skip)?;
        let selected: Vec<&'static Rule> = catalogue()
            .iter()
            .filter(|rule| only.is_empty() || only.iter().any(|glob| glob.is_match(rule.id)))
            .filter(|rule| !skip.iter().any(|glob| glob.is_match(rule.id)))
            .collect();
        if selected.is_empty() {
            return Err(SelectionError::Nothing);
        }
        Ok(selected)
    }
}

fn matchers(flag: &'static str, globs: &[String]) -> Result<Vec<GlobMatcher>, SelectionError> {
    globs
        .iter()
        .map(|glob| {
            let matcher = Glob::new(glob)
                .map_err(|error| SelectionError::NoGlob {
                    flag,
                    glob: glob.clone(),
                    reason: error.kind().to_string(),
                })?
                .compile_matcher();
            if catalogue().iter().any(|rule| matcher.is_match(rule.id)) {
                Ok(matcher)
            } else {
                Err(SelectionError::MatchesNothing {
                    flag,
                    glob: glob.clone(),
                })
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(only: &[&str], skip: &[&str]) -> Result<Vec<&'static str>, SelectionError> {
        let owned = |globs: &[&str]| globs.iter().map(|glob| (*glob).to_owned()).collect();
        Selection {
            only: owned(only),
            skip: owned(skip),
        }
        .rules()
        .map(|rules| rules.iter().map(|rule| rule.id).collect())
    }

    #[test]
    fn globs_choose_by_id() {
        let races = select(&["races.*"], &[]).unwrap();
        assert!(!races.is_empty() && races.iter().all(|id| id.starts_with("races.")));
        let rest = select(&[], &["races.*"]).unwrap();
        assert_eq!(rest.len() + races.len(), catalogue().len());
    }

    #[test]
    fn a_glob_that_matches_nothing_is_an_error() {
        for (only, skip) in [
            (&["race.*"][..], &[][..]),
            (&[], &["x"]),
            (&["races.*"], &["races.*"]),
        ] {
            assert!(select(only, skip).is_err());
        }
    }
}
