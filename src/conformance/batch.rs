//! Many documents about one order, and what became of its money.

use rand::RngExt;
use rand::distr::{Alphanumeric, SampleString};
use rand::rngs::StdRng;

use crate::generate::{Expected, Mutation};
use crate::protocol::SignKey;
use crate::protocol::refund::LONGEST_NOTE;

use super::probe::Probe;
use super::rule::Stop;

/// What is paid for the order that mutations are about.
const PAID: i64 = 10_000;
/// What each mutation asks for, before it is changed.
const AMOUNT: i64 = 100;

/// For how many of `--cases` each of the mutations is made of one more request.
const CASES_A_ROUND: usize = 16;
/// No more requests than these are changed in each way.
const MOST_ROUNDS: usize = 4;

/// An optional text that is plain enough to be no matter by itself; often none.
fn note(random: &mut StdRng) -> Option<String> {
    let length = random.random_range(0..=LONGEST_NOTE);
    random
        .random_bool(0.7)
        .then(|| Alphanumeric.sample_string(random, length.max(1)))
}

/// How strictly a refusal is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// It is an answer of the protocol.
    Answered,
    /// The document may name no partner: unsigned will do, and so will a
    /// closed connection.
    TurnedAway,
}

impl Probe {
    /// Shows the gateway what `make` makes of valid refunds; each document is
    /// judged by what it expects, and afterwards exactly what was accepted is
    /// gone from the order.
    ///
    /// # Errors
    /// The first [`Stop`].
    pub async fn judge_each(
        &mut self,
        make: impl Fn(&str, &SignKey) -> Vec<Mutation>,
    ) -> Result<i64, Stop> {
        self.judge_all(make, Refusal::Answered).await
    }

    /// The same for documents that are no JSON or no envelope.
    ///
    /// # Errors
    /// The first [`Stop`].
    pub async fn turn_each_away(
        &mut self,
        make: impl Fn(&str, &SignKey) -> Vec<Mutation>,
    ) -> Result<(), Stop> {
        self.judge_all(make, Refusal::TurnedAway).await.map(|_| ())
    }

    /// The same, where what becomes of the open ones is what one wants to know:
    /// tells which were taken and which refused.
    ///
    /// # Errors
    /// The first [`Stop`].
    pub async fn observe_each(
        &mut self,
        make: impl Fn(&str, &SignKey) -> Vec<Mutation>,
    ) -> Result<String, Stop> {
        let order = self.paid(PAID).await?;
        let (mut taken, mut refused) = (Vec::new(), Vec::new());
        let mut accepted = 0;
        for mutation in self.fresh_mutations(&order.number, AMOUNT, make) {
            let is_taken = self.judge_one(&mutation, Refusal::TurnedAway).await?;
            accepted += i64::from(is_taken);
            match mutation.expected {
                Expected::Open if is_taken => taken.push(mutation.label),
                Expected::Open => refused.push(mutation.label),
                Expected::Accepted | Expected::Refused => {}
            }
        }
        self.confirm_rest(&order, order.paid.minor_units() - AMOUNT * accepted)
            .await?;
        let list = |labels: &[String]| match labels {
            [] => "none".to_owned(),
            labels => labels.join(", "),
        };
        Ok(format!(
            "taken: {}; refused: {}",
            list(&taken),
            list(&refused)
        ))
    }

    async fn judge_all(
        &mut self,
        make: impl Fn(&str, &SignKey) -> Vec<Mutation>,
        refusal: Refusal,
    ) -> Result<i64, Stop> {
        let mut random = self.random();
        let mut accepted = self.judge_round(&make, refusal).await?;
        for _ in 1..self.rounds() {
            self.carry((note(&mut random), note(&mut random)));
            accepted += self.judge_round(&make, refusal).await?;
        }
        self.carry((None, None));
        Ok(accepted)
    }

    /// How many different valid requests are changed in each way. An order is
    /// used for each, so that a run that has few makes do with one.
    fn rounds(&self) -> usize {
        if self.has_orders_to_spare() {
            (self.cases() / CASES_A_ROUND).clamp(1, MOST_ROUNDS)
        } else {
            1
        }
    }

    async fn judge_round(
        &mut self,
        make: impl Fn(&str, &SignKey) -> Vec<Mutation>,
        refusal: Refusal,
    ) -> Result<i64, Stop> {
        let order = self.paid(PAID).await?;
        let mut accepted = 0;
        let mut has_open = false;
        for mutation in self.fresh_mutations(&order.number, AMOUNT, make) {
            has_open |= mutation.expected == Expected::Open;
            accepted += i64::from(self.judge_one(&mutation, refusal).await?);
        }
        let rest = order.paid.minor_units() - AMOUNT * accepted;
        if has_open {
            // What was read as less than it says leaves more than it should.
            self.confirm_rest(&order, rest).await?;
        } else {
            self.confirm_nothing_else_moved(&order, rest).await?;
        }
        Ok(accepted)
    }

    /// Whether a document was accepted, where it may be.
    async fn judge_one(&mut self, mutation: &Mutation, refusal: Refusal) -> Result<bool, Stop> {
        let label = format!("a request with {}", mutation.label);
        let reply = self.send(label, &mutation.document).await;
        match (mutation.expected, refusal) {
            (Expected::Accepted, _) => {
                self.expect_accepted(&reply)?;
                return Ok(true);
            }
            (Expected::Open, _) if reply.took_effect() => {
                self.expect_amount(&reply, AMOUNT)?;
                return Ok(true);
            }
            (Expected::Refused, Refusal::Answered) => {
                self.expect_refused(&reply, mutation.fitting_codes)?;
            }
            (Expected::Open, _) | (Expected::Refused, Refusal::TurnedAway) => {
                self.expect_turned_away(&reply, mutation.fitting_codes)?;
            }
        }
        Ok(false)
    }
}
