//! The drain: probes that show whether the gateway's hidden total is ours.
//!
//! The protocol has no question for what is left of an order, so the rest is
//! refunded, once nobody else refunds the order. With nothing unknown, three
//! probes do: one unit more than the rest must be refused, so at least what we
//! counted was used; the rest must be accepted, so no more was; and one unit
//! more must then be refused. Where outcomes are unknown, or a probe shows that
//! the totals differ, the rest is refunded in powers of two from the top: that
//! accepts exactly the binary digits of what the gateway thinks is left.
//!
//! The probes are refunds like others, under fresh numbers, and are recorded
//! as such. What they show is therefore no matter of trust in this machine:
//! the judge reads it from the history. A rest that is too large makes the
//! accepted refunds exceed what was paid: a lost refund (I9) is then I1. A
//! rest that is refused has no explanation in the amounts: a double count, a
//! leak or a refusal with an effect (I10, I11) is then I3.

use crate::audit::evidence::Money;
use crate::protocol::Amount;

/// A refund to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// Its amount.
    pub amount: Amount,
    /// What it is to show.
    pub purpose: Purpose,
}

/// What a probe is to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The rest and one unit more: must be refused.
    OneTooMuch,
    /// The rest: must be accepted.
    Rest,
    /// One unit after the rest: must be refused.
    OneMore,
    /// A power of two, to measure what is left.
    Digit,
}

/// What a drain found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrainFinding {
    /// The gateway's total is ours.
    Equal,
    /// The gateway accepts more than was left, by at least this much.
    AcceptsTooMuch {
        /// By how much.
        by: Amount,
    },
    /// The gateway refuses some of what was left. Where outcomes are unknown,
    /// refunds that took effect unseen may be why: the judge weighs that.
    RefusesWhatIsLeft {
        /// How much.
        by: Amount,
    },
    /// A probe was not answered with a yes or with want of money.
    Undecided,
}

/// The drain of one order: ask for the next probe, refund it under a fresh
/// number, tell what the answer proved. Probes go one at a time.
#[derive(Debug, Clone)]
pub struct Drain {
    /// What is left by our count; negative after an over-refund.
    rest: Amount,
    /// What the probes have refunded.
    drained: Amount,
    top: Amount,
    step: Step,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Probe(Probe),
    Found(DrainFinding),
}

impl Drain {
    /// The drain of an order of which `accepted` of the `paid` was refunded.
    ///
    /// `has_unknown` says that the outcome of some refund is not known, or
    /// that an invariant was seen broken: then the rest is measured at once.
    pub fn new(paid: Amount, accepted: Amount, has_unknown: bool) -> Self {
        let rest = paid
            .checked_sub(accepted)
            .expect("neither amount is negative");
        let mut drain = Self {
            rest,
            drained: Amount::ZERO,
            top: paid,
            step: Step::Found(DrainFinding::Equal),
        };
        drain.step = match rest.checked_add(Amount::new(1)) {
            _ if has_unknown || rest < Amount::ZERO => drain.digit(power_of_two_within(paid)),
            Some(amount) => probe(amount, Purpose::OneTooMuch),
            // Nothing is larger than the rest: the other two probes are left.
            None => probe(rest, Purpose::Rest),
        };
        drain
    }

    /// The probe to try next; `None` once the drain has its finding. Asking
    /// again gives the same probe.
    pub const fn next(&self) -> Option<Probe> {
        match self.step {
            Step::Probe(probe) => Some(probe),
            Step::Found(_) => None,
        }
    }

    /// What was found, once there is no next probe.
    pub const fn finding(&self) -> Option<DrainFinding> {
        match self.step {
            Step::Probe(_) => None,
            Step::Found(finding) => Some(finding),
        }
    }

    /// What the probes have refunded so far.
    pub const fn drained(&self) -> Amount {
        self.drained
    }

    /// What the answer to the last probe proved. An unknown outcome should be
    /// resolved by retries, under the same number, before it is told.
    pub fn answered(&mut self, money: Money) {
        let Step::Probe(Probe { amount, purpose }) = self.step else {
            return;
        };
        let is_accepted = match money {
            Money::Yes => true,
            Money::NoAmount | Money::NoState => false,
            // Too large in another sense, perhaps; the last probe shows as much.
            Money::NoOther if purpose == Purpose::OneTooMuch => false,
            Money::NoOther | Money::Duplicate | Money::Maybe | Money::NotSent => {
                self.step = Step::Found(DrainFinding::Undecided);
                return;
            }
        };
        if is_accepted {
            self.drained = self.drained.checked_add(amount).unwrap_or(Amount::MAX);
        }
        self.step = match (purpose, is_accepted) {
            (Purpose::OneTooMuch, false) if self.rest.is_positive() => {
                probe(self.rest, Purpose::Rest)
            }
            (Purpose::Rest, true) => probe(Amount::new(1), Purpose::OneMore),
            (Purpose::OneTooMuch | Purpose::OneMore, false) => Step::Found(DrainFinding::Equal),
            // The totals differ: by how much?
            (Purpose::Rest, false) => self.digit(power_of_two_within(self.rest)),
            (Purpose::OneTooMuch | Purpose::OneMore, true) => {
                self.digit(power_of_two_within(self.top))
            }
            (Purpose::Digit, _) => self.digit(Amount::new(amount.minor_units() / 2)),
        };
    }

    /// The next power of two, or the finding after the last.
    fn digit(&self, amount: Amount) -> Step {
        if amount.is_positive() {
            return probe(amount, Purpose::Digit);
        }
        // An over-refund before the drain is not this drain's to tell.
        let expected = self.rest.max(Amount::ZERO);
        let too_much = self
            .drained
            .checked_sub(expected)
            .expect("neither amount is negative");
        Step::Found(match too_much.minor_units() {
            0 => DrainFinding::Equal,
            1.. => DrainFinding::AcceptsTooMuch { by: too_much },
            short => DrainFinding::RefusesWhatIsLeft {
                by: Amount::new(-short),
            },
        })
    }
}

const fn probe(amount: Amount, purpose: Purpose) -> Step {
    Step::Probe(Probe { amount, purpose })
}

/// The largest power of two that is no more than `amount`; zero if none is.
fn power_of_two_within(amount: Amount) -> Amount {
    let units = amount.minor_units().max(0);
    Amount::new(units.checked_ilog2().map_or(0, |power| 1_i64 << power))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A gateway that has so much left, whatever it should have.
    fn run(drain: &mut Drain, mut room: i64) -> (DrainFinding, usize) {
        let mut probes = 0;
        while let Some(Probe { amount, .. }) = drain.next() {
            probes += 1;
            let fits = amount.minor_units() <= room;
            room -= if fits { amount.minor_units() } else { 0 };
            drain.answered(if fits { Money::Yes } else { Money::NoAmount });
        }
        (drain.finding().unwrap(), probes)
    }

    fn expected(rest: i64, room: i64) -> DrainFinding {
        match room - rest {
            0 => DrainFinding::Equal,
            by if by > 0 => DrainFinding::AcceptsTooMuch {
                by: Amount::new(by),
            },
            by => DrainFinding::RefusesWhatIsLeft {
                by: Amount::new(-by),
            },
        }
    }

    proptest! {
        #[test]
        fn a_hidden_offset_is_always_found_and_measured(
            paid in 0..5000_i64,
            accepted in 0..5000_i64,
            room in 0..5000_i64,
            has_unknown: bool,
        ) {
            let (accepted, room) = (accepted.min(paid), room.min(paid));
            let mut drain = Drain::new(Amount::new(paid), Amount::new(accepted), has_unknown);
            let (finding, probes) = run(&mut drain, room);
            prop_assert_eq!(finding, expected(paid - accepted, room));
            prop_assert_eq!(drain.drained(), Amount::new(room));
            prop_assert!(probes <= 3 + 13);
        }

        #[test]
        fn a_right_total_takes_three_probes(paid in 1..i64::MAX, left in 1..1000_i64) {
            let accepted = (paid - left).max(0);
            let mut drain = Drain::new(Amount::new(paid), Amount::new(accepted), false);
            prop_assert_eq!(run(&mut drain, paid - accepted), (DrainFinding::Equal, 3));
        }
    }

    #[test]
    fn an_order_that_is_used_up_takes_one_probe() {
        let mut drain = Drain::new(Amount::new(100), Amount::new(100), false);
        assert_eq!(run(&mut drain, 0), (DrainFinding::Equal, 1));
    }

    #[test]
    fn the_largest_order_of_all_can_be_drained() {
        let mut drain = Drain::new(Amount::MAX, Amount::ZERO, false);
        assert_eq!(run(&mut drain, i64::MAX), (DrainFinding::Equal, 2));
    }

    #[test]
    fn an_order_that_was_refunded_too_much_already_has_nothing_left() {
        let mut drain = Drain::new(Amount::new(100), Amount::new(150), true);
        let (finding, _) = run(&mut drain, 3);
        assert_eq!(finding, expected(0, 3));
    }

    #[test]
    fn an_answer_that_proves_neither_leaves_it_undecided() {
        for money in [
            Money::Maybe,
            Money::Duplicate,
            Money::NotSent,
            Money::NoOther,
        ] {
            let mut drain = Drain::new(Amount::new(100), Amount::ZERO, false);
            drain.answered(Money::NoAmount);
            drain.answered(money);
            assert_eq!(drain.finding(), Some(DrainFinding::Undecided));
        }
    }

    #[test]
    fn one_unit_too_much_may_be_refused_for_any_reason() {
        let mut drain = Drain::new(Amount::new(100), Amount::ZERO, false);
        drain.answered(Money::NoOther);
        assert_eq!(drain.next().unwrap().purpose, Purpose::Rest);
    }
}
