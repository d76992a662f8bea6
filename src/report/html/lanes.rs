//! The picture of a witness: one lane an attempt, one bar from where it was
//! sent to where it was answered. What overlaps raced.

use std::io::{self, Write};

use super::escape::text;
use crate::report::shown;
use crate::verdict::{Violation, WitnessStep};

/// Lanes that are drawn.
const MOST_LANES: usize = 40;
const WIDTH: f64 = 720.0;
const LANE: f64 = 28.0;
/// Room for the labels left of the lanes.
const LEFT: f64 = 200.0;
/// Characters of a refund's number that fit there.
const LABEL_LIMIT: usize = 16;

/// Writes the picture; nothing where there is no witness.
pub(super) fn write(violation: &Violation, out: &mut dyn Write) -> io::Result<()> {
    let lanes = &violation.witness[..violation.witness.len().min(MOST_LANES)];
    if lanes.is_empty() {
        return Ok(());
    }
    let places = ranks(lanes);
    // One rank more than there are, for bars that never ended.
    let step = (WIDTH - LEFT - 8.0) / places.len() as f64;
    let x = |place: u64| LEFT + step * places.partition_point(|known| *known < place) as f64;
    let height = LANE * lanes.len() as f64;
    writeln!(
        out,
        "<figure>\n<figcaption>The order of events, from left to right</figcaption>\n\
         <svg class=\"chart lanes\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n<title>{}</title>\n<desc>{}</desc>",
        text(&violation.message),
        text(&description(lanes)),
    )?;
    for (number, lane) in lanes.iter().enumerate() {
        let top = LANE * number as f64;
        let end = lane.answered.map_or(WIDTH - 8.0, x);
        let open = if lane.answered.is_none() { " open" } else { "" };
        writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{} · {}</text>\
             <rect class=\"lane {}{open}\" x=\"{:.1}\" y=\"{}\" width=\"{:.1}\" height=\"{}\"/>\
             <text class=\"within\" x=\"{:.1}\" y=\"{}\">{}</text>",
            LEFT - 8.0,
            top + 18.0,
            text(&short(&lane.refund)),
            lane.amount,
            class_of(&lane.outcome),
            x(lane.sent),
            top + 4.0,
            // A bar that ends where it starts would not be seen.
            (end - x(lane.sent)).max(2.0),
            LANE - 8.0,
            x(lane.sent) + 6.0,
            top + 18.0,
            text(&lane.outcome),
        )?;
    }
    writeln!(out, "</svg>")?;
    let hidden = violation.witness.len() - lanes.len();
    if hidden > 0 {
        writeln!(out, "<p class=\"quiet\">{hidden} more are not drawn.</p>")?;
    }
    writeln!(out, "</figure>")
}

/// Every place that is drawn, in order: only the order has a meaning, so the
/// lanes are drawn by rank and not by distance.
fn ranks(lanes: &[WitnessStep]) -> Vec<u64> {
    let mut places: Vec<u64> = lanes
        .iter()
        .flat_map(|lane| [Some(lane.sent), lane.answered])
        .flatten()
        .collect();
    places.sort_unstable();
    places.dedup();
    places
}

fn description(lanes: &[WitnessStep]) -> String {
    let sentences: Vec<String> = lanes
        .iter()
        .map(|lane| {
            let answered = lane.answered.map_or_else(
                || "never answered".to_owned(),
                |at| format!("answered at {at}"),
            );
            format!(
                "{} of {}: sent at {}, {answered}, {}.",
                lane.refund, lane.amount, lane.sent, lane.outcome
            )
        })
        .collect();
    sentences.join(" ")
}

fn short(refund: &str) -> String {
    match refund.char_indices().nth(LABEL_LIMIT) {
        None => shown::line(refund),
        Some((cut, _)) => format!("{}…", shown::line(&refund[..cut])),
    }
}

/// What became of the money, by the history's word for the outcome.
fn class_of(outcome: &str) -> &'static str {
    match outcome {
        "accepted" | "refunded" => "accepted",
        "unknown" | "not-sent" => "unknown",
        _ => "refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::block::to_text;
    use crate::report::sample;

    #[test]
    fn only_the_order_of_events_is_drawn_not_their_distance() {
        let near = sample::violation();
        let mut far = near.clone();
        far.witness[0].answered = Some(1_000_000);
        let bars = |violation| {
            let svg = to_text(|out| write(violation, out));
            svg.split("<rect")
                .skip(1)
                .map(|rest| rest.split("/>").next().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(bars(&near), bars(&far));
        assert_eq!(bars(&near).len(), 2);
    }

    #[test]
    fn what_was_never_answered_stays_open_to_the_right() {
        let mut violation = sample::violation();
        violation.witness[1].answered = None;
        violation.witness[1].outcome = "unknown".into();
        let svg = to_text(|out| write(&violation, out));
        assert!(svg.contains("lane unknown open"), "{svg}");
    }

    #[test]
    fn a_huge_witness_says_how_much_is_not_drawn() {
        let mut violation = sample::violation();
        violation.witness = vec![violation.witness[0].clone(); 45];
        let svg = to_text(|out| write(&violation, out));
        assert_eq!(svg.matches("<rect").count(), 40);
        assert!(svg.contains("5 more are not drawn"));
    }
}
