//! The search for the least traffic that still fails: without volleys, without
//! requests, without distances, with smaller amounts.
//!
//! Races are random, so a smaller candidate that holds a few times is not
//! known to hold. It is given up when it has held for so many rounds that one
//! which fails half as often as the best so far would have failed once with
//! 95 %.

use std::collections::BTreeMap;
use std::future::Future;

use crate::conformance::rule::Stop;
use crate::verdict::{ReleaseForm, Traffic, Volley, VolleyRequest};

/// How many rounds something gets to fail first, of which nothing is known.
pub const FIRST_ROUNDS: u32 = 24;
/// A candidate never needs more rounds than this.
const MOST_ROUNDS: u32 = 120;

/// What came of the rounds of one candidate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tried {
    /// How many there were.
    pub rounds: u32,
    /// How many showed the violation.
    pub failed: u32,
    /// How many decide nothing.
    pub undecided: u32,
    /// What the first showed that did.
    pub shows: Option<String>,
    /// Why there are no more, where one could not be had.
    pub stopped: Option<String>,
}

impl Tried {
    /// No rounds, because of this.
    pub fn stopped_by(stop: &Stop) -> Self {
        Self {
            stopped: Some(stop.reason().to_owned()),
            ..Self::default()
        }
    }

    /// Adds what came of others.
    pub fn add(&mut self, other: Self) {
        self.rounds += other.rounds;
        self.failed += other.failed;
        self.undecided += other.undecided;
        self.shows = self.shows.take().or(other.shows);
        self.stopped = self.stopped.take().or(other.stopped);
    }

    /// The share of rounds that failed.
    fn rate(&self) -> f64 {
        f64::from(self.failed) / f64::from(self.rounds.max(1))
    }
}

/// Where candidates are tried.
pub trait Trying {
    /// Tries a candidate for at most so many rounds, until it has failed, or
    /// until a round can't be had.
    fn until_failed(
        &mut self,
        traffic: &Traffic,
        rounds: u32,
    ) -> impl Future<Output = Tried> + Send;

    /// Whether time or rounds are used up.
    fn is_over(&self) -> bool;
}

/// The rounds that a candidate gets where the best so far fails at this rate:
/// if it fails half as often, one of them does with 95 %.
pub fn rounds_for(rate: f64) -> u32 {
    let rounds = (0.05_f64.ln() / (-rate / 2.0).ln_1p()).ceil();
    (1..MOST_ROUNDS)
        .find(|&count| f64::from(count) >= rounds)
        .unwrap_or(MOST_ROUNDS)
}

/// The least traffic that was found to fail, and what came of its rounds. `None`
/// where none of `starts` has failed.
pub async fn search(trying: &mut impl Trying, starts: &[Traffic]) -> Option<(Traffic, Tried)> {
    let mut first = None;
    for start in starts {
        if trying.is_over() {
            break;
        }
        let tried = trying.until_failed(start, FIRST_ROUNDS).await;
        if tried.failed > 0 {
            first = Some((start.clone(), tried));
            break;
        }
        if tried.stopped.is_some() {
            break;
        }
    }
    let (best, tried) = first?;
    let mut search = Search {
        trying,
        best,
        tried,
        is_stopped: false,
    };
    search.shrink().await;
    Some((renumbered(search.best), search.tried))
}

struct Search<'a, T> {
    trying: &'a mut T,
    best: Traffic,
    tried: Tried,
    is_stopped: bool,
}

impl<T: Trying> Search<'_, T> {
    async fn shrink(&mut self) {
        self.drop_parts(volley_count, without_volleys).await;
        self.drop_requests().await;
        let at_once = at_once(&self.best);
        self.accept(at_once).await;
        // Of a smaller order fewer refunds are too many.
        if self.lower_amounts().await {
            self.drop_requests().await;
        }
    }

    /// Leaves out requests, for as long as that finds some.
    async fn drop_requests(&mut self) {
        // What goes together may only be missed together at first.
        loop {
            let before = self.best.len();
            self.drop_parts(Traffic::len, without_requests).await;
            if self.best.len() == before || self.best.is_empty() {
                break;
            }
        }
    }

    /// Leaves out parts, large groups of them first.
    async fn drop_parts(
        &mut self,
        count: fn(&Traffic) -> usize,
        without: fn(&Traffic, usize, usize) -> Traffic,
    ) {
        let mut size = count(&self.best).div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at < count(&self.best) && count(&self.best) > 1 {
                let candidate = without(&self.best, at, size);
                if !self.accept(candidate).await {
                    at += size;
                }
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
    }

    /// Tries the same of a smaller order, from the smallest on; whether one
    /// fails.
    async fn lower_amounts(&mut self) -> bool {
        let mut paid = 1;
        while paid < self.best.paid && !self.is_stopped {
            for is_rounded_up in [true, false] {
                let candidate = scaled(&self.best, paid, is_rounded_up);
                if self.accept(candidate).await {
                    return true;
                }
            }
            paid *= 10;
        }
        false
    }

    /// Takes a candidate for the best if it fails.
    async fn accept(&mut self, candidate: Traffic) -> bool {
        self.is_stopped |= self.trying.is_over();
        if self.is_stopped || candidate.is_empty() || candidate == self.best {
            return false;
        }
        let rounds = rounds_for(self.tried.rate());
        let tried = self.trying.until_failed(&candidate, rounds).await;
        self.is_stopped |= tried.stopped.is_some();
        let fails = tried.failed > 0;
        if fails {
            self.best = candidate;
            self.tried = tried;
        }
        fails
    }
}

fn volley_count(traffic: &Traffic) -> usize {
    traffic.volleys.len()
}

fn without_volleys(traffic: &Traffic, at: usize, count: usize) -> Traffic {
    let mut left = traffic.clone();
    let end = left.volleys.len().min(at + count);
    left.volleys.drain(at..end);
    left
}

fn without_requests(traffic: &Traffic, at: usize, count: usize) -> Traffic {
    let mut place = 0;
    let mut volleys: Vec<Volley> = Vec::new();
    for volley in &traffic.volleys {
        let mut kept = volley.clone();
        kept.requests.retain(|_| {
            place += 1;
            !(at..at + count).contains(&(place - 1))
        });
        if !kept.can_be_held() {
            kept.release = ReleaseForm::Whole;
        }
        if !kept.requests.is_empty() {
            volleys.push(kept);
        }
    }
    Traffic {
        volleys,
        ..traffic.clone()
    }
}

/// The same with no distances within volleys.
fn at_once(traffic: &Traffic) -> Traffic {
    let mut traffic = traffic.clone();
    for request in requests(&mut traffic) {
        *request = request.at_once();
    }
    traffic
}

/// The same of an order of which less is paid: amounts keep their share of it,
/// and stay at least 1 where they were.
fn scaled(traffic: &Traffic, paid: i64, is_rounded_up: bool) -> Traffic {
    let mut scaled = traffic.clone();
    scaled.paid = paid;
    for request in requests(&mut scaled) {
        if let VolleyRequest::Refund { amount, .. } = request
            && *amount > 0
        {
            let (share, whole) = (
                i128::from(*amount) * i128::from(paid),
                i128::from(traffic.paid),
            );
            let share = if is_rounded_up {
                (share + whole - 1) / whole
            } else {
                share / whole
            };
            *amount = i64::try_from(share).unwrap_or(*amount).max(1);
        }
    }
    scaled
}

/// The same with numbers counted from 1, in the order of first use.
fn renumbered(mut traffic: Traffic) -> Traffic {
    let mut numbers: BTreeMap<u32, u32> = BTreeMap::new();
    for request in requests(&mut traffic) {
        if let VolleyRequest::Refund { number, .. } = request {
            let next = u32::try_from(numbers.len() + 1).expect("a round has few numbers");
            *number = *numbers.entry(*number).or_insert(next);
        }
    }
    traffic
}

fn requests(traffic: &mut Traffic) -> impl Iterator<Item = &mut VolleyRequest> {
    let volleys = traffic.volleys.iter_mut();
    volleys.flat_map(|volley| volley.requests.iter_mut())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A gateway that fails by a script, and in every so many-th round alone.
    struct Script {
        fails: fn(&Traffic) -> bool,
        every: u32,
        rounds: u32,
        budget: u32,
        asked: Vec<u32>,
    }

    impl Script {
        fn of(fails: fn(&Traffic) -> bool) -> Self {
            Self {
                fails,
                every: 1,
                rounds: 0,
                budget: u32::MAX,
                asked: Vec::new(),
            }
        }
    }

    impl Trying for Script {
        async fn until_failed(&mut self, traffic: &Traffic, rounds: u32) -> Tried {
            self.asked.push(rounds);
            let mut tried = Tried::default();
            while tried.rounds < rounds && tried.failed == 0 {
                self.rounds += 1;
                tried.rounds += 1;
                if (self.fails)(traffic) && self.rounds.is_multiple_of(self.every) {
                    tried.failed += 1;
                }
            }
            tried
        }

        fn is_over(&self) -> bool {
            self.rounds >= self.budget
        }
    }

    fn refund(number: u32, amount: i64) -> VolleyRequest {
        VolleyRequest::Refund {
            number,
            amount,
            after_micros: 7,
            abandoned: false,
        }
    }

    /// Six volleys of one to eight refunds, each a bit larger than the one
    /// before.
    fn storm() -> Traffic {
        let mut number = 0;
        let volleys = [1, 8, 1, 3, 8, 1].map(|count| Volley {
            release: ReleaseForm::Whole,
            requests: (0..count)
                .map(|_| {
                    number += 1;
                    refund(number, 5_000 + i64::from(number))
                })
                .collect(),
        });
        Traffic {
            paid: 10_000,
            volleys: volleys.to_vec(),
        }
    }

    fn amounts(volley: &Volley) -> Vec<i64> {
        let amount = |request: &VolleyRequest| match request {
            VolleyRequest::Refund { amount, .. } => *amount,
            VolleyRequest::Query { .. } => 0,
        };
        volley.requests.iter().map(amount).collect()
    }

    /// Two at once that are more than was paid.
    fn is_duel(traffic: &Traffic) -> bool {
        traffic.volleys.iter().any(|volley| {
            let amounts = amounts(volley);
            amounts.len() > 1 && amounts.iter().sum::<i64>() > traffic.paid
        })
    }

    /// Two of the storm's numbers, in whichever volleys they are.
    fn holds_both(traffic: &Traffic) -> bool {
        let numbers: Vec<u32> = traffic
            .volleys
            .iter()
            .flat_map(|volley| &volley.requests)
            .filter_map(|request| match request {
                VolleyRequest::Refund { number, .. } => Some(*number),
                VolleyRequest::Query { .. } => None,
            })
            .collect();
        traffic.paid >= 700 && numbers.contains(&3) && numbers.contains(&20)
    }

    #[tokio::test]
    async fn a_storm_shrinks_to_the_two_requests_that_race() {
        let (least, tried) = search(&mut Script::of(is_duel), &[storm()]).await.unwrap();
        assert_eq!(
            least.to_string(),
            "2 requests at once (refund 1 as number 1, refund 1 as number 2) on an order of 1"
        );
        assert_eq!(tried.failed, 1);
    }

    #[tokio::test]
    async fn of_five_that_are_too_many_two_are_of_a_smaller_order() {
        let ladder = Traffic {
            paid: 10_000,
            volleys: vec![Volley {
                release: ReleaseForm::Whole,
                requests: (1..=5).map(|number| refund(number, 2_001)).collect(),
            }],
        };
        let (least, _) = search(&mut Script::of(is_duel), &[ladder]).await.unwrap();
        assert_eq!((least.paid, least.len()), (1, 2));
    }

    #[tokio::test]
    async fn requests_of_different_volleys_are_kept_where_both_are_needed() {
        let mut script = Script::of(holds_both);
        let (least, _) = search(&mut script, &[storm()]).await.unwrap();
        assert_eq!(
            least.to_string(),
            "refund 501 as number 1, then refund 502 as number 2 on an order of 1000"
        );
    }

    #[tokio::test]
    async fn a_failure_in_every_third_round_is_shrunk_as_well() {
        let mut script = Script {
            every: 3,
            ..Script::of(is_duel)
        };
        let (least, _) = search(&mut script, &[storm()]).await.unwrap();
        assert_eq!((least.paid, least.len()), (1, 2));
    }

    #[tokio::test]
    async fn the_first_start_that_fails_is_the_one_that_is_shrunk() {
        let alone = Traffic {
            paid: 10_000,
            volleys: vec![Volley {
                release: ReleaseForm::Whole,
                requests: vec![refund(1, 10_001)],
            }],
        };
        let mut script = Script::of(is_duel);
        let (least, _) = search(&mut script, &[alone.clone(), storm()])
            .await
            .unwrap();
        assert_eq!(least.len(), 2);
        assert_eq!(script.asked[..2], [FIRST_ROUNDS, FIRST_ROUNDS]);
        assert_eq!(search(&mut Script::of(is_duel), &[alone]).await, None);
    }

    #[tokio::test]
    async fn the_search_ends_with_its_budget_and_keeps_what_fails() {
        let mut script = Script {
            budget: 3,
            ..Script::of(is_duel)
        };
        let (best, _) = search(&mut script, &[storm()]).await.unwrap();
        assert_eq!(script.asked.len(), 3);
        assert!(is_duel(&best));
        assert!(best.len() < storm().len());
    }

    #[test]
    fn the_rarer_a_failure_the_more_rounds_a_candidate_gets() {
        let rounds = [1.0, 0.5, 0.25, 0.1, 0.0].map(rounds_for);
        assert_eq!(rounds, [5, 11, 23, 59, MOST_ROUNDS]);
    }

    #[test]
    fn amounts_keep_their_share_of_what_is_paid() {
        let scaled = scaled(&storm(), 10, true);
        assert_eq!(amounts(&scaled.volleys[0]), [6]);
        let scaled = super::scaled(&storm(), 10, false);
        assert_eq!(amounts(&scaled.volleys[0]), [5]);
    }
}
