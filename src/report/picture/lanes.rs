//! One lane an operation: a bar from where it was sent to where it was
//! answered. What overlaps was under way at the same time.

use super::axis::{Axis, MOST_NAME, name};
use super::sheet::{Anchor, MARGIN, Sheet, Size, shortened, text};
use super::words;
use crate::report::figures;
use crate::verdict::{Lane, LaneKind, Scene};

/// More lanes than this are drawn smaller.
const MOST_LARGE: usize = 40;
/// A bar that ends where it starts would not be seen.
const LEAST_WIDTH: f64 = 3.0;
const PAD: f64 = 6.0;

/// Draws lanes below a heading; `refuted` is the place of the answer that is
/// wrong, where it is one, and `start` the time that others are counted from.
pub(super) fn draw(
    sheet: &mut Sheet,
    axis: &Axis,
    heading: &str,
    (lanes, refuted, start): (&[&Lane], Option<u64>, Option<u64>),
) {
    sheet.y += 14.0;
    let at = (MARGIN, sheet.y);
    sheet.text(at, (Size::Normal, " quiet"), Anchor::Start, heading);
    sheet.y += 6.0;
    let (size, pitch) = if lanes.len() > MOST_LARGE {
        (Size::Small, 14.0)
    } else {
        (Size::Normal, 22.0)
    };
    for lane in lanes {
        let is_wrong = refuted == Some(lane.sent);
        draw_one(sheet, axis, (lane, is_wrong), start, (size, pitch));
        sheet.y += pitch;
    }
}

fn draw_one(
    sheet: &mut Sheet,
    axis: &Axis,
    (lane, is_wrong): (&Lane, bool),
    start: Option<u64>,
    (size, pitch): (Size, f64),
) {
    let (from, to) = (
        axis.x(lane.sent),
        lane.answered.map_or(axis.right, |a| axis.x(a)),
    );
    let width = (to - from).max(LEAST_WIDTH);
    let base = sheet.y + pitch / 2.0 + if size == Size::Small { 3.5 } else { 4.5 };
    let weight = if lane.is_witness { "witness" } else { "faded" };
    sheet.add(format_args!(
        "<g class=\"{weight}\"><title>{}</title>",
        text(&words::lane(lane, start))
    ));
    let label = shortened(&name(lane), MOST_NAME);
    sheet.text((axis.name_end, base), (size, ""), Anchor::End, &label);
    if let Some(amount) = lane.amount {
        let amount = amount.to_string();
        sheet.text((axis.amount_end, base), (size, ""), Anchor::End, &amount);
    }
    let kind = match lane.kind {
        LaneKind::Accepted => "accepted",
        LaneKind::Refused => "refused",
        LaneKind::Unknown => "unknown",
        LaneKind::Query => "query",
    };
    let (top, height) = (sheet.y + 2.0, pitch - 4.0);
    let round = if lane.kind == LaneKind::Query {
        height / 2.0
    } else {
        2.0
    };
    sheet.add(format_args!(
        "<rect class=\"bar {kind}\" x=\"{from:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{round:.1}\"/>"
    ));
    label_bar(sheet, axis, (lane, is_wrong), (from, width, base), size);
    sheet.add(format_args!("</g>"));
}

/// The outcome: within its bar, or where that is too narrow beside it. A lane
/// has one bar, so there is nothing else to run into.
fn label_bar(
    sheet: &mut Sheet,
    axis: &Axis,
    (lane, is_wrong): (&Lane, bool),
    (from, width, base): (f64, f64, f64),
    size: Size,
) {
    let mut words = format!(
        "{} {}",
        words::sign(lane.kind),
        crate::report::shown::line(&lane.outcome)
    );
    if is_wrong {
        words.push_str(" ◀");
    }
    let needed = size.width(&words) + PAD;
    let class = if is_wrong { " strong wrong" } else { "" };
    let (x, anchor) = if needed + PAD <= width {
        sheet.text((from + PAD, base), (size, class), Anchor::Start, &words);
        return;
    } else if from + width + needed <= axis.right {
        (from + width + PAD, Anchor::Start)
    } else {
        (from - PAD, Anchor::End)
    };
    let class = format!("{class} halo");
    sheet.text((x, base), (size, &class), anchor, &words);
}

/// What is not drawn, and what the axis is.
pub(super) fn footer(sheet: &mut Sheet, axis: &Axis, scene: &Scene) {
    if scene.hidden > 0 {
        sheet.y += 16.0;
        let words = format!("… and {} more", figures::count(scene.hidden));
        sheet.text(
            (MARGIN, sheet.y),
            (Size::Normal, " quiet"),
            Anchor::Start,
            &words,
        );
    }
    let Some((first, last)) = axis.span() else {
        return;
    };
    sheet.y += 20.0;
    let ends = scene.lanes.iter().filter_map(|lane| lane.answered_ns).max();
    let took = words::start(scene)
        .zip(ends)
        .map_or_else(String::new, |(start, end)| {
            let micros = end.saturating_sub(start) / 1_000;
            format!(", {} in all", figures::micros(micros))
        });
    let words = format!("events {first} to {last} in their order, from left to right{took}");
    sheet.text(
        (axis.left, sheet.y),
        (Size::Normal, " quiet"),
        Anchor::Start,
        &words,
    );
}
