//! The numbers that name things: partners, orders, refunds, messages.
//!
//! A value of one of these types keeps the limits of its clause, so that code
//! further in need not ask again. Nothing is trimmed, folded or normalised:
//! `a`, `A` and `a ` are three different numbers.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Why a text is no identifier of the kind that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// No characters at all.
    #[error("is empty")]
    Empty,
    /// More characters than the table allows; the limit is the payload.
    #[error("is longer than {0} characters")]
    TooLong(usize),
    /// A control character, which no number that a person can read has.
    #[error("contains a control character")]
    Control,
}

/// Checks `text` against the limit of a clause, in characters (Unicode scalar
/// values, as the tables' `String(n)` is read here).
///
/// # Errors
/// [`IdentifierError`] names the first limit that was broken.
pub fn check_text(text: &str, longest: usize) -> Result<(), IdentifierError> {
    // As good as every number is printable ASCII, and needs no decoding.
    if text.len() <= longest && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Ok(());
    }
    // A text of few bytes has few characters: most never need the count.
    if text.len() > longest && text.chars().count() > longest {
        return Err(IdentifierError::TooLong(longest));
    }
    if text.chars().any(char::is_control) {
        return Err(IdentifierError::Control);
    }
    Ok(())
}

/// What the identifier types have in common, for code that reads any of them
/// from a field.
pub trait Identifier: Sized {
    /// The largest number of characters.
    const LONGEST: usize;

    /// Takes `text` as it is, or says why it can't be one.
    ///
    /// # Errors
    /// [`IdentifierError`] names the limit that was broken.
    fn parse(text: &str) -> Result<Self, IdentifierError>;
}

macro_rules! identifier {
    ($(#[$documentation:meta])* $name:ident, $longest:literal, empty: $empty:literal) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes `text` as it is.
            ///
            /// # Errors
            /// [`IdentifierError`] names the limit that was broken.
            pub fn new(text: impl AsRef<str>) -> Result<Self, IdentifierError> {
                let text = text.as_ref();
                if text.is_empty() && !$empty {
                    return Err(IdentifierError::Empty);
                }
                check_text(text, $longest)?;
                Ok(Self(text.into()))
            }

            /// The text, as it stands on the wire before JSON's escapes.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Identifier for $name {
            const LONGEST: usize = $longest;

            fn parse(text: &str) -> Result<Self, IdentifierError> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdentifierError;

            fn try_from(text: String) -> Result<Self, IdentifierError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(identifier: $name) -> Self {
                identifier.0.as_ref().to_owned()
            }
        }
    };
}

identifier!(
    /// A partner of the gateway, String(15) (clause `header.partner-no`).
    PartnerNo, 15, empty: false
);
identifier!(
    /// The merchant's number of a payment, String(32) (clause `refund.order-no`).
    OrderNo, 32, empty: false
);
identifier!(
    /// The merchant's number of a refund, String(32) (clause `refund.refund-no`).
    RefundNo, 32, empty: false
);
identifier!(
    /// A shop of the partner, String(15) (clause `pay.store-no`).
    StoreNo, 15, empty: false
);
identifier!(
    /// The code on the customer's screen, String(20) (clause `pay.barcode`).
    Barcode, 20, empty: false
);
identifier!(
    /// The caller's number of a message (clause `header.message-id`): 32
    /// characters in the table, 36 in the samples, empty in a deployed client.
    MessageId, 36, empty: true
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_counted_in_characters_and_not_in_bytes() {
        assert!(OrderNo::new("€".repeat(32)).is_ok());
        assert_eq!(
            OrderNo::new("€".repeat(33)),
            Err(IdentifierError::TooLong(32))
        );
        assert!(RefundNo::new("𝄞".repeat(32)).is_ok());
    }

    #[test]
    fn nothing_is_trimmed_or_folded() {
        let plain = RefundNo::new("a").unwrap();
        assert_ne!(plain, RefundNo::new("A").unwrap());
        assert_ne!(plain, RefundNo::new("a ").unwrap());
    }

    #[test]
    fn empty_and_control_characters_are_refused_except_the_empty_message_id() {
        assert_eq!(OrderNo::new(""), Err(IdentifierError::Empty));
        assert_eq!(OrderNo::new("a\n"), Err(IdentifierError::Control));
        assert!(MessageId::new("").is_ok());
        assert!(MessageId::new("fd03f269-3180-4575-8af0-8f6cf324fb0f").is_ok());
    }
}
