//! The kinds of traffic that a mix is made of.

use std::collections::BTreeMap;
use std::fmt;

/// One kind of traffic of a mix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A partial refund.
    Partial,
    /// All of an order that nothing was refunded of.
    Full,
    /// All that is left of an order.
    ExactRest,
    /// More than was paid: must be refused.
    TooMuch,
    /// An accepted refund's number again.
    Retry,
    /// One refund sent four times at once, under one number: must be refunded
    /// once.
    DuplicateStorm,
    /// Two refunds at once of a little more than half of what is left: one
    /// must be refused.
    Duel,
    /// Five refunds at once of a little more than a fifth of what is left:
    /// four fit, and one must be refused.
    Ladder,
    /// A refund whose caller hangs up and sends it again at the same moment:
    /// must be refunded once.
    RetryAfterAbandon,
    /// Two requests about one order, the second a swept time later: a retry, a
    /// query, or a refund that does not fit beside the first.
    OffsetSweep,
    /// The state of an order.
    Query,
    /// A malformed request, drawn from the catalogue: must be refused.
    Malformed,
    /// A forged signature: must be refused.
    BadSignature,
}

impl Kind {
    /// Every kind that a mix can have.
    pub const MIXED: [Self; 13] = [
        Self::Partial,
        Self::Full,
        Self::ExactRest,
        Self::TooMuch,
        Self::Retry,
        Self::DuplicateStorm,
        Self::Duel,
        Self::Ladder,
        Self::RetryAfterAbandon,
        Self::OffsetSweep,
        Self::Query,
        Self::Malformed,
        Self::BadSignature,
    ];

    /// The name in scenarios and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Partial => "partial",
            Self::Full => "full",
            Self::ExactRest => "exact-rest",
            Self::TooMuch => "too-much",
            Self::Retry => "retry",
            Self::DuplicateStorm => "duplicate-storm",
            Self::Duel => "duel",
            Self::Ladder => "ladder",
            Self::RetryAfterAbandon => "retry-after-abandon",
            Self::OffsetSweep => "offset-sweep",
            Self::Query => "query",
            Self::Malformed => "malformed",
            Self::BadSignature => "bad-signature",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::MIXED.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it is a refund that the gateway has to look up in its books:
    /// what is turned away before that is quicker, and would flatter the
    /// figures.
    pub const fn is_refund(self) -> bool {
        !matches!(self, Self::Query | Self::Malformed | Self::BadSignature)
    }

    /// How many requests leave at once.
    pub const fn contenders(self) -> usize {
        match self {
            Self::Duel | Self::RetryAfterAbandon | Self::OffsetSweep => 2,
            Self::DuplicateStorm => 4,
            Self::Ladder => 5,
            _ => 1,
        }
    }
}

impl Kind {
    /// Whether its requests leave as a volley: together, and not one of them
    /// after the other.
    pub const fn is_volley(self) -> bool {
        matches!(self, Self::Duel | Self::DuplicateStorm | Self::Ladder)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// The weights of the kinds of traffic.
pub type Mix = BTreeMap<Kind, u32>;
