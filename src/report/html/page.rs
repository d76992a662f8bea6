//! The page: what stands on it, and in which order.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha256};

use super::escape::text;
use super::{audit, banner, dialect, failures, load, matrix, races, run};
use crate::report::collected::Report;
use crate::report::figures;
use crate::report::picture::STYLE as PICTURE_STYLE;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Writes the report as one self-contained HTML page.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    head(report, out)?;
    writeln!(out, "<div class=\"sheet\">")?;
    banner::write(report, out)?;
    ways(report, out)?;
    writeln!(out, "<main>")?;
    failures::write(report, out)?;
    if let Some(summary) = &report.audit {
        audit::write(summary, report, out)?;
    } else {
        audit::write_alarms(&report.alarms, out)?;
    }
    if let Some(summary) = &report.load {
        load::write(summary, out)?;
    }
    races::write(report, out)?;
    dialect::write(report, out)?;
    matrix::write(report, out)?;
    run::write(report, out)?;
    writeln!(
        out,
        "</main>\n</div>\n<script>{SCRIPT}</script>\n</body>\n</html>"
    )
}

fn head(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let script = BASE64.encode(Sha256::digest(SCRIPT));
    writeln!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{} · recoup {}</title>\n<style>\n{STYLE}{PICTURE_STYLE}</style>\n</head>\n<body>",
        figures::run_word(report.verdict()),
        text(&report.plan.command),
    )
}

/// The sections that there are.
fn ways(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    use crate::verdict::Verdict::Warn;

    let noteworthy = report.noteworthy();
    let warned = noteworthy.iter().any(|outcome| outcome.verdict == Warn);
    let failed = noteworthy.iter().any(|outcome| outcome.verdict != Warn);
    writeln!(out, "<nav aria-label=\"Sections\">")?;
    for (section, title, is_there) in [
        ("failures", "What failed", failed),
        ("warnings", "Warnings", warned),
        (
            "audit",
            "Audit",
            report.audit.is_some() || !report.alarms.is_empty(),
        ),
        ("load", "Load", report.load.is_some()),
        ("races", "Races", report.races.is_some()),
        ("dialect", "Dialect", report.dialect.is_some()),
        ("rules", "Rules", !report.rules.is_empty()),
        ("run", "The run", true),
    ] {
        if is_there {
            writeln!(out, "<a href=\"#{section}\">{title}</a>")?;
        }
    }
    writeln!(out, "</nav>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::block::to_text;
    use crate::report::sample;

    fn page(report: &Report) -> String {
        to_text(|out| write(report, out))
    }

    /// The tags of a page, in order. Fails where one is not well-formed.
    fn tags(page: &str) -> Vec<String> {
        let (before, after) = page.split_once("<style>").unwrap();
        let (_, after) = after.split_once("</style>").unwrap();
        let rest = format!("{before}{after}").replace(SCRIPT, "");
        let mut tags = Vec::new();
        for piece in rest.split('<').skip(1) {
            let (tag, content) = piece.split_once('>').expect("a tag ends");
            assert!(!content.contains('>'), "a bare > after <{tag}>");
            assert_eq!(tag.matches('"').count() % 2, 0, "quotes in <{tag}>");
            tags.push(tag.to_owned());
        }
        tags
    }

    #[test]
    fn every_element_is_closed_in_the_order_it_was_opened() {
        for report in [
            sample::failed(),
            sample::green(),
            sample::interrupted(),
            sample::minimal(),
        ] {
            let mut open: Vec<String> = Vec::new();
            for tag in tags(&page(&report)) {
                let name = tag.split([' ', '/']).next().unwrap().to_owned();
                if let Some(closed) = tag.strip_prefix('/') {
                    assert_eq!(open.pop().as_deref(), Some(closed));
                } else if !tag.ends_with('/') && !["!DOCTYPE", "meta"].contains(&name.as_str()) {
                    open.push(name);
                }
            }
            assert_eq!(open, [""; 0]);
        }
    }

    #[test]
    fn the_page_loads_nothing_and_runs_its_own_script_alone() {
        let tags = tags(&page(&sample::failed()));
        for tag in tags {
            let name = tag.split(' ').next().unwrap();
            let loads = ["link", "img", "iframe", "object", "use", "image"];
            assert!(!loads.contains(&name), "<{tag}>");
            assert!(!tag.contains(" src=") && !tag.contains(" on"), "<{tag}>");
            assert!(!tag.contains("href=\"http"), "<{tag}>");
        }
        let page = page(&sample::failed());
        assert_eq!(page.matches("<script").count(), 1);
        assert!(page.contains("script-src 'sha256-"));
        assert!(!SCRIPT.contains('<') && !SCRIPT.contains("http"));
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
    }

    #[test]
    fn what_a_gateway_answered_is_text_on_the_page() {
        let page = page(&sample::failed());
        assert!(
            page.contains("answered &lt;script&gt;alert(1)&lt;/script&gt; &amp; [sign key] ␛[31m")
        );
        assert!(page.contains("80 81 82 20 62 69 6e 61 72 79"), "a hexdump");
    }

    #[test]
    fn every_rule_has_its_anchor_and_every_link_within_the_page_an_end() {
        let report = sample::failed();
        let page = page(&report);
        for rule in &report.rules {
            let anchor = format!("id=\"rule-{}\"", rule.id);
            assert_eq!(page.matches(&anchor).count(), 1, "{anchor}");
        }
        for piece in page.split("href=\"#").skip(1) {
            let (name, _) = piece.split_once('"').unwrap();
            assert!(page.contains(&format!("id=\"{name}\"")), "{name}");
        }
    }

    #[test]
    fn the_verdict_stands_first_and_the_failures_before_the_figures() {
        let page = page(&sample::failed());
        let place = |text: &str| page.find(text).expect(text);
        assert!(place("<h1>fail</h1>") < place("id=\"failures\""));
        assert!(place("id=\"failures\"") < place("id=\"audit\""));
        assert!(place("id=\"audit\"") < place("id=\"load\""));
        assert!(place("id=\"load\"") < place("id=\"rules\""));
    }
}
