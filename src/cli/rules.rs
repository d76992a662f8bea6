//! `recoup rules`: the catalogue.

use std::fmt::Write as _;
use std::io::Write as _;

use clap::{Args, ValueEnum};

use crate::conformance::{Rule, catalogue, find};
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
    /// A Markdown table.
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

fn markdown() -> String {
    let mut text = "| rule | level | clauses | what it asks |\n|---|---|---|---|\n".to_owned();
    for rule in catalogue() {
        say(
            &mut text,
            format_args!(
                "| `{}` | {} | {} | {} |\n",
                rule.id,
                rule.level,
                rule.clauses.join(", "),
                rule.title
            ),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

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
