//! The verdict on one order.

use std::collections::BTreeSet;

use super::capacity::{Explained, Sweep};
use super::exposure::{self, is_drained};
use super::reads::first_stale_read;
use super::reduce::{Class, Reduction, Settled, reduce};
use crate::audit::history::{Number, OrderHistory, RefundOutcome, Terms};
use crate::audit::witness;
use crate::verdict::{Exposure, Severity, Violation};

/// What is known of one order.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct OrderVerdict {
    /// What is broken.
    pub violations: Vec<Violation>,
    /// Why it can't be cleared although nothing is broken, where it can't.
    pub doubt: Option<Doubt>,
    /// Attempts and queries that were judged.
    pub operations: u64,
    /// Refunds whose outcome stayed unknown.
    pub unknown: u64,
    /// What the traffic could have shown.
    pub exposure: Exposure,
}

/// Why an order can be neither cleared nor accused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    /// Whether it holds depends on refunds of unknown outcome.
    UnknownOutcomes,
    /// The unknown refunds have too many different sums.
    TooManySums,
    /// More was accepted than was paid, which releases may explain.
    Releases,
    /// Other machines refunded it as well.
    LeftToMerge,
}

impl Doubt {
    /// Why, for a number of orders.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::UnknownOutcomes => {
                "hold or not depending on refunds whose outcome stayed unknown"
            }
            Self::TooManySums => "have too many unknown refunds to tell",
            Self::Releases => {
                "had more accepted than paid, which accepted refunds that failed later may explain"
            }
            Self::LeftToMerge => {
                "were refunded by other machines as well, whose histories belong to the judgement (recoup merge)"
            }
        }
    }
}

/// Judges one order. `shared` holds its refund numbers that other orders use
/// as well; for an order on its own that is the empty set.
pub fn judge_order(order: &OrderHistory, terms: Terms, shared: &BTreeSet<Number>) -> OrderVerdict {
    let mut reduction = reduce(order, terms, shared);
    let mut verdict = OrderVerdict {
        violations: std::mem::take(&mut reduction.violations),
        doubt: None,
        operations: operations(order),
        unknown: exposure::open(&reduction).count() as u64,
        exposure: exposure::expose(order, &reduction),
    };
    check_amounts(order, &reduction, terms, &mut verdict);
    // With money gone already, what is refused or shown afterwards follows. And
    // where others refund the order, it may be their doing.
    if order.is_shared {
        verdict.doubt = Some(Doubt::LeftToMerge);
    } else if !verdict.has_lost_money() {
        check_refusals(order, &reduction, terms, &mut verdict);
    }
    if verdict.violations.is_empty()
        && verdict.doubt.is_none()
        && !terms.late_failure
        && is_drained(order, &reduction)
    {
        verdict.exposure.drained_orders = 1;
    }
    verdict
}

impl OrderVerdict {
    /// Whether there is nothing more to be said of the order: all that was
    /// asked was answered, and nothing is wrong.
    pub const fn is_clear(&self) -> bool {
        self.violations.is_empty() && self.doubt.is_none() && self.unknown == 0
    }

    fn has_lost_money(&self) -> bool {
        self.violations
            .iter()
            .any(|violation| violation.severity == Severity::MoneyLost)
    }
}

/// I1 and I2.
fn check_amounts(
    order: &OrderHistory,
    reduction: &Reduction,
    terms: Terms,
    verdict: &mut OrderVerdict,
) {
    let accepted = reduction.accepted();
    let too_large = accepted.iter().filter(|effect| effect.amount > order.paid);
    verdict
        .violations
        .extend(too_large.map(|effect| witness::single_amount(order, effect.attempt)));
    let lasting = accepted.iter().filter(|effect| !effect.has_failed);
    let used: i128 = lasting.map(|effect| effect.units()).sum();
    if used <= i128::from(order.paid.minor_units()) {
        return;
    }
    if terms.late_failure {
        verdict.doubt = Some(Doubt::Releases);
    } else {
        verdict
            .violations
            .extend(witness::over_refund(order, &accepted));
    }
}

/// I3, I4 and I13, and whether the unknown refunds leave a doubt.
fn check_refusals(
    order: &OrderHistory,
    reduction: &Reduction,
    terms: Terms,
    verdict: &mut OrderVerdict,
) {
    let paid = i128::from(order.paid.minor_units());
    let sweep = Sweep::new(reduction, paid);
    let explained = if terms.late_failure {
        sweep.explain_with_releases()
    } else {
        sweep.explain()
    };
    match explained {
        Explained::Never { refusal, used } => {
            verdict.violations.push(witness::unjustified_refusal(
                order, reduction, refusal, used,
            ));
        }
        Explained::NotTogether { refusal, .. } => verdict
            .violations
            .push(witness::inexplicable(order, reduction, refusal)),
        Explained::Undecided => verdict.doubt = Some(Doubt::TooManySums),
        Explained::Yes => {}
    }
    if terms.late_failure {
        return;
    }
    if let Some((query, used)) = first_stale_read(order, reduction, paid) {
        verdict
            .violations
            .push(witness::stale_read(order, reduction, query, used));
    }
    let at_most = reduction.sum(|effect| effect.class != Class::Unknown(Settled::NoEffect));
    let is_settled = at_most <= paid && sweep.holds_without_open();
    if explained == Explained::Yes && !is_settled {
        verdict.doubt = Some(Doubt::UnknownOutcomes);
    }
}

fn operations(order: &OrderHistory) -> u64 {
    let sent = order
        .attempts
        .iter()
        .filter(|attempt| attempt.outcome != RefundOutcome::NotSent);
    (sent.count() + order.queries.len()) as u64
}
