//! Every rule, by area.

use std::io::{self, Write};

use super::escape::text;
use crate::report::collected::Report;
use crate::report::figures;
use crate::verdict::event::tally;
use crate::verdict::{RuleOutcome, Verdict};

/// Writes the section; nothing where no rule ran.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if report.rules.is_empty() {
        return Ok(());
    }
    writeln!(out, "<section id=\"rules\">\n<h2>Rules</h2>\n<p>")?;
    write_counts(report.rules.iter(), out)?;
    writeln!(out, "</p>")?;
    for (area, outcomes) in report.areas() {
        write_area(area, &outcomes, out)?;
    }
    writeln!(out, "</section>")
}

fn write_area(area: &str, outcomes: &[&RuleOutcome], out: &mut dyn Write) -> io::Result<()> {
    let is_broken = |outcome: &&RuleOutcome| {
        let verdict = outcome.verdict;
        matches!(verdict, Verdict::Fail | Verdict::Error | Verdict::Blocked)
    };
    writeln!(
        out,
        "<details{}>\n<summary><strong>{}</strong> ",
        if outcomes.iter().any(is_broken) {
            " open=\"open\""
        } else {
            ""
        },
        text(area),
    )?;
    write_counts(outcomes.iter().copied(), out)?;
    writeln!(
        out,
        "</summary>\n<div class=\"scroll\"><table>\n<thead><tr><th>Rule</th><th>Level</th>\
         <th>Verdict</th><th>Found</th><th class=\"figure\">Exchanges</th><th class=\"figure\">Time</th></tr></thead>\n<tbody>"
    )?;
    for outcome in outcomes {
        let verdict = outcome.verdict.word();
        writeln!(
            out,
            "<tr><td><code>{}</code><br/><span class=\"quiet\">{}</span></td><td>{}</td>\
             <td><span class=\"tag {verdict}\">{verdict}</span></td><td>{}</td>\
             <td class=\"figure\">{}</td><td class=\"figure\">{}</td></tr>",
            text(&outcome.id),
            text(&outcome.title),
            outcome.level,
            text(&outcome.message),
            figures::count(outcome.exchanges),
            figures::micros(outcome.duration_micros),
        )?;
    }
    writeln!(out, "</tbody></table></div>\n</details>")
}

fn write_counts<'a>(
    outcomes: impl Iterator<Item = &'a RuleOutcome>,
    out: &mut dyn Write,
) -> io::Result<()> {
    for (verdict, count) in tally(outcomes).into_iter().filter(|(_, count)| *count > 0) {
        let word = verdict.word();
        let participle = figures::participle(verdict);
        writeln!(
            out,
            "<span class=\"tag {word}\">{count} {participle}</span>"
        )?;
    }
    Ok(())
}
