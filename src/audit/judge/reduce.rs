//! Attempts, collapsed to logical refunds: what of an order certainly took
//! effect, what may have, and which refusals want an explanation.
//!
//! A retry is no refund of its own. What its answer says about the first
//! attempt depends on the gateway's way with repeated numbers, and under
//! `either` only what is wrong in both ways is a violation.

use std::collections::BTreeSet;

use crate::audit::history::{
    Number, OrderHistory, QueryOutcome, RefundAttempt, RefundOutcome, Terms,
};
use crate::audit::witness;
use crate::protocol::Amount;
use crate::protocol::profile::Duplicates;
use crate::verdict::Violation;

/// A refund that took effect, or may have: one number with one amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// Its number.
    pub number: Number,
    /// Its amount, which is positive.
    pub amount: Amount,
    /// The earliest place at which it can have taken effect.
    pub earliest: u64,
    /// The place by which it certainly had; `None` for an unknown one.
    pub latest: Option<u64>,
    /// What is known of it.
    pub class: Class,
    /// The attempt that shows it, as an index into the order's.
    pub attempt: usize,
    /// Whether it was said to have failed after it was accepted, where that can
    /// happen: its amount is released then.
    pub has_failed: bool,
}

/// What is known of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It took effect.
    Accepted,
    /// It may have. For accusations that stays possible for ever; for the
    /// question whether an order is cleared, a later answer may settle it.
    Unknown(Settled),
}

/// What a later attempt of an unknown refund was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Nothing definite.
    Open,
    /// A refusal that a refund which took effect does not get.
    NoEffect,
    /// That its number is taken.
    Taken,
}

/// An answer that says that money was wanting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Who was answered so.
    pub source: Source,
    /// When it was sent.
    pub sent: u64,
    /// The latest place at which it can have been decided.
    pub latest: u64,
    /// The amount that did not fit: the request's, or 1 where the answer says
    /// that nothing at all is left.
    pub wanted: Amount,
    /// The refund's own effect, as an index: it can't have caused the refusal.
    pub own: Option<usize>,
}

/// Whose answer a refusal is, as an index into the order's attempts or queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// An attempt to refund.
    Attempt(usize),
    /// A query that showed the order as refunded.
    Query(usize),
}

/// An order's attempts, reduced.
#[derive(Debug, Default)]
pub struct Reduction {
    /// What took effect or may have, by number and amount.
    pub effects: Vec<Effect>,
    /// What was refused for want of money.
    pub refusals: Vec<Refusal>,
    /// What is wrong about single numbers.
    pub violations: Vec<Violation>,
}

impl Reduction {
    /// The accepted refunds, one for each number: where a number was accepted
    /// for several amounts, the least of them is what is certain.
    pub fn accepted(&self) -> Vec<&Effect> {
        let mut accepted: Vec<&Effect> = self
            .effects
            .iter()
            .filter(|effect| effect.class == Class::Accepted)
            .collect();
        accepted.dedup_by_key(|effect| effect.number);
        accepted
    }

    /// The sum of the effects that `counts` picks, in minor units.
    pub fn sum(&self, counts: impl Fn(&Effect) -> bool) -> i128 {
        self.effects
            .iter()
            .filter(|effect| counts(effect))
            .map(Effect::units)
            .sum()
    }
}

impl Effect {
    /// Its amount in minor units, wide enough to be summed.
    pub fn units(&self) -> i128 {
        i128::from(self.amount.minor_units())
    }
}

/// Reduces the attempts of `order`. `shared` holds its numbers that other
/// orders use as well.
pub fn reduce(order: &OrderHistory, terms: Terms, shared: &BTreeSet<Number>) -> Reduction {
    let mut sent: Vec<usize> = (0..order.attempts.len())
        .filter(|&index| order.attempts[index].outcome != RefundOutcome::NotSent)
        .collect();
    sent.sort_unstable_by_key(|&index| {
        let attempt = &order.attempts[index];
        (attempt.number, attempt.amount, attempt.sent)
    });
    let mut reducer = Reducer {
        order,
        terms,
        found: Reduction::default(),
    };
    for number in sent.chunk_by(|&a, &b| order.attempts[a].number == order.attempts[b].number) {
        let is_shared = shared.contains(&order.attempts[number[0]].number);
        reducer.add_number(number, is_shared);
    }
    reducer.add_queries();
    reducer.found
}

struct Reducer<'a> {
    order: &'a OrderHistory,
    terms: Terms,
    found: Reduction,
}

impl Reducer<'_> {
    /// All attempts of one number.
    fn add_number(&mut self, attempts: &[usize], is_shared: bool) {
        let attempt = |index: usize| &self.order.attempts[index];
        let contents: Vec<&[usize]> = attempts
            .chunk_by(|&a, &b| attempt(a).amount == attempt(b).amount)
            .collect();
        let is_plain = contents.len() == 1 && !is_shared;
        if !is_shared && let Some(duplicate) = self.first_spurious_duplicate(attempts) {
            self.found
                .violations
                .push(witness::spurious_duplicate(self.order, duplicate));
        }
        let start = self.found.effects.len();
        let is_repeated = attempts.len() > 1;
        for content in contents {
            self.add_content(content, is_plain, is_repeated);
        }
        self.compare_contents(start);
    }

    /// All attempts of one number with one amount.
    fn add_content(&mut self, attempts: &[usize], is_plain: bool, is_repeated: bool) {
        let content = Content::read(self.order, attempts, is_repeated);
        let amount = self.order.attempts[attempts[0]].amount;
        if !amount.is_positive() {
            // Refused by its own content, whatever the code. Accepting a
            // refund of nothing moves nothing; a negative one takes money.
            if let Some(&accepted) = content.accepted.first()
                && amount < Amount::ZERO
            {
                self.found
                    .violations
                    .push(witness::single_amount(self.order, accepted));
            }
            return;
        }
        let effect = self.effect(&content, is_plain);
        let own = effect.map(|_| self.found.effects.len());
        self.check_one_effect(&content, effect.as_ref());
        self.found.effects.extend(effect);
        // Where a refund can be released, it can also be refused afterwards.
        let certain = effect
            .and_then(|effect| effect.latest)
            .filter(|_| !self.terms.late_failure);
        for &index in &content.refused {
            let attempt = &self.order.attempts[index];
            let Some(answered) = attempt.answered else {
                continue;
            };
            // Sent after the success: a breach of its own, and no refusal that
            // other refunds could explain.
            if certain.is_some_and(|latest| attempt.sent > latest) {
                continue;
            }
            self.found.refusals.push(Refusal {
                source: Source::Attempt(index),
                sent: attempt.sent,
                latest: answered,
                wanted: wanted(attempt),
                own,
            });
        }
    }

    /// The logical refund behind the attempts of one content, if there may be
    /// one.
    fn effect(&self, content: &Content, is_plain: bool) -> Option<Effect> {
        let attempts = &self.order.attempts;
        let refuses = self.terms.duplicates == Duplicates::Refuse && !self.terms.late_failure;
        let (attempt, sent, latest) = if let Some(&accepted) = content.accepted.first() {
            // Where repeats are refused, the accepted attempt itself is the
            // effect; else it may tell of an earlier one.
            let sent = if refuses {
                attempts[accepted].sent
            } else {
                content.first_sent(attempts)
            };
            (accepted, sent, attempts[accepted].answered)
        } else {
            let &first = content.unknown.first()?;
            let proof = content
                .duplicates
                .first()
                .and_then(|&index| attempts[index].answered)
                .filter(|&answered| {
                    // A gateway may also remember a number that it refused.
                    let remembers = |index: &usize| attempts[*index].sent < answered;
                    refuses
                        && is_plain
                        && attempts[first].sent < answered
                        && !content.refused.iter().any(remembers)
                        && !content.otherwise_refused.iter().any(remembers)
                });
            (first, attempts[first].sent, proof)
        };
        let class = if latest.is_some() {
            Class::Accepted
        } else {
            Class::Unknown(content.settled(attempts))
        };
        // Its own refusals came before it; after a release they need not.
        let after_refusals = content
            .refused
            .iter()
            .map(|&index| attempts[index].sent)
            .filter(|&refused| latest.is_none_or(|latest| refused <= latest))
            .filter(|_| !self.terms.late_failure)
            .max();
        // Refused for no want of money after it was accepted, and accepted never
        // again: it failed.
        let accepted = content.accepted.iter();
        let last = accepted.filter_map(|&index| attempts[index].answered).max();
        let has_failed = self.terms.late_failure
            && last.is_some_and(|last| {
                content.otherwise_refused.iter().any(|&index| {
                    attempts[index].sent > last && attempts[index].outcome == RefundOutcome::Refused
                })
            });
        Some(Effect {
            has_failed,
            number: attempts[attempt].number,
            amount: attempts[attempt].amount,
            earliest: after_refusals.map_or(sent, |refused| refused.max(sent)),
            latest,
            class,
            attempt,
        })
    }

    /// I5: a number that took effect does so once, and is not told that its
    /// own money is wanting.
    fn check_one_effect(&mut self, content: &Content, effect: Option<&Effect>) {
        if self.terms.late_failure {
            // A released refund may be made again, and may not fit then.
            return;
        }
        let Some((effect, latest)) = effect.and_then(|effect| Some((effect, effect.latest?)))
        else {
            return;
        };
        let late = content
            .refused
            .iter()
            .find(|&&index| self.order.attempts[index].sent > latest);
        if let Some(&refused) = late {
            self.found.violations.push(witness::refused_after_effect(
                self.order,
                effect.attempt,
                refused,
            ));
        }
        if self.terms.duplicates == Duplicates::Refuse
            && let [first, second, ..] = content.accepted[..]
        {
            self.found
                .violations
                .push(witness::accepted_twice(self.order, first, second));
        }
    }

    /// I6: a number is accepted with one amount only. And where it was, no
    /// other amount of it is open any more.
    fn compare_contents(&mut self, start: usize) {
        let effects = &mut self.found.effects[start..];
        let mut accepted: Vec<usize> = effects
            .iter()
            .filter(|effect| effect.class == Class::Accepted)
            .map(|effect| effect.attempt)
            .collect();
        if accepted.is_empty() {
            return;
        }
        for effect in effects {
            if let Class::Unknown(settled) = &mut effect.class {
                *settled = Settled::NoEffect;
            }
        }
        accepted.sort_unstable_by_key(|&index| self.order.attempts[index].answered);
        if let [first, second, ..] = accepted[..] {
            self.found
                .violations
                .push(witness::changed_amount(self.order, first, second));
        }
    }

    /// I7: the first answer 31 to a number of which nothing else had been sent.
    fn first_spurious_duplicate(&self, attempts: &[usize]) -> Option<usize> {
        let attempt = |index: usize| &self.order.attempts[index];
        let mut by_sent: Vec<usize> = attempts.to_vec();
        by_sent.sort_unstable_by_key(|&index| attempt(index).sent);
        let first = *by_sent.first()?;
        let second = by_sent.get(1).map(|&index| attempt(index).sent);
        // Any other 31 has the first attempt before it.
        (attempt(first).outcome == RefundOutcome::Duplicate
            && attempt(first)
                .answered
                .is_some_and(|answered| second.is_none_or(|sent| sent > answered)))
        .then_some(first)
    }

    /// A query that showed the order as refunded is a refusal of one unit.
    fn add_queries(&mut self) {
        let refunded = self
            .order
            .queries
            .iter()
            .enumerate()
            .filter(|(_, query)| query.outcome == QueryOutcome::Refunded);
        for (index, query) in refunded {
            self.found.refusals.push(Refusal {
                source: Source::Query(index),
                sent: query.sent,
                latest: query.answered,
                wanted: Amount::new(1),
                own: None,
            });
        }
    }
}

/// The amount that a refused attempt says did not fit.
const fn wanted(attempt: &RefundAttempt) -> Amount {
    match attempt.outcome {
        RefundOutcome::State => Amount::new(1),
        _ => attempt.amount,
    }
}

/// The attempts of one number with one amount, by outcome: accepted ones and
/// duplicates by answer, the others by sending.
#[derive(Default)]
struct Content {
    accepted: Vec<usize>,
    unknown: Vec<usize>,
    refused: Vec<usize>,
    duplicates: Vec<usize>,
    otherwise_refused: Vec<usize>,
}

impl Content {
    /// `attempts` are ordered by sending. Of a number that was tried more than
    /// once a gateway may mean the number where it names a state (32, 33): an
    /// odd code for it, and no word about money.
    fn read(order: &OrderHistory, attempts: &[usize], is_repeated: bool) -> Self {
        let mut content = Self::default();
        for &index in attempts {
            match order.attempts[index].outcome {
                RefundOutcome::Accepted => content.accepted.push(index),
                RefundOutcome::Unknown => content.unknown.push(index),
                RefundOutcome::State if is_repeated => content.otherwise_refused.push(index),
                RefundOutcome::Exceeds | RefundOutcome::State => content.refused.push(index),
                RefundOutcome::Duplicate => content.duplicates.push(index),
                RefundOutcome::Refused => content.otherwise_refused.push(index),
                RefundOutcome::NotSent => {}
            }
        }
        for by_answer in [&mut content.accepted, &mut content.duplicates] {
            by_answer.sort_unstable_by_key(|&index| order.attempts[index].answered);
        }
        content
    }

    /// When the first attempt that may be the effect was sent.
    fn first_sent(&self, attempts: &[RefundAttempt]) -> u64 {
        self.accepted
            .iter()
            .chain(&self.unknown)
            .map(|&index| attempts[index].sent)
            .min()
            .expect("an effect has an attempt that shows it")
    }

    /// What the last definite attempt after all unknown ones said.
    fn settled(&self, attempts: &[RefundAttempt]) -> Settled {
        let sent = |index: &usize| attempts[*index].sent;
        let last_unknown = self.unknown.iter().map(sent).max();
        let last = |indices: &[usize]| {
            indices
                .iter()
                .map(sent)
                .max()
                .filter(|&s| Some(s) > last_unknown)
        };
        match (last(&self.refused), last(&self.duplicates)) {
            (None, None) => Settled::Open,
            (refused, taken) if taken > refused => Settled::Taken,
            _ => Settled::NoEffect,
        }
    }
}
