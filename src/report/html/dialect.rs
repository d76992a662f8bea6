//! What the gateway does where the protocol is silent.

use std::io::{self, Write};

use super::escape::text;
use crate::report::collected::Report;
use crate::report::dialect::{sentences, summary};

/// Writes the section; nothing where the dialect was not looked at.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let Some(dialect) = &report.dialect else {
        return Ok(());
    };
    writeln!(out, "<section id=\"dialect\">\n<h2>Dialect</h2>")?;
    for change in &dialect.changed {
        let change = change.to_string();
        writeln!(out, "<p class=\"notice\">{}</p>", text(&change))?;
    }
    for sentence in sentences(dialect) {
        writeln!(out, "<p>{}</p>", text(&sentence))?;
    }
    writeln!(
        out,
        "<details>\n<summary>{}</summary>\n<table>\n<thead><tr><th>Open point</th>\
         <th>Answer</th><th>More</th></tr></thead>\n<tbody>",
        text(&summary(dialect)),
    )?;
    for point in &dialect.points {
        let more = match point.answer {
            Some(_) => point.note.clone(),
            None => format!("because {}", point.note),
        };
        writeln!(
            out,
            "<tr><td><code>{}</code><br/><span class=\"quiet\">{}</span></td><td>{}</td><td>{}</td></tr>",
            text(point.point),
            text(point.question),
            text(point.answer.as_deref().unwrap_or("not observed")),
            text(&more),
        )?;
    }
    writeln!(out, "</tbody></table>\n</details>\n</section>")
}
