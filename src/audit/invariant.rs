//! The invariants of refunding that a history can show broken.

use std::fmt;

use crate::verdict::Severity;

/// What must hold of every order, by the numbers that reports use.
///
/// The ones that are missing need no judge of histories: `I8` and `I12` need
/// the status of a refund over time, `I14` to `I18` are rules of conformance,
/// and `I9` to `I11` are `I1` and `I3` on a history that holds a drain (see
/// [`drain`](super::drain)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// `I1`: the accepted refunds of an order are never more than was paid.
    NoOverRefund,
    /// `I2`: no single accepted refund is more than was paid, or negative.
    SingleAmount,
    /// `I3`: a refusal for want of money is one that the amounts explain.
    JustifiedRefusal,
    /// `I4`: one order of events explains all answers together.
    Linearizable,
    /// `I5`: a refund number takes effect once, and a retry is told so.
    OneEffect,
    /// `I6`: a refund number names one order and one amount.
    BoundContent,
    /// `I7`: only a number that was used before is a duplicate.
    RealDuplicate,
    /// `I13`: a query shows the order as the answers before it left it.
    ConsistentRead,
}

impl Invariant {
    /// The number in reports: `I1`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::NoOverRefund => "I1",
            Self::SingleAmount => "I2",
            Self::JustifiedRefusal => "I3",
            Self::Linearizable => "I4",
            Self::OneEffect => "I5",
            Self::BoundContent => "I6",
            Self::RealDuplicate => "I7",
            Self::ConsistentRead => "I13",
        }
    }

    /// How grave it is to break it.
    pub const fn severity(self) -> Severity {
        match self {
            Self::NoOverRefund | Self::SingleAmount | Self::OneEffect | Self::BoundContent => {
                Severity::MoneyLost
            }
            Self::JustifiedRefusal | Self::Linearizable | Self::ConsistentRead => {
                Severity::MoneyStuck
            }
            Self::RealDuplicate => Severity::Protocol,
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.id())
    }
}
