//! The page: what stands on it, and in which order.

use std::io::{self, Write};

use super::escape::text;
use super::{audit, dialect, failures, load, matrix, races, run};
use crate::report::collected::Report;
use crate::report::figures;
use crate::report::picture::STYLE as PICTURE_STYLE;

const STYLE: &str = include_str!("style.css");

/// Writes the report as one self-contained HTML page.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    head(report, out)?;
    banner(report, out)?;
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
    writeln!(out, "</main>\n</body>\n</html>")
}

fn head(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{} · recoup {}</title>\n<style>\n{STYLE}{PICTURE_STYLE}</style>\n</head>\n<body>",
        figures::run_word(report.verdict()),
        text(&report.plan.command),
    )
}

fn banner(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let word = figures::run_word(report.verdict());
    writeln!(
        out,
        "<header class=\"banner {word}\">\n<p class=\"kind\">recoup {}</p>\n<h1>{word}</h1>\n\
         <p class=\"reason\">{}</p>\n<p class=\"where\">{} · {} · exit code {}, {}</p>\n</header>",
        text(&report.plan.command),
        text(&report.reason),
        text(&report.plan.target),
        text(&report.plan.started),
        report.exit.number(),
        report.exit.meaning(),
    )
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
        let rest = format!("{before}{after}");
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
    fn the_page_loads_nothing_and_runs_nothing() {
        let tags = tags(&page(&sample::failed()));
        for tag in tags {
            let name = tag.split(' ').next().unwrap();
            let loads = ["script", "link", "img", "iframe", "object", "use", "image"];
            assert!(!loads.contains(&name), "<{tag}>");
            assert!(!tag.contains(" src=") && !tag.contains(" on"), "<{tag}>");
            assert!(!tag.contains("href=\"http"), "<{tag}>");
        }
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
    fn the_verdict_stands_first_and_the_failures_before_the_figures() {
        let page = page(&sample::failed());
        let place = |text: &str| page.find(text).expect(text);
        assert!(place("<h1>fail</h1>") < place("id=\"failures\""));
        assert!(place("id=\"failures\"") < place("id=\"audit\""));
        assert!(place("id=\"audit\"") < place("id=\"load\""));
        assert!(place("id=\"load\"") < place("id=\"rules\""));
    }
}
