//! The run itself: what was aimed at, how, and what to know about it.

use std::io::{self, Write};

use super::escape::text;
use crate::report::collected::Report;

/// Writes the notices, the pre-flight and the environment.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<section id=\"run\">\n<h2>The run</h2>")?;
    for notice in &report.notices {
        writeln!(out, "<p class=\"notice\">{}</p>", text(notice))?;
    }
    write_preflight(report, out)?;
    let plan = &report.plan;
    let kind = if plan.in_process {
        "the reference gateway, started for this run"
    } else {
        "a gateway of its own"
    };
    let seed = plan.seed.to_string();
    writeln!(out, "<table class=\"members\">\n<tbody>")?;
    for (name, value) in [
        ("Command", plan.command.as_str()),
        ("Target", &plan.target),
        ("Kind of target", kind),
        ("Partner", &plan.partner),
        ("Profile", &plan.profile),
        ("Seed", &seed),
        ("Clock", &plan.clock),
        ("Started", &plan.started),
        ("recoup", &plan.version),
    ] {
        writeln!(
            out,
            "<tr><th scope=\"row\">{name}</th><td>{}</td></tr>",
            text(value)
        )?;
    }
    writeln!(out, "</tbody></table>\n</section>")
}

fn write_preflight(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if report.preflight.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h3>Pre-flight</h3>\n<ul class=\"steps\">")?;
    for step in &report.preflight {
        let word = if step.passed { "pass" } else { "fail" };
        writeln!(
            out,
            "<li><span class=\"tag {word}\">{word}</span> {}: {}</li>",
            text(&step.step),
            text(&step.finding),
        )?;
    }
    writeln!(out, "</ul>")
}
