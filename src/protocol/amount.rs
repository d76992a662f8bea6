//! Money, in the smallest unit of a currency.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount of money in the currency's smallest unit: fen for RMB, yen for
/// JPY (clause `refund.amount-unit`).
///
/// Arithmetic is checked and there is no `+`: a sum that can't be represented
/// is `None`, never a wrapped number.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Amount(i64);

/// Why the text of a JSON number is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// A fraction or an exponent, even one that would be a whole number.
    #[error("not written as a whole number")]
    NotWhole,
    /// Beyond what 64 bits hold.
    #[error("beyond the range of a 64-bit amount")]
    OutOfRange,
}

impl Amount {
    /// No money.
    pub const ZERO: Self = Self(0);
    /// The largest amount that every gateway must take: 2³¹−1, the `int` of
    /// the clause `refund.amount`.
    pub const LARGEST_COMMON: Self = Self(i32::MAX as i64);
    /// The largest amount that can be represented at all.
    pub const MAX: Self = Self(i64::MAX);

    /// An amount of `minor_units`, which may be negative: what is on the wire
    /// need not be valid.
    pub const fn new(minor_units: i64) -> Self {
        Self(minor_units)
    }

    /// The number of minor units.
    pub const fn minor_units(self) -> i64 {
        self.0
    }

    /// Whether it is one minor unit or more.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// The sum, or `None` where it can't be represented.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or `None` where it can't be represented.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// Reads the text of a JSON number token, exactly.
    ///
    /// The token has already passed a JSON parser, so all that is left to ask
    /// is whether it is written as a whole number and fits. `1e2` and `100.0`
    /// are refused: the table says `int`, and two readers that disagree on
    /// `1e2` would disagree on money.
    ///
    /// # Errors
    /// [`AmountError`] says which of the two it failed.
    pub fn from_token(token: &str) -> Result<Self, AmountError> {
        let digits = token.strip_prefix('-').unwrap_or(token);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(AmountError::NotWhole);
        }
        token.parse().map(Self).map_err(|_| AmountError::OutOfRange)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_that_does_not_fit_is_none_and_never_wraps() {
        assert_eq!(Amount::MAX.checked_add(Amount::new(1)), None);
        assert_eq!(Amount::new(i64::MIN).checked_sub(Amount::new(1)), None);
        assert_eq!(
            Amount::new(2).checked_add(Amount::new(3)),
            Some(Amount::new(5))
        );
    }

    #[test]
    fn only_whole_numbers_that_fit_are_amounts() {
        assert_eq!(Amount::from_token("100"), Ok(Amount::new(100)));
        assert_eq!(Amount::from_token("-1"), Ok(Amount::new(-1)));
        assert_eq!(Amount::from_token("9223372036854775807"), Ok(Amount::MAX));
        for token in ["1e2", "100.0", "1E2", "-", "", "0x10", "+1"] {
            assert_eq!(
                Amount::from_token(token),
                Err(AmountError::NotWhole),
                "{token}"
            );
        }
        assert_eq!(
            Amount::from_token("9223372036854775808"),
            Err(AmountError::OutOfRange)
        );
    }
}
