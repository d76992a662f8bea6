//! The orders that a load is about, shared by all users: so refunds of one
//! order overlap, and what is planned is known when it is answered.

use std::sync::Mutex;

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use crate::protocol::{Amount, OrderNo, RefundNo};
use crate::target::{Numbers, PaidOrder};

use super::scenario::Kind;

/// What a user is to send next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What kind of request.
    pub kind: Kind,
    /// About which order.
    pub order: OrderNo,
    /// Under which refund number; a query has none.
    pub refund: Option<RefundNo>,
    /// The number of the other refund of a duel.
    pub rival: Option<RefundNo>,
    /// For how much.
    pub amount: Amount,
    /// Which place of the population it is about.
    pub place: usize,
    /// Whether it takes the last of the order, which is then to be replaced.
    pub uses_up: bool,
}

/// An order under way.
#[derive(Debug)]
struct Slot {
    order: PaidOrder,
    /// The sum of what was asked for and can be accepted.
    asked: Amount,
    /// A refund that was accepted.
    accepted: Option<(RefundNo, Amount)>,
}

/// A set of orders under way.
#[derive(Debug)]
pub struct Population {
    slots: Vec<Mutex<Option<Slot>>>,
}

impl Population {
    /// A population of these orders.
    pub fn new(orders: Vec<PaidOrder>) -> Self {
        Self {
            slots: orders
                .into_iter()
                .map(|order| Mutex::new(Some(fresh(order))))
                .collect(),
        }
    }

    /// Puts a fresh order in a place.
    pub fn replace(&self, place: usize, order: PaidOrder) {
        *self.slot(place) = Some(fresh(order));
    }

    /// Whether no place has an order any more.
    pub fn is_used_up(&self) -> bool {
        (0..self.slots.len()).all(|place| self.slot(place).is_none())
    }

    /// Takes note of an accepted refund, so that it can be retried.
    pub fn accepted(&self, plan: &Plan) {
        let mut slot = self.slot(plan.place);
        if let (Some(slot), Some(refund)) = (slot.as_mut(), &plan.refund)
            && slot.order.number == plan.order
        {
            slot.accepted = Some((refund.clone(), plan.amount));
        }
    }

    /// Plans a request of `kind` about some order; `None` where the place that
    /// was drawn is being replaced.
    pub fn plan(&self, kind: Kind, random: &mut StdRng, numbers: &Numbers) -> Option<Plan> {
        let place = random.random_range(0..self.slots.len());
        let mut guard = self.slot(place);
        let slot = guard.as_mut()?;
        let order = slot.order.number.clone();
        let paid = slot.order.paid;
        let mut plan = Plan {
            kind,
            order,
            refund: None,
            rival: None,
            amount: Amount::ZERO,
            place,
            uses_up: false,
        };
        match kind {
            Kind::Query => {}
            Kind::TooMuch => {
                let more = Amount::new(random.random_range(1..=100));
                plan.amount = paid.checked_add(more).unwrap_or(Amount::MAX);
            }
            Kind::BadSignature => plan.amount = part_of(paid, random),
            Kind::Retry if slot.accepted.is_some() => {
                let (refund, amount) = slot.accepted.clone()?;
                plan.refund = Some(refund);
                plan.amount = amount;
            }
            Kind::Duel => {
                let room = paid.checked_sub(slot.asked)?;
                // Half of it and 1: either fits, and both do not. What is left
                // of the order afterwards depends on who wins.
                plan.amount = Amount::new(room.minor_units() / 2 + 1);
                plan.rival = Some(numbers.refund());
                plan.uses_up = true;
                *guard = None;
            }
            Kind::Partial | Kind::ExactRest | Kind::Retry => {
                let room = paid.checked_sub(slot.asked)?;
                let part = part_of(paid, random);
                plan.uses_up = kind == Kind::ExactRest || part >= room;
                plan.kind = if plan.uses_up {
                    Kind::ExactRest
                } else {
                    Kind::Partial
                };
                plan.amount = if plan.uses_up { room } else { part };
                slot.asked = slot.asked.checked_add(plan.amount)?;
                if plan.uses_up {
                    *guard = None;
                }
            }
        }
        if plan.refund.is_none() && plan.kind != Kind::Query {
            plan.refund = Some(numbers.refund());
        }
        Some(plan)
    }

    fn slot(&self, place: usize) -> std::sync::MutexGuard<'_, Option<Slot>> {
        self.slots[place].lock().expect("no holder panics")
    }
}

const fn fresh(order: PaidOrder) -> Slot {
    Slot {
        order,
        asked: Amount::ZERO,
        accepted: None,
    }
}

/// A part of an order: up to a fiftieth, so that many refunds meet on it.
fn part_of(paid: Amount, random: &mut StdRng) -> Amount {
    let largest = (paid.minor_units() / 50).max(1);
    Amount::new(random.random_range(1..=largest))
}

/// Draws a kind from a mix.
pub fn draw(mix: &[(Kind, u32)], random: &mut StdRng) -> Kind {
    mix.choose_weighted(random, |(_, weight)| *weight)
        .map_or(Kind::Partial, |(kind, _)| *kind)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn what_is_planned_for_an_order_adds_up_to_exactly_what_was_paid() {
        let numbers = Numbers::new(1, "");
        let paid = Amount::new(1_000);
        let population = Population::new(vec![PaidOrder {
            number: numbers.order(),
            paid,
            currency: None,
        }]);
        let mut random = StdRng::seed_from_u64(1);
        let mut sum = Amount::ZERO;
        while let Some(plan) = population.plan(Kind::Partial, &mut random, &numbers) {
            assert!(plan.amount.is_positive());
            sum = sum.checked_add(plan.amount).unwrap();
        }
        assert_eq!(sum, paid);
        assert!(population.is_used_up());
    }

    #[test]
    fn a_retry_repeats_what_was_accepted_and_nothing_else() {
        let numbers = Numbers::new(1, "");
        let population = Population::new(vec![PaidOrder {
            number: numbers.order(),
            paid: Amount::new(1_000),
            currency: None,
        }]);
        let mut random = StdRng::seed_from_u64(1);
        let first = population.plan(Kind::Retry, &mut random, &numbers).unwrap();
        assert_eq!(first.kind, Kind::Partial, "there is nothing to retry yet");
        population.accepted(&first);
        let retry = population.plan(Kind::Retry, &mut random, &numbers).unwrap();
        assert_eq!(
            (retry.kind, retry.refund, retry.amount),
            (Kind::Retry, first.refund, first.amount)
        );
    }
}
