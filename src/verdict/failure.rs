//! What is known about a failure beside its message and its exchanges.

use serde::Serialize;

use super::proof::Proof;

/// What is known about a failure beside its message and its exchanges. All of
/// it is empty where a rule held.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FailureDetail {
    /// What a gateway should have done: `refused with 4, 5 or 6`.
    pub expected: Option<String>,
    /// What it did: `code 1`.
    pub actual: Option<String>,
    /// What asking the gateway for the rest of the order found, where the rule
    /// asked.
    pub drained: Option<String>,
    /// The violation that it is, where a history of the rule's proves one.
    pub proof: Option<Box<Proof>>,
    /// The seed that the failure follows from: the run's, or that of an
    /// earlier failure which was tried again.
    #[serde(rename = "seed")]
    pub failing_seed: Option<u64>,
    /// How often it failed of the times that it was tried.
    pub reproduced: Option<Reproduced>,
    /// Whether it fails the run however little its rule binds.
    #[serde(skip)]
    pub is_grave: bool,
    /// What the baseline says about it, where it is a known failure.
    pub known: Option<Known>,
}

/// How often a rule failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Reproduced {
    /// How often it failed, the first time included.
    pub failed: u32,
    /// How often it was tried.
    pub attempts: u32,
}

/// A failure that somebody has taken note of, until a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Known {
    /// Why it is let pass.
    pub reason: String,
    /// Who sees to it.
    pub owner: String,
    /// The last day on which it is let pass: `2026-12-31`.
    pub expires: String,
}
