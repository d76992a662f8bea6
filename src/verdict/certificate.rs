//! What proves a violation to somebody who trusts no judge: the records it
//! rests on, and figures that can be computed again from the raw history.

use serde::{Deserialize, Serialize};

/// The version of the form that certificates are written in.
pub const CERTIFICATE_SCHEMA: &str = "recoup.certificate/1";

/// What exactly is claimed. An invariant can be broken in several ways, and
/// each has a proof of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// I1: the refunds listed were all accepted, and are more than was paid.
    OverRefund,
    /// I2: this one refund was accepted, and is more than was paid or negative.
    SingleAmount,
    /// I3, or I13 of a query: with all that can have been used by then, what
    /// was refused would have fitted.
    UnjustifiedRefusal,
    /// I4: no sum of the unknown refunds explains all refusals together.
    RefusalsTogether,
    /// I5: a refund that had taken effect was refused for want of money.
    RefusedAfterEffect,
    /// I5: a number was accepted twice where repeats are refused.
    AcceptedTwice,
    /// I6: a number was accepted for two amounts.
    ChangedAmount,
    /// I6: a number was accepted for two orders.
    ChangedOrder,
    /// I7: a number was called a duplicate on its first use.
    SpuriousDuplicate,
    /// I13: a query showed something left after all had been used.
    StaleRead,
}

/// Why a record stands in a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A refund that took effect.
    Counted,
    /// The answer that its number is taken, which proves that the record
    /// before this one took effect.
    Confirms,
    /// The answer that is wrong, or that can't be right beside the others.
    Refuted,
    /// A refusal that proves how much had been used by then.
    Base,
}

/// A record of the history: its order, number and places find it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertifiedRecord {
    /// What it is there for.
    pub role: Role,
    /// The order.
    pub order: String,
    /// The refund's number; `None` for a query.
    pub refund: Option<String>,
    /// The amount that was asked for; `None` for a query.
    pub amount: Option<i64>,
    /// Its place when it was sent.
    pub sent: u64,
    /// Its place when it was answered.
    pub answered: Option<u64>,
    /// The history's word for the outcome.
    pub outcome: String,
}

/// Sums over the order's whole history, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sums {
    /// Accepted refunds that count towards the claim.
    pub accepted: i64,
    /// What refunds of unknown outcome can add to them.
    pub unknown: i64,
    /// What did not fit, by the answer; for a stale read what the refusal it
    /// rests on proves to have been used.
    pub wanted: i64,
}

/// How the two sides of an inequality stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Relation {
    /// More than.
    #[serde(rename = ">")]
    Above,
    /// Less than.
    #[serde(rename = "<")]
    Below,
    /// No more than.
    #[serde(rename = "<=")]
    AtMost,
    /// No less than.
    #[serde(rename = ">=")]
    AtLeast,
    /// Another amount than.
    #[serde(rename = "!=")]
    Unequal,
}

impl Relation {
    /// The sign: `>`.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Above => ">",
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::AtLeast => ">=",
            Self::Unequal => "!=",
        }
    }
}

/// The arithmetic of a claim: the sum of some amounts beside another amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inequality {
    /// What is added up, in minor units.
    pub sum: Vec<i64>,
    /// How it stands to the bound.
    pub relation: Relation,
    /// The other side.
    pub bound: i64,
}

/// The profile's open points that a claim depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertifiedTerms {
    /// What a repeated refund number is answered with.
    pub duplicates: String,
    /// Whether an accepted refund may fail later and release its amount.
    pub late_failure: bool,
}

/// A violation's proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    /// [`CERTIFICATE_SCHEMA`].
    pub schema: &'static str,
    /// The invariant's id: `I1`.
    pub invariant: String,
    /// What exactly is claimed.
    pub claim: Claim,
    /// How the protocol was read.
    pub terms: CertifiedTerms,
    /// Where the history was read from or written to; empty where it was kept
    /// in memory alone.
    pub history: String,
    /// The order.
    pub order: String,
    /// What was paid for it, in minor units.
    pub paid: i64,
    /// Whether it needs concurrency to show, in the words of reports.
    pub timing: String,
    /// The records that prove it.
    pub records: Vec<CertifiedRecord>,
    /// The sums that it rests on, where it rests on any.
    pub sums: Option<Sums>,
    /// The arithmetic; `None` where the records alone are the proof.
    pub inequality: Option<Inequality>,
}
