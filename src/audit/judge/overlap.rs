//! What of an order's traffic met: who was under way together with whom, and
//! where that could have shown a race.

use crate::audit::history::{OrderHistory, RefundAttempt, RefundOutcome};

/// What met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Overlap {
    /// Pairs of attempts that were under way at the same time.
    pub(super) pairs: u64,
    /// How often refunds under way at once came to ask for more than was left,
    /// each of which would have fitted alone.
    pub(super) decisive_volleys: u64,
    /// Refusals of exactly one minor unit more than was left.
    pub(super) one_over_refusals: u64,
    /// Attempts that repeated a number while another attempt of it was under way.
    pub(super) raced_retries: u64,
}

/// Sweeps over an order's attempts once. One without an answer counts with
/// those that were under way when it was sent, and with none that came later;
/// what is left is what was paid without what was accepted until then.
pub(super) fn sweep(order: &OrderHistory) -> Overlap {
    let attempts = &order.attempts;
    let mut events: Vec<(u64, usize, bool)> = Vec::with_capacity(2 * attempts.len());
    for (index, attempt) in attempts.iter().enumerate() {
        if attempt.outcome != RefundOutcome::NotSent {
            events.push((attempt.sent, index, true));
            events.extend(attempt.answered.map(|answered| (answered, index, false)));
        }
    }
    events.sort_unstable();
    let mut state = State::of(order);
    for (_, index, is_sent) in events {
        if is_sent {
            state.sent(index, &attempts[index]);
        } else {
            state.answered(index, &attempts[index]);
        }
    }
    state.overlap
}

/// What is under way, and what is left, at one place of the history.
struct State {
    overlap: Overlap,
    /// What was paid and not accepted yet; below zero where too much was.
    room: i128,
    under_way: u64,
    /// Of the refunds under way, those under new numbers that would have fitted
    /// when they were sent, and what they ask for together.
    rivals: u64,
    asked: i128,
    /// Which attempts are rivals.
    is_rival: Vec<bool>,
    /// By number.
    numbers: Vec<Known>,
}

/// What is known of a refund number.
#[derive(Clone, Copy, Default)]
struct Known {
    is_used: bool,
    is_accepted: bool,
    under_way: u64,
}

impl State {
    fn of(order: &OrderHistory) -> Self {
        let attempts = order.attempts.iter();
        let numbers = attempts.map(|attempt| attempt.number.index() + 1).max();
        Self {
            overlap: Overlap::default(),
            room: i128::from(order.paid.minor_units()),
            under_way: 0,
            rivals: 0,
            asked: 0,
            is_rival: vec![false; order.attempts.len()],
            numbers: vec![Known::default(); numbers.unwrap_or_default()],
        }
    }

    fn sent(&mut self, index: usize, attempt: &RefundAttempt) {
        let known = &mut self.numbers[attempt.number.index()];
        let amount = i128::from(attempt.amount.minor_units());
        self.overlap.pairs += self.under_way;
        self.overlap.raced_retries += u64::from(known.under_way > 0);
        let is_rival = !known.is_used && (1..=self.room).contains(&amount);
        let was_decisive = self.rivals > 1 && self.asked > self.room;
        let is_decisive = is_rival && self.rivals > 0 && self.asked + amount > self.room;
        self.overlap.decisive_volleys += u64::from(is_decisive && !was_decisive);
        known.is_used = true;
        if attempt.answered.is_some() {
            known.under_way += 1;
            self.under_way += 1;
            if is_rival {
                self.is_rival[index] = true;
                self.rivals += 1;
                self.asked += amount;
            }
        }
    }

    fn answered(&mut self, index: usize, attempt: &RefundAttempt) {
        let known = &mut self.numbers[attempt.number.index()];
        let amount = i128::from(attempt.amount.minor_units());
        known.under_way -= 1;
        self.under_way -= 1;
        if self.is_rival[index] {
            self.rivals -= 1;
            self.asked -= amount;
        }
        match attempt.outcome {
            RefundOutcome::Accepted if !known.is_accepted => {
                known.is_accepted = true;
                self.room -= amount;
            }
            RefundOutcome::Exceeds if amount == self.room + 1 => {
                self.overlap.one_over_refusals += 1;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::history::RefundOutcome as Outcome;
    use crate::protocol::{Amount, OrderNo, RefundNo};

    /// What met in an order of 100, whose refunds are given by number, amount,
    /// places and outcome.
    fn met(refunds: &[(&str, i64, u64, Option<u64>, Outcome)]) -> Overlap {
        let number = OrderNo::new("o").unwrap();
        let mut order = OrderHistory::new(number, Amount::new(100), "JPY");
        for (refund, amount, sent, answered, outcome) in refunds {
            let attempt = RefundAttempt {
                number: order.number(&RefundNo::new(*refund).unwrap()),
                amount: Amount::new(*amount),
                sent: *sent,
                answered: *answered,
                outcome: *outcome,
                is_dealt_with_later: false,
                sent_ns: None,
                answered_ns: None,
            };
            order.attempts.push(attempt);
        }
        sweep(&order)
    }

    #[test]
    fn a_duel_is_one_decisive_volley_whoever_wins() {
        use Outcome::{Accepted, Exceeds};
        let duel = met(&[
            ("r1", 51, 1, Some(4), Exceeds),
            ("r2", 51, 2, Some(5), Accepted),
            ("r3", 51, 3, Some(6), Exceeds),
        ]);
        assert_eq!((duel.pairs, duel.decisive_volleys), (3, 1));
    }

    #[test]
    fn what_fits_together_or_never_alone_decides_nothing() {
        use Outcome::{Accepted, Exceeds};
        let roomy = met(&[
            ("r1", 50, 1, Some(3), Accepted),
            ("r2", 50, 2, Some(4), Accepted),
        ]);
        assert_eq!((roomy.pairs, roomy.decisive_volleys), (1, 0));
        let too_large = met(&[
            ("r1", 50, 1, Some(3), Accepted),
            ("r2", 101, 2, Some(4), Exceeds),
        ]);
        assert_eq!((too_large.pairs, too_large.decisive_volleys), (1, 0));
        let in_turn = met(&[
            ("r1", 51, 1, Some(2), Accepted),
            ("r2", 51, 3, Some(4), Exceeds),
        ]);
        assert_eq!((in_turn.pairs, in_turn.decisive_volleys), (0, 0));
    }

    #[test]
    fn a_refusal_of_one_unit_more_than_was_left_is_counted_and_no_other() {
        use Outcome::{Accepted, Exceeds};
        let drained = met(&[
            ("r1", 60, 1, Some(2), Accepted),
            ("r1", 60, 3, Some(4), Accepted),
            ("r2", 42, 5, Some(6), Exceeds),
            ("r3", 41, 7, Some(8), Exceeds),
            ("r4", 40, 9, Some(10), Accepted),
            ("r5", 1, 11, Some(12), Exceeds),
        ]);
        assert_eq!(drained.one_over_refusals, 2);
    }

    #[test]
    fn a_retry_races_its_original_where_both_are_under_way() {
        use Outcome::{Accepted, Unknown};
        let raced = met(&[
            ("r1", 10, 1, Some(3), Accepted),
            ("r1", 10, 2, Some(4), Accepted),
            ("r1", 10, 5, Some(6), Accepted),
            // Nobody knows how long it was under way.
            ("r2", 10, 7, None, Unknown),
            ("r2", 10, 8, Some(9), Accepted),
        ]);
        assert_eq!((raced.raced_retries, raced.pairs), (1, 1));
    }
}
