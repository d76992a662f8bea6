//! The history's words for what an answer proved.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::audit::evidence::Money;

/// What an attempt to refund came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefundOutcome {
    /// It took effect.
    Accepted,
    /// Refused, because it exceeds what is left (35).
    Exceeds,
    /// Refused, because of the order's state (32, 33).
    State,
    /// Refused, because its number is taken (31).
    Duplicate,
    /// Refused for another reason that means no effect.
    Refused,
    /// It may have taken effect, and may still.
    Unknown,
    /// It never reached the gateway.
    NotSent,
}

impl RefundOutcome {
    /// The word in files and reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Exceeds => "exceeds",
            Self::State => "state",
            Self::Duplicate => "duplicate",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::NotSent => "not-sent",
        }
    }

    /// Whether it is a statement that a gateway made.
    pub const fn is_definite(self) -> bool {
        !matches!(self, Self::Unknown | Self::NotSent)
    }
}

impl fmt::Display for RefundOutcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.word())
    }
}

impl From<Money> for RefundOutcome {
    fn from(money: Money) -> Self {
        match money {
            Money::Yes => Self::Accepted,
            Money::NoAmount => Self::Exceeds,
            Money::NoState => Self::State,
            Money::Duplicate => Self::Duplicate,
            Money::NoOther => Self::Refused,
            Money::Maybe => Self::Unknown,
            Money::NotSent => Self::NotSent,
        }
    }
}

/// What a query showed. One that proved nothing is in no history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueryOutcome {
    /// All of the order was refunded.
    Refunded,
    /// Something was left.
    NotRefunded,
}

impl QueryOutcome {
    /// The word in files and reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refunded => "refunded",
            Self::NotRefunded => "not-refunded",
        }
    }
}
