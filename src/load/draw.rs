//! What is drawn for a request before anything is known of the orders.
//!
//! A draw takes the same few random numbers whatever comes of it, so what a
//! user asks for follows from the seed and the user's number alone, and not
//! from how fast the others are.

use rand::RngExt;
use rand::rngs::StdRng;

use super::scenario::{Kind, Mix, Orders};

/// What is drawn for one request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draw {
    /// What kind of request, if the orders allow it.
    pub kind: Kind,
    /// About which place of the population, or the next one that has an order.
    pub place: usize,
    /// How much, from 0 to below 1.
    pub share: f64,
    /// Which of several, where the kind has several.
    pub pick: u64,
}

/// The chances of kinds and places, added up once.
#[derive(Debug)]
pub struct Chances {
    kinds: Vec<Kind>,
    kind: Cumulative,
    place: Cumulative,
    /// In how many groups users and places go.
    groups: usize,
}

/// In how many groups users and orders go at most.
///
/// Who is in one group refunds the same orders and nobody else does. Users of
/// one group run on one core, where there are 1, 2, 4 or 8: an order that two
/// cores refund in turns costs both of them more than the signature. The number
/// is the same everywhere, so that a seed draws the same on every machine.
const GROUPS: usize = 8;
/// A group with fewer users or orders would meet in one order more often, or
/// less often, than all together.
const LEAST_IN_A_GROUP: usize = 8;

impl Chances {
    /// The chances of a mix over `places` places; `orders` tells how popular
    /// each is, and `users` how many refund them at the
    /// fewest.
    pub fn new(mix: &Mix, orders: &Orders, places: usize, users: usize) -> Self {
        let is_large = users.min(places) >= GROUPS * LEAST_IN_A_GROUP;
        let orders = Orders {
            count: places.max(1),
            hot: orders
                .hot
                .map(|(hot, share)| (hot.min(places.max(1)), share)),
            ..orders.clone()
        };
        Self {
            kinds: mix.keys().copied().collect(),
            kind: Cumulative::of(mix.values().copied().map(f64::from)),
            place: Cumulative::of(orders.weights().into_iter()),
            groups: if is_large && orders.are_equally_popular() {
                GROUPS
            } else {
                1
            },
        }
    }

    /// Draws one request of the user of this number.
    pub fn draw(&self, random: &mut StdRng, user: usize) -> Draw {
        let kind = self.kind.index(random.random());
        let place = self.place_of_group(self.place.index(random.random()), user % self.groups);
        Draw {
            kind: self.kinds.get(kind).copied().unwrap_or(Kind::Partial),
            place,
            share: random.random(),
            pick: random.random(),
        }
    }
}

impl Chances {
    /// The place of a group that stands for this one.
    const fn place_of_group(&self, place: usize, group: usize) -> usize {
        let own = place - place % self.groups + group;
        // The last places need not be enough for all groups.
        if own < self.place.0.len() || own < self.groups {
            own
        } else {
            own - self.groups
        }
    }
}

/// Weights, each added to those before it.
#[derive(Debug)]
struct Cumulative(Vec<f64>);

impl Cumulative {
    fn of(weights: impl Iterator<Item = f64>) -> Self {
        let sums = weights.scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self(sums.collect())
    }

    /// The index that a number from 0 to below 1 falls on.
    fn index(&self, at: f64) -> usize {
        let total = self.0.last().copied().unwrap_or_default();
        let index = self.0.partition_point(|sum| *sum <= at * total);
        // Rounding can lead beyond the last.
        index.min(self.0.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn chances(mix: &[(Kind, u32)], hot: Option<(usize, f64)>) -> Chances {
        let orders = Orders {
            hot,
            ..Orders::default()
        };
        Chances::new(&mix.iter().copied().collect(), &orders, 100, 16)
    }

    fn draws(chances: &Chances, count: usize) -> Vec<Draw> {
        let mut random = StdRng::seed_from_u64(1);
        (0..count).map(|_| chances.draw(&mut random, 0)).collect()
    }

    #[test]
    fn kinds_and_places_come_by_their_weights() {
        let chances = chances(
            &[(Kind::Partial, 9), (Kind::Query, 1), (Kind::Duel, 0)],
            Some((1, 0.5)),
        );
        let draws = draws(&chances, 10_000);
        let queries = draws.iter().filter(|draw| draw.kind == Kind::Query).count();
        let hot = draws.iter().filter(|draw| draw.place == 0).count();
        assert!(queries.abs_diff(1_000) < 150, "{queries}");
        assert!(hot.abs_diff(5_000) < 250, "{hot}");
        assert!(
            draws
                .iter()
                .all(|draw| draw.kind != Kind::Duel && draw.place < 100)
        );
    }

    #[test]
    fn many_users_share_their_orders_with_their_group_alone() {
        let mix = [(Kind::Partial, 1)].into_iter().collect();
        let chances = Chances::new(&mix, &Orders::default(), 101, 64);
        let mut random = StdRng::seed_from_u64(1);
        let mut met = [0_u32; 101];
        for user in 0..64 {
            for _ in 0..1_000 {
                let place = chances.draw(&mut random, user).place;
                assert_eq!(place % GROUPS, user % GROUPS);
                met[place] += 1;
            }
        }
        // Every place is met: 64,000 draws among 101.
        assert!(met.iter().all(|met| *met > 300), "{met:?}");
        let few = Chances::new(&mix, &Orders::default(), 101, 63);
        assert!((0..1_000).any(|_| !few.draw(&mut random, 0).place.is_multiple_of(GROUPS)));
    }

    #[test]
    fn a_seed_draws_the_same_requests() {
        let chances = chances(&[(Kind::Partial, 1), (Kind::Malformed, 1)], None);
        assert_eq!(draws(&chances, 100), draws(&chances, 100));
    }
}
