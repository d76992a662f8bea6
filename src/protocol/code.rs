//! Response codes and what each says about the request's effect (clause
//! `codes.list`, `codes.unknown-outcome`).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A response code. Any number can stand on the wire; [`Code::meaning`] knows
/// the documented ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Code(pub i64);

/// What a code says about whether the request took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It did (code 1).
    Happened,
    /// It did not.
    None,
    /// The caller can't know.
    Unknown,
}

macro_rules! codes {
    ($($(#[$documentation:meta])* $name:ident = $number:literal, $effect:ident, $meaning:literal;)*) => {
        impl Code {
            $($(#[$documentation])* pub const $name: Self = Self($number);)*

            /// Every documented code, in order.
            pub const DOCUMENTED: &'static [Self] = &[$(Self::$name),*];

            /// What the code list says of it; `None` where it is not listed.
            pub const fn meaning(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some($meaning),)*
                    _ => None,
                }
            }

            /// What it says about the request's effect. An undocumented code
            /// says nothing.
            pub const fn effect(self) -> Effect {
                match self.0 {
                    $($number => Effect::$effect,)*
                    _ => Effect::Unknown,
                }
            }
        }
    };
}

codes! {
    /// The call succeeded.
    SUCCESS = 1, Happened, "success";
    /// A failure that has no code of its own.
    FAILURE = 2, None, "failure";
    /// An illegal request, or one that is not authorised.
    ILLEGAL_REQUEST = 3, None, "illegal request or not authorised";
    /// A required parameter is empty or absent.
    PARAMETER_EMPTY = 4, None, "a parameter is empty";
    /// A parameter is illegitimate.
    PARAMETER_ILLEGITIMATE = 5, None, "a parameter is illegitimate";
    /// The document is not JSON.
    NOT_JSON = 6, None, "not valid JSON";
    /// A query names no order.
    ORDER_NUMBERS_EMPTY = 7, None, "both order numbers are empty";
    /// The signature does not hold.
    SIGNATURE_INVALID = 8, None, "the signature is invalid";
    /// The gateway failed; the outcome is unknown.
    SYSTEM_ERROR = 9, Unknown, "unknown system error, try later";
    /// The upstream's signature fails; the outcome is unknown.
    UPSTREAM_SIGNATURE = 20, Unknown, "the upstream's signature fails";
    /// The upstream timed out; the outcome is unknown.
    UPSTREAM_TIMEOUT = 21, Unknown, "the upstream timed out, state unknown";
    /// The upstream failed; the outcome is unknown.
    UPSTREAM_FAILED = 22, Unknown, "the upstream failed, try again";
    /// There is no such order.
    ORDER_UNKNOWN = 30, None, "the order does not exist";
    /// The number is taken.
    DUPLICATE = 31, None, "duplicate order";
    /// The order's status does not allow it.
    ILLEGAL_STATUS = 32, None, "illegal order status";
    /// The order is closed.
    ORDER_CLOSED = 33, None, "the order is closed";
    /// The order can't be cancelled.
    CANCELLATION_NOT_ALLOWED = 34, None, "cancellation is not allowed";
    /// The refund is larger than what is left of the order.
    REFUND_EXCEEDS = 35, None, "the refund exceeds the refundable amount";
    /// A wrong wallet.
    WRONG_WALLET = 40, None, "wrong wallet";
    /// A wrong wallet, second kind.
    WRONG_WALLET_TYPE = 41, None, "wrong wallet";
    /// A wrong wallet, third kind.
    WRONG_WALLET_CODE = 42, None, "wrong wallet";
    /// The account is not opened.
    ACCOUNT_NOT_OPENED = 43, None, "the account is not opened";
    /// The payment type is not opened.
    PAYMENT_TYPE_NOT_OPENED = 44, None, "the payment type is not opened";
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.meaning() {
            Some(meaning) => write!(formatter, "{} ({meaning})", self.0),
            None => write!(formatter, "{} (not documented)", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nine_and_the_upstream_codes_leave_the_outcome_unknown() {
        let unknown: Vec<i64> = Code::DOCUMENTED
            .iter()
            .filter(|code| code.effect() == Effect::Unknown)
            .map(|code| code.0)
            .collect();
        assert_eq!(unknown, [9, 20, 21, 22]);
        assert_eq!(Code(777).effect(), Effect::Unknown);
    }
}
