//! The records of a history, as its text form spells them.
//!
//! A record borrows where it is written and owns where it was read, so that
//! one definition serves both.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::outcome::{QueryOutcome, RefundOutcome};
use crate::audit::evidence::SignatureState;
use crate::protocol::profile::Duplicates;
use crate::protocol::{Amount, Code, OrderNo, Profile, RefundNo};

/// The open points that a judge must know, as the first line of a history
/// gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Terms {
    /// What a repeated refund number is answered with.
    pub duplicates: Duplicates,
    /// Whether an accepted refund may fail later and release its amount.
    pub late_failure: bool,
}

impl From<&Profile> for Terms {
    fn from(profile: &Profile) -> Self {
        Self {
            duplicates: profile.duplicates,
            late_failure: profile.late_failure,
        }
    }
}

/// One line of a history after the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Record<'a> {
    /// An order that was paid.
    Order(OrderRecord<'a>),
    /// One attempt to refund; a retry is another.
    Refund(RefundRecord<'a>),
    /// One query that showed something.
    Query(QueryRecord<'a>),
}

/// An order that was paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRecord<'a> {
    /// The merchant's number of it.
    pub order: Cow<'a, OrderNo>,
    /// What was paid for it.
    pub paid: Amount,
    /// In which currency.
    pub currency: Cow<'a, str>,
    /// Whether other machines refund it as well, whose refunds are in other
    /// histories.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
}

/// One attempt to refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundRecord<'a> {
    /// The order.
    pub order: Cow<'a, OrderNo>,
    /// The refund's number.
    pub refund: Cow<'a, RefundNo>,
    /// The amount that was asked for.
    pub amount: Amount,
    /// Its place in the order of events, before its first byte left.
    pub sent: u64,
    /// Its place after the last byte of its answer; `None` where none came.
    #[serde(default)]
    pub answered: Option<u64>,
    /// What it came to.
    pub outcome: RefundOutcome,
    /// When it was sent, in nanoseconds since the recording began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_ns: Option<u64>,
    /// When it was answered, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_ns: Option<u64>,
    /// The answer's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The refund's status in the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    /// What became of the answer's signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<SignatureState>,
}

/// One query that showed something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryRecord<'a> {
    /// The order.
    pub order: Cow<'a, OrderNo>,
    /// Its place in the order of events, before its first byte left.
    pub sent: u64,
    /// Its place after the last byte of its answer.
    pub answered: u64,
    /// What it showed.
    pub outcome: QueryOutcome,
    /// When it was sent, in nanoseconds since the recording began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_ns: Option<u64>,
    /// When it was answered, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_ns: Option<u64>,
}
