//! The catalogue: every rule, sorted by id.

use std::sync::LazyLock;

use super::rule::Rule;
use super::rules;

static CATALOGUE: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let mut all: Vec<Rule> = rules::AREAS.iter().copied().flatten().copied().collect();
    all.sort_by_key(|rule| rule.id);
    all
});

/// Every rule, sorted by id.
pub fn catalogue() -> &'static [Rule] {
    &CATALOGUE
}

/// The rule of this id.
pub fn find(id: &str) -> Option<&'static Rule> {
    catalogue().iter().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Clause;
    use crate::protocol::clause::Source;
    use crate::verdict::Level;

    #[test]
    fn ids_are_unique_and_speak_for_themselves() {
        assert!(catalogue().len() >= 40, "{} rules", catalogue().len());
        for pair in catalogue().windows(2) {
            assert!(pair[0].id < pair[1].id, "{} stands twice", pair[1].id);
        }
        for rule in catalogue() {
            let (area, name) = rule.id.split_once('.').expect("area.name");
            for part in [area, name] {
                assert!(
                    part.bytes().all(|byte| byte.is_ascii_lowercase()
                        || byte == b'-'
                        || byte.is_ascii_digit()),
                    "{}",
                    rule.id
                );
            }
            assert!(rule.title.ends_with('.'), "{}", rule.id);
            assert!(!rule.explanation.is_empty(), "{}", rule.id);
        }
    }

    #[test]
    fn every_rule_cites_clauses_that_exist_and_binds_no_more_than_they_do() {
        for rule in catalogue() {
            assert!(!rule.clauses.is_empty(), "{}", rule.id);
            for id in rule.clauses {
                assert!(Clause::find(id).is_some(), "{} cites {id}", rule.id);
            }
            let strongest = rule
                .clauses()
                .map(|clause| clause.source)
                .min()
                .expect("it cites a clause");
            let allowed: &[Level] = match strongest {
                Source::Page => &[
                    Level::Must,
                    Level::Should,
                    Level::Hardening,
                    Level::Observed,
                ],
                Source::Documentation => &[Level::Should, Level::Hardening, Level::Observed],
                Source::Hardening => &[Level::Hardening, Level::Observed],
                Source::Open => &[Level::Observed],
            };
            assert!(allowed.contains(&rule.level), "{}", rule.id);
        }
    }
}
