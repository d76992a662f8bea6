//! Every rule, by area, with filters.

use std::io::{self, Write};

use super::escape::text;
use crate::report::collected::Report;
use crate::report::figures;
use crate::verdict::event::tally;
use crate::verdict::{Level, RuleOutcome, Verdict};

/// Writes the section; nothing where no rule ran.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if report.rules.is_empty() {
        return Ok(());
    }
    let all = report.rules.len();
    writeln!(
        out,
        "<section id=\"rules\">\n<h2>Rules <span class=\"count\">{all}</span></h2>"
    )?;
    write_filters(report, out)?;
    for (area, outcomes) in report.areas() {
        write_area(area, &outcomes, out)?;
    }
    write_skipped(report, out)?;
    writeln!(out, "</section>")
}

/// The filters, which the page's script shows.
fn write_filters(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<form class=\"filters\" aria-label=\"Filter the rules\" hidden=\"hidden\">\n\
         <div class=\"verdicts\" role=\"group\" aria-label=\"Verdict\">"
    )?;
    for (verdict, count) in tally(report.rules.iter()) {
        if count > 0 {
            let word = verdict.word();
            let participle = figures::participle(verdict);
            writeln!(
                out,
                "<button type=\"button\" class=\"tag {word}\" aria-pressed=\"false\" data-verdict=\"{word}\">{count} {participle}</button>"
            )?;
        }
    }
    writeln!(
        out,
        "</div>\n<label>Level <select><option value=\"\">any</option>"
    )?;
    for level in [
        Level::Must,
        Level::Should,
        Level::Hardening,
        Level::Observed,
    ] {
        if report.rules.iter().any(|outcome| outcome.level == level) {
            writeln!(out, "<option>{level}</option>")?;
        }
    }
    writeln!(
        out,
        "</select></label>\n<label>Find <input type=\"search\" autocomplete=\"off\" placeholder=\"id or text\"/></label>\n\
         <button type=\"reset\">Show all</button>\n<output role=\"status\"></output>\n</form>"
    )
}

fn write_area(area: &str, outcomes: &[&RuleOutcome], out: &mut dyn Write) -> io::Result<()> {
    let is_broken = |outcome: &&RuleOutcome| {
        let verdict = outcome.verdict;
        matches!(verdict, Verdict::Fail | Verdict::Error | Verdict::Blocked)
    };
    let open = if outcomes.iter().any(is_broken) {
        " open=\"open\""
    } else {
        ""
    };
    writeln!(
        out,
        "<details class=\"area\"{open}>\n<summary><h3>{}</h3> ",
        text(area),
    )?;
    write_strip(outcomes, out)?;
    for (verdict, count) in tally(outcomes.iter().copied()) {
        if count > 0 {
            let (word, participle) = (verdict.word(), figures::participle(verdict));
            writeln!(
                out,
                "<span class=\"tag {word}\">{count} {participle}</span>"
            )?;
        }
    }
    writeln!(
        out,
        "</summary>\n<table class=\"matrix\">\n<thead><tr><th>Verdict</th><th>Rule</th>\
         <th>Found</th><th class=\"figure\">Exchanges</th><th class=\"figure\">Time</th></tr></thead>\n<tbody>"
    )?;
    for outcome in outcomes {
        write_row(outcome, out)?;
    }
    writeln!(out, "</tbody></table>\n</details>")
}

/// A square for each rule: the area at a glance. The table says the same.
fn write_strip(outcomes: &[&RuleOutcome], out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<span class=\"strip\" aria-hidden=\"true\">")?;
    for outcome in outcomes {
        let word = outcome.verdict.word();
        let id = text(&outcome.id);
        write!(out, "<i class=\"{word}\" title=\"{id}: {word}\"></i>")?;
    }
    writeln!(out, "</span>")
}

fn write_row(outcome: &RuleOutcome, out: &mut dyn Write) -> io::Result<()> {
    let verdict = outcome.verdict.word();
    let id = text(&outcome.id);
    // What is told in full above has its anchor there.
    let is_told = matches!(
        outcome.verdict,
        Verdict::Fail | Verdict::Error | Verdict::Blocked | Verdict::Inconclusive | Verdict::Warn
    );
    let anchor = if is_told { "row" } else { "rule" };
    writeln!(
        out,
        "<tr id=\"{anchor}-{id}\" data-verdict=\"{verdict}\" data-level=\"{}\">\
         <td><span class=\"tag {verdict}\">{verdict}</span></td>\
         <td><a href=\"#rule-{id}\"><code>{id}</code></a> <span class=\"level\">{}</span>\
         <br/><span class=\"quiet\">{}</span></td><td>{}</td>\
         <td class=\"figure\">{}</td><td class=\"figure\">{}</td></tr>",
        outcome.level,
        outcome.level,
        text(&outcome.title),
        text(&outcome.message),
        figures::count(outcome.exchanges),
        figures::micros(outcome.duration_micros),
    )
}

/// What was not tried, by the reason.
fn write_skipped(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let reasons = report.skipped_by_reason();
    if reasons.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h3>Skipped, and why</h3>\n<dl class=\"facts\">")?;
    for (reason, ids) in reasons {
        let ids: Vec<String> = ids
            .into_iter()
            .map(|id| format!("<a href=\"#rule-{0}\"><code>{0}</code></a>", text(id)))
            .collect();
        writeln!(
            out,
            "<dt>{}</dt><dd>{}: {}</dd>",
            figures::counted(ids.len() as u64, "rule"),
            text(reason),
            ids.join(", "),
        )?;
    }
    writeln!(out, "</dl>")
}
