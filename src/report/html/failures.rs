//! What failed, each with the exchange that shows it.

use std::io::{self, Write};

use super::command;
use super::escape::text;
use super::{message, proof};
use crate::protocol::clause::Clause;
use crate::report::again;
use crate::report::block::to_text;
use crate::report::collected::Report;
use crate::report::figures;
use crate::verdict::{ExchangeEvidence, RuleOutcome, Verdict};

/// Outcomes that are unfolded; the rest is one line each until it is opened.
const OPEN_LIMIT: usize = 3;
/// Exchanges of one rule that are shown.
const EXCHANGE_LIMIT: usize = 10;
/// Bytes of the page that exchanges may take; those beyond are in their files.
const BUDGET: usize = 400_000;
/// Bytes that pictures may take, likewise.
const PICTURE_BUDGET: usize = 100_000;

/// Writes the section; nothing where nothing failed.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let (warned, failed): (Vec<_>, Vec<_>) = report
        .noteworthy()
        .into_iter()
        .partition(|outcome| outcome.verdict == Verdict::Warn);
    let mut section = Section {
        report,
        left: BUDGET,
        pictures_left: PICTURE_BUDGET,
        open: OPEN_LIMIT,
    };
    let is_open = |outcome: &&RuleOutcome| {
        matches!(outcome.verdict, Verdict::Blocked | Verdict::Inconclusive)
    };
    let title = match (failed.iter().all(is_open), failed.iter().any(is_open)) {
        (false, false) => "What failed",
        (false, true) => "What failed or stayed open",
        (true, _) => "What stayed open",
    };
    section.write(("failures", title), &failed, out)?;
    // What fails no run is looked at by those who want to.
    section.open = 0;
    section.write(("warnings", "Warnings"), &warned, out)
}

struct Section<'a> {
    report: &'a Report,
    /// Bytes that exchanges may still take.
    left: usize,
    /// Bytes that pictures may still take.
    pictures_left: usize,
    /// Outcomes that are still to be unfolded.
    open: usize,
}

impl Section<'_> {
    fn write(
        &mut self,
        (id, title): (&str, &str),
        outcomes: &[&RuleOutcome],
        out: &mut dyn Write,
    ) -> io::Result<()> {
        if outcomes.is_empty() {
            return Ok(());
        }
        let count = outcomes.len();
        writeln!(
            out,
            "<section id=\"{id}\">\n<h2>{title} <span class=\"count\">{count}</span></h2>"
        )?;
        for outcome in outcomes {
            self.outcome(outcome, out)?;
        }
        writeln!(out, "</section>")
    }

    fn outcome(&mut self, outcome: &RuleOutcome, out: &mut dyn Write) -> io::Result<()> {
        let verdict = outcome.verdict.word();
        let id = text(&outcome.id);
        let open = if self.open > 0 { " open=\"open\"" } else { "" };
        self.open = self.open.saturating_sub(1);
        writeln!(
            out,
            "<details class=\"outcome {verdict}\" id=\"rule-{id}\"{open}>\n<summary>\
             <span class=\"tag {verdict}\">{verdict}</span> <h3><code>{id}</code></h3> \
             <span class=\"level\">{}</span>{} <span class=\"message\">{}</span></summary>",
            outcome.level,
            if outcome.is_money {
                " <span class=\"tag fail\">money at risk</span>"
            } else {
                ""
            },
            text(&outcome.message),
        )?;
        if let Some(proof) = &outcome.detail.proof {
            proof::write_picture(&proof.violation, &mut self.pictures_left, out)?;
        }
        writeln!(out, "<div class=\"told\">\n<div>")?;
        facts(outcome, self.report, out)?;
        commands(outcome, self.report, out)?;
        if let Some(proof) = &outcome.detail.proof {
            let reproducer = proof.violation.reproducer.as_ref();
            proof::write_files(&proof.violation, out)?;
            proof::write_file("history", proof.history.as_ref(), out)?;
            if again::proof(outcome).is_none() {
                let file = reproducer.map(|reproducer| &reproducer.file);
                proof::write_file("reproducer", file, out)?;
            }
        }
        writeln!(out, "</div>\n<div>")?;
        self.exchanges(&outcome.evidence, out)?;
        writeln!(out, "</div>\n</div>\n</details>")
    }

    /// The exchange that the verdict was given on, and those before it folded.
    fn exchanges(&mut self, evidence: &[ExchangeEvidence], out: &mut dyn Write) -> io::Result<()> {
        let Some((last, before)) = evidence.split_last() else {
            return writeln!(out, "<p class=\"quiet\">No exchange is to be shown.</p>");
        };
        self.exchange(last, true, out)?;
        for exchange in before.iter().rev().take(EXCHANGE_LIMIT - 1).rev() {
            self.exchange(exchange, false, out)?;
        }
        let hidden = evidence.len().saturating_sub(EXCHANGE_LIMIT) as u64;
        if hidden > 0 {
            let more = figures::counted(hidden, "exchange");
            writeln!(out, "<p>… and {more} in <code>exchanges/</code>.</p>")?;
        }
        Ok(())
    }

    fn exchange(
        &mut self,
        exchange: &ExchangeEvidence,
        is_last: bool,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let shown = to_text(|out| write_exchange(exchange, is_last, out));
        match self.left.checked_sub(shown.len()) {
            Some(left) => {
                self.left = left;
                out.write_all(shown.as_bytes())
            }
            None => {
                let label = text(&exchange.label);
                writeln!(
                    out,
                    "<p>{label} <span class=\"quiet\">(in its files)</span></p>"
                )?;
                files(exchange, out)
            }
        }
    }
}

/// What was asked, what came, and what the order said about it.
fn facts(outcome: &RuleOutcome, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<dl class=\"facts\">")?;
    let fact = |name: &str, value: &dyn std::fmt::Display, out: &mut dyn Write| {
        writeln!(out, "<dt>{name}</dt><dd>{value}</dd>")
    };
    fact("asks", &text(&outcome.title), out)?;
    for id in &outcome.clauses {
        fact("clause", &clause(id), out)?;
    }
    let detail = &outcome.detail;
    for (name, value) in [
        ("expected", detail.expected.clone()),
        ("actual", detail.actual.clone()),
        ("drained", detail.drained.clone()),
        ("reproduced", again::reproduced(outcome)),
        ("seed", again::seed_line(outcome, report)),
    ] {
        if let Some(value) = value {
            fact(name, &text(&value), out)?;
        }
    }
    if let Some(known) = &detail.known {
        let line = format!(
            "{} ({}, until {})",
            known.reason, known.owner, known.expires
        );
        fact("known", &text(&line), out)?;
    }
    writeln!(out, "</dl>")
}

/// A clause by its id: its sentence and where that comes from.
fn clause(id: &str) -> String {
    match Clause::find(id) {
        Some(clause) => format!(
            "{} <span class=\"quiet\"><code>{}</code>, {}</span>",
            text(clause.sentence),
            text(clause.id),
            clause.source,
        ),
        None => format!("<code>{}</code>", text(id)),
    }
}

/// The commands that show it again.
fn commands(outcome: &RuleOutcome, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if let Some(line) = again::rule(outcome, report) {
        let name = match again::beside(report) {
            Some(flags) => format!("the rule again, {flags}"),
            None => "the rule again".to_owned(),
        };
        command::write(&name, &line, out)?;
    }
    let telling = again::telling(outcome);
    let sending = telling.and_then(|exchange| again::exchange(exchange, report));
    if let Some(sending) = &sending {
        command::write("curl", &sending.curl, out)?;
    }
    match (again::proof(outcome), &sending) {
        // One request of several shows little.
        (Some(least), _) => proof::write_reproducer(least, out),
        (None, Some(sending)) => command::write("replay", &sending.replay, out),
        (None, None) => Ok(()),
    }
}

fn write_exchange(
    exchange: &ExchangeEvidence,
    is_last: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let open = if is_last { " open=\"open\"" } else { "" };
    writeln!(
        out,
        "<details class=\"exchange\"{open}>\n<summary>{} → <span class=\"url\">{}</span>{}</summary>",
        text(&exchange.label),
        text(&exchange.url),
        answer(exchange),
    )?;
    message::request(exchange, out)?;
    message::response(exchange, out)?;
    if !exchange.ending.is_empty() {
        let ending = text(&exchange.ending);
        writeln!(out, "<p class=\"quiet\">The connection: {ending}.</p>")?;
    }
    files(exchange, out)?;
    writeln!(out, "</details>")
}

/// What the answer amounted to, where somebody asked.
fn answer(exchange: &ExchangeEvidence) -> String {
    let said = [&exchange.outcome, &exchange.answer];
    let said: Vec<&str> = said.into_iter().flatten().map(String::as_str).collect();
    if said.is_empty() {
        return String::new();
    }
    format!(" <strong>{}</strong>", text(&said.join(", ")))
}

fn files(exchange: &ExchangeEvidence, out: &mut dyn Write) -> io::Result<()> {
    let Some(stem) = &exchange.file else {
        return Ok(());
    };
    let stem = text(stem);
    writeln!(
        out,
        "<p class=\"quiet\">Bytes: <a href=\"exchanges/{stem}.request\">request</a>, \
         <a href=\"exchanges/{stem}.response\">response</a></p>"
    )
}
