//! The ground of a load: paid orders, and a mix that the gateway can take.

use std::sync::Arc;

use futures_util::StreamExt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio_util::sync::CancellationToken;

use crate::protocol::{Amount, Api, Direction, Envelope};
use crate::target::{Caller, OrderError, OrderSource, PaidOrder};
use crate::verdict::{Event, Observer};

use super::attack::{Attack, AttackError};
use super::live_order::LiveOrder;
use super::population::Population;
use super::scenario::{Kind, Mix};
use super::shared::Births;
use super::user::fresh_amount;

/// How many orders are paid at once before the traffic starts.
const PAYING_AT_ONCE: usize = 16;
/// How many orders only malformed requests are about, at most.
const BYSTANDERS: usize = 8;

/// Pays for the orders of a load, and looks which of its kinds can be had.
pub(super) struct Ground<'a> {
    attack: &'a Attack,
    caller: &'a Caller,
    orders: &'a Arc<OrderSource>,
    births: &'a Births,
    observer: &'a dyn Observer,
    cancel: &'a CancellationToken,
}

impl<'a> Ground<'a> {
    pub(super) fn of(attack: &'a Attack, births: &'a Births) -> Self {
        Self {
            attack,
            caller: &attack.caller,
            orders: &attack.orders,
            births,
            observer: attack.observer.as_ref(),
            cancel: &attack.cancel,
        }
    }

    /// The orders, paid and declared, the mix, and whether the gateway has
    /// queries.
    ///
    /// # Errors
    /// [`AttackError`] where there is no order at all, or it was interrupted.
    pub(super) async fn prepare(&self) -> Result<(Population, Mix, bool), AttackError> {
        let scenario = &self.attack.scenario;
        let part = self.attack.part();
        let shared = self.attack.shared_orders.clone();
        let has = |kind| scenario.mix.get(&kind).is_some_and(|weight| *weight > 0);
        let places = part.share(scenario.orders.count).max(1);
        // Shared orders take the first places, as far as there are any.
        let count = places - places.min(shared.len());
        // A user has one whole order in its hands at most, and pays for another
        // before it takes the next.
        let stock = if has(Kind::Full) {
            places.min(part.share(scenario.most_users()))
        } else {
            0
        };
        let bystanders = if has(Kind::Malformed) {
            places.min(BYSTANDERS)
        } else {
            0
        };
        self.orders.count(&shared).map_err(OrderError::from)?;
        let paid = self.pay(count + stock + bystanders).await?;
        let first = shared.first().or(paid.first());
        let (mix, has_query) = self.mix(first.expect("there is a place for one")).await;
        let mut orders: Vec<LiveOrder> = paid
            .iter()
            .map(|order| self.births.register(order))
            .collect();
        let shared: Vec<LiveOrder> = shared
            .iter()
            .map(|order| self.births.register_shared(order))
            .collect();
        // Where there are fewer than were asked for, those under way come first.
        let mut rest = orders.split_off(orders.len().min(count));
        let bystanders = rest.split_off(rest.len().min(stock));
        let part = scenario.orders.part;
        let population = Population::new(orders, rest, bystanders, part, has(Kind::Retry))
            .with_shared(shared, places);
        Ok((population, mix, has_query))
    }

    async fn pay(&self, count: usize) -> Result<Vec<PaidOrder>, AttackError> {
        // Drawn for the whole load, of which each shard has every Nth.
        let mut random = StdRng::seed_from_u64(self.attack.seed);
        let range = self.attack.scenario.orders.amount;
        let part = self.attack.part();
        let amounts: Vec<Amount> = std::iter::repeat_with(|| fresh_amount(range, &mut random))
            .skip(part.index() as usize)
            .step_by(part.count() as usize)
            .take(count)
            .collect();
        // In the order of their numbers, so that a seed finds each order in the
        // same place.
        let mut paying = futures_util::stream::iter(amounts)
            .map(|amount| self.orders.paid(self.caller, amount))
            .buffered(PAYING_AT_ONCE);
        let mut orders: Vec<PaidOrder> = Vec::with_capacity(count);
        let mut refused: Option<OrderError> = None;
        loop {
            tokio::select! {
                paid = paying.next() => match paid {
                    Some(Ok(order)) => orders.push(order),
                    Some(Err(error)) => refused = Some(error),
                    None => break,
                },
                () = self.cancel.cancelled() => return Err(AttackError::Interrupted),
            }
        }
        match refused {
            Some(error) if orders.is_empty() => return Err(error.into()),
            Some(error) => self.observer.observe(&Event::Notice(format!(
                "the load starts with {} of {count} orders: failed to {error}",
                orders.len(),
            ))),
            None => {}
        }
        Ok(orders)
    }

    /// The scenario's mix, without queries where the gateway has none: its
    /// refunds can be tested all the same.
    async fn mix(&self, order: &PaidOrder) -> (Mix, bool) {
        let mut mix = self.attack.scenario.mix.clone();
        mix.retain(|_, weight| *weight > 0);
        let mut has_query = true;
        let asks = |kind| mix.contains_key(&kind);
        if asks(Kind::OffsetSweep) || asks(Kind::Query) && mix.len() > 1 {
            let document = self.caller.query(&order.number);
            let exchange = self.caller.post(Api::Query, &document).await;
            let is_answered = exchange
                .body()
                .is_some_and(|body| Envelope::parse(body, Direction::Response).is_ok());
            if matches!(exchange.status(), Some(404 | 405 | 501)) && !is_answered {
                mix.remove(&Kind::Query);
                has_query = false;
                self.observer.observe(&Event::Notice(
                    "the gateway has no query call: the load goes without queries".to_owned(),
                ));
            }
        }
        (mix, has_query)
    }
}
