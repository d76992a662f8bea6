//! What the audit found: violations with their proof, and what the traffic
//! could have shown.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::escape::text;
use super::{members, proof, races};
use crate::report::block::violation_heading;
use crate::report::collected::Report;
use crate::report::{figures, json, power};
use crate::verdict::{AuditSummary, Violation};

/// Violations that are told on the page; every one is in `report.json`.
const TOLD_LIMIT: usize = 40;
/// Those that are unfolded.
const OPEN_LIMIT: usize = 2;
/// Bytes of the page that pictures may take; all of them have their files.
const PICTURE_BUDGET: usize = 250_000;

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
    write_exposure(audit, report, out)?;
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

/// How many invariants are broken, of which kind; then each violation.
fn write_violations(violations: &[Violation], out: &mut dyn Write) -> io::Result<()> {
    write_kinds(violations, out)?;
    let mut room = PICTURE_BUDGET;
    for (index, violation) in violations.iter().take(TOLD_LIMIT).enumerate() {
        let open = if index < OPEN_LIMIT {
            " open=\"open\""
        } else {
            ""
        };
        writeln!(
            out,
            "<details class=\"outcome fail\" id=\"violation-{}\"{open}>\n<summary><span class=\"tag fail\">{}</span> \
             <h3>{}</h3> <span class=\"message\">{}</span></summary>",
            index + 1,
            text(&violation.invariant),
            text(&violation_heading(violation)),
            text(&violation.message),
        )?;
        proof::write_picture(violation, &mut room, out)?;
        proof::write_witness(violation, out)?;
        proof::write_files(violation, out)?;
        if let Some(reproducer) = &violation.reproducer {
            proof::write_reproducer(reproducer, out)?;
        }
        writeln!(out, "</details>")?;
    }
    match violations.len().saturating_sub(TOLD_LIMIT) {
        0 => Ok(()),
        hidden => writeln!(
            out,
            "<p>… and {hidden} more in <code>report.json</code>.</p>"
        ),
    }
}

fn write_kinds(violations: &[Violation], out: &mut dyn Write) -> io::Result<()> {
    let mut kinds: BTreeMap<_, u64> = BTreeMap::new();
    for violation in violations {
        let timing = violation.timing.to_string();
        let kind = (violation.severity, &violation.invariant, timing);
        *kinds.entry(kind).or_default() += 1;
    }
    if kinds.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<table>\n<thead><tr><th>Invariant</th><th>Severity</th><th>Shows</th>\
         <th class=\"figure\">Violations</th></tr></thead>\n<tbody>"
    )?;
    for ((severity, invariant, timing), count) in kinds {
        writeln!(
            out,
            "<tr><td><span class=\"tag fail\">{}</span></td><td>{severity}</td><td>{timing}</td><td class=\"figure\">{}</td></tr>",
            text(invariant),
            figures::count(count),
        )?;
    }
    writeln!(out, "</tbody></table>")
}

/// What the traffic could have shown, with every figure that the report has.
fn write_exposure(audit: &AuditSummary, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let exposure = serde_json::to_value(audit.exposure).expect("it has string keys alone");
    writeln!(
        out,
        "<h3>What the traffic could have shown</h3>\n\
         <p class=\"quiet\">A verdict on traffic that never came near a limit says little.</p>\n\
         <div class=\"beside\">\n<div>\n<h4>Exposure</h4>"
    )?;
    members::write(&exposure, out)?;
    writeln!(out, "</div>\n<div>\n<h4>Power</h4>")?;
    match power::of_load(report) {
        Some(power) => races::write_power(&power, out)?,
        None => writeln!(out, "<p>{}</p>", text(json::NO_POWER))?,
    }
    writeln!(out, "</div>\n</div>")
}
