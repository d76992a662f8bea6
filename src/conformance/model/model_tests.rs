//! The model against right gateways of every dialect, and against wrong ones.

use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;

const fn request(number: usize, order: usize, amount: i64) -> Request {
    Request {
        number,
        content: Content {
            order,
            amount: Amount::new(amount),
        },
    }
}

fn model(paid: &[i64]) -> Model {
    Model::new(paid.iter().map(|paid| Amount::new(*paid)).collect())
}

/// What is heard of requests of one order in turn; the last is the one that
/// matters.
#[track_caller]
fn heard(paid: i64, story: &[(usize, i64, Heard)]) -> Result<(), Contradiction> {
    let mut model = model(&[paid]);
    let (last, before) = story.split_last().expect("a story has an end");
    for (number, amount, heard) in before {
        let request = request(*number, 0, *amount);
        model.hear(request, *heard).expect("the beginning is right");
    }
    let (number, amount, heard) = *last;
    model.hear(request(number, 0, amount), heard)
}

use Heard::{Accepted, Exceeds, Refused, Taken, Unknown};

#[test]
fn what_no_right_gateway_answers_is_a_contradiction() {
    for story in [
        // More than was paid, alone and in sum.
        &[(0, 101, Accepted)][..],
        &[(0, 60, Accepted), (1, 41, Accepted)],
        // One number, two amounts.
        &[(0, 60, Accepted), (0, 61, Accepted)],
        &[(0, 60, Accepted), (0, 10, Accepted)],
    ] {
        assert!(heard(100, story).unwrap_err().is_money, "{story:?}");
    }
    for story in [
        // There is room.
        &[(0, 100, Exceeds)][..],
        &[(0, 60, Accepted), (1, 40, Exceeds)],
        &[(0, 101, Exceeds), (1, 100, Exceeds)],
        &[(0, 100, Refused)],
        // A retry is told that its refund did not happen.
        &[(0, 100, Accepted), (0, 100, Exceeds)],
        &[(0, 40, Accepted), (0, 40, Exceeds)],
        &[(0, 40, Unknown), (0, 40, Exceeds)],
        &[(0, 40, Unknown), (0, 40, Refused)],
        // A fresh number is no duplicate.
        &[(0, 40, Taken)],
        &[(0, 40, Accepted), (1, 40, Taken)],
    ] {
        assert!(!heard(100, story).unwrap_err().is_money, "{story:?}");
    }
}

#[test]
fn what_a_right_gateway_of_some_dialect_answers_is_none() {
    for story in [
        &[(0, 100, Accepted), (0, 100, Accepted)][..],
        &[(0, 100, Accepted), (0, 100, Taken)],
        &[(0, 100, Accepted), (0, 100, Refused)],
        &[(0, 100, Accepted), (0, 99, Exceeds)],
        &[(0, 101, Refused), (0, 100, Accepted)],
        &[(0, 101, Exceeds), (0, 100, Taken)],
        &[(0, 100, Unknown), (0, 100, Taken)],
        &[(0, 100, Unknown), (1, 1, Exceeds)],
        &[(0, 100, Unknown), (1, 1, Accepted), (0, 100, Exceeds)],
        &[(0, 100, Unknown), (0, 50, Accepted), (0, 100, Refused)],
        &[(0, 0, Accepted), (1, 100, Accepted)],
        &[(0, 0, Refused), (1, 100, Accepted)],
    ] {
        assert_eq!(heard(100, story), Ok(()), "{story:?}");
    }
}

#[test]
fn an_unknown_outcome_leaves_two_amounts_until_it_is_known() {
    let mut model = model(&[100]);
    let amounts = |all: &[i64]| all.iter().map(|one| Amount::new(*one)).collect();
    model.hear(request(0, 0, 30), Unknown).unwrap();
    assert_eq!(model.left(0), amounts(&[70, 100]));
    assert_eq!(model.unknown(), [request(0, 0, 30)]);
    model.hear(request(0, 0, 30), Accepted).unwrap();
    assert_eq!(model.left(0), amounts(&[70]));
    assert_eq!(model.unknown(), []);
}

/// What is another's number for one order is the same number for all.
#[test]
fn a_number_names_one_refund_whatever_the_order() {
    let mut model = model(&[100, 100]);
    model.hear(request(0, 0, 30), Accepted).unwrap();
    assert!(model.clone().hear(request(0, 1, 30), Taken).is_ok());
    let wrong = model.hear(request(0, 1, 30), Accepted).unwrap_err();
    assert!(wrong.is_money);
}

/// A right gateway of a random dialect, over a line that loses answers and
/// delays requests.
struct Gateway {
    paid: Vec<i64>,
    refunds: BTreeMap<usize, Content>,
    remembered: BTreeSet<usize>,
    delayed: Vec<Request>,
    random: StdRng,
    /// In how many of ten cases a repeated number is replayed.
    replays: u32,
    remembers: bool,
    loses: u32,
}

impl Gateway {
    fn new(paid: &[i64], seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        Self {
            paid: paid.to_vec(),
            refunds: BTreeMap::new(),
            remembered: BTreeSet::new(),
            delayed: Vec::new(),
            replays: [0, 5, 10][random.random_range(0..3)],
            remembers: random.random(),
            loses: random.random_range(0..5),
            random,
        }
    }

    fn left(&self, order: usize) -> i64 {
        let refunds = self.refunds.values().filter(|one| one.order == order);
        self.paid[order] - refunds.map(|one| one.amount.minor_units()).sum::<i64>()
    }

    fn happens(&mut self, in_ten: u32) -> bool {
        self.random.random_range(0..10) < in_ten
    }

    /// What the books say; a caller who lost the answer must be told 31.
    fn decide(&mut self, request: Request) -> Heard {
        let Request { number, content } = request;
        if let Some(earlier) = self.refunds.get(&number).copied() {
            let is_replayed = earlier == content && self.happens(self.replays);
            return if is_replayed { Accepted } else { Taken };
        }
        if self.remembers && self.remembered.contains(&number) {
            return [Taken, Exceeds, Refused][self.random.random_range(0..3)];
        }
        let amount = content.amount.minor_units();
        if amount < 1 || amount > self.left(content.order) {
            self.remembered.insert(number);
            return if self.happens(7) { Exceeds } else { Refused };
        }
        self.refunds.insert(number, content);
        Accepted
    }

    fn answer(&mut self, request: Request) -> Heard {
        for delayed in std::mem::take(&mut self.delayed) {
            if self.happens(3) {
                self.decide(delayed);
            } else {
                self.delayed.push(delayed);
            }
        }
        if self.happens(self.loses) {
            match self.random.random_range(0..3) {
                0 => {}
                1 => drop(self.decide(request)),
                _ => self.delayed.push(request),
            }
            return Unknown;
        }
        // What was delayed came before what is answered now.
        let (same, others) = std::mem::take(&mut self.delayed)
            .into_iter()
            .partition(|delayed| *delayed == request);
        self.delayed = others;
        let same: Vec<Request> = same;
        for delayed in same {
            self.decide(delayed);
        }
        self.decide(request)
    }
}

proptest! {
    #[test]
    fn no_right_gateway_is_ever_accused(
        seed: u64,
        paid in proptest::collection::vec(1..40_i64, 1..=3),
        steps in proptest::collection::vec((0..6_usize, 0..3_usize, 0..45_i64), 1..24),
    ) {
        let mut gateway = Gateway::new(&paid, seed);
        let mut model = model(&paid);
        for (number, order, amount) in steps {
            // More unknown outcomes than these no run goes on with.
            if model.unknown().len() > 6 {
                break;
            }
            let request = request(number, order % paid.len(), amount);
            let heard = gateway.answer(request);
            prop_assert_eq!(model.hear(request, heard), Ok(()));
        }
        for order in 0..paid.len() {
            prop_assert!(model.left(order).contains(&Amount::new(gateway.left(order))));
        }
    }
}
