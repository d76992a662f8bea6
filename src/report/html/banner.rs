//! The top of the page: whether to ship, and what decided it.

use std::io::{self, Write};

use super::escape::text;
use crate::report::collected::Report;
use crate::report::{dialect, figures};
use crate::verdict::event::tally;
use crate::verdict::{AuditSummary, LoadSummary, RunVerdict, Severity, Verdict};

/// One of the things that a run looks at, and how it stands.
struct Tile {
    section: &'static str,
    title: &'static str,
    tone: &'static str,
    figure: String,
    more: String,
}

/// Writes verdict, exit code and reason, a tile for each part of the run, and
/// the ways into the page.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let word = figures::run_word(report.verdict());
    writeln!(
        out,
        "<header class=\"banner {word}\">\n<div class=\"stamp\"><h1>{word}</h1>\n\
         <p>exit code <strong>{}</strong><br/>{}</p></div>\n<p class=\"reason\">{}</p>\n\
         <p class=\"where\">recoup {} of <span class=\"url\">{}</span>, started {}</p>",
        report.exit.number(),
        report.exit.meaning(),
        text(&report.reason),
        text(&report.plan.command),
        text(&report.plan.target),
        text(&report.plan.started),
    )?;
    let tiles = tiles(report);
    if !tiles.is_empty() {
        writeln!(out, "<ul class=\"tiles\">")?;
        for tile in &tiles {
            writeln!(
                out,
                "<li class=\"{}\"><a href=\"#{}\"><span class=\"title\">{}</span> \
                 <strong>{}</strong> <span>{}</span></a></li>",
                tile.tone,
                tile.section,
                tile.title,
                text(&tile.figure),
                text(&tile.more),
            )?;
        }
        writeln!(out, "</ul>")?;
    }
    writeln!(out, "</header>")
}

fn tiles(report: &Report) -> Vec<Tile> {
    let rules = (!report.rules.is_empty()).then(|| rules(report));
    let audit = report.audit.as_ref().map(audit).or_else(|| alarms(report));
    let load = report.load.as_ref().map(load);
    let dialect = report.dialect.as_ref().map(|found| Tile {
        section: "dialect",
        title: "Dialect",
        tone: if found.changed.is_empty() {
            "plain"
        } else {
            "caution"
        },
        figure: match (found.changed.len(), found.compared_with.is_empty()) {
            (0, true) => "first seen".to_owned(),
            (0, false) => "no change".to_owned(),
            (changed, _) => format!("{changed} changed"),
        },
        more: dialect::observed(found),
    });
    [audit, rules, load, dialect]
        .into_iter()
        .flatten()
        .collect()
}

fn rules(report: &Report) -> Tile {
    let counts = tally(report.rules.iter());
    let of = |verdict| {
        let found = counts.iter().find(|(counted, _)| *counted == verdict);
        found.map_or(0, |(_, count)| *count)
    };
    let failed = of(Verdict::Fail);
    let open = of(Verdict::Error) + of(Verdict::Blocked) + of(Verdict::Inconclusive);
    let all = report.rules.len();
    let rest: Vec<String> = counts
        .iter()
        .filter(|(verdict, count)| *count > 0 && !matches!(verdict, Verdict::Pass | Verdict::Fail))
        .map(|(verdict, count)| format!("{count} {}", figures::participle(*verdict)))
        .collect();
    Tile {
        section: if failed + open > 0 {
            "failures"
        } else {
            "rules"
        },
        title: "Rules",
        tone: match (failed, open) {
            (0, 0) => "pass",
            (0, _) => "caution",
            _ => "fail",
        },
        figure: if failed > 0 {
            format!("{failed} of {all} failed")
        } else {
            format!("{} of {all} passed", of(Verdict::Pass))
        },
        more: rest.join(", "),
    }
}

fn audit(audit: &AuditSummary) -> Tile {
    let lost = audit.violations.iter();
    let lost = lost.filter(|violation| violation.severity == Severity::MoneyLost);
    let lost = lost.count() as u64;
    let seen = format!(
        "{}, {} unknown",
        figures::counted(audit.orders, "order"),
        figures::count(audit.unknown)
    );
    Tile {
        section: "audit",
        title: "Money",
        tone: match audit.verdict {
            RunVerdict::Pass => "pass",
            RunVerdict::Fail => "fail",
            RunVerdict::Inconclusive => "caution",
        },
        figure: figures::counted(audit.violations.len() as u64, "violation"),
        more: match lost {
            0 => seen,
            lost => format!("{} lost money; {seen}", figures::count(lost)),
        },
    }
}

fn alarms(report: &Report) -> Option<Tile> {
    let count = report.alarms.len() as u64;
    (count > 0).then(|| Tile {
        section: "audit",
        title: "Money",
        tone: "fail",
        figure: figures::counted(count, "alarm"),
        more: "no audit came".to_owned(),
    })
}

fn load(load: &LoadSummary) -> Tile {
    let thresholds = load.thresholds.iter().map(|threshold| threshold.held);
    let held: Vec<bool> = thresholds
        .chain(load.comparison.iter().map(|line| line.held))
        .collect();
    let broken = held.iter().filter(|held| !**held).count() as u64;
    Tile {
        section: "load",
        title: "Load",
        tone: match broken {
            0 if figures::cautions(load).next().is_some() => "caution",
            0 if held.is_empty() => "plain",
            0 => "pass",
            _ => "fail",
        },
        figure: match (broken, held.len()) {
            (0, 0) => figures::rate(load.rate),
            (0, all) => format!("{all} of {all} limits held"),
            (broken, all) => format!("{broken} of {all} limits broken"),
        },
        more: format!(
            "{}, p99 {}, {} failed",
            figures::rate(load.rate),
            figures::micros(load.latency.p99),
            figures::share(load.failed, load.requests),
        ),
    }
}
