//! What is drawn so far, and how wide text is.

use std::fmt::Write as _;

pub(super) use crate::report::html::escaped as text;

/// The width of a picture, in its own units.
pub(super) const WIDTH: f64 = 1_000.0;
/// What stays free on all sides.
pub(super) const MARGIN: f64 = 16.0;

/// The text sizes there are, with a character's width: the font is one of
/// fixed width, so that what fits is known without asking a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// Of crowded lanes.
    Small,
    /// Of everything else.
    Normal,
    /// Of the claim.
    Large,
}

impl Size {
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Normal => "normal",
            Self::Large => "large",
        }
    }

    const fn character(self) -> f64 {
        match self {
            Self::Small => 6.1,
            Self::Normal => 7.3,
            Self::Large => 10.9,
        }
    }

    /// The width of a text.
    pub(super) fn width(self, text: &str) -> f64 {
        columns(text) as f64 * self.character()
    }

    /// How many columns fit into a width.
    pub(super) fn fitting(self, width: f64) -> usize {
        // Widths are small and not negative.
        (width / self.character()) as usize
    }
}

/// The columns that a text takes: two for everything that may be wide.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}

/// The text in lines of at most `most` columns, broken at blanks where there
/// are any.
pub(super) fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word = word.to_owned();
        loop {
            let line = lines.last_mut().expect("there is a first line");
            let blank = usize::from(!line.is_empty());
            if columns(line) + blank + columns(&word) <= most {
                if blank == 1 {
                    line.push(' ');
                }
                line.push_str(&word);
                break;
            }
            if line.is_empty() {
                let rest = word.split_off(cut_at(&word, most));
                line.push_str(&word);
                word = rest;
            }
            lines.push(String::new());
        }
    }
    lines
}

/// The text with its middle left out where it is longer than `most` columns:
/// numbers differ at their ends.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if columns(text) <= most {
        return text.to_owned();
    }
    let half = (most - 2) / 2;
    let end: String = text.chars().rev().collect();
    let end = &end[..cut_at(&end, half)];
    let end: String = end.chars().rev().collect();
    format!("{}…{end}", &text[..cut_at(text, half)])
}

/// The byte at which the first `most` columns end; at least one character.
fn cut_at(text: &str, most: usize) -> usize {
    let mut taken = 0;
    for (index, character) in text.char_indices() {
        taken += if character.is_ascii() { 1 } else { 2 };
        if taken > most && index > 0 {
            return index;
        }
    }
    text.len()
}

/// Where the text stands from its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A picture that grows downwards.
pub(super) struct Sheet {
    pub(super) body: String,
    /// How far down the next part begins.
    pub(super) y: f64,
}

impl Sheet {
    pub(super) const fn new() -> Self {
        Self {
            body: String::new(),
            y: MARGIN,
        }
    }

    /// Adds an element, or a part of one.
    pub(super) fn add(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string can't fail.
        let _ = writeln!(self.body, "{element}");
    }

    /// Adds a text whose base line is at `y`.
    pub(super) fn text(
        &mut self,
        (x, y): (f64, f64),
        (size, class): (Size, &str),
        anchor: Anchor,
        words: &str,
    ) {
        let size = size.class();
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let words = text(words);
        self.add(format_args!(
            "<text class=\"{size}{class}\" x=\"{x:.1}\" y=\"{y:.1}\"{anchor}>{words}</text>"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_blanks_and_words_only_where_they_must_be() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
        assert_eq!(wrapped("返金返金", 4), ["返金", "返金"]);
    }

    #[test]
    fn a_long_number_keeps_both_ends() {
        assert_eq!(shortened("0123456789", 10), "0123456789");
        assert_eq!(shortened("0123456789abcdef", 10), "0123…cdef");
    }
}
