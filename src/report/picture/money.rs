//! How much was used, place by place: at least, at most, and what was paid.

use std::fmt::Write as _;

use super::axis::Axis;
use super::sheet::{Anchor, MARGIN, Sheet, Size, WIDTH};
use crate::verdict::{Mark, Scene, Violation};

const HEIGHT: f64 = 170.0;
/// Room for the words of the mark above the chart.
const STRIP: f64 = 24.0;
/// Labels beside the chart keep this distance.
const APART: f64 = 15.0;

/// From amounts to heights.
struct Scale {
    floor: f64,
    most: f64,
}

impl Scale {
    /// What may be used is drawn to half as much again as what matters: many
    /// requests under way would press everything else to the floor.
    fn of(violation: &Violation, scene: &Scene, floor: f64) -> Self {
        let least = scene.money.iter().filter_map(|point| point.at_least);
        let marked = scene.mark.iter().map(|mark| mark.high);
        let matters = least
            .chain(marked)
            .fold(i128::from(violation.paid), i128::max);
        let most = scene.money.iter().map(|point| point.at_most);
        let shown = most.fold(matters, i128::max).min(matters + matters / 2);
        Self {
            floor,
            most: shown.max(1) as f64 * 1.06,
        }
    }

    fn y(&self, units: i128) -> f64 {
        let share = (units as f64 / self.most).clamp(0.0, 1.0);
        self.floor - HEIGHT * share
    }
}

/// The line of the mark through the lanes between two heights.
pub(super) fn plumb(axis: &Axis, scene: &Scene, (top, bottom): (f64, f64)) -> String {
    scene.mark.as_ref().map_or_else(String::new, |mark| {
        let x = axis.x(mark.place);
        format!("<path class=\"plumb\" d=\"M{x:.1} {top:.1}V{bottom:.1}\"/>\n")
    })
}

/// Draws the chart.
pub(super) fn draw(sheet: &mut Sheet, axis: &Axis, violation: &Violation, scene: &Scene) {
    let strip = sheet.y + 6.0;
    let ceiling = strip + STRIP;
    let floor = ceiling + HEIGHT;
    let scale = Scale::of(violation, scene, floor);
    let paid = i128::from(violation.paid);
    frame(sheet, axis, &scale, paid, &scene.currency);
    let at_most = |place: usize| Some(scene.money[place].at_most);
    let at_least = |place: usize| scene.money[place].at_least;
    steps(sheet, axis, &scale, scene, "most", at_most);
    steps(sheet, axis, &scale, scene, "least", at_least);
    let last = scene.money.last();
    let mut labels = vec![(scale.y(paid), format!("paid {paid}"), " wrong")];
    if let Some(last) = last {
        let most = last.at_most;
        labels.push((scale.y(most), format!("at most {most}"), ""));
        if let Some(least) = last.at_least {
            labels.push((scale.y(least), format!("at least {least}"), " strong"));
        }
    }
    beside(sheet, axis, labels, (ceiling, floor));
    if let Some(mark) = &scene.mark {
        draw_mark(sheet, axis, &scale, mark, strip);
    }
    sheet.y = floor + 8.0;
}

fn frame(sheet: &mut Sheet, axis: &Axis, scale: &Scale, paid: i128, currency: &str) {
    let (left, right, floor) = (axis.left, axis.right, scale.floor);
    let line = scale.y(paid);
    sheet.add(format_args!(
        "<path class=\"grid\" d=\"M{left:.1} {:.1}V{floor:.1}H{right:.1}\"/>\n\
         <path class=\"paid\" d=\"M{left:.1} {line:.1}H{right:.1}\"/>",
        floor - HEIGHT,
    ));
    let quiet = (Size::Normal, " quiet");
    sheet.text(
        (MARGIN, floor - HEIGHT + 10.0),
        quiet,
        Anchor::Start,
        "money used",
    );
    let currency = super::sheet::shortened(&crate::report::shown::line(currency), 14);
    sheet.text(
        (MARGIN, floor - HEIGHT + 26.0),
        quiet,
        Anchor::Start,
        &currency,
    );
    sheet.text((axis.amount_end, floor), quiet, Anchor::End, "0");
    if floor - line >= APART {
        let paid = paid.to_string();
        sheet.text((axis.amount_end, line + 4.0), quiet, Anchor::End, &paid);
    }
}

/// A line that rises in steps.
fn steps(
    sheet: &mut Sheet,
    axis: &Axis,
    scale: &Scale,
    scene: &Scene,
    class: &str,
    units: impl Fn(usize) -> Option<i128>,
) {
    let mut path = format!("M{:.1} {:.1}", axis.left, scale.y(0));
    let mut height = scale.y(0);
    for (index, point) in scene.money.iter().enumerate() {
        let Some(units) = units(index) else {
            return;
        };
        let next = scale.y(units);
        if (next - height).abs() > f64::EPSILON {
            // Writing to a string can't fail.
            let _ = write!(path, "H{:.1}V{next:.1}", axis.x(point.place));
            height = next;
        }
    }
    let right = axis.right;
    sheet.add(format_args!(
        "<path class=\"{class}\" d=\"{path}H{right:.1}\"/>"
    ));
}

/// Labels at the ends of their lines, moved apart where they would overlap.
fn beside(
    sheet: &mut Sheet,
    axis: &Axis,
    mut labels: Vec<(f64, String, &str)>,
    (ceiling, floor): (f64, f64),
) {
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut least = ceiling;
    for label in &mut labels {
        label.0 = label.0.max(least);
        least = label.0 + APART;
    }
    let mut most = floor;
    for label in labels.iter_mut().rev() {
        label.0 = label.0.min(most);
        most = label.0 - APART;
    }
    for (y, words, class) in labels {
        let at = (axis.right + 8.0, y + 4.0);
        sheet.text(at, (Size::Normal, class), Anchor::Start, &words);
    }
}

/// Where the money shows it: a line from the lanes down, and the amounts
/// between which it happened.
fn draw_mark(sheet: &mut Sheet, axis: &Axis, scale: &Scale, mark: &Mark, strip: f64) {
    let x = axis.x(mark.place);
    let (low, high) = (scale.y(mark.low), scale.y(mark.high));
    let words = crate::report::shown::line(&mark.words);
    let half = Size::Normal.width(&words) / 2.0;
    let middle = x.clamp(MARGIN + half, (WIDTH - MARGIN - half).max(MARGIN + half));
    sheet.add(format_args!(
        "<path class=\"plumb\" d=\"M{x:.1} {:.1}V{:.1}\"/>\n\
         <path class=\"between\" d=\"M{x:.1} {low:.1}V{high:.1}\"/>\n\
         <circle class=\"crossing\" cx=\"{x:.1}\" cy=\"{high:.1}\" r=\"5\"/>",
        strip + STRIP - 4.0,
        scale.floor,
    ));
    let at = (middle, strip + 14.0);
    sheet.text(at, (Size::Normal, " strong wrong"), Anchor::Middle, &words);
}
