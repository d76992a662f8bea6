//! The common order: no outcome unknown, every number with one amount, and
//! refusals that the accepted refunds before them explain.
//!
//! What is proved here is exactly what [`judge_order`] would find of such an
//! order, and a test holds the two together. Whatever is not proved is left to
//! it, so that nothing is ever claimed here.
//!
//! [`judge_order`]: crate::audit::judge::judge_order

use super::compact::Order;
use crate::audit::history::binary::Packed;
use crate::audit::history::binary::packed::Outcome;
use crate::audit::history::collected::DEALING;
use crate::audit::history::{QueryOutcome, RefundOutcome, Terms};
use crate::audit::judge::OrderVerdict;
use crate::audit::judge::overlap::{Met, Sweep};
use crate::protocol::profile::Duplicates;
use crate::verdict::Exposure;

const NONE: u32 = u32::MAX;

/// Room to work in, used for one order after the other.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Where a number is found: the round in the upper half, its index below.
    table: Vec<u64>,
    round: u32,
    numbers: Vec<Number>,
    attempts: Vec<Attempt>,
    effects: Vec<Effect>,
    refusals: Vec<Refusal>,
    /// When queries were sent that showed something left.
    reads: Vec<u64>,
    overlap: Sweep,
}

/// A refund number of the order.
#[derive(Debug)]
struct Number {
    stem: u32,
    count: u64,
    /// A record of it.
    record: usize,
    /// Its attempts that reached the gateway: the last of them, and how many.
    last: u32,
    attempts: u32,
}

#[derive(Debug)]
struct Attempt {
    sent: u64,
    answered: u64,
    amount: i64,
    outcome: RefundOutcome,
    /// Its number, as an index.
    number: usize,
    /// The attempt of the same number before it.
    before: u32,
}

#[derive(Debug)]
struct Effect {
    earliest: u64,
    latest: u64,
    amount: i64,
}

#[derive(Debug)]
struct Refusal {
    sent: u64,
    latest: u64,
    wanted: i64,
    /// The refund's own effect.
    own: u32,
    is_query: bool,
}

impl Scratch {
    /// Takes up an order. Whether its records are of the kinds that can be
    /// proved here.
    pub fn take_up(&mut self, records: &[Packed]) -> bool {
        self.begin(records.len());
        let mut is_common = true;
        for (index, packed) in records.iter().enumerate() {
            let outcome = match packed.outcome() {
                Some(Outcome::Refund(outcome)) => outcome,
                Some(Outcome::Query(outcome)) => {
                    is_common &= self.query(packed, outcome);
                    continue;
                }
                None => return false,
            };
            let number = self.number(packed, index);
            if outcome == RefundOutcome::NotSent {
                continue;
            }
            let Some(answered) = packed.answered() else {
                is_common = false;
                continue;
            };
            is_common &= outcome != RefundOutcome::Unknown && packed.amount() > 0;
            let index = number;
            let number = &mut self.numbers[index];
            self.attempts.push(Attempt {
                number: index,
                sent: packed.sent(),
                answered,
                amount: packed.amount(),
                outcome,
                before: number.last,
            });
            number.last = u32::try_from(self.attempts.len() - 1).expect("an index is 32 bits");
            number.attempts += 1;
        }
        is_common
    }

    /// A record of each refund number of the order that was taken up.
    pub fn numbers(&self) -> impl Iterator<Item = usize> {
        self.numbers.iter().map(|number| number.record)
    }

    /// The verdict on the order that was taken up; `None` where it takes more
    /// to tell.
    pub fn prove(
        &mut self,
        order: &Order,
        records: &[Packed],
        terms: Terms,
    ) -> Option<OrderVerdict> {
        if terms.late_failure || order.is_shared || order.has_long {
            return None;
        }
        let paid = order.paid.minor_units();
        for index in 0..self.numbers.len() {
            self.reduce(index, terms)?;
        }
        let used: i64 = self.effects.iter().map(|effect| effect.amount).sum();
        if used > paid
            || !self
                .refusals
                .iter()
                .all(|refusal| self.explains(refusal, paid))
        {
            return None;
        }
        self.reads_hold(records, paid).then_some(())?;
        let count = |outcome| {
            self.attempts
                .iter()
                .filter(|a| a.outcome == outcome)
                .count() as u64
        };
        let numbers = self.numbers.iter().filter(|number| number.attempts > 0);
        let retries = self.attempts.len() - numbers.count();
        let is_used_up = !self.effects.is_empty() && used == paid;
        let last = self.effects.iter().map(|effect| effect.latest).max();
        let is_drained = is_used_up
            && self.refusals.iter().any(|refusal| {
                !refusal.is_query && refusal.wanted == 1 && Some(refusal.sent) > last
            });
        let queries = records
            .iter()
            .filter(|packed| matches!(packed.outcome(), Some(Outcome::Query(_))));
        let met = self.overlap.over(
            paid,
            self.attempts.iter().map(|attempt| Met {
                number: attempt.number,
                amount: attempt.amount,
                sent: attempt.sent,
                answered: Some(attempt.answered),
                outcome: attempt.outcome,
            }),
        );
        Some(OrderVerdict {
            operations: (self.attempts.len() + queries.count()) as u64,
            exposure: Exposure {
                overlapping_pairs: met.pairs,
                decisive_volleys: met.decisive_volleys,
                exact_rest_acceptances: u64::from(is_used_up),
                exceeds_refusals: count(RefundOutcome::Exceeds),
                one_over_refusals: met.one_over_refusals,
                retries: retries as u64,
                raced_retries: met.raced_retries,
                drained_orders: u64::from(is_drained),
                ..Exposure::default()
            },
            ..OrderVerdict::default()
        })
    }

    fn begin(&mut self, records: usize) {
        let size = (2 * records).next_power_of_two().max(16);
        if self.table.len() < size {
            self.table.clear();
            self.table.resize(size, 0);
            self.round = 0;
        }
        if self.round == u32::MAX {
            self.table.fill(0);
            self.round = 0;
        }
        self.round += 1;
        self.numbers.clear();
        self.attempts.clear();
        self.effects.clear();
        self.refusals.clear();
        self.reads.clear();
    }

    /// The index of a record's number, given to it on first use.
    fn number(&mut self, packed: &Packed, record: usize) -> usize {
        let (stem, count) = (packed.stem, packed.count());
        let mixed = (count ^ (u64::from(stem) << 40)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let last = self.table.len() - 1;
        let mut at = (mixed >> 32) as usize & last;
        loop {
            let slot = self.table[at];
            if slot >> 32 != u64::from(self.round) {
                let index = self.numbers.len();
                self.table[at] = (u64::from(self.round) << 32) | index as u64;
                self.numbers.push(Number {
                    stem,
                    count,
                    record,
                    last: NONE,
                    attempts: 0,
                });
                return index;
            }
            let index = (slot & u64::from(u32::MAX)) as usize;
            let number = &self.numbers[index];
            if (number.stem, number.count) == (stem, count) {
                return index;
            }
            at = (at + 1) & last;
        }
    }

    fn query(&mut self, packed: &Packed, outcome: QueryOutcome) -> bool {
        let Some(answered) = packed.answered() else {
            return false;
        };
        match outcome {
            QueryOutcome::NotRefunded => self.reads.push(packed.sent()),
            QueryOutcome::Refunded => self.refusals.push(Refusal {
                sent: packed.sent(),
                latest: answered,
                wanted: 1,
                own: NONE,
                is_query: true,
            }),
        }
        true
    }

    /// What the attempts of one number amount to; `None` where something about
    /// them is wrong, or odd.
    fn reduce(&mut self, index: usize, terms: Terms) -> Option<()> {
        let number = &self.numbers[index];
        match number.attempts {
            0 => Some(()),
            1 => self.reduce_one(number.last),
            _ => self.reduce_several(number.last, terms),
        }
    }

    fn reduce_one(&mut self, attempt: u32) -> Option<()> {
        let attempt = &self.attempts[attempt as usize];
        let refusal = |wanted| Refusal {
            sent: attempt.sent,
            latest: attempt.answered,
            wanted,
            own: NONE,
            is_query: false,
        };
        match attempt.outcome {
            RefundOutcome::Accepted => self.effects.push(Effect {
                earliest: attempt.sent,
                latest: attempt.answered,
                amount: attempt.amount,
            }),
            RefundOutcome::Exceeds => self.refusals.push(refusal(attempt.amount)),
            RefundOutcome::State => self.refusals.push(refusal(1)),
            RefundOutcome::Refused => {}
            // A duplicate of nothing.
            _ => return None,
        }
        Some(())
    }

    fn reduce_several(&mut self, last: u32, terms: Terms) -> Option<()> {
        let amount = self.attempts[last as usize].amount;
        let (mut first_sent, mut first_is_duplicate) = (u64::MAX, false);
        let (mut accepted, mut accepted_sent, mut effect_sent) = (0, u64::MAX, 0);
        let mut latest = u64::MAX;
        let mut at = last;
        while at != NONE {
            let attempt = &self.attempts[at as usize];
            if attempt.amount != amount {
                return None;
            }
            if attempt.sent < first_sent {
                first_sent = attempt.sent;
                first_is_duplicate = attempt.outcome == RefundOutcome::Duplicate;
            }
            if attempt.outcome == RefundOutcome::Accepted {
                accepted += 1;
                accepted_sent = accepted_sent.min(attempt.sent);
                if attempt.answered < latest {
                    (latest, effect_sent) = (attempt.answered, attempt.sent);
                }
            }
            at = attempt.before;
        }
        let refuses = terms.duplicates == Duplicates::Refuse;
        if first_is_duplicate || (refuses && accepted > 1) {
            return None;
        }
        let mut earliest = if refuses { effect_sent } else { accepted_sent };
        let own = if accepted > 0 {
            u32::try_from(self.effects.len()).ok()?
        } else {
            NONE
        };
        at = last;
        while at != NONE {
            let attempt = &self.attempts[at as usize];
            if attempt.outcome == RefundOutcome::Exceeds {
                if accepted > 0 && attempt.sent > latest {
                    return None;
                }
                earliest = earliest.max(attempt.sent);
                self.refusals.push(Refusal {
                    sent: attempt.sent,
                    latest: attempt.answered,
                    wanted: amount,
                    own,
                    is_query: false,
                });
            }
            at = attempt.before;
        }
        if accepted > 0 {
            self.effects.push(Effect {
                earliest,
                latest,
                amount,
            });
        }
        Some(())
    }

    /// Whether what other refunds had used explains a refusal.
    fn explains(&self, refusal: &Refusal, paid: i64) -> bool {
        let by_then = |effect: &&Effect| effect.earliest <= refusal.latest;
        let used: i64 = self.effects.iter().filter(by_then).map(|e| e.amount).sum();
        let own = self.effects.get(refusal.own as usize).filter(by_then);
        let used = used - own.map_or(0, |effect| effect.amount);
        i128::from(paid) - i128::from(refusal.wanted) < i128::from(used)
    }

    /// Whether no query showed something left that can't have been.
    fn reads_hold(&self, records: &[Packed], paid: i64) -> bool {
        let is_dealt_with_later = |packed: &Packed| {
            packed.outcome() == Some(Outcome::Refund(RefundOutcome::Accepted))
                && packed.status() == Some(DEALING)
        };
        if self.reads.is_empty() || records.iter().any(is_dealt_with_later) {
            return true;
        }
        self.reads.iter().all(|&read| {
            let before = self.effects.iter().filter(|effect| effect.latest < read);
            before.map(|effect| effect.amount).sum::<i64>() < paid
                && self.refusals.iter().all(|refusal| refusal.latest > read)
        })
    }
}
