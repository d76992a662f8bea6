//! What no single line of a history shows: that places are unique, and that
//! every order is declared once.

use std::collections::{HashMap, HashSet};

use super::error::Problem;
use super::outcome::RefundOutcome;
use super::record::{QueryRecord, Record};
use crate::protocol::OrderNo;

/// Checks records as they come. Memory grows by a few bytes an event, by less
/// where places are dense.
#[derive(Debug, Default)]
pub struct Integrity {
    declared: HashSet<OrderNo>,
    /// Orders used before they were declared, with the line of first use.
    awaited: HashMap<OrderNo, u64>,
    places: Places,
    without_orders: bool,
    without_places: bool,
}

impl Integrity {
    /// Checks all but whether orders are declared once.
    pub fn of_places() -> Self {
        Self {
            without_orders: true,
            ..Self::default()
        }
    }

    /// Checks all but whether places are unique.
    pub fn of_orders() -> Self {
        Self {
            without_places: true,
            ..Self::default()
        }
    }

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
                if self.without_orders {
                    return Ok(());
                }
                self.awaited.remove(order);
                if !self.declared.insert(order.clone()) {
                    return Err(Problem::OrderTwice(order.clone()));
                }
                Ok(())
            }
            Record::Refund(record) => {
                check_answer(record.outcome, record.answered)?;
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

    fn take_places(&mut self, sent: u64, answered: Option<u64>) -> Result<(), Problem> {
        if self.without_places {
            return Ok(());
        }
        self.places.take_both(sent, answered)
    }

    fn expect(&mut self, order: &OrderNo, line: u64) {
        if !self.without_orders
            && !self.declared.contains(order)
            && !self.awaited.contains_key(order)
        {
            self.awaited.insert(order.clone(), line);
        }
    }
}

/// Whether an outcome goes with whether an answer came.
///
/// # Errors
/// The [`Problem`] where it does not.
pub const fn check_answer(outcome: RefundOutcome, answered: Option<u64>) -> Result<(), Problem> {
    match (outcome, answered) {
        (RefundOutcome::NotSent, Some(_)) => Err(Problem::AnswerToNothing),
        (outcome, None) if outcome.is_definite() => Err(Problem::AnswerMissing(outcome.word())),
        _ => Ok(()),
    }
}

/// A set of places: one bit each. They come from one counter, so that as good
/// as all of them are in one row of words; words far from it stand alone.
#[derive(Debug, Default)]
pub struct Places {
    row: Vec<u64>,
    far: HashMap<u64, u64>,
    taken: u64,
}

impl Places {
    /// Words that the row has however few places are taken.
    const SHORTEST: u64 = 4096;

    /// Takes the places of an operation.
    ///
    /// # Errors
    /// The [`Problem`] where one is taken already, or the answer does not come
    /// after the request.
    pub fn take_both(&mut self, sent: u64, answered: Option<u64>) -> Result<(), Problem> {
        if let Some(answered) = answered
            && answered <= sent
        {
            return Err(Problem::AnsweredBeforeSent { sent, answered });
        }
        for place in [Some(sent), answered].into_iter().flatten() {
            if !self.take(place) {
                return Err(Problem::PlaceTaken(place));
            }
        }
        Ok(())
    }

    /// Whether `place` was free until now.
    fn take(&mut self, place: u64) -> bool {
        self.taken += 1;
        let at = place / 64;
        if at >= self.row.len() as u64 && at < Self::SHORTEST + 2 * self.taken {
            self.lengthen(at);
        }
        let word = match usize::try_from(at).ok().and_then(|at| self.row.get_mut(at)) {
            Some(word) => word,
            None => self.far.entry(at).or_default(),
        };
        let bit = 1 << (place % 64);
        let free = *word & bit == 0;
        *word |= bit;
        free
    }

    /// Lengthens the row so that it holds a word, and moves the far ones there
    /// that it reaches.
    fn lengthen(&mut self, at: u64) {
        let length = (at + at / 8).max(Self::SHORTEST) + 1;
        let Ok(length) = usize::try_from(length) else {
            return;
        };
        self.row.resize(length, 0);
        if self.far.is_empty() {
            return;
        }
        let row = &mut self.row;
        self.far.retain(|&at, word| {
            let near = usize::try_from(at).ok().and_then(|at| row.get_mut(at));
            near.map(|near| *near |= *word).is_none()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_taken_once_near_and_far() {
        let mut places = Places::default();
        let far = 64 * (Places::SHORTEST + 100);
        for place in [far, u64::MAX, 0] {
            assert!(places.take(place));
            assert!(!places.take(place));
        }
        for place in 1..1_000_u64 {
            assert!(places.take(place), "{place}");
        }
        // By now the row has reached it.
        assert!(places.take(far + 1));
        assert!(!places.far.contains_key(&(far / 64)));
        for place in [far, far + 1, u64::MAX, 999] {
            assert!(!places.take(place), "{place}");
        }
    }
}
