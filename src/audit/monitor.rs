//! Alarms while traffic goes on: only claims that nothing to come can undo.
//!
//! A monitor holds two sums of its order and never mixes them. What was
//! *accepted* is a lower bound of what is used: above what was paid it is an
//! over-refund, whatever the clock says. What is *possible* (accepted, unknown
//! or under way) is an upper bound: a refusal that even it can't explain is
//! wrong. All else waits for the judge.
//!
//! A load has hundreds of thousands of orders, and most of them are idle: of
//! those only the sums are kept, in 64 bytes. What a number has come to before
//! is asked of the history where it is tried again.

use smallvec::SmallVec;

use crate::audit::history::{Number, RefundAttempt, RefundOutcome, Terms};
use crate::protocol::Amount;

/// A claim that is certain already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alarm {
    /// I1: the accepted refunds add up to more than was paid.
    OverRefund,
    /// I2: this accepted refund is more than was paid, or less than nothing.
    SingleAmount,
    /// I3: this refusal is wrong, since no more than this can have been used,
    /// in minor units.
    UnjustifiedRefusal {
        /// The most that can have been used.
        used: i128,
    },
    /// I6: this number was accepted before, with another amount.
    ChangedContent,
}

/// What is known of one order so far: 64 bytes, and for each refund number with
/// an attempt under way a few more.
#[derive(Debug, Clone)]
pub struct OrderMonitor {
    paid: Amount,
    late_failure: bool,
    /// Whether others refund it, of whom nothing is known here.
    is_shared: bool,
    accepted: i128,
    possible: i128,
    under_way: Option<Box<UnderWay>>,
    raised: Raised,
}

/// The numbers that have an attempt under way.
type UnderWay = SmallVec<[(Number, NumberState); 2]>;

/// What is known of a refund number.
#[derive(Debug, Clone, Copy, Default)]
struct NumberState {
    /// The amount of its first attempt.
    first: Option<Amount>,
    /// Whether another attempt had another amount.
    is_mixed: bool,
    /// Attempts so far.
    attempts: u32,
    /// Attempts under way.
    under_way: u32,
    /// Whether an attempt was accepted or stayed unknown.
    may_hold: bool,
    /// What it adds to what is possible.
    possible: Amount,
    /// The least amount that it was accepted with.
    accepted: Option<Amount>,
}

/// Which alarms were raised: each kind is, once an order.
#[derive(Debug, Clone, Copy, Default)]
struct Raised {
    over_refund: bool,
    single_amount: bool,
    refusal: bool,
    content: bool,
}

impl OrderMonitor {
    /// An order of which nothing was asked yet.
    pub fn new(paid: Amount, terms: Terms) -> Self {
        Self {
            paid,
            late_failure: terms.late_failure,
            is_shared: false,
            accepted: 0,
            possible: 0,
            under_way: None,
            raised: Raised::default(),
        }
    }

    /// The same for an order that other machines refund as well: a refusal may
    /// be their doing, so it alarms nobody.
    #[must_use]
    pub fn of_several(self, is_shared: bool) -> Self {
        Self { is_shared, ..self }
    }

    /// Whether any alarm was raised.
    pub const fn is_alarmed(&self) -> bool {
        let Raised {
            over_refund,
            single_amount,
            refusal,
            content,
        } = self.raised;
        over_refund || single_amount || refusal || content
    }

    /// An attempt is about to be sent. To be called before its first byte
    /// leaves: what is not known here can't explain a refusal. `before` are the
    /// order's attempts so far; none need be given for a number that was never
    /// used.
    pub fn sent(&mut self, number: Number, amount: Amount, before: &[RefundAttempt]) {
        if !amount.is_positive() {
            return;
        }
        let under_way = self.under_way.get_or_insert_default();
        let known = under_way.iter().position(|(other, _)| *other == number);
        let index = known.unwrap_or_else(|| {
            under_way.push((number, NumberState::after(number, before)));
            under_way.len() - 1
        });
        let (_, state) = &mut under_way[index];
        let counted = state.possible;
        state.send(amount);
        self.possible += units(state.possible) - units(counted);
    }

    /// The attempt of this number and amount, which was sent, came to `outcome`;
    /// the unknown one of an attempt that is never answered may be told late or
    /// not at all.
    pub fn answered(
        &mut self,
        number: Number,
        amount: Amount,
        outcome: RefundOutcome,
    ) -> Option<Alarm> {
        if !amount.is_positive() {
            let negative = amount < Amount::ZERO && outcome == RefundOutcome::Accepted;
            return negative
                .then(|| once(&mut self.raised.single_amount, Alarm::SingleAmount))
                .flatten();
        }
        match outcome {
            RefundOutcome::Accepted => {
                let alarm = self.accept(number, amount);
                self.settle(number, true);
                alarm
            }
            RefundOutcome::Exceeds => {
                let alarm = self.check_refusal(number, amount);
                self.settle(number, false);
                alarm
            }
            RefundOutcome::State => {
                // Of a number that is there already it may mean the number.
                let is_repeated = self
                    .state(number)
                    .is_some_and(|state| state.may_hold || state.attempts > 1);
                let alarm = if is_repeated {
                    None
                } else {
                    self.check_refusal(number, Amount::new(1))
                };
                self.settle(number, false);
                alarm
            }
            RefundOutcome::Unknown => {
                self.settle(number, true);
                None
            }
            RefundOutcome::Duplicate | RefundOutcome::Refused | RefundOutcome::NotSent => {
                self.settle(number, false);
                None
            }
        }
    }

    fn state(&mut self, number: Number) -> Option<&mut NumberState> {
        let under_way = self.under_way.as_mut()?.iter_mut();
        let mut states = under_way.filter_map(|(other, state)| (*other == number).then_some(state));
        states.next()
    }

    /// One attempt fewer is under way.
    fn settle(&mut self, number: Number, may_hold: bool) {
        let Some(under_way) = &mut self.under_way else {
            return;
        };
        let Some(index) = under_way.iter().position(|(other, _)| *other == number) else {
            return;
        };
        let (_, state) = &mut under_way[index];
        state.under_way -= 1;
        state.may_hold |= may_hold;
        if state.under_way > 0 {
            return;
        }
        if !state.may_hold {
            self.possible -= units(state.possible);
        }
        under_way.swap_remove(index);
        if under_way.is_empty() {
            self.under_way = None;
        }
    }

    fn accept(&mut self, number: Number, amount: Amount) -> Option<Alarm> {
        let state = self.state(number)?;
        let is_changed = state.accepted.is_some_and(|before| before != amount);
        let certain = state.accepted.map_or(amount, |before| before.min(amount));
        let counted = state.accepted.replace(certain).map_or(0, units);
        self.accepted += units(certain) - counted;
        if is_changed {
            return once(&mut self.raised.content, Alarm::ChangedContent);
        }
        let is_over = self.accepted > units(self.paid) && !self.late_failure;
        if amount > self.paid {
            // It breaks the sum as well: one alarm for one cause.
            self.raised.over_refund |= is_over;
            return once(&mut self.raised.single_amount, Alarm::SingleAmount);
        }
        if is_over {
            return once(&mut self.raised.over_refund, Alarm::OverRefund);
        }
        None
    }

    fn check_refusal(&mut self, number: Number, wanted: Amount) -> Option<Alarm> {
        let is_shared = self.is_shared;
        let state = self.state(number)?;
        if state.accepted.is_some() || is_shared {
            // Of a retry after success the judge knows more.
            return None;
        }
        // What it wants itself can't have been used before, unless it is there
        // with another amount.
        let own = if state.is_mixed {
            0
        } else {
            units(state.possible)
        };
        let used = self.possible - own;
        (used + units(wanted) <= units(self.paid))
            .then(|| once(&mut self.raised.refusal, Alarm::UnjustifiedRefusal { used }))
            .flatten()
    }
}

impl NumberState {
    /// What is known of a number that nothing is under way of, after these
    /// attempts of its order.
    fn after(number: Number, attempts: &[RefundAttempt]) -> Self {
        let mut state = Self::default();
        let mut possible = Amount::ZERO;
        for attempt in attempts {
            if attempt.number != number || !attempt.amount.is_positive() {
                continue;
            }
            state.send(attempt.amount);
            possible = possible.max(attempt.amount);
            let is_accepted = attempt.outcome == RefundOutcome::Accepted;
            state.may_hold |= is_accepted || attempt.outcome == RefundOutcome::Unknown;
            if is_accepted {
                let least = state.accepted.unwrap_or(attempt.amount);
                state.accepted = Some(least.min(attempt.amount));
            }
        }
        state.under_way = 0;
        state.possible = if state.may_hold {
            possible
        } else {
            Amount::ZERO
        };
        state
    }

    /// One more attempt, for this amount.
    fn send(&mut self, amount: Amount) {
        let first = *self.first.get_or_insert(amount);
        self.is_mixed |= first != amount;
        self.attempts += 1;
        self.under_way += 1;
        self.possible = self.possible.max(amount);
    }
}

fn units(amount: Amount) -> i128 {
    i128::from(amount.minor_units())
}

fn once(raised: &mut bool, alarm: Alarm) -> Option<Alarm> {
    (!std::mem::replace(raised, true)).then_some(alarm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::history::OrderHistory;
    use crate::protocol::{OrderNo, RefundNo};

    struct Order {
        history: OrderHistory,
        monitor: OrderMonitor,
    }

    impl Order {
        fn of(paid: i64) -> Self {
            Self {
                history: OrderHistory::new(OrderNo::new("o1").unwrap(), Amount::new(paid), "JPY"),
                monitor: OrderMonitor::new(Amount::new(paid), Terms::default()),
            }
        }

        fn sent(&mut self, refund: &str, amount: i64) {
            let number = self.history.number(&RefundNo::new(refund).unwrap());
            let amount = Amount::new(amount);
            let before = &self.history.attempts;
            self.monitor.sent(number, amount, before);
            self.history.attempts.push(RefundAttempt {
                number,
                amount,
                sent: 0,
                answered: None,
                outcome: RefundOutcome::Unknown,
                is_dealt_with_later: false,
                sent_ns: None,
                answered_ns: None,
            });
        }

        fn answered(&mut self, refund: &str, amount: i64, outcome: RefundOutcome) -> Option<Alarm> {
            let number = self.history.number(&RefundNo::new(refund).unwrap());
            let amount = Amount::new(amount);
            let mut attempts = self.history.attempts.iter_mut().rev();
            let attempt = attempts.find(|attempt| attempt.number == number);
            attempt.expect("it was sent").outcome = outcome;
            self.monitor.answered(number, amount, outcome)
        }

        fn exchange(&mut self, refund: &str, amount: i64, outcome: RefundOutcome) -> Option<Alarm> {
            self.sent(refund, amount);
            self.answered(refund, amount, outcome)
        }
    }

    #[test]
    fn of_an_idle_order_64_bytes_are_kept() {
        assert!(size_of::<OrderMonitor>() <= 64);
        let mut order = Order::of(1000);
        order.exchange("r1", 600, RefundOutcome::Accepted);
        order.exchange("r2", 300, RefundOutcome::Unknown);
        order.exchange("r3", 500, RefundOutcome::Exceeds);
        assert!(order.monitor.under_way.is_none(), "and nothing elsewhere");
        // It knows what it has to: 600 and, perhaps, 300 of the 1,000 are used,
        // and a retry of the 300 explains no more than they do.
        order.sent("r2", 300);
        order.sent("r1", 600);
        assert_eq!(
            order.exchange("r4", 100, RefundOutcome::Exceeds),
            Some(Alarm::UnjustifiedRefusal { used: 900 })
        );
    }

    #[test]
    fn an_over_refund_alarms_at_once_and_only_once() {
        let mut order = Order::of(1000);
        assert_eq!(order.exchange("r1", 600, RefundOutcome::Accepted), None);
        assert_eq!(order.exchange("r1", 600, RefundOutcome::Accepted), None);
        assert_eq!(
            order.exchange("r2", 401, RefundOutcome::Accepted),
            Some(Alarm::OverRefund)
        );
        assert_eq!(order.exchange("r3", 1, RefundOutcome::Accepted), None);
        assert!(order.monitor.is_alarmed());
    }

    #[test]
    fn a_refund_of_more_than_was_paid_alarms_by_itself() {
        let mut order = Order::of(1000);
        assert_eq!(
            order.exchange("r1", 1001, RefundOutcome::Accepted),
            Some(Alarm::SingleAmount)
        );
    }

    #[test]
    fn a_refusal_that_nothing_explains_alarms() {
        let mut order = Order::of(1000);
        order.exchange("r1", 600, RefundOutcome::Accepted);
        assert_eq!(
            order.exchange("r2", 400, RefundOutcome::Exceeds),
            Some(Alarm::UnjustifiedRefusal { used: 600 })
        );
    }

    #[test]
    fn of_an_order_that_others_refund_a_refusal_alarms_nobody_and_a_sum_does() {
        let mut order = Order::of(1000);
        order.monitor = order.monitor.of_several(true);
        assert_eq!(order.exchange("r1", 100, RefundOutcome::Exceeds), None);
        assert_eq!(order.exchange("r2", 100, RefundOutcome::State), None);
        assert_eq!(order.exchange("r3", 600, RefundOutcome::Accepted), None);
        assert_eq!(
            order.exchange("r4", 401, RefundOutcome::Accepted),
            Some(Alarm::OverRefund)
        );
    }

    #[test]
    fn a_refusal_that_something_under_way_or_unknown_may_explain_does_not() {
        let mut order = Order::of(1000);
        order.exchange("r1", 600, RefundOutcome::Unknown);
        assert_eq!(order.exchange("r2", 500, RefundOutcome::Exceeds), None);
        order.sent("r3", 400);
        assert_eq!(order.exchange("r4", 1, RefundOutcome::State), None);
        assert_eq!(order.answered("r3", 400, RefundOutcome::Refused), None);
        assert_eq!(
            order.exchange("r5", 1, RefundOutcome::State),
            Some(Alarm::UnjustifiedRefusal { used: 600 })
        );
    }

    #[test]
    fn a_number_accepted_with_two_amounts_alarms() {
        let mut order = Order::of(1000);
        order.exchange("r1", 100, RefundOutcome::Accepted);
        assert_eq!(
            order.exchange("r1", 200, RefundOutcome::Accepted),
            Some(Alarm::ChangedContent)
        );
    }
}
