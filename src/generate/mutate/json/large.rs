//! Values that are deep or long: what a reader that recurses, or whose time
//! grows with the square, dies of.

use std::fmt;

use crate::generate::draft::{Draft, Part};
use crate::generate::mutate::sealed;
use crate::generate::mutation::Mutation;
use crate::protocol::SignKey;

/// One value that is too large for a careless reader. They are made one by
/// one, since together they would be many megabytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Large {
    /// A member of so many levels.
    Nested(Nesting, usize),
    /// A document that is nothing but so many opening brackets.
    Unclosed(usize),
    /// A whole number of so many digits in a member of no meaning.
    Number(usize),
    /// A fraction of so many digits in a member of no meaning.
    Fraction(usize),
    /// An amount of so many digits.
    Amount(usize),
    /// A text of so many characters in a member of no meaning.
    Text(usize),
    /// A refund number of so many characters.
    RefundNo(usize),
    /// An object of so many members.
    Members(usize),
}

/// How a member nests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nesting {
    /// Arrays in arrays.
    Arrays,
    /// Objects in objects.
    Objects,
}

impl Large {
    /// Deeper than any reader needs to go, within what most read and beyond.
    pub const DEEP: [Self; 6] = [
        Self::Nested(Nesting::Arrays, 10_000),
        Self::Nested(Nesting::Objects, 10_000),
        Self::Unclosed(10_000),
        Self::Nested(Nesting::Arrays, 100_000),
        Self::Nested(Nesting::Objects, 100_000),
        Self::Unclosed(100_000),
    ];

    /// Longer than any reader needs to go, within what most read and beyond.
    pub const LONG: [Self; 12] = [
        Self::Number(20_000),
        Self::Fraction(20_000),
        Self::Amount(20_000),
        Self::Text(32_000),
        Self::RefundNo(32_000),
        Self::Members(2_000),
        Self::Number(100_000),
        Self::Fraction(100_000),
        Self::Amount(100_000),
        Self::Text(1_000_000),
        Self::RefundNo(1_000_000),
        Self::Members(100_000),
    ];

    /// The document that a valid `value` becomes by it.
    pub fn of(self, value: &str, key: &SignKey) -> Mutation {
        let draft = Draft::of(value).expect("the value is valid");
        let extended = |token: String| {
            sealed(
                draft.clone().with_last(Part::Body, "extra", token).text(),
                key,
            )
        };
        let changed =
            |name, token: String| sealed(draft.clone().with(Part::Body, name, token).text(), key);
        let label = self.to_string();
        match self {
            Self::Nested(nesting, levels) => Mutation::open(label, extended(nesting.text(levels))),
            Self::Unclosed(levels) => Mutation::refused(label, "[".repeat(levels), &[]),
            Self::Number(digits) => Mutation::open(label, extended("7".repeat(digits))),
            Self::Fraction(digits) => {
                Mutation::open(label, extended(format!("0.{}", "7".repeat(digits))))
            }
            Self::Amount(digits) => {
                Mutation::refused(label, changed("orderAmount", "7".repeat(digits)), &[])
            }
            Self::Text(length) => {
                Mutation::open(label, extended(format!("\"{}\"", "a".repeat(length))))
            }
            Self::RefundNo(length) => {
                let token = format!("\"{}\"", "a".repeat(length));
                Mutation::refused(label, changed("refundNo", token), &[])
            }
            Self::Members(members) => {
                let flood: Vec<String> = (0..members)
                    .map(|place| format!("\"m{place}\":0"))
                    .collect();
                Mutation::open(label, extended(format!("{{{}}}", flood.join(","))))
            }
        }
    }
}

impl Nesting {
    /// A value of so many levels, one at least.
    fn text(self, levels: usize) -> String {
        let outer = levels.saturating_sub(1);
        match self {
            Self::Arrays => "[".repeat(outer) + "[]" + &"]".repeat(outer),
            Self::Objects => "{\"a\":".repeat(outer) + "{}" + &"}".repeat(outer),
        }
    }
}

impl fmt::Display for Large {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nested(Nesting::Arrays, levels) => {
                write!(formatter, "{levels} arrays in one another")
            }
            Self::Nested(Nesting::Objects, levels) => {
                write!(formatter, "{levels} objects in one another")
            }
            Self::Unclosed(levels) => write!(formatter, "{levels} brackets that are not closed"),
            Self::Number(digits) => {
                write!(formatter, "a number of {digits} digits in another member")
            }
            Self::Fraction(digits) => {
                write!(formatter, "a fraction of {digits} digits in another member")
            }
            Self::Amount(digits) => write!(formatter, "an amount of {digits} digits"),
            Self::Text(length) => {
                write!(formatter, "a text of {length} characters in another member")
            }
            Self::RefundNo(length) => {
                write!(formatter, "a refund number of {length} characters")
            }
            Self::Members(members) => write!(formatter, "{members} unknown members"),
        }
    }
}
