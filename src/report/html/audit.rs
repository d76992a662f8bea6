//! What the audit found: violations with their proof, and what the traffic
//! could have shown.

use std::io::{self, Write};

use super::escape::text;
use super::races;
use crate::report::block::violation_heading;
use crate::report::collected::Report;
use crate::report::figures;
use crate::report::picture::{self, Place};
use crate::report::power;
use crate::verdict::{AuditSummary, Exposure, Violation};

/// Violations whose proof is drawn; every one is in `report.json`.
const DRAWN_LIMIT: usize = 40;

/// Writes the section.
pub(super) fn write(audit: &AuditSummary, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let word = figures::run_word(audit.verdict);
    writeln!(
        out,
        "<section id=\"audit\">\n<h2>Audit <span class=\"tag {word}\">{word}</span></h2>"
    )?;
    if let Some(reason) = &audit.reason {
        writeln!(out, "<p class=\"notice\">{}</p>", text(reason))?;
    }
    writeln!(out, "<dl class=\"figures\">")?;
    for (name, number) in [
        ("orders", audit.orders),
        ("operations", audit.operations),
        ("violations", audit.violations.len() as u64),
        ("unknown", audit.unknown),
        ("orders undecided", audit.inconclusive_orders),
    ] {
        let number = figures::count(number);
        writeln!(out, "<div><dt>{name}</dt><dd>{number}</dd></div>")?;
    }
    writeln!(out, "</dl>")?;
    write_violations(&audit.violations, out)?;
    write_exposure(&audit.exposure, out)?;
    if let Some(power) = power::of_load(report) {
        races::write_power(&power, out)?;
    }
    writeln!(out, "</section>")
}

/// Writes the section of a run that raised alarms and came to no audit.
pub(super) fn write_alarms(alarms: &[Violation], out: &mut dyn Write) -> io::Result<()> {
    if alarms.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<section id=\"audit\">\n<h2>Alarms</h2>\n\
         <p class=\"notice\">The run ended before its history was audited. These were seen while it went on.</p>"
    )?;
    write_violations(alarms, out)?;
    writeln!(out, "</section>")
}

fn write_violations(violations: &[Violation], out: &mut dyn Write) -> io::Result<()> {
    for violation in violations.iter().take(DRAWN_LIMIT) {
        writeln!(
            out,
            "<article class=\"outcome fail\">\n<h3><span class=\"tag fail\">{}</span> {}</h3>\n<p class=\"message\">{}</p>",
            text(&violation.invariant),
            text(&violation_heading(violation)),
            text(&violation.message),
        )?;
        write_witness(violation, out)?;
        write_exhibit(violation, out)?;
        writeln!(out, "</article>")?;
    }
    match violations.len().saturating_sub(DRAWN_LIMIT) {
        0 => Ok(()),
        hidden => writeln!(
            out,
            "<p>… and {hidden} more in <code>report.json</code>.</p>"
        ),
    }
}

fn write_witness(violation: &Violation, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<div class=\"scroll\"><table>\n<thead><tr><th>Refund</th><th class=\"figure\">Amount</th>\
         <th class=\"figure\">Sent</th><th class=\"figure\">Answered</th><th>Outcome</th></tr></thead>\n<tbody>"
    )?;
    for step in &violation.witness {
        let answered = step
            .answered
            .map_or_else(|| "never".to_owned(), |place| place.to_string());
        writeln!(
            out,
            "<tr><td><code>{}</code></td><td class=\"figure\">{}</td><td class=\"figure\">{}</td>\
             <td class=\"figure\">{answered}</td><td>{}</td></tr>",
            text(&step.refund),
            step.amount,
            step.sent,
            text(&step.outcome),
        )?;
    }
    writeln!(out, "</tbody></table></div>")
}

/// The picture, and where its file and the certificate are.
fn write_exhibit(violation: &Violation, out: &mut dyn Write) -> io::Result<()> {
    let Some(exhibit) = &violation.exhibit else {
        return Ok(());
    };
    if let Some(scene) = &exhibit.scene {
        let svg = picture::svg(violation, scene, Place::Page);
        writeln!(out, "<figure>\n{svg}</figure>")?;
    }
    let files = [
        ("certificate", &violation.certificate),
        ("picture", &violation.picture),
    ];
    for (name, file) in files {
        if let Some(file) = file {
            let file = text(file);
            writeln!(
                out,
                "<p class=\"quiet\">The {name}: <a href=\"{file}\">{file}</a></p>"
            )?;
        }
    }
    Ok(())
}

/// Writes what the traffic could have shown.
pub(super) fn write_exposure(exposure: &Exposure, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<h3>What the traffic could have shown</h3>\n\
         <p class=\"quiet\">A verdict on traffic that never came near a limit says little.</p>\n\
         <div class=\"scroll\"><table>\n<tbody>"
    )?;
    for (name, number) in figures::exposure_rows(exposure) {
        let number = figures::count(number);
        writeln!(
            out,
            "<tr><th scope=\"row\">{name}</th><td class=\"figure\">{number}</td></tr>"
        )?;
    }
    writeln!(out, "</tbody></table></div>")
}
