//! What is known of an order once nobody refunds it any more: all that resolving
//! unknown refunds and draining the rest need.

use std::collections::BTreeSet;

use crate::audit::drain::Drain;
use crate::audit::history::{OrderHistory, Terms};
use crate::audit::judge::reduce::{Class, Effect, Settled, reduce};
use crate::protocol::{Amount, OrderNo, RefundNo};

/// What is known of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderSnapshot {
    /// The merchant's number of it.
    pub order: OrderNo,
    /// What was paid for it.
    pub paid: Amount,
    /// In which currency.
    pub currency: String,
    /// The sum of its accepted refunds, each number counted once; at most
    /// [`Amount::MAX`].
    pub accepted: Amount,
    /// The sum of the refunds of unknown outcome whose number a later attempt
    /// found taken: no proof, and the best guess is that they took effect.
    pub taken: Amount,
    /// Refunds of unknown outcome that no later answer settled: to be retried
    /// with this number and amount.
    pub unresolved: Vec<(RefundNo, Amount)>,
    /// The accepted refunds of an order of which more was accepted than was
    /// paid, where a refund can fail later: those that failed explain it.
    pub failable: Vec<(RefundNo, Amount)>,
    /// Whether an alarm was raised on it.
    pub is_alarmed: bool,
    /// Whether other machines refund it as well: what is left of it is then not
    /// known here.
    pub is_shared: bool,
}

impl OrderSnapshot {
    pub(super) fn of(order: &OrderHistory, terms: Terms, is_alarmed: bool) -> Self {
        let reduction = reduce(order, terms, &BTreeSet::new());
        let accepted = reduction.accepted();
        let taken = reduction.sum(|effect| effect.class == Class::Unknown(Settled::Taken));
        let open = reduction
            .effects
            .iter()
            .filter(|effect| effect.class == Class::Unknown(Settled::Open));
        let named = |effect: &Effect| (order.name(effect.number).clone(), effect.amount);
        let sum = saturated(accepted.iter().map(|effect| effect.units()).sum());
        let is_failable = terms.late_failure && sum > order.paid;
        let failable = accepted
            .iter()
            .filter(|effect| is_failable && !effect.has_failed);
        Self {
            order: order.order.clone(),
            paid: order.paid,
            currency: order.currency.clone(),
            failable: failable.map(|effect| named(effect)).collect(),
            accepted: sum,
            taken: saturated(taken),
            unresolved: open.map(named).collect(),
            is_alarmed,
            is_shared: order.is_shared,
        }
    }

    /// The drain of this order, as far as it is resolved.
    pub fn drain(&self) -> Drain {
        let used = self.accepted.checked_add(self.taken).unwrap_or(Amount::MAX);
        let is_doubtful = self.is_alarmed || !self.unresolved.is_empty();
        Drain::new(self.paid, used, is_doubtful)
    }
}

fn saturated(units: i128) -> Amount {
    i64::try_from(units).map_or(Amount::MAX, Amount::new)
}
