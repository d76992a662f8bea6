//! The orders that a load is about, shared by all users: so refunds of one
//! order overlap, and what is planned is known when it is answered.

use std::sync::{Mutex, MutexGuard};

use crate::protocol::{Amount, RefundNo};
use crate::target::Numbers;

use super::draw::Draw;
use super::live_order::LiveOrder;
use super::scenario::Kind;
use super::shared_orders::Queue;

/// What a user is to send next.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What kind of request.
    pub kind: Kind,
    /// About which order.
    pub order: LiveOrder,
    /// Under which refund number; a query has none.
    pub refund: Option<RefundNo>,
    /// For how much.
    pub amount: Amount,
    /// Where the order comes from.
    pub place: Place,
    /// Whether it takes the last of the order, which is then to be replaced.
    pub uses_up: bool,
    /// Which of several, where the kind has several.
    pub pick: u64,
}

/// Where an order comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// This one of the orders under way.
    Slot(usize),
    /// The stock of orders that nothing was refunded of.
    Stock,
    /// The orders that only malformed requests are about.
    Bystander,
}

/// An order under way.
#[derive(Debug)]
struct Slot {
    order: LiveOrder,
    /// The sum of what was asked for and can be accepted.
    asked: Amount,
    /// A refund that was accepted.
    accepted: Option<(RefundNo, Amount)>,
}

/// A set of orders under way.
#[derive(Debug)]
pub struct Population {
    slots: Vec<Mutex<Option<Slot>>>,
    stock: Mutex<Vec<LiveOrder>>,
    bystanders: Vec<LiveOrder>,
    /// Orders that other machines refund as well and that wait for a place.
    shared: Queue,
    /// The largest partial refund, as a share of what was paid.
    part: f64,
    /// Whether accepted refunds are kept, to be retried.
    has_retries: bool,
}

impl Population {
    /// A population of these orders. `stock` are for refunds of a whole order,
    /// `bystanders` for malformed requests alone: what those do, if they do
    /// anything, must not be mistaken for what others did.
    pub fn new(
        orders: Vec<LiveOrder>,
        stock: Vec<LiveOrder>,
        bystanders: Vec<LiveOrder>,
        part: f64,
        has_retries: bool,
    ) -> Self {
        Self {
            slots: orders
                .into_iter()
                .map(|order| Mutex::new(Some(fresh(order))))
                .collect(),
            stock: Mutex::new(stock),
            bystanders,
            shared: Queue::default(),
            part,
            has_retries,
        }
    }

    /// The same with orders that other machines refund as well. They come
    /// first: before the others in the places, as far as there are
    /// `most_places`, and then wherever an order is used up.
    #[must_use]
    pub fn with_shared(mut self, orders: Vec<LiveOrder>, most_places: usize) -> Self {
        let mut orders = orders.into_iter();
        let first = orders.by_ref().take(most_places);
        let mut slots: Vec<_> = first.map(|order| Mutex::new(Some(fresh(order)))).collect();
        slots.append(&mut self.slots);
        self.slots = slots;
        self.shared = Queue::of(orders);
        self
    }

    /// How many places for orders under way there are.
    pub const fn places(&self) -> usize {
        self.slots.len()
    }

    /// Puts a fresh order in a place.
    pub fn replace(&self, place: Place, order: LiveOrder) {
        match place {
            Place::Slot(place) => *self.slot(place) = Some(fresh(order)),
            Place::Stock => self.stock().push(order),
            Place::Bystander => {}
        }
    }

    /// Puts the next shared order in a place, if one is left, and says whether.
    pub fn replace_by_shared(&self, place: Place) -> bool {
        let Place::Slot(place) = place else {
            return false;
        };
        let Some(order) = self.shared.next() else {
            return false;
        };
        *self.slot(place) = Some(fresh(order));
        true
    }

    /// Whether no place has an order any more.
    pub fn is_used_up(&self) -> bool {
        (0..self.slots.len()).all(|place| self.slot(place).is_none())
    }

    /// Takes note of an accepted refund, so that it can be retried.
    pub fn accepted(&self, plan: &Plan) {
        let Place::Slot(place) = plan.place else {
            return;
        };
        if !self.has_retries {
            return;
        }
        let mut slot = self.slot(place);
        if let (Some(slot), Some(refund)) = (slot.as_mut(), &plan.refund)
            && slot.order.is(&plan.order)
        {
            slot.accepted = Some((refund.clone(), plan.amount));
        }
    }

    /// Plans what was drawn. Where the place is being replaced it is about the
    /// next one that is not; `None` where none is left.
    pub fn plan(&self, draw: &Draw, numbers: &Numbers) -> Option<Plan> {
        match draw.kind {
            Kind::Full => {
                let order = self.stock().pop();
                if let Some(order) = order {
                    return Some(Plan {
                        kind: Kind::Full,
                        amount: order.paid(),
                        order,
                        refund: Some(numbers.refund()),
                        place: Place::Stock,
                        uses_up: true,
                        pick: draw.pick,
                    });
                }
            }
            Kind::Malformed if !self.bystanders.is_empty() => {
                let order = &self.bystanders[draw.place % self.bystanders.len()];
                return Some(Plan {
                    kind: Kind::Malformed,
                    order: order.clone(),
                    refund: Some(numbers.refund()),
                    amount: self.part_of(order.paid(), draw.share),
                    place: Place::Bystander,
                    uses_up: false,
                    pick: draw.pick,
                });
            }
            _ => {}
        }
        let places = self.slots.len();
        (0..places).find_map(|step| self.plan_at((draw.place + step) % places, draw, numbers))
    }

    /// Plans what was drawn about the order in a place, if it has one.
    fn plan_at(&self, place: usize, draw: &Draw, numbers: &Numbers) -> Option<Plan> {
        let mut guard = self.slot(place);
        let slot = guard.as_mut()?;
        let paid = slot.order.paid();
        let part = self.part_of(paid, draw.share);
        let room = paid.checked_sub(slot.asked)?;
        let mut plan = Plan {
            kind: draw.kind,
            order: slot.order.clone(),
            refund: None,
            amount: Amount::ZERO,
            place: Place::Slot(place),
            uses_up: false,
            pick: draw.pick,
        };
        let is_rival = draw.kind == Kind::OffsetSweep && draw.pick % 3 == 2;
        match draw.kind {
            Kind::Query => return Some(plan),
            Kind::TooMuch => {
                let more = scaled(Amount::new(100), draw.share);
                plan.amount = paid.checked_add(more).unwrap_or(Amount::MAX);
            }
            Kind::BadSignature | Kind::Malformed => plan.amount = part,
            kind if is_rival || matches!(kind, Kind::Duel | Kind::Ladder) => {
                // One more than an equal share of it: all but one fit, whoever
                // is first. What is left afterwards depends on who was.
                let share = match draw.kind {
                    Kind::Ladder => 5,
                    _ => 2,
                };
                plan.amount = Amount::new(room.minor_units() / share + 1);
                plan.uses_up = true;
            }
            Kind::Retry if slot.accepted.is_some() => {
                let (refund, amount) = slot.accepted.clone()?;
                plan.refund = Some(refund);
                plan.amount = amount;
                return Some(plan);
            }
            _ => {
                plan.uses_up = draw.kind == Kind::ExactRest || part >= room;
                plan.amount = if plan.uses_up { room } else { part };
                if draw.kind.contenders() == 1 {
                    plan.kind = if plan.uses_up {
                        Kind::ExactRest
                    } else {
                        Kind::Partial
                    };
                }
                slot.asked = slot.asked.checked_add(plan.amount)?;
            }
        }
        if plan.uses_up {
            *guard = None;
        }
        plan.refund = Some(numbers.refund());
        Some(plan)
    }

    /// A part of an order, small enough that many refunds meet on it.
    fn part_of(&self, paid: Amount, share: f64) -> Amount {
        scaled(scaled(paid, self.part), share)
    }

    fn slot(&self, place: usize) -> MutexGuard<'_, Option<Slot>> {
        self.slots[place].lock().expect("no holder panics")
    }

    fn stock(&self) -> MutexGuard<'_, Vec<LiveOrder>> {
        self.stock.lock().expect("no holder panics")
    }
}

const fn fresh(order: LiveOrder) -> Slot {
    Slot {
        order,
        asked: Amount::ZERO,
        accepted: None,
    }
}

/// An amount from 1 to `most`, by a share of 0 to 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "which amount it is, is a matter of chance; the bounds are whole again"
)]
fn scaled(most: Amount, share: f64) -> Amount {
    let most = most.minor_units().max(1);
    Amount::new(
        ((most as f64 * share) as i64)
            .saturating_add(1)
            .clamp(1, most),
    )
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;
    use crate::audit::Recorder;
    use crate::protocol::Profile;

    const PAID: Amount = Amount::new(1_000);

    fn order(numbers: &Numbers) -> LiveOrder {
        let recorder = Recorder::new(&Profile::built_in(), None);
        let recorded = recorder.order(&numbers.order(), PAID, "JPY");
        LiveOrder::new(recorded, PAID, unbounded_channel().0)
    }

    fn shared_order(numbers: &Numbers) -> LiveOrder {
        let recorder = Recorder::new(&Profile::built_in(), None);
        let recorded = recorder.shared_order(&numbers.order(), PAID, "JPY");
        LiveOrder::shared(recorded, PAID)
    }

    fn population(numbers: &Numbers, orders: usize) -> Population {
        let many = |count| (0..count).map(|_| order(numbers)).collect::<Vec<_>>();
        Population::new(many(orders), many(1), many(1), 0.02, true)
    }

    fn draw(kind: Kind, share: f64) -> Draw {
        Draw {
            kind,
            place: 0,
            share,
            pick: 0,
        }
    }

    #[test]
    fn what_is_planned_for_an_order_adds_up_to_exactly_what_was_paid() {
        let numbers = Numbers::new(1, "");
        let population = population(&numbers, 1);
        let mut sum = Amount::ZERO;
        while let Some(plan) = population.plan(&draw(Kind::Partial, 0.4), &numbers) {
            assert!(plan.amount.is_positive());
            sum = sum.checked_add(plan.amount).unwrap();
        }
        assert_eq!(sum, PAID);
        assert!(population.is_used_up());
    }

    #[test]
    fn a_retry_repeats_what_was_accepted_and_nothing_else() {
        let numbers = Numbers::new(1, "");
        let population = population(&numbers, 1);
        let first = population.plan(&draw(Kind::Retry, 0.5), &numbers).unwrap();
        assert_eq!(first.kind, Kind::Partial, "there is nothing to retry yet");
        population.accepted(&first);
        let retry = population.plan(&draw(Kind::Retry, 0.9), &numbers).unwrap();
        assert_eq!(
            (retry.kind, retry.refund, retry.amount),
            (Kind::Retry, first.refund, first.amount)
        );
    }

    #[test]
    fn a_full_refund_takes_an_untouched_order_whole() {
        let numbers = Numbers::new(1, "");
        let population = population(&numbers, 1);
        let full = population.plan(&draw(Kind::Full, 0.5), &numbers).unwrap();
        assert_eq!(
            (full.kind, full.amount, full.uses_up),
            (Kind::Full, PAID, true)
        );
        let none_left = population.plan(&draw(Kind::Full, 0.5), &numbers).unwrap();
        assert_eq!(none_left.kind, Kind::Partial);
        population.replace(full.place, order(&numbers));
        let again = population.plan(&draw(Kind::Full, 0.5), &numbers).unwrap();
        assert_eq!(again.kind, Kind::Full);
    }

    #[test]
    fn all_but_one_of_a_duel_or_a_ladder_fit() {
        let numbers = Numbers::new(1, "");
        for kind in [Kind::Duel, Kind::Ladder] {
            let plan = population(&numbers, 1)
                .plan(&draw(kind, 0.5), &numbers)
                .unwrap();
            let all = plan.amount.minor_units() * i64::try_from(kind.contenders()).unwrap();
            assert!(all > 1_000, "{kind}");
            assert!(all - plan.amount.minor_units() <= 1_000, "{kind}");
        }
    }

    #[test]
    fn a_place_that_is_being_replaced_gives_way_to_the_next() {
        let numbers = Numbers::new(1, "");
        let population = population(&numbers, 3);
        let rest = population
            .plan(&draw(Kind::ExactRest, 0.5), &numbers)
            .unwrap();
        assert_eq!(rest.place, Place::Slot(0));
        let next = population.plan(&draw(Kind::Query, 0.5), &numbers).unwrap();
        assert_eq!(next.place, Place::Slot(1));
    }

    #[test]
    fn shared_orders_come_first_and_in_the_order_of_their_file() {
        let numbers = Numbers::new(1, "");
        let shared: Vec<LiveOrder> = (0..3).map(|_| shared_order(&numbers)).collect();
        let population = population(&numbers, 1).with_shared(shared.clone(), 1);
        assert_eq!(population.places(), 2);
        let rest = draw(Kind::ExactRest, 0.5);
        for next in &shared {
            let plan = population.plan(&rest, &numbers).unwrap();
            assert!(plan.order.is(next) && plan.order.is_shared());
            let is_replaced = population.replace_by_shared(plan.place);
            assert_eq!(is_replaced, !next.is(shared.last().unwrap()));
        }
        let own = population.plan(&rest, &numbers).unwrap();
        assert!(!own.order.is_shared());
        assert!(!population.replace_by_shared(Place::Stock));
    }

    #[test]
    fn malformed_requests_are_about_orders_of_their_own() {
        let numbers = Numbers::new(1, "");
        let plan = population(&numbers, 1)
            .plan(&draw(Kind::Malformed, 0.0), &numbers)
            .unwrap();
        assert_eq!(
            (plan.place, plan.amount),
            (Place::Bystander, Amount::new(1))
        );
    }
}
