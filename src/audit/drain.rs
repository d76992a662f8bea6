//! The drain: which refunds to ask for, once traffic is quiet, to learn what
//! the gateway itself believes is left of an order.
//!
//! There is no call that tells. But sequentially, `rest + 1` refused shows
//! that the gateway's hidden total is at least ours, and `rest` accepted that
//! it is at most ours; so both together show that they are equal, and `1`
//! refused that nothing is left. Where outcomes are unknown, powers of two are
//! taken, largest first: what is accepted are the binary digits of the room.
//!
//! The probes are refunds like any other and belong into the history. So the
//! judge needs no rule for them: a probe too many accepted breaks I1 (which is
//! I9, no lost refund), and the rest refused breaks I3 (which is I10 and I11,
//! no double count and no refusal that took effect).

use crate::protocol::Amount;

use super::evidence::Money;

/// A refund to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// Its amount.
    pub amount: Amount,
    /// What its answer shows.
    pub purpose: Purpose,
}

/// What the answer to a probe shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// One more than the rest: refused, unless the gateway has lost a refund.
    OneTooMany,
    /// The rest: accepted, unless the gateway has counted something twice.
    Rest,
    /// One more when nothing is left: refused.
    NothingLeft,
    /// A binary digit of the room.
    Digit,
}

/// What the drain found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DrainFinding {
    /// The gateway's total is ours, and nothing is left.
    Equal,
    /// It gives more than is left: a refund was lost, or the cap is wrong.
    AcceptsTooMuch,
    /// It does not give what is left: something was counted that should not be.
    RefusesRest,
    /// Outcomes were unknown; this was the room that was left, and is taken.
    Room(Amount),
    /// An answer left it open, or more was accepted than paid before it began.
    Undecided,
}

/// The drain of one order: ask [`Drain::next`], send, tell
/// [`Drain::answered`], until there is no next.
#[derive(Debug, Clone)]
pub struct Drain {
    rest: Amount,
    step: Step,
    taken: Amount,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    OneTooMany,
    Rest,
    NothingLeft,
    Digit(Amount),
    Done(DrainFinding),
}

impl Drain {
    /// The drain of an order of which `paid` was paid and `accepted` refunded.
    /// Where some outcomes are unknown, the room is measured instead of
    /// confirmed.
    pub fn new(paid: Amount, accepted: Amount, has_unknown: bool) -> Self {
        let rest = paid
            .checked_sub(accepted)
            .filter(|rest| *rest >= Amount::ZERO);
        let step = match rest {
            None => Step::Done(DrainFinding::Undecided),
            Some(rest) if has_unknown => digit(highest_digit(rest), Amount::ZERO),
            Some(_) => Step::OneTooMany,
        };
        Self {
            rest: rest.unwrap_or(Amount::ZERO),
            step,
            taken: Amount::ZERO,
        }
    }

    /// What to ask for next; `None` once there is a finding.
    pub fn next(&self) -> Option<Probe> {
        let one = Amount::new(1);
        let (amount, purpose) = match self.step {
            // A rest that can't be exceeded in 64 bits is asked for as it is.
            Step::OneTooMany => (
                self.rest.checked_add(one).unwrap_or(Amount::MAX),
                Purpose::OneTooMany,
            ),
            Step::Rest => (self.rest, Purpose::Rest),
            Step::NothingLeft => (one, Purpose::NothingLeft),
            Step::Digit(amount) => (amount, Purpose::Digit),
            Step::Done(_) => return None,
        };
        Some(Probe { amount, purpose })
    }

    /// Takes the answer to what [`Drain::next`] asked for.
    pub fn answered(&mut self, money: Money) {
        let is_accepted = match money {
            Money::Yes => true,
            Money::NoAmount | Money::NoState => false,
            // A refusal for another reason says nothing about the room.
            Money::NoOther | Money::Duplicate | Money::Maybe | Money::NotSent => {
                self.step = Step::Done(DrainFinding::Undecided);
                return;
            }
        };
        self.step = match (self.step, is_accepted) {
            (Step::OneTooMany | Step::NothingLeft, true) => {
                Step::Done(DrainFinding::AcceptsTooMuch)
            }
            (Step::OneTooMany, false) if self.rest > Amount::ZERO => Step::Rest,
            (Step::OneTooMany | Step::NothingLeft, false) => Step::Done(DrainFinding::Equal),
            (Step::Rest, true) => Step::NothingLeft,
            (Step::Rest, false) => Step::Done(DrainFinding::RefusesRest),
            (Step::Digit(amount), is_accepted) => {
                if is_accepted {
                    self.taken = self.taken.checked_add(amount).unwrap_or(Amount::MAX);
                }
                digit(amount.minor_units() / 2, self.taken)
            }
            (done @ Step::Done(_), _) => done,
        };
    }

    /// What was found; `None` while there is more to ask.
    pub const fn finding(&self) -> Option<DrainFinding> {
        match self.step {
            Step::Done(finding) => Some(finding),
            _ => None,
        }
    }
}

const fn digit(amount: i64, taken: Amount) -> Step {
    if amount == 0 {
        Step::Done(DrainFinding::Room(taken))
    } else {
        Step::Digit(Amount::new(amount))
    }
}

/// The largest power of two that is no larger than `rest`; 0 where it is 0.
const fn highest_digit(rest: Amount) -> i64 {
    match rest.minor_units().checked_ilog2() {
        Some(power) => 1 << power,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Runs a drain against a gateway that believes that `used` is refunded.
    fn drained(mut drain: Drain, paid: i64, mut used: i64) -> DrainFinding {
        for _ in 0..200 {
            let Some(probe) = drain.next() else { break };
            let fits = used + probe.amount.minor_units() <= paid;
            if fits {
                used += probe.amount.minor_units();
            }
            drain.answered(if fits { Money::Yes } else { Money::NoAmount });
        }
        drain.finding().expect("a drain ends")
    }

    proptest! {
        #[test]
        fn any_difference_of_the_hidden_total_is_found(
            paid in 1_i64..100_000,
            accepted in 0_i64..100_000,
            offset in -50_000_i64..50_000,
        ) {
            let accepted = accepted % (paid + 1);
            let hidden = (accepted + offset).clamp(0, paid);
            let drain = Drain::new(Amount::new(paid), Amount::new(accepted), false);
            let expected = match hidden - accepted {
                0 => DrainFinding::Equal,
                1.. => DrainFinding::RefusesRest,
                _ => DrainFinding::AcceptsTooMuch,
            };
            prop_assert_eq!(drained(drain, paid, hidden), expected);
        }

        #[test]
        fn with_unknown_outcomes_the_room_is_measured(
            paid in 1_i64..100_000,
            accepted in 0_i64..100_000,
            unknown in 0_i64..100_000,
        ) {
            let accepted = accepted % (paid + 1);
            let hidden = (accepted + unknown).min(paid);
            let drain = Drain::new(Amount::new(paid), Amount::new(accepted), true);
            let room = DrainFinding::Room(Amount::new(paid - hidden));
            prop_assert_eq!(drained(drain, paid, hidden), room);
        }
    }

    #[test]
    fn an_answer_that_leaves_it_open_ends_it_undecided() {
        let mut drain = Drain::new(Amount::new(10), Amount::ZERO, false);
        drain.answered(Money::Maybe);
        assert_eq!(drain.finding(), Some(DrainFinding::Undecided));
    }

    #[test]
    fn an_order_that_is_overdrawn_already_is_not_asked_about() {
        let drain = Drain::new(Amount::new(10), Amount::new(11), false);
        assert_eq!(drain.next(), None);
    }
}
