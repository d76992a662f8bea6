//! What no single line of a history shows: that places are unique, and that
//! every order is declared once.

use std::collections::{HashMap, HashSet};

use super::error::Problem;
use super::outcome::RefundOutcome;
use super::record::{QueryRecord, Record, RefundRecord};
use crate::protocol::OrderNo;

/// Checks records as they come. Memory grows by a few bytes an event, by less
/// where places are dense.
#[derive(Debug, Default)]
pub struct Integrity {
    declared: HashSet<OrderNo>,
    /// Orders used before they were declared, with the line of first use.
    awaited: HashMap<OrderNo, u64>,
    places: Places,
}

impl Integrity {
    /// Checks one record, which stands on `line`.
    ///
    /// # Errors
    /// The [`Problem`] that makes the whole history unfit to judge.
    pub fn check(&mut self, record: &Record<'_>, line: u64) -> Result<(), Problem> {
        match record {
            Record::Order(record) => {
                let order = record.order.as_ref();
                if !record.paid.is_positive() && record.paid.minor_units() != 0 {
                    return Err(Problem::NegativePayment(order.clone()));
                }
                self.awaited.remove(order);
                if !self.declared.insert(order.clone()) {
                    return Err(Problem::OrderTwice(order.clone()));
                }
                Ok(())
            }
            Record::Refund(record) => {
                check_answer(record)?;
                self.expect(&record.order, line);
                self.take_places(record.sent, record.answered)
            }
            Record::Query(QueryRecord {
                order,
                sent,
                answered,
                ..
            }) => {
                self.expect(order, line);
                self.take_places(*sent, Some(*answered))
            }
        }
    }

    /// The first use of an order that no line declared, once all are read.
    pub fn undeclared(&self) -> Option<(u64, &OrderNo)> {
        self.awaited
            .iter()
            .map(|(order, line)| (*line, order))
            .min()
    }

    fn expect(&mut self, order: &OrderNo, line: u64) {
        if !self.declared.contains(order) && !self.awaited.contains_key(order) {
            self.awaited.insert(order.clone(), line);
        }
    }

    fn take_places(&mut self, sent: u64, answered: Option<u64>) -> Result<(), Problem> {
        if let Some(answered) = answered
            && answered <= sent
        {
            return Err(Problem::AnsweredBeforeSent { sent, answered });
        }
        for place in [Some(sent), answered].into_iter().flatten() {
            if !self.places.take(place) {
                return Err(Problem::PlaceTaken(place));
            }
        }
        Ok(())
    }
}

const fn check_answer(record: &RefundRecord<'_>) -> Result<(), Problem> {
    match (record.outcome, record.answered) {
        (RefundOutcome::NotSent, Some(_)) => Err(Problem::AnswerToNothing),
        (outcome, None) if outcome.is_definite() => Err(Problem::AnswerMissing(outcome.word())),
        _ => Ok(()),
    }
}

/// A set of places: one bit each, in words that exist where they are needed.
#[derive(Debug, Default)]
struct Places(HashMap<u64, u64>);

impl Places {
    /// Whether `place` was free until now.
    fn take(&mut self, place: u64) -> bool {
        let word = self.0.entry(place / 64).or_default();
        let bit = 1 << (place % 64);
        let free = *word & bit == 0;
        *word |= bit;
        free
    }
}
