//! What a violation is shown with: its picture, its operations, its files, and
//! the traffic that shows it again.

use std::io::{self, Write};

use super::command;
use super::escape::text;
use crate::report::block::reproducer_share;
use crate::report::picture::{self, Place};
use crate::verdict::{Reproduction, Violation};

/// The operations that show it.
pub(super) fn write_witness(violation: &Violation, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr><th>Refund</th><th class=\"figure\">Amount</th>\
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

/// The picture, as long as there is room for one on the page.
pub(super) fn write_picture(
    violation: &Violation,
    room: &mut usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let scene = violation.exhibit.as_ref().and_then(|e| e.scene.as_ref());
    let Some(scene) = scene else {
        return Ok(());
    };
    let svg = picture::svg(violation, scene, Place::Page);
    let Some(left) = room.checked_sub(svg.len()) else {
        return Ok(());
    };
    *room = left;
    writeln!(
        out,
        "<figure class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"What happened\">\n{svg}</figure>"
    )
}

/// Where its certificate and its picture are.
pub(super) fn write_files(violation: &Violation, out: &mut dyn Write) -> io::Result<()> {
    write_file("certificate", violation.certificate.as_ref(), out)?;
    write_file("picture", violation.picture.as_ref(), out)
}

/// Where a file of the run's folder is; nothing where there is none.
pub(super) fn write_file(name: &str, file: Option<&String>, out: &mut dyn Write) -> io::Result<()> {
    let Some(file) = file else {
        return Ok(());
    };
    let file = text(file);
    writeln!(
        out,
        "<p class=\"quiet\">The {name}: <a href=\"{file}\">{file}</a></p>"
    )
}

/// The least traffic that shows it, and the command that sends it again.
pub(super) fn write_reproducer(reproducer: &Reproduction, out: &mut dyn Write) -> io::Result<()> {
    let file = text(&reproducer.file);
    writeln!(
        out,
        "<p>The <a href=\"{file}\">reproducer</a>: {}: {}</p>",
        text(&reproducer.traffic),
        reproducer_share(reproducer),
    )?;
    command::write("replay", &reproducer.command, out)
}
