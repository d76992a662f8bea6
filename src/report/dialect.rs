//! The dialect in a few lines of text: two sentences, and the answers in two
//! columns. Questions and remarks are in the files.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::palette::{Palette, Tone};
use super::shown;
use crate::verdict::dialect::{ANSWER_SIGNATURE, REQUEST_SIGNATURE};
use crate::verdict::{Dialect, DialectPoint};

/// Characters of one answer.
const ANSWER_WIDTH: usize = 24;
/// Characters of a line of text.
const LINE_WIDTH: usize = 120;
/// Changes, and reasons for points without an answer, that are printed.
const ROW_LIMIT: usize = 5;

/// How many points were observed.
pub(crate) fn observed(dialect: &Dialect) -> String {
    let observed = dialect
        .points
        .iter()
        .filter(|point| point.answer.is_some())
        .count();
    format!(
        "{observed} of {} open points observed",
        dialect.points.len()
    )
}

/// How many points were observed and how many differ from before, in one line.
pub(crate) fn summary(dialect: &Dialect) -> String {
    let observed = observed(dialect);
    match dialect.changed.len() {
        0 => observed,
        changed => format!("{observed} · {changed} changed"),
    }
}

/// The sentences on what the gateway verifies and signs.
pub(crate) fn sentences(dialect: &Dialect) -> impl Iterator<Item = String> {
    [dialect.verifies(), dialect.signs()]
        .into_iter()
        .flatten()
        .map(|sentence| format!("It {}.", shown::line(sentence)))
}

/// Writes what changed, the sentences, the answers and what was not observed.
pub(crate) fn write(dialect: &Dialect, palette: Palette, out: &mut dyn Write) -> io::Result<()> {
    for change in dialect.changed.iter().take(ROW_LIMIT) {
        let text = shown::shortened(&shown::line(&change.to_string()), LINE_WIDTH);
        writeln!(out, "  {}", palette.paint(Tone::Caution, &text))?;
    }
    and_more(dialect.changed.len(), out)?;
    for sentence in sentences(dialect) {
        writeln!(out, "  {}", shown::shortened(&sentence, LINE_WIDTH))?;
    }
    let cells: Vec<(&str, String)> = dialect
        .points
        .iter()
        .filter(|point| ![ANSWER_SIGNATURE, REQUEST_SIGNATURE].contains(&point.point))
        .filter_map(|point| Some((point.point, cell(point.answer.as_deref()?))))
        .collect();
    write_columns(&cells, out)?;
    let silent = silent(&dialect.points);
    for (reason, points) in silent.iter().take(ROW_LIMIT) {
        let line = format!("not observed: {}, because {reason}", some_of(points));
        let line = shown::shortened(&shown::line(&line), LINE_WIDTH);
        writeln!(out, "  {}", palette.paint(Tone::Quiet, &line))?;
    }
    and_more(silent.len(), out)
}

fn cell(answer: &str) -> String {
    let answer = shown::line(answer);
    match answer.char_indices().nth(ANSWER_WIDTH) {
        None => answer,
        Some(_) => {
            let cut: String = answer.chars().take(ANSWER_WIDTH - 1).collect();
            cut + "…"
        }
    }
}

/// The cells side by side, to be read down.
fn write_columns(cells: &[(&str, String)], out: &mut dyn Write) -> io::Result<()> {
    let widest = |texts: &mut dyn Iterator<Item = &str>| {
        texts.map(|text| text.chars().count()).fold(0, usize::max)
    };
    let left = widest(&mut cells.iter().map(|(point, _)| *point));
    let right = widest(&mut cells.iter().map(|(_, answer)| answer.as_str()));
    let rows = cells.len().div_ceil(2);
    for row in 0..rows {
        let line: Vec<String> = [row, row + rows]
            .into_iter()
            .filter_map(|place| cells.get(place))
            .map(|(point, answer)| format!("{point:<left$}  {answer:<right$}"))
            .collect();
        writeln!(out, "  {}", line.join("   ").trim_end())?;
    }
    Ok(())
}

/// The points without an answer by the reason for it.
fn silent(points: &[DialectPoint]) -> BTreeMap<&str, Vec<&str>> {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for point in points.iter().filter(|point| point.answer.is_none()) {
        reasons.entry(&point.note).or_default().push(point.point);
    }
    reasons
}

/// The first few, and how many more there are.
fn some_of(points: &[&str]) -> String {
    const SHOWN: usize = 3;
    match points.len().saturating_sub(SHOWN) {
        0 => points.join(", "),
        more => format!("{} and {more} more", points[..SHOWN].join(", ")),
    }
}

fn and_more(all: usize, out: &mut dyn Write) -> io::Result<()> {
    match all.saturating_sub(ROW_LIMIT) {
        0 => Ok(()),
        hidden => writeln!(out, "  … and {hidden} more in the report"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::block::to_text;
    use crate::report::sample;

    #[test]
    fn the_answers_stand_in_two_aligned_columns() {
        let mut dialect = sample::dialect();
        dialect.changed.clear();
        let text = to_text(|out| write(&dialect, Palette::None, out));
        assert_eq!(
            text,
            "  It verifies the raw text of a request, byte for byte.\n\
             \x20 It signs the raw text of its answer, byte for byte.\n\
             \x20 answer-layout     compact   refusal-status    200\n\
             \x20 duplicate-number  refuse    unknown-members   taken\n\
             \x20 not observed: amount-beyond-32-bit, because no order of 2147483648 could be had\n"
        );
    }

    #[test]
    fn an_answer_can_neither_paint_nor_break_the_columns() {
        let mut dialect = sample::dialect();
        dialect.points[1].answer = Some(format!("\u{1b}[2J{}", "x".repeat(100)));
        let text = to_text(|out| write(&dialect, Palette::None, out));
        assert!(!text.contains('\u{1b}'), "{text}");
        assert!(text.contains("␛[2Jxxxxxxxxxxxxxxxxxxx…"), "{text}");
    }
}
