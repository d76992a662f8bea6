//! What the audit of a history found.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::certificate::{Certificate, Claim};
use super::exit_code::RunVerdict;
use super::reproducer::{Reproducer, Reproduction};
use super::scene::Scene;

/// How grave a violation is, gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// More was paid back than came in, or could be.
    #[serde(rename = "money lost")]
    MoneyLost,
    /// Money that is there can't be refunded.
    #[serde(rename = "money stuck or wrongly refused")]
    MoneyStuck,
    /// An answer that the protocol does not allow, without an effect on money.
    #[serde(rename = "protocol")]
    Protocol,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::MoneyLost => "money lost",
            Self::MoneyStuck => "money stuck or wrongly refused",
            Self::Protocol => "protocol",
        })
    }
}

/// Whether a violation needs concurrency to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Timing {
    /// One request breaks the rule against what was answered before it was sent.
    #[serde(rename = "sequential")]
    Sequential,
    /// Only requests that overlapped break it: the check is right, the
    /// transaction is not.
    #[serde(rename = "concurrency only")]
    ConcurrencyOnly,
}

impl fmt::Display for Timing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Sequential => "sequential",
            Self::ConcurrencyOnly => "concurrency only",
        })
    }
}

/// One operation of the history that shows a violation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WitnessStep {
    /// The refund's number; for a query, the word `query`.
    pub refund: String,
    /// The amount asked for, in minor units; 0 for a query.
    pub amount: i64,
    /// Its place in the order of events when it was sent.
    pub sent: u64,
    /// Its place when it was answered; `None` where no answer came.
    pub answered: Option<u64>,
    /// What the answer was: the history's word for the outcome.
    pub outcome: String,
}

/// What a violation is shown with, in files of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exhibit {
    /// The proof, for a checker that trusts no judge.
    pub certificate: Certificate,
    /// Which of the histories that were judged together bears it out, as an
    /// index. `None` where it takes several: their places can't be compared, so
    /// that no checker could tell, and the certificate is not written.
    pub history: Option<usize>,
    /// The picture; `None` for violations beyond those that are drawn.
    pub scene: Option<Scene>,
    /// Traffic that may show it again; `None` where it is not about money, where
    /// it takes more than one order, and beyond those that are drawn.
    pub reproducer: Option<Reproducer>,
}

/// A broken invariant, with the smallest history that shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Violation {
    /// The invariant's id: `I1`.
    pub invariant: String,
    /// In which way it is broken.
    pub claim: Claim,
    /// How grave it is.
    pub severity: Severity,
    /// The merchant's number of the order.
    pub order: String,
    /// What was paid for it, in minor units.
    pub paid: i64,
    /// What is wrong, as an inequality in words.
    pub message: String,
    /// Whether it needs concurrency to show.
    pub timing: Timing,
    /// The smallest set of operations that shows it.
    pub witness: Vec<WitnessStep>,
    /// What its files are made of; `None` for an alarm, which only the audit
    /// of the whole history confirms.
    #[serde(skip)]
    pub exhibit: Option<Box<Exhibit>>,
    /// The file of its certificate within the run's folder, once it is there.
    pub certificate: Option<String>,
    /// The file of its picture, likewise.
    pub picture: Option<String>,
    /// Its reproducer, likewise: the gravest violation of each claim has one.
    pub reproducer: Option<Reproduction>,
}

/// What the traffic could have shown: a green verdict on little exposure says
/// little.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exposure {
    /// Pairs of refunds of one order that were under way at the same time.
    pub overlapping_pairs: u64,
    /// How often refunds under way at once came to ask for more than was left,
    /// each of which would have fitted alone: who decides about them one by one
    /// refuses one.
    pub decisive_volleys: u64,
    /// Acceptances that left exactly nothing to refund.
    pub exact_rest_acceptances: u64,
    /// Refusals because the amount was larger than what was left.
    pub exceeds_refusals: u64,
    /// Those among them of exactly one minor unit more than was left when they
    /// were answered.
    pub one_over_refusals: u64,
    /// Attempts that repeated a refund number.
    pub retries: u64,
    /// Those among them that were sent while another attempt of the number was
    /// under way.
    pub raced_retries: u64,
    /// Attempts without a definite answer.
    pub unknown_made: u64,
    /// Refunds of unknown outcome that a later answer decided.
    pub unknown_resolved: u64,
    /// Orders whose rest was drained and found to be as computed.
    pub drained_orders: u64,
}

impl AuditSummary {
    /// The gravest violation of each claim that traffic may show again, gravest
    /// first, and of a few claims alone.
    pub fn to_reproduce(&mut self) -> Vec<&mut Violation> {
        const MOST: usize = 3;
        let mut claims = BTreeSet::new();
        let has_traffic = |violation: &&mut Violation| {
            let exhibit = violation.exhibit.as_ref();
            exhibit.is_some_and(|exhibit| exhibit.reproducer.is_some())
        };
        self.violations
            .iter_mut()
            .filter(has_traffic)
            .filter(|violation| claims.insert(violation.claim))
            .take(MOST)
            .collect()
    }

    /// Notes in every certificate where its history is.
    pub fn name_history(&mut self, history: &str) {
        self.name_histories(&[history]);
    }

    /// The same for histories that were judged together, in that order.
    pub fn name_histories(&mut self, histories: &[&str]) {
        let exhibits = self.violations.iter_mut();
        for exhibit in exhibits.filter_map(|violation| violation.exhibit.as_mut()) {
            let name = exhibit.history.and_then(|index| histories.get(index));
            name.copied()
                .unwrap_or_default()
                .clone_into(&mut exhibit.certificate.history);
        }
    }
}

/// What the audit of a history found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditSummary {
    /// The verdict on the whole history.
    pub verdict: RunVerdict,
    /// Orders seen.
    pub orders: u64,
    /// Operations judged: attempts to refund, and queries.
    pub operations: u64,
    /// Refunds whose outcome stayed unknown.
    pub unknown: u64,
    /// Orders that could be neither cleared nor accused.
    pub inconclusive_orders: u64,
    /// Orders that other machines refunded as well, whose histories are not
    /// here: they are accused of what is certain without those, and cleared of
    /// nothing. The audit of a merge has none.
    pub left_to_merge: u64,
    /// Why the verdict is inconclusive, where it is.
    pub reason: Option<String>,
    /// Every violation, gravest first.
    pub violations: Vec<Violation>,
    /// What the traffic could have shown.
    pub exposure: Exposure,
}
