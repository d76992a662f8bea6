//! Random sequences of refunds: what a merchant's system may send in a day,
//! with the slips that it makes.

use std::fmt;

use proptest::prelude::*;

/// Orders that are paid, and what is then sent about them, one after the
/// other. Shrinks to fewer and plainer steps on fewer and smaller orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    /// What is paid for each order, in minor units.
    pub paid: Vec<i64>,
    /// What is sent.
    pub steps: Vec<Step>,
}

/// One request of a sequence. Orders and refunds are named by their places,
/// counted from the start again where there are fewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// A refund under a fresh number.
    Refund {
        /// Of which order.
        order: usize,
        /// Of how much.
        portion: Portion,
    },
    /// A number that was used before, once more.
    Again {
        /// The place of the refund whose number it is.
        refund: usize,
        /// What is different this time.
        change: Change,
    },
    /// A query of an order.
    Query {
        /// Of which.
        order: usize,
    },
}

/// How much a refund asks for, of what is left when it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Portion {
    /// One minor unit.
    One,
    /// So many hundredths of what is left, and at least one minor unit.
    Part(u8),
    /// Exactly what is left.
    Rest,
    /// One minor unit more than what is left.
    RestAndOne,
    /// Nothing, which is no refund.
    Nothing,
}

/// What is different when a number is used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// Nothing: a retry.
    Same,
    /// One minor unit more.
    OtherAmount,
    /// The next order; another amount where there is only one.
    OtherOrder,
}

/// Strategy for sequences on one to three orders, of at most `longest` steps.
pub fn sequences(longest: usize) -> impl Strategy<Value = Sequence, Tree: Send> {
    let paid = prop_oneof![1 => 1..=3_i64, 3 => 50..=2_000_i64];
    // What stands first shrinks first, and fewer steps tell the most.
    (
        proptest::collection::vec(steps(), 1..=longest.max(1)),
        proptest::collection::vec(paid, 1..=3),
    )
        .prop_map(|(steps, paid)| Sequence { paid, steps })
}

fn steps() -> impl Strategy<Value = Step, Tree: Send> {
    let change = prop_oneof![
        2 => Just(Change::Same),
        1 => Just(Change::OtherAmount),
        1 => Just(Change::OtherOrder),
    ];
    prop_oneof![
        6 => (0..3_usize, portions()).prop_map(|(order, portion)| Step::Refund { order, portion }),
        4 => (0..8_usize, change).prop_map(|(refund, change)| Step::Again { refund, change }),
        1 => (0..3_usize).prop_map(|order| Step::Query { order }),
    ]
}

fn portions() -> impl Strategy<Value = Portion, Tree: Send> {
    prop_oneof![
        3 => Just(Portion::One),
        6 => (1..=99_u8).prop_map(Portion::Part),
        3 => Just(Portion::Rest),
        3 => Just(Portion::RestAndOne),
        1 => Just(Portion::Nothing),
    ]
}

impl Portion {
    /// The amount in minor units, where `left` is left.
    pub fn of(self, left: i64) -> i64 {
        match self {
            Self::One => 1,
            Self::Part(hundredths) => {
                let part = i128::from(left) * i128::from(hundredths) / 100;
                i64::try_from(part)
                    .expect("a part is less than the whole")
                    .max(1)
            }
            Self::Rest => left,
            Self::RestAndOne => left.saturating_add(1),
            Self::Nothing => 0,
        }
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let orders = self.paid.len().max(1);
        let paid: Vec<String> = self.paid.iter().map(i64::to_string).collect();
        write!(formatter, "pay {}", paid.join(", "))?;
        let mut refunds = 0;
        for step in &self.steps {
            match *step {
                Step::Refund { order, portion } => {
                    refunds += 1;
                    write!(formatter, "; refund {portion}")?;
                    of_order(formatter, order, orders)?;
                }
                Step::Again { refund, change } => {
                    // Before the first refund there is no number to repeat.
                    if let Some(place) = refund.checked_rem(refunds) {
                        write!(formatter, "; number {} again{change}", place + 1)?;
                    }
                }
                Step::Query { order } => {
                    formatter.write_str("; query")?;
                    of_order(formatter, order, orders)?;
                }
            }
        }
        Ok(())
    }
}

/// Names the order, where there is a choice.
fn of_order(formatter: &mut fmt::Formatter<'_>, order: usize, orders: usize) -> fmt::Result {
    if orders > 1 {
        write!(formatter, " of order {}", order % orders + 1)?;
    }
    Ok(())
}

impl fmt::Display for Portion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One => formatter.write_str("1"),
            Self::Part(hundredths) => write!(formatter, "{hundredths}% of what is left"),
            Self::Rest => formatter.write_str("what is left"),
            Self::RestAndOne => formatter.write_str("1 more than what is left"),
            Self::Nothing => formatter.write_str("0"),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Same => "",
            Self::OtherAmount => " with another amount",
            Self::OtherOrder => " for another order",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_tells_what_is_sent() {
        let sequence = Sequence {
            paid: vec![100, 3],
            steps: vec![
                Step::Again {
                    refund: 0,
                    change: Change::Same,
                },
                Step::Refund {
                    order: 2,
                    portion: Portion::Part(40),
                },
                Step::Again {
                    refund: 4,
                    change: Change::OtherOrder,
                },
                Step::Query { order: 1 },
            ],
        };
        assert_eq!(
            sequence.to_string(),
            "pay 100, 3; refund 40% of what is left of order 1; number 1 again for another order; query of order 2"
        );
    }

    proptest! {
        #[test]
        fn a_portion_is_what_it_is_called(left in 0..=i64::MAX - 1, hundredths in 1..=99_u8) {
            let part = Portion::Part(hundredths).of(left);
            prop_assert!(part >= 1 && part <= left.max(1));
            prop_assert_eq!(Portion::RestAndOne.of(left), Portion::Rest.of(left) + 1);
        }

        #[test]
        fn sequences_are_as_long_as_was_asked_for(sequence in sequences(5)) {
            prop_assert!((1..=5).contains(&sequence.steps.len()));
            prop_assert!((1..=3).contains(&sequence.paid.len()));
        }
    }
}
