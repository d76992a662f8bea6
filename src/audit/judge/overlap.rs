//! What of an order's traffic met: who was under way together with whom, and
//! where that could have shown a race.

use crate::audit::history::{OrderHistory, RefundOutcome};

/// What met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::audit) struct Overlap {
    /// Pairs of attempts that were under way at the same time.
    pub(in crate::audit) pairs: u64,
    /// How often refunds under way at once came to ask for more than was left,
    /// each of which would have fitted alone.
    pub(in crate::audit) decisive_volleys: u64,
    /// Refusals of exactly one minor unit more than was left.
    pub(in crate::audit) one_over_refusals: u64,
    /// Attempts that repeated a number while another attempt of it was under way.
    pub(in crate::audit) raced_retries: u64,
}

/// An attempt, as far as it matters here.
#[derive(Debug, Clone, Copy)]
pub(in crate::audit) struct Met {
    /// Its number within the order, counted from 0 without large gaps.
    pub(in crate::audit) number: usize,
    pub(in crate::audit) amount: i64,
    pub(in crate::audit) sent: u64,
    pub(in crate::audit) answered: Option<u64>,
    pub(in crate::audit) outcome: RefundOutcome,
}

/// Sweeps over an order's attempts.
pub(super) fn sweep(order: &OrderHistory) -> Overlap {
    let attempts = order.attempts.iter().map(|attempt| Met {
        number: attempt.number.index(),
        amount: attempt.amount.minor_units(),
        sent: attempt.sent,
        answered: attempt.answered,
        outcome: attempt.outcome,
    });
    Sweep::default().over(order.paid.minor_units(), attempts)
}

/// What is under way, and what is left, at one place of a history; used for one
/// order after the other.
#[derive(Debug, Default)]
pub(in crate::audit) struct Sweep {
    overlap: Overlap,
    attempts: Vec<Met>,
    /// Places, the attempt, and whether it was sent there.
    events: Vec<(u64, usize, bool)>,
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
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    is_used: bool,
    is_accepted: bool,
    under_way: u64,
}

impl Sweep {
    /// Sweeps over the attempts of an order once. One without an answer counts
    /// with those that were under way when it was sent, and with none that came
    /// later; what is left is what was paid without what was accepted until then.
    pub(in crate::audit) fn over(
        &mut self,
        paid: i64,
        attempts: impl Iterator<Item = Met>,
    ) -> Overlap {
        self.begin(paid);
        let sent = attempts.filter(|attempt| attempt.outcome != RefundOutcome::NotSent);
        self.attempts.extend(sent);
        for (index, attempt) in self.attempts.iter().enumerate() {
            self.events.push((attempt.sent, index, true));
            let answered = attempt.answered.map(|answered| (answered, index, false));
            self.events.extend(answered);
        }
        let numbers = self.attempts.iter().map(|attempt| attempt.number + 1).max();
        let numbers = numbers.unwrap_or_default();
        self.numbers.resize(numbers, Known::default());
        self.is_rival.resize(self.attempts.len(), false);
        self.events.sort_unstable();
        for place in 0..self.events.len() {
            let (_, index, is_sent) = self.events[place];
            if is_sent {
                self.sent(index);
            } else {
                self.answered(index);
            }
        }
        self.overlap
    }

    fn begin(&mut self, paid: i64) {
        self.overlap = Overlap::default();
        self.attempts.clear();
        self.events.clear();
        self.is_rival.clear();
        self.numbers.clear();
        self.room = i128::from(paid);
        (self.under_way, self.rivals, self.asked) = (0, 0, 0);
    }

    fn sent(&mut self, index: usize) {
        let attempt = self.attempts[index];
        let known = &mut self.numbers[attempt.number];
        let amount = i128::from(attempt.amount);
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

    fn answered(&mut self, index: usize) {
        let attempt = self.attempts[index];
        let known = &mut self.numbers[attempt.number];
        let amount = i128::from(attempt.amount);
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
    use crate::audit::history::{RefundAttempt, RefundOutcome as Outcome};
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
