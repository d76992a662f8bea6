//! Which rules stand for which clause.

use crate::protocol::Clause;
use crate::protocol::clause::CLAUSES;

use super::registry::catalogue;
use super::rule::Rule;

/// Every clause of the protocol with the rules that cite it, both sorted by id.
pub fn coverage() -> Vec<(&'static Clause, Vec<&'static Rule>)> {
    CLAUSES
        .iter()
        .map(|clause| {
            let rules = catalogue()
                .iter()
                .filter(|rule| rule.clauses.contains(&clause.id))
                .collect();
            (clause, rules)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[test]
    fn every_clause_has_a_rule_and_which_ones_is_on_record() {
        let mut matrix = String::new();
        for (clause, rules) in coverage() {
            assert!(!rules.is_empty(), "no rule is tied to {}", clause.id);
            writeln!(matrix, "{} ({})", clause.id, clause.source).unwrap();
            for rule in rules {
                writeln!(matrix, "    {:9}  {}", rule.level, rule.id).unwrap();
            }
        }
        insta::with_settings!({snapshot_path => "../../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!("clause_coverage", matrix);
        });
    }
}
