//! What the load measured.

use std::io::{self, Write};

use super::escape::text;
use super::{chart, percentiles};
use crate::report::{figures, power};
use crate::verdict::{Comparison, Latency, LoadSummary};

/// Writes the section.
pub(super) fn write(load: &LoadSummary, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<section id=\"load\">\n<h2>Load: {}{}</h2>",
        text(&load.scenario),
        figures::shard(load.shard),
    )?;
    for (word, caution) in figures::cautions(load) {
        writeln!(out, "<p class=\"notice\">{word}: {}</p>", text(caution))?;
    }
    write_figures(load, out)?;
    write_thresholds(load, out)?;
    write_comparison(&load.comparison, out)?;
    writeln!(out, "<div class=\"charts\">")?;
    percentiles::write(load, out)?;
    chart::throughput(&load.timeline, out)?;
    chart::latency(&load.timeline, out)?;
    writeln!(out, "</div>")?;
    write_latencies(load, out)?;
    if let Some(released) = &load.release {
        let how = power::released(released);
        writeln!(out, "<p class=\"quiet\">Volleys left {}.</p>", text(&how))?;
    }
    write_errors(load, out)?;
    writeln!(out, "</section>")
}

fn write_figures(load: &LoadSummary, out: &mut dyn Write) -> io::Result<()> {
    let asked = load
        .target_rate
        .map_or_else(|| "closed model".to_owned(), figures::rate);
    writeln!(out, "<dl class=\"figures\">")?;
    for (name, figure) in [
        ("requests", figures::count(load.requests)),
        ("failed", figures::count(load.failed)),
        ("share failed", figures::share(load.failed, load.requests)),
        ("rate", figures::rate(load.rate)),
        ("rate asked for", asked),
        ("users", figures::count(load.users as u64)),
        ("p99", figures::micros(load.latency.p99)),
        ("measured", format!("{:.1} s", load.duration_seconds)),
    ] {
        writeln!(out, "<div><dt>{name}</dt><dd>{figure}</dd></div>")?;
    }
    writeln!(out, "</dl>")
}

fn write_thresholds(load: &LoadSummary, out: &mut dyn Write) -> io::Result<()> {
    if load.thresholds.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<h3>Thresholds</h3>\n<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr><th>Threshold</th>\
         <th>Measured</th><th>Verdict</th></tr></thead>\n<tbody>"
    )?;
    for threshold in &load.thresholds {
        let (class, word) = verdict(threshold.held);
        writeln!(
            out,
            "<tr><td><code>{}</code></td><td>{}</td><td><span class=\"tag {class}\">{word}</span></td></tr>",
            text(&threshold.threshold),
            text(figures::measured(threshold)),
        )?;
    }
    writeln!(out, "</tbody></table></div>")
}

fn write_comparison(lines: &[Comparison], out: &mut dyn Write) -> io::Result<()> {
    let Some(first) = lines.first() else {
        return Ok(());
    };
    writeln!(
        out,
        "<h3>Compared with an earlier run, {}</h3>\n<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr><th>Figure</th>\
         <th class=\"figure\">Earlier run</th><th class=\"figure\">This run</th>\
         <th class=\"figure\">Change</th><th>Verdict</th></tr></thead>\n<tbody>",
        figures::band(first)
    )?;
    for line in lines {
        let (class, word) = verdict(line.held);
        write!(out, "<tr><th scope=\"row\">{}</th>", line.measure)?;
        for figure in figures::compared(line) {
            write!(out, "<td class=\"figure\">{figure}</td>")?;
        }
        writeln!(
            out,
            "<td><span class=\"tag {class}\">{word}</span></td></tr>"
        )?;
    }
    writeln!(out, "</tbody></table></div>")
}

const fn verdict(held: bool) -> (&'static str, &'static str) {
    if held {
        ("pass", "held")
    } else {
        ("fail", "broken")
    }
}

fn write_latencies(load: &LoadSummary, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<h3>By kind of traffic</h3>\n<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr><th></th><th class=\"figure\">Requests</th><th class=\"figure\">Failed</th>"
    )?;
    for (name, _) in figures::latency_columns(&load.latency) {
        writeln!(out, "<th class=\"figure\">{name}</th>")?;
    }
    writeln!(out, "</tr></thead>\n<tbody>")?;
    for (name, latency) in figures::latency_rows(load) {
        write_latency_row(name, load.requests, load.failed, latency, out)?;
    }
    for (kind, summary) in &load.by_kind {
        write_latency_row(
            kind,
            summary.requests,
            summary.failed,
            &summary.latency,
            out,
        )?;
    }
    writeln!(out, "</tbody></table></div>")
}

fn write_latency_row(
    name: &str,
    requests: u64,
    failed: u64,
    latency: &Latency,
    out: &mut dyn Write,
) -> io::Result<()> {
    write!(out, "<tr><th scope=\"row\">{}</th>", text(name))?;
    let counts = [requests, failed].map(figures::count);
    let latencies = figures::latency_columns(latency).map(|(_, micros)| figures::micros(micros));
    for figure in counts.into_iter().chain(latencies) {
        write!(out, "<td class=\"figure\">{figure}</td>")?;
    }
    writeln!(out, "</tr>")
}

fn write_errors(load: &LoadSummary, out: &mut dyn Write) -> io::Result<()> {
    if load.errors.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<h3>What went wrong</h3>\n<div class=\"scroll\" tabindex=\"0\"><table>\n<tbody>"
    )?;
    let mut errors: Vec<_> = load.errors.iter().collect();
    errors.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    for (error, count) in errors {
        writeln!(
            out,
            "<tr><td class=\"figure\">{}</td><td>{}</td></tr>",
            figures::count(*count),
            text(error)
        )?;
    }
    writeln!(out, "</tbody></table></div>")
}
