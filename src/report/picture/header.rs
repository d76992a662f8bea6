//! What is claimed, and what the bars mean.

use super::sheet::{Anchor, MARGIN, Sheet, Size, WIDTH, wrapped};
use super::{Place, words};
use crate::report::block::violation_heading;
use crate::report::shown;
use crate::verdict::{LaneKind, Scene, Violation};

const KINDS: [(LaneKind, &str, &str); 4] = [
    (LaneKind::Accepted, "accepted", "accepted"),
    (LaneKind::Refused, "refused", "refused"),
    (LaneKind::Unknown, "unknown", "no certain answer"),
    (LaneKind::Query, "query", "query"),
];

/// Draws both; what was wrong stands largest. On a page heading and message
/// stand beside the picture already.
pub(super) fn draw(sheet: &mut Sheet, violation: &Violation, scene: &Scene, place: Place) {
    if place == Place::File {
        let heading = format!("{} · {}", violation.invariant, violation_heading(violation));
        lines(sheet, Size::Normal, " strong", 17.0, &heading);
        sheet.y += 4.0;
    }
    lines(
        sheet,
        Size::Large,
        " strong wrong",
        24.0,
        &words::claim(violation),
    );
    sheet.y += 2.0;
    if place == Place::File {
        let message = shown::line(&violation.message);
        lines(sheet, Size::Normal, "", 16.0, &message);
    }
    if !scene.note.is_empty() {
        let note = format!("The money below is {}.", shown::line(&scene.note));
        lines(sheet, Size::Normal, " quiet", 16.0, &note);
    }
    sheet.y += 10.0;
    legend(sheet, scene);
}

fn lines(sheet: &mut Sheet, size: Size, class: &str, height: f64, words: &str) {
    for line in wrapped(words, size.fitting(WIDTH - 2.0 * MARGIN)) {
        sheet.y += height;
        let at = (MARGIN, sheet.y);
        sheet.text(at, (size, class), Anchor::Start, &line);
    }
}

/// The kinds of bars that occur.
fn legend(sheet: &mut Sheet, scene: &Scene) {
    let mut x = MARGIN;
    let top = sheet.y;
    for (kind, class, meaning) in KINDS {
        if !scene.lanes.iter().any(|lane| lane.kind == kind) {
            continue;
        }
        sheet.add(format_args!(
            "<rect class=\"bar {class}\" x=\"{x:.1}\" y=\"{top:.1}\" width=\"28\" height=\"14\" rx=\"{}\"/>",
            if kind == LaneKind::Query { 7 } else { 2 },
        ));
        let words = format!("{} {meaning}", words::sign(kind));
        let at = (x + 34.0, top + 11.0);
        sheet.text(at, (Size::Normal, ""), Anchor::Start, &words);
        x += 34.0 + Size::Normal.width(&words) + 24.0;
    }
    sheet.y += 22.0;
}
