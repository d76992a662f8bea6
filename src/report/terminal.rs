//! The result for a person at a terminal.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::block::{tone_of, write_rule, write_violation};
use super::collected::Report;
use super::dialect;
use super::figures;
use super::palette::{Palette, Tone};
use super::power;
use super::shown;
use crate::verdict::event::tally;
use crate::verdict::{
    AuditSummary, Calibration, Comparison, Dialect, Exposure, LoadSummary, Power, Races,
    RuleOutcome, RunVerdict, Verdict,
};

/// Rules to look at that are printed in full; the next ones get a row each.
const BLOCK_LIMIT: usize = 2;
/// Violations that are printed in full, and those that are printed at all.
const FULL_VIOLATION_LIMIT: usize = 1;
const VIOLATION_LIMIT: usize = 5;
/// Rows of the tables of observations, skips and errors.
const ROW_LIMIT: usize = 10;
/// Characters of one row's text.
const ROW_WIDTH: usize = 100;

/// Writes the result: what failed first, figures after, the verdict last,
/// where the eye rests when a command has ended. A green one fits a screen.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, palette: Palette, out: &mut dyn Write) -> io::Result<()> {
    Screen { palette, out }.report(report)
}

struct Screen<'a> {
    palette: Palette,
    out: &'a mut dyn Write,
}

impl Screen<'_> {
    fn report(&mut self, report: &Report) -> io::Result<()> {
        self.plan(report)?;
        self.preflight(report)?;
        self.rules(report)?;
        if let Some(dialect) = &report.dialect {
            self.dialect(dialect)?;
        }
        match (&report.races, &report.calibration) {
            (Some(races), _) => self.races(races, report)?,
            // One that was measured earlier stands in the assumption.
            (None, Some(calibration)) if report.load.is_none() => self.calibration(calibration)?,
            _ => {}
        }
        if let Some(load) = &report.load {
            self.load(load)?;
        }
        match &report.audit {
            Some(audit) => self.audit(audit, report)?,
            None => self.alarms(report)?,
        }
        self.notices(report)?;
        self.ending(report)
    }

    fn plan(&mut self, report: &Report) -> io::Result<()> {
        let plan = &report.plan;
        let mut parts = vec![format!("recoup {} {}", plan.command, plan.version)];
        if !plan.target.is_empty() {
            let whose = if plan.in_process {
                " (reference gateway, in-process)"
            } else {
                ""
            };
            parts.push(format!("{}{whose}", plan.target));
        }
        // An audit of files acts as nobody.
        for (name, value) in [("partner", &plan.partner), ("profile", &plan.profile)] {
            if !value.is_empty() {
                parts.push(format!("{name} {value}"));
            }
        }
        parts.push(format!("seed {}", plan.seed));
        // In-process the clock is always the same.
        if !plan.clock.is_empty() && !plan.in_process {
            parts.push(format!("clock {}", plan.clock));
        }
        let line = shown::line(&parts.join(" · "));
        writeln!(self.out, "{}", self.palette.paint(Tone::Quiet, &line))
    }

    fn preflight(&mut self, report: &Report) -> io::Result<()> {
        if report.preflight.is_empty() {
            return Ok(());
        }
        let passed = report.preflight.iter().filter(|step| step.passed).count();
        let summary = format!("{passed} of {} steps passed", report.preflight.len());
        self.heading("Pre-flight", &summary)?;
        for step in report.preflight.iter().filter(|step| !step.passed) {
            let word = self.palette.paint(Tone::Bad, "FAIL");
            let (step, finding) = (shown::line(&step.step), shown::line(&step.finding));
            writeln!(self.out, "  {word}  {step}: {finding}")?;
        }
        Ok(())
    }

    fn rules(&mut self, report: &Report) -> io::Result<()> {
        if report.rules.is_empty() {
            return Ok(());
        }
        let counts: Vec<String> = tally(report.rules.iter())
            .into_iter()
            .filter(|(verdict, count)| *count > 0 || *verdict == Verdict::Pass)
            .map(|(verdict, count)| {
                let text = format!("{count} {}", figures::participle(verdict));
                self.palette.paint(tone_of(verdict), &text)
            })
            .collect();
        self.heading("Rules", &counts.join(" · "))?;

        let noteworthy = report.noteworthy();
        for outcome in noteworthy.iter().take(BLOCK_LIMIT) {
            writeln!(self.out)?;
            write_rule(outcome, report, self.palette, self.out)?;
        }
        self.brief(&noteworthy[noteworthy.len().min(BLOCK_LIMIT)..])?;

        // The dialect says the same in a word for each point.
        if report.dialect.is_none() {
            let observed: Vec<_> = report
                .rules_with(Verdict::Observed)
                .map(|outcome| (outcome.id.as_str(), outcome.message.clone()))
                .collect();
            self.table("Observed", &observed)?;
        }
        let skipped: Vec<_> = report
            .skipped_by_reason()
            .into_iter()
            .map(|(reason, ids)| (reason, ids.join(", ")))
            .collect();
        self.table("Skipped", &skipped)
    }

    /// A row for each of these rules.
    fn brief(&mut self, outcomes: &[&RuleOutcome]) -> io::Result<()> {
        if outcomes.is_empty() {
            return Ok(());
        }
        writeln!(self.out)?;
        let shown = &outcomes[..outcomes.len().min(ROW_LIMIT)];
        let width = |of: fn(&RuleOutcome) -> usize| {
            let widths = shown.iter().map(|outcome| of(outcome));
            widths.fold(0, usize::max)
        };
        let word_width = width(|outcome| outcome.verdict.word().len());
        let id_width = width(|outcome| shown::line(&outcome.id).chars().count());
        let level_width = width(|outcome| outcome.level.to_string().len());
        for outcome in shown {
            let word = format!("{:<word_width$}", outcome.verdict.word().to_uppercase());
            let level = format!("{:<level_width$}", outcome.level);
            let message = shown::shortened(&shown::line(&outcome.message), ROW_WIDTH);
            writeln!(
                self.out,
                "{}  {:<id_width$}  {}  {message}",
                self.palette.paint(tone_of(outcome.verdict), &word),
                shown::line(&outcome.id),
                self.palette.paint(Tone::Quiet, &level),
            )?;
        }
        self.and_more(outcomes.len(), ROW_LIMIT)
    }

    fn dialect(&mut self, dialect: &Dialect) -> io::Result<()> {
        self.heading("Dialect", &dialect::summary(dialect))?;
        dialect::write(dialect, self.palette, self.out)
    }

    /// What the races of the check could have shown.
    fn races(&mut self, races: &Races, report: &Report) -> io::Result<()> {
        let summary = format!(
            "{} · {}",
            figures::counted(races.volleys, "volley"),
            figures::counted(races.duels, "duel")
        );
        self.heading("Races", &summary)?;
        self.quiet(&format!("released {}", power::release(races)))?;
        match power::of_races(races, report.calibration.as_ref()) {
            Some(power) => self.power(&power),
            None => Ok(()),
        }
    }

    fn power(&mut self, power: &Power) -> io::Result<()> {
        self.quiet(&power::lines(power).join("; "))
    }

    fn quiet(&mut self, line: &str) -> io::Result<()> {
        let line = format!("  {}", shown::line(line));
        writeln!(self.out, "{}", self.palette.paint(Tone::Quiet, &line))
    }

    fn seen(&mut self, exposure: &Exposure) -> io::Result<()> {
        for some in figures::exposure_rows(exposure).chunks(4) {
            let figures: Vec<_> = some
                .iter()
                .map(|(name, number)| format!("{} {name}", figures::count(*number)))
                .collect();
            self.quiet(&format!("seen: {}", figures.join(" · ")))?;
        }
        Ok(())
    }

    /// What volleys show of a gateway that races.
    fn calibration(&mut self, calibration: &Calibration) -> io::Result<()> {
        let summary = format!("{}, measured {}", calibration.fault, calibration.measured);
        self.heading("Calibration", &shown::line(&summary))?;
        let header = ["window", "seen", "rate", "95 % interval", "a default gate"];
        let rows = power::calibrated(calibration);
        for [window, seen, rate, interval, gate] in
            std::iter::once(header.map(str::to_owned)).chain(rows)
        {
            writeln!(
                self.out,
                "  {window:>10}{seen:>16}{rate:>10}{interval:>22}{gate:>18}"
            )?;
        }
        power::findings(calibration)
            .iter()
            .try_for_each(|line| self.quiet(line))
    }

    fn load(&mut self, load: &LoadSummary) -> io::Result<()> {
        let model = load.target_rate.map_or_else(
            || "closed model".to_owned(),
            |rate| format!("{} asked for", figures::rate(rate)),
        );
        let summary = format!(
            "{}{} · {} · {model} · {:.1} s",
            shown::line(&load.scenario),
            figures::shard(load.shard),
            figures::counted(load.users as u64, "user"),
            load.duration_seconds,
        );
        self.heading("Load", &summary)?;
        let failed_tone = if load.failed > 0 {
            Tone::Bad
        } else {
            Tone::Good
        };
        let failed = format!(
            "{} failed ({})",
            figures::count(load.failed),
            figures::share(load.failed, load.requests)
        );
        writeln!(
            self.out,
            "  {} · {} · {}",
            figures::counted(load.requests, "request"),
            self.palette.paint(failed_tone, &failed),
            figures::rate(load.rate),
        )?;
        self.latencies(load)?;
        self.errors(&load.errors)?;
        for threshold in &load.thresholds {
            let (tone, word) = if threshold.held {
                (Tone::Good, "held  ")
            } else {
                (Tone::Bad, "BROKEN")
            };
            writeln!(
                self.out,
                "  {}  {}  measured {}",
                self.palette.paint(tone, word),
                shown::line(&threshold.threshold),
                shown::line(figures::measured(threshold)),
            )?;
        }
        self.comparison(&load.comparison)?;
        for (word, text) in figures::cautions(load) {
            let word = self.palette.paint(Tone::Caution, word);
            writeln!(self.out, "  {word}: {}", shown::line(text))?;
        }
        Ok(())
    }

    /// The figures beside those of an earlier run.
    fn comparison(&mut self, lines: &[Comparison]) -> io::Result<()> {
        let Some(first) = lines.first() else {
            return Ok(());
        };
        writeln!(
            self.out,
            "  compared with an earlier run, {}:",
            figures::band(first)
        )?;
        for line in lines {
            let (tone, word) = if line.held {
                (Tone::Good, "held  ")
            } else {
                (Tone::Bad, "BROKEN")
            };
            let [earlier, measured, change] = figures::compared(line);
            writeln!(
                self.out,
                "  {}  {:<8}{earlier:>12} → {measured:<12}{change}",
                self.palette.paint(tone, word),
                line.measure,
            )?;
        }
        Ok(())
    }

    fn latencies(&mut self, load: &LoadSummary) -> io::Result<()> {
        let columns = figures::latency_columns(&load.latency);
        let header: String = columns
            .iter()
            .map(|(name, _)| format!("{name:>10}"))
            .collect();
        let header = format!("  {:<20}{header}", "");
        writeln!(self.out, "{}", self.palette.paint(Tone::Quiet, &header))?;
        let kinds = load
            .by_kind
            .iter()
            .map(|(kind, summary)| (kind.as_str(), &summary.latency));
        for (name, latency) in figures::latency_rows(load).into_iter().chain(kinds) {
            let row: String = figures::latency_columns(latency)
                .iter()
                .map(|(_, micros)| format!("{:>10}", figures::micros(*micros)))
                .collect();
            writeln!(self.out, "  {:<20}{row}", shown::line(name))?;
        }
        Ok(())
    }

    fn errors(&mut self, errors: &BTreeMap<String, u64>) -> io::Result<()> {
        let mut rows: Vec<_> = errors.iter().collect();
        rows.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        for (text, count) in rows.iter().take(ROW_LIMIT) {
            let text = shown::shortened(&shown::line(text), ROW_WIDTH);
            writeln!(self.out, "  {:>8} × {text}", figures::count(**count))?;
        }
        self.and_more(rows.len(), ROW_LIMIT)
    }

    fn audit(&mut self, audit: &AuditSummary, report: &Report) -> io::Result<()> {
        let summary = format!(
            "{} · {} · {} · {} unknown · {} undecided",
            self.verdict_word(audit.verdict),
            figures::counted(audit.orders, "order"),
            figures::counted(audit.operations, "operation"),
            figures::count(audit.unknown),
            figures::count(audit.inconclusive_orders),
        );
        self.heading("Audit", &summary)?;
        if let Some(reason) = &audit.reason {
            writeln!(self.out, "  {}", shown::line(reason))?;
        }
        self.seen(&audit.exposure)?;
        if let Some(power) = power::of_load(report) {
            self.power(&power)?;
        }
        self.violations(&audit.violations)
    }

    fn alarms(&mut self, report: &Report) -> io::Result<()> {
        if report.alarms.is_empty() {
            return Ok(());
        }
        let summary = format!(
            "no audit, but {}",
            figures::counted(report.alarms.len() as u64, "alarm")
        );
        self.heading("Audit", &summary)?;
        self.violations(&report.alarms)
    }

    fn violations(&mut self, violations: &[crate::verdict::Violation]) -> io::Result<()> {
        for violation in violations.iter().take(FULL_VIOLATION_LIMIT) {
            writeln!(self.out)?;
            write_violation(violation, self.palette, self.out)?;
        }
        let brief = violations.iter().take(VIOLATION_LIMIT);
        for (index, violation) in brief.enumerate().skip(FULL_VIOLATION_LIMIT) {
            if index == FULL_VIOLATION_LIMIT {
                writeln!(self.out)?;
            }
            let message = shown::shortened(&shown::line(&violation.message), ROW_WIDTH);
            let invariant = format!("{:<4}", violation.invariant);
            writeln!(
                self.out,
                "{}  {}  {message}",
                self.palette.paint(Tone::Bad, &invariant),
                violation.severity,
            )?;
        }
        self.and_more(violations.len(), VIOLATION_LIMIT)
    }

    fn notices(&mut self, report: &Report) -> io::Result<()> {
        if !report.notices.is_empty() {
            writeln!(self.out)?;
        }
        for notice in &report.notices {
            let word = self.palette.paint(Tone::Caution, "note");
            writeln!(self.out, "{word}  {}", shown::line(notice))?;
        }
        Ok(())
    }

    fn ending(&mut self, report: &Report) -> io::Result<()> {
        writeln!(self.out)?;
        if let Some(folder) = &report.folder {
            let page = folder.join("report.html");
            writeln!(self.out, "report  {}", shown::line(&page.to_string_lossy()))?;
        }
        writeln!(
            self.out,
            "{} (exit code {}, {}): {}",
            self.verdict_word(report.verdict()),
            report.exit.number(),
            report.exit.meaning(),
            shown::line(&report.reason),
        )
    }

    fn heading(&mut self, name: &str, summary: &str) -> io::Result<()> {
        let name = self.palette.paint(Tone::Strong, &format!("{name:<10}"));
        writeln!(self.out, "\n{name}  {summary}")
    }

    fn table(&mut self, name: &str, rows: &[(&str, String)]) -> io::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "\n{}", self.palette.paint(Tone::Strong, name))?;
        let width = rows
            .iter()
            .take(ROW_LIMIT)
            .map(|(left, _)| shown::line(left).chars().count())
            .fold(0, usize::max);
        for (left, right) in rows.iter().take(ROW_LIMIT) {
            let right = shown::shortened(&shown::line(right), ROW_WIDTH);
            writeln!(self.out, "  {:<width$}  {right}", shown::line(left))?;
        }
        self.and_more(rows.len(), ROW_LIMIT)
    }

    fn and_more(&mut self, all: usize, shown: usize) -> io::Result<()> {
        match all.saturating_sub(shown) {
            0 => Ok(()),
            hidden => writeln!(self.out, "  … and {hidden} more in the report"),
        }
    }

    fn verdict_word(&self, verdict: RunVerdict) -> String {
        let tone = match verdict {
            RunVerdict::Pass => Tone::Good,
            RunVerdict::Fail => Tone::Bad,
            RunVerdict::Inconclusive => Tone::Caution,
        };
        let word = figures::run_word(verdict).to_uppercase();
        self.palette.paint(tone, &word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::block::to_text;
    use crate::report::sample;

    fn screen(report: &Report, palette: Palette) -> String {
        to_text(|out| write(report, palette, out))
    }

    #[test]
    fn a_failed_run_shows_each_failure_with_its_clause_and_exchange() {
        sample::snapshot("terminal_failed", &screen(&sample::failed(), Palette::None));
    }

    #[test]
    fn a_green_run_fits_one_screen() {
        let text = screen(&sample::green(), Palette::None);
        assert!(text.lines().count() <= 40, "{} lines", text.lines().count());
        sample::snapshot("terminal_green", &text);
    }

    #[test]
    fn however_much_failed_it_fits_two_screens() {
        let mut report = sample::failed();
        for number in 0..200 {
            let id = format!("json.case-{number}");
            report.rules.push(sample::outcome(&id, Verdict::Fail));
        }
        if let Some(audit) = &mut report.audit {
            audit.violations = vec![sample::violation(); 500];
        }
        let text = screen(&report, Palette::None);
        assert!(text.lines().count() <= 120, "{text}");
        assert!(text.contains("… and 495 more in the report"), "{text}");
    }

    #[test]
    fn a_run_that_was_cut_off_says_so_and_shows_its_alarm() {
        sample::snapshot(
            "terminal_interrupted",
            &screen(&sample::interrupted(), Palette::None),
        );
    }

    #[test]
    fn the_last_line_is_the_verdict_the_exit_code_and_the_reason() {
        let text = screen(&sample::failed(), Palette::None);
        let last = text.lines().last().unwrap();
        assert!(last.starts_with("FAIL (exit code 5, "), "{last}");
        assert!(last.ends_with(&sample::failed().reason), "{last}");
    }

    #[test]
    fn colour_changes_no_character_of_the_text() {
        let coloured = screen(&sample::failed(), Palette::Ansi);
        let mut plain = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, sequence)) = rest.split_once('\u{1b}') {
            plain.push_str(before);
            rest = sequence.split_once('m').unwrap().1;
        }
        plain.push_str(rest);
        assert_ne!(plain, coloured);
        assert_eq!(plain, screen(&sample::failed(), Palette::None));
    }
}
