//! What failed, each with the exchange that shows it.

use std::io::{self, Write};

use super::escape::{lines, text};
use crate::report::block::{to_text, write_rule};
use crate::report::collected::Report;
use crate::report::{Palette, figures, shown};
use crate::verdict::{ExchangeEvidence, RuleOutcome};

/// Characters of one message that are shown.
const TEXT_LIMIT: usize = 16_384;
/// Bytes of one message that are dumped.
const DUMP_LIMIT: usize = 2_048;
/// Exchanges of one rule that are shown.
const EXCHANGE_LIMIT: usize = 10;

/// Writes the section; nothing where nothing failed.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let noteworthy = report.noteworthy();
    if noteworthy.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<section id=\"failures\">\n<h2>What to look at <span class=\"count\">{}</span></h2>",
        noteworthy.len()
    )?;
    for outcome in noteworthy {
        write_outcome(outcome, report, out)?;
    }
    writeln!(out, "</section>")
}

fn write_outcome(outcome: &RuleOutcome, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let verdict = outcome.verdict.word();
    writeln!(
        out,
        "<article class=\"outcome {verdict}\" id=\"rule-{}\">\n<h3><span class=\"tag {verdict}\">{verdict}</span> \
         <code>{}</code> <span class=\"level\">{}</span>{}</h3>\n<p class=\"message\">{}</p>",
        text(&outcome.id),
        text(&outcome.id),
        outcome.level,
        if outcome.is_money {
            " <span class=\"tag fail\">money at risk</span>"
        } else {
            ""
        },
        text(&outcome.message),
    )?;
    let block = to_text(|out| write_rule(outcome, report, Palette::None, out));
    writeln!(out, "<pre class=\"block\">{}</pre>", lines(&block))?;
    // The last is the one that the verdict was given on.
    let shown = outcome.evidence.len().saturating_sub(EXCHANGE_LIMIT);
    for exchange in &outcome.evidence[shown..] {
        write_exchange(exchange, out)?;
    }
    let hidden = outcome.evidence.len().saturating_sub(EXCHANGE_LIMIT) as u64;
    if hidden > 0 {
        let more = figures::counted(hidden, "exchange");
        writeln!(out, "<p>… and {more} in <code>exchanges/</code>.</p>")?;
    }
    writeln!(out, "</article>")
}

fn write_exchange(exchange: &ExchangeEvidence, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<details>\n<summary>{} → <span class=\"url\">{}</span></summary>",
        text(&exchange.label),
        text(&exchange.url),
    )?;
    write_message("Request", &exchange.sent, out)?;
    write_message("Response", &exchange.received, out)?;
    if !exchange.ending.is_empty() {
        let ending = text(&exchange.ending);
        writeln!(out, "<p class=\"quiet\">The connection: {ending}.</p>")?;
    }
    if let Some(stem) = &exchange.file {
        let stem = text(stem);
        writeln!(
            out,
            "<p class=\"quiet\">Bytes: <a href=\"exchanges/{stem}.request\">request</a>, \
             <a href=\"exchanges/{stem}.response\">response</a>. Again: <code>sh exchanges/{stem}.sh</code></p>"
        )?;
    }
    writeln!(out, "</details>")
}

fn write_message(name: &str, bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
    let size = figures::counted(bytes.len() as u64, "byte");
    writeln!(out, "<h4>{name} <span class=\"quiet\">{size}</span></h4>")?;
    match std::str::from_utf8(bytes) {
        Ok("") => writeln!(out, "<p class=\"quiet\">nothing</p>"),
        Ok(message) => {
            let message = shown::shortened(message, TEXT_LIMIT);
            writeln!(out, "<pre>{}</pre>", lines(&message))
        }
        Err(_) => {
            let dump = shown::hexdump(bytes, DUMP_LIMIT);
            writeln!(out, "<pre class=\"dump\">{}</pre>", lines(&dump))
        }
    }
}
