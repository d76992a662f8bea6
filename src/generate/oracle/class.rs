//! What the recogniser can say of a document.

use std::fmt;

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonClass {
    /// JSON that every reader understands alike.
    Valid,
    /// No JSON.
    Invalid {
        /// The offset of the byte at which that shows; the document's length
        /// where something is missing at its end.
        at: usize,
        /// What is wrong there.
        reason: &'static str,
    },
    /// JSON by its grammar, which readers may still refuse, or read in more
    /// than one way. The first such thing is named.
    ImplementationDefined(Liberty),
}

/// What the grammar allows and readers treat as they like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Liberty {
    /// Two members of one object have one name, after escapes are decoded.
    DuplicateMembers,
    /// An escape of half a surrogate pair.
    LoneSurrogate,
    /// A number of more digits, or a larger exponent, than a double holds.
    HugeNumber,
    /// Objects and arrays deeper than [`super::DEEPEST`].
    DeepNesting,
    /// The character U+0000, which only an escape can write.
    Nul,
    /// A code point that is no character, as U+FFFF.
    Noncharacter,
    /// A byte order mark, which RFC 8259 lets a reader skip.
    ByteOrderMark,
}

impl fmt::Display for Liberty {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::DuplicateMembers => "two members of one name",
            Self::LoneSurrogate => "half of a surrogate pair",
            Self::HugeNumber => "a number beyond what a double holds",
            Self::DeepNesting => "deep nesting",
            Self::Nul => "the character U+0000",
            Self::Noncharacter => "a code point that is no character",
            Self::ByteOrderMark => "a byte order mark",
        })
    }
}
