//! `summary.md`: the step summary of a CI job, the verdict first.

use std::fmt::Display;
use std::io::{self, Write};

use super::block::{to_text, violation_heading, write_rule, write_violation};
use super::collected::Report;
use super::dialect;
use super::figures;
use super::palette::Palette;
use super::power;
use super::shown;
use crate::verdict::event::tally;
use crate::verdict::{
    AuditSummary, Comparison, Dialect, Exposure, LoadSummary, Power, Races, ThresholdOutcome,
    Violation,
};

/// Failures and violations that are listed: a step summary holds a mebibyte.
const LIST_LIMIT: usize = 50;

/// Writes the report as Markdown, in GitHub's dialect.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "## recoup {}: {}\n\n**{}** (exit code {}, {})\n",
        escaped(&report.plan.command),
        figures::run_word(report.verdict()),
        escaped(&report.reason),
        report.exit.number(),
        report.exit.meaning(),
    )?;
    plan(report, out)?;
    rules(report, out)?;
    if let Some(dialect) = &report.dialect {
        write_dialect(dialect, out)?;
    }
    if let Some(races) = &report.races {
        write_races(races, report, out)?;
    }
    if let Some(load) = &report.load {
        write_load(load, out)?;
    }
    match &report.audit {
        Some(audit) => write_audit(audit, report, out)?,
        None => violations(&report.alarms, out)?,
    }
    for notice in &report.notices {
        writeln!(out, "> {}\n", escaped(notice))?;
    }
    Ok(())
}

fn plan(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let plan = &report.plan;
    header(
        out,
        &["target", "partner", "profile", "seed", "clock", "started"],
    )?;
    row(
        out,
        &[
            &escaped(&plan.target),
            &escaped(&plan.partner),
            &escaped(&plan.profile),
            &plan.seed,
            &escaped(&plan.clock),
            &escaped(&plan.started),
        ],
    )?;
    writeln!(out)?;
    for step in report.preflight.iter().filter(|step| !step.passed) {
        let (step, finding) = (escaped(&step.step), escaped(&step.finding));
        writeln!(out, "- pre-flight, {step}: **{finding}**\n")?;
    }
    Ok(())
}

fn rules(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if report.rules.is_empty() {
        return Ok(());
    }
    let counts: Vec<String> = tally(report.rules.iter())
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(verdict, count)| format!("{count} {}", figures::participle(verdict)))
        .collect();
    writeln!(out, "### Rules\n\n{}\n", counts.join(" · "))?;
    let noteworthy = report.noteworthy();
    if noteworthy.is_empty() {
        return Ok(());
    }
    header(out, &["verdict", "rule", "level", "found"])?;
    for outcome in noteworthy.iter().take(LIST_LIMIT) {
        row(
            out,
            &[
                &outcome.verdict,
                &escaped(&outcome.id),
                &outcome.level,
                &escaped(&outcome.message),
            ],
        )?;
    }
    writeln!(out)?;
    for outcome in noteworthy.iter().take(LIST_LIMIT) {
        let block = to_text(|out| write_rule(outcome, report, Palette::None, out));
        folded(out, &outcome.id, &block)?;
    }
    and_more(out, noteworthy.len())
}

fn write_dialect(dialect: &Dialect, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "### Dialect\n")?;
    for change in &dialect.changed {
        writeln!(out, "> {}\n", escaped(&change.to_string()))?;
    }
    for sentence in dialect::sentences(dialect) {
        writeln!(out, "{}\n", escaped(&sentence))?;
    }
    let summary = html_escaped(&dialect::summary(dialect));
    writeln!(out, "<details><summary>{summary}</summary>\n")?;
    header(out, &["open point", "found"])?;
    for point in &dialect.points {
        row(out, &[&escaped(point.point), &escaped(&point.finding())])?;
    }
    writeln!(out, "\n</details>\n")
}

fn write_load(load: &LoadSummary, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "### Load\n\n{}{}: {} · {} failed ({}) · {} · {:.1} s\n",
        escaped(&load.scenario),
        figures::shard(load.shard),
        figures::counted(load.requests, "request"),
        figures::count(load.failed),
        figures::share(load.failed, load.requests),
        figures::rate(load.rate),
        load.duration_seconds,
    )?;
    for (word, text) in figures::cautions(load) {
        writeln!(out, "> {word}: {}\n", escaped(text))?;
    }
    let columns = figures::latency_columns(&load.latency);
    let mut names = vec![""];
    names.extend(columns.iter().map(|(name, _)| *name));
    header(out, &names)?;
    let kinds = load
        .by_kind
        .iter()
        .map(|(kind, summary)| (kind.as_str(), &summary.latency));
    for (name, latency) in figures::latency_rows(load).into_iter().chain(kinds) {
        let mut cells = vec![escaped(name)];
        let figures = figures::latency_columns(latency);
        cells.extend(figures.map(|(_, micros)| figures::micros(micros)));
        let cells: Vec<&dyn Display> = cells.iter().map(|cell| cell as &dyn Display).collect();
        row(out, &cells)?;
    }
    writeln!(out)?;
    write_thresholds(&load.thresholds, out)?;
    write_comparison(&load.comparison, out)
}

fn write_thresholds(thresholds: &[ThresholdOutcome], out: &mut dyn Write) -> io::Result<()> {
    if thresholds.is_empty() {
        return Ok(());
    }
    header(out, &["threshold", "measured", "verdict"])?;
    for threshold in thresholds {
        let verdict = if threshold.held { "held" } else { "**broken**" };
        row(
            out,
            &[
                &escaped(&threshold.threshold),
                &escaped(figures::measured(threshold)),
                &verdict,
            ],
        )?;
    }
    writeln!(out)
}

fn write_comparison(lines: &[Comparison], out: &mut dyn Write) -> io::Result<()> {
    let Some(first) = lines.first() else {
        return Ok(());
    };
    let verdict = format!("verdict at {}", figures::band(first));
    header(
        out,
        &["compared", "earlier run", "this run", "change", &verdict],
    )?;
    for line in lines {
        let [earlier, measured, change] = figures::compared(line);
        let verdict = if line.held { "held" } else { "**broken**" };
        row(
            out,
            &[&line.measure, &earlier, &measured, &change, &verdict],
        )?;
    }
    writeln!(out)
}

fn write_races(races: &Races, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "### Races\n\n{}, {} of them duels; released {}\n",
        figures::counted(races.volleys, "volley"),
        figures::count(races.duels),
        escaped(&power::release(races))
    )?;
    write_exposure(&races.exposure, out)?;
    match power::of_races(races, report.calibration.as_ref()) {
        Some(power) => write_power(&power, out),
        None => Ok(()),
    }
}

fn write_power(power: &Power, out: &mut dyn Write) -> io::Result<()> {
    let [seen, provided] = power::lines(power);
    writeln!(out, "{}; {}\n", escaped(&seen), escaped(&provided))
}

fn write_exposure(exposure: &Exposure, out: &mut dyn Write) -> io::Result<()> {
    header(out, &["what the traffic could have shown", "count"])?;
    for (name, number) in figures::exposure_rows(exposure) {
        row(out, &[&name, &figures::count(number)])?;
    }
    writeln!(out)
}

fn write_audit(audit: &AuditSummary, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "### Audit\n\n**{}** · {} · {} · {} unknown · {} undecided\n",
        figures::run_word(audit.verdict),
        figures::counted(audit.orders, "order"),
        figures::counted(audit.operations, "operation"),
        figures::count(audit.unknown),
        figures::count(audit.inconclusive_orders),
    )?;
    if let Some(reason) = &audit.reason {
        writeln!(out, "> {}\n", escaped(reason))?;
    }
    violations(&audit.violations, out)?;
    write_exposure(&audit.exposure, out)?;
    match power::of_load(report) {
        Some(power) => write_power(&power, out),
        None => Ok(()),
    }
}

fn violations(violations: &[Violation], out: &mut dyn Write) -> io::Result<()> {
    for violation in violations.iter().take(LIST_LIMIT) {
        let summary = format!("{} · {}", violation.invariant, violation_heading(violation));
        let block = to_text(|out| write_violation(violation, Palette::None, out));
        folded(out, &summary, &block)?;
    }
    and_more(out, violations.len())
}

fn header(out: &mut dyn Write, names: &[&str]) -> io::Result<()> {
    writeln!(out, "| {} |", names.join(" | "))?;
    writeln!(out, "|{}", "---|".repeat(names.len()))
}

fn row(out: &mut dyn Write, cells: &[&dyn Display]) -> io::Result<()> {
    write!(out, "|")?;
    for cell in cells {
        write!(out, " {cell} |")?;
    }
    writeln!(out)
}

/// A block that opens on a click. The fence is longer than any run of
/// backticks in it, so that nothing inside can end it. The summary stands in
/// HTML, where Markdown's escapes mean nothing.
fn folded(out: &mut dyn Write, summary: &str, block: &str) -> io::Result<()> {
    let summary = html_escaped(summary);
    let longest_run = block
        .split(|character| character != '`')
        .map(str::len)
        .fold(0, usize::max);
    let fence = "`".repeat((longest_run + 1).max(3));
    writeln!(
        out,
        "<details><summary>{summary}</summary>\n\n{fence}text\n{block}{fence}\n\n</details>\n"
    )
}

fn and_more(out: &mut dyn Write, all: usize) -> io::Result<()> {
    match all.saturating_sub(LIST_LIMIT) {
        0 => Ok(()),
        hidden => writeln!(out, "… and {hidden} more in `report.html`.\n"),
    }
}

/// The text on one line, with what HTML would read as markup escaped.
fn html_escaped(text: &str) -> String {
    let text = shown::line(text).replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

/// The text on one line, with what Markdown or HTML would read as markup
/// escaped.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in html_escaped(text).chars() {
        if "\\`*_[]|~#$".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_failed_run_is_written_as_before() {
        let text = to_text(|out| write(&sample::failed(), out));
        sample::snapshot("markdown_failed", &text);
    }

    #[test]
    fn a_green_run_is_written_as_before() {
        let text = to_text(|out| write(&sample::green(), out));
        sample::snapshot("markdown_green", &text);
    }

    #[test]
    fn a_message_can_not_break_out_of_its_cell_or_its_fence() {
        assert_eq!(
            escaped("a|b\n<img> `c` \\"),
            "a\\|b␊&lt;img&gt; \\`c\\` \\\\"
        );
        let text = to_text(|out| folded(out, "x_<b>", "a ```` b\n"));
        assert!(text.contains("<summary>x_&lt;b&gt;</summary>"), "{text}");
        assert!(text.contains("\n`````text\na ```` b\n`````\n"), "{text}");
    }
}
