//! The verdict on one rule.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::exchange::ExchangeEvidence;
use super::failure::FailureDetail;

/// How much a rule binds; it follows from the source of its clause.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The refund page, or the signature: a failure fails the run.
    #[default]
    Must,
    /// Other public pages: a failure is a warning, unless `--level should`.
    Should,
    /// What a good server does: a failure is a warning.
    Hardening,
    /// An open point: reported, never failed.
    Observed,
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::Hardening => "HARDENING",
            Self::Observed => "OBSERVED",
        })
    }
}

/// What a rule found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[must_use]
pub enum Verdict {
    /// It holds.
    Pass,
    /// It is broken.
    Fail,
    /// It is broken, and does not bind enough to fail the run.
    Warn,
    /// An open point: the message says what the gateway does.
    Observed,
    /// Not run, because of what the message says.
    Skip,
    /// A prerequisite failed, so that nothing was learned: no pass.
    Blocked,
    /// It ran, and what came back decides nothing.
    Inconclusive,
    /// The rule itself crashed: a defect of recoup.
    Error,
}

impl Verdict {
    /// Every verdict, in the order that summaries count them.
    pub const ALL: [Self; 8] = [
        Self::Pass,
        Self::Fail,
        Self::Warn,
        Self::Observed,
        Self::Skip,
        Self::Blocked,
        Self::Inconclusive,
        Self::Error,
    ];

    /// The word that reports print.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Observed => "observed",
            Self::Skip => "skip",
            Self::Blocked => "blocked",
            Self::Inconclusive => "inconclusive",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.word())
    }
}

/// The verdict on one rule, with what supports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleOutcome {
    /// The rule's stable id, `area.name`.
    pub id: String,
    /// How much it binds.
    pub level: Level,
    /// What it asks, in one sentence.
    pub title: String,
    /// The ids of the clauses that it is tied to.
    pub clauses: Vec<String>,
    /// What it found.
    pub verdict: Verdict,
    /// Why, in one line; empty where it simply holds.
    pub message: String,
    /// Whether what failed is money: a refund that should not have happened.
    #[serde(rename = "moneyAtRisk")]
    pub is_money: bool,
    /// What else is known where it failed.
    #[serde(flatten)]
    pub detail: FailureDetail,
    /// The exchanges that show it.
    pub evidence: Vec<ExchangeEvidence>,
    /// How many exchanges the rule made.
    pub exchanges: u64,
    /// How long it took, in microseconds.
    #[serde(rename = "durationMicros")]
    pub duration_micros: u64,
}
