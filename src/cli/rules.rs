//! `recoup rules`: the catalogue.

use std::fmt::Write as _;
use std::io::Write as _;

use clap::{Args, ValueEnum};

use crate::conformance::{LEFT_OUT, Rule, catalogue, coverage, find};
use crate::verdict::ExitCode;

use super::error::CliError;

/// Print the catalogue of rules: id, level, clauses, title.
#[derive(Debug, Clone, Args)]
pub struct RulesArgs {
    /// Explain one rule: what it tries, its clauses and their sentences
    #[arg(long, value_name = "ID")]
    pub explain: Option<String>,

    /// How to print the catalogue
    #[arg(long, value_enum, default_value = "table")]
    pub format: CatalogueFormat,
}

/// How the catalogue is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CatalogueFormat {
    /// Aligned columns.
    Table,
    /// A JSON array.
    Json,
    /// The page of the documentation: rules by area, clauses, what is left out.
    Markdown,
}

impl RulesArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// [`CliError`] where there is no such rule.
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let text = match &self.explain {
            Some(id) => explain(find(id).ok_or_else(|| {
                CliError::Usage(format!(
                    "explain {id:?}: there is no such rule (recoup rules lists them)"
                ))
            })?),
            None => match self.format {
                CatalogueFormat::Table => table(),
                CatalogueFormat::Json => json(),
                CatalogueFormat::Markdown => markdown(),
            },
        };
        // A closed pipe (`recoup rules | head`) is no failure.
        let _ = std::io::stdout().lock().write_all(text.as_bytes());
        Ok(ExitCode::Success)
    }
}

/// Appends to a text, which can't fail.
fn say(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments)
        .expect("a string takes every character");
}

fn explain(rule: &Rule) -> String {
    let mut text = format!(
        "{} ({})\n\n{}\n\n{}\n\nClauses\n",
        rule.id, rule.level, rule.title, rule.explanation
    );
    for clause in rule.clauses() {
        say(
            &mut text,
            format_args!(
                "  {} [{}]\n    {}\n",
                clause.id, clause.source, clause.sentence
            ),
        );
    }
    if !rule.catches.is_empty() {
        say(
            &mut text,
            format_args!(
                "\nCatches, among others: {}\n(try: recoup serve --fault {})\n",
                rule.catches.join(", "),
                rule.catches[0]
            ),
        );
    }
    text
}

fn table() -> String {
    let width = |column: fn(&Rule) -> usize| catalogue().iter().map(column).max().unwrap_or(0);
    let id = width(|rule| rule.id.len());
    let clauses = width(|rule| rule.clauses.join(" ").len());
    let mut text = String::new();
    for rule in catalogue() {
        say(
            &mut text,
            format_args!(
                "{:id$}  {:9}  {:clauses$}  {}\n",
                rule.id,
                rule.level,
                rule.clauses.join(" "),
                rule.title
            ),
        );
    }
    text
}

fn json() -> String {
    let rules: Vec<serde_json::Value> = catalogue()
        .iter()
        .map(|rule| {
            serde_json::json!({
                "id": rule.id,
                "level": rule.level,
                "clauses": rule.clauses,
                "title": rule.title,
                "explanation": rule.explanation,
                "catches": rule.catches,
            })
        })
        .collect();
    format!("{:#}\n", serde_json::Value::from(rules))
}

/// What each area asks about, in the words of its file's heading.
const AREAS: &[(&str, &str)] = &[
    (
        "answer",
        "Is every answer signed, of the right form, and about the right refund?",
    ),
    (
        "envelope",
        "Is what is verified the very request that is applied?",
    ),
    (
        "fields",
        "Are texts and amounts read as what they are, and nothing else?",
    ),
    (
        "idempotency",
        "Does a refund number name one refund, however often it is sent?",
    ),
    ("isolation", "Are partners kept apart?"),
    (
        "json",
        "Is what is no JSON turned away, and what is JSON understood?",
    ),
    ("orders", "Do payments and queries tell the truth?"),
    (
        "races",
        "Does all of it hold when requests come at the same time?",
    ),
    (
        "refunding",
        "Is no more refunded than was paid, and all that was?",
    ),
    (
        "signature",
        "Is the signature verified, over the bytes on the wire?",
    ),
    (
        "transport",
        "Is HTTP spoken so that a request begins and ends where it should?",
    ),
];

fn markdown() -> String {
    let mut text = "# Rules\n\nWritten by `recoup rules --format markdown`. `recoup rules --explain ID` tells how a rule is tried.\n".to_owned();
    for (area, question) in AREAS {
        say(
            &mut text,
            format_args!(
                "\n## {area}\n\n{question}\n\n| rule | level | clauses | what it asks |\n|---|---|---|---|\n"
            ),
        );
        let in_area = |rule: &&Rule| rule.id.split('.').next() == Some(area);
        for rule in catalogue().iter().filter(in_area) {
            let clauses = rule.clauses.join(", ");
            say(
                &mut text,
                format_args!(
                    "| `{}` | {} | {clauses} | {} |\n",
                    rule.id, rule.level, rule.title
                ),
            );
        }
    }
    text.push_str(
        "\n## Clauses\n\n| clause | source | what it says | rules |\n|---|---|---|---|\n",
    );
    for (clause, rules) in coverage() {
        let rules: Vec<String> = rules.iter().map(|rule| format!("`{}`", rule.id)).collect();
        say(
            &mut text,
            format_args!(
                "| {} | {} | {} | {} |\n",
                clause.id,
                clause.source,
                clause.sentence,
                rules.join(" ")
            ),
        );
    }
    text.push_str("\n## What no rule tries\n\n| what | why not |\n|---|---|\n");
    for one in LEFT_OUT {
        say(
            &mut text,
            format_args!("| {} | {} |\n", one.what, one.reason),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_a_section_for_every_area() {
        for rule in catalogue() {
            let area = rule.id.split('.').next().expect("a part before the dot");
            assert!(AREAS.iter().any(|(name, _)| *name == area), "{area}");
        }
    }

    #[test]
    fn every_rule_can_be_explained_with_its_clauses_sentences() {
        for rule in catalogue() {
            let text = explain(rule);
            for clause in rule.clauses() {
                assert!(text.contains(clause.sentence), "{}", rule.id);
            }
        }
    }
}
