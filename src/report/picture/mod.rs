//! The picture of a violation: a static SVG that needs no script, no font and
//! no network, on a light screen, a dark one, or on paper.
//!
//! From top to bottom: the inequality in words; the lanes of the witness, one
//! bar an attempt from where it was sent to where it was answered; below them
//! what was used by then, at least and at most, beside what was paid; and then
//! the other traffic of the order, faded. Everything shares one axis: the order
//! of events, not their distance in time, which stands in the tooltips.

mod axis;
mod header;
mod lanes;
mod money;
mod sheet;
mod words;

use std::fmt::Write as _;

use crate::verdict::{Scene, Violation};
use axis::Axis;
use sheet::{MARGIN, Sheet, WIDTH};

/// The style that a page with inline pictures needs once.
pub(super) const STYLE: &str = include_str!("style.css");

/// What a picture is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A file of its own, which carries its style.
    File,
    /// A page that carries the style.
    Page,
}

/// The picture as SVG. The same violation gives the same bytes.
pub(super) fn svg(violation: &Violation, scene: &Scene, place: Place) -> String {
    let axis = Axis::of(scene, violation.paid);
    let mut sheet = Sheet::new();
    header::draw(&mut sheet, violation, scene, place);
    let (witness, others): (Vec<_>, Vec<_>) = scene.lanes.iter().partition(|lane| lane.is_witness);
    // The mark's line runs through the lanes, behind all that is drawn later.
    let (top, before) = (sheet.y, sheet.body.len());
    let (refuted, start) = (words::refuted(violation), words::start(scene));
    lanes::draw(&mut sheet, &axis, "the proof", (&witness, refuted, start));
    let plumb = money::plumb(&axis, scene, (top, sheet.y));
    sheet.body.insert_str(before, &plumb);
    money::draw(&mut sheet, &axis, violation, scene);
    if !others.is_empty() {
        lanes::draw(
            &mut sheet,
            &axis,
            "the order's other traffic",
            (&others, None, start),
        );
    }
    lanes::footer(&mut sheet, &axis, scene);
    let height = sheet.y + MARGIN;
    let (namespace, style) = match place {
        Place::File => (
            " xmlns=\"http://www.w3.org/2000/svg\"",
            format!("<style>\n{STYLE}</style>\n"),
        ),
        Place::Page => ("", String::new()),
    };
    let mut svg = String::new();
    // Writing to a string can't fail.
    let _ = write!(
        svg,
        "<svg{namespace} class=\"picture\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>{}</title>\n<desc>{}</desc>\n{style}\
         <rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\"/>\n{}</svg>\n",
        sheet::text(&words::claim(violation)),
        sheet::text(&words::description(violation, scene)),
        sheet.body,
    );
    svg
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
