//! A malformed or unusual document, and what it should be met with.
//!
//! ```
//! use recoup::generate::Expected;
//! use recoup::generate::mutate::signature;
//! use recoup::protocol::SignKey;
//!
//! /// Stands for your gateway: whether it refunds.
//! fn refunds(document: &[u8]) -> bool {
//!     # let _ = document;
//!     false
//! }
//!
//! let value = r#"{"header":{"partnerNo":"10001"},"body":{"refundNo":"r","orderAmount":100}}"#;
//! for mutation in signature::other_lengths(value, &SignKey::new("123456").unwrap()) {
//!     if mutation.expected == Expected::Refused {
//!         assert!(!refunds(&mutation.document), "a request with {}", mutation.label);
//!     }
//! }
//! ```

/// What the protocol expects of a gateway that is shown a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Expected {
    /// It is valid: the refund takes place.
    Accepted,
    /// It is refused, and no money moves.
    Refused,
    /// The protocol is silent: either will do, so long as the amount that was
    /// verified is the amount that moves.
    Open,
}

/// A document made from a valid one by one named change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutation {
    /// What was changed, in words that complete "a request with …".
    pub label: String,
    /// The whole document, envelope and all.
    pub document: Vec<u8>,
    /// What a gateway should do.
    pub expected: Expected,
    /// The codes that name what is wrong; empty where any refusal will do.
    /// A refusal by another code is a refusal all the same.
    pub fitting_codes: &'static [i64],
}

impl Mutation {
    /// A document that must be refused.
    pub fn refused(
        label: impl Into<String>,
        document: impl Into<Vec<u8>>,
        fitting_codes: &'static [i64],
    ) -> Self {
        Self {
            label: label.into(),
            document: document.into(),
            expected: Expected::Refused,
            fitting_codes,
        }
    }

    /// A document that must be accepted.
    pub fn accepted(label: impl Into<String>, document: impl Into<Vec<u8>>) -> Self {
        Self {
            label: label.into(),
            document: document.into(),
            expected: Expected::Accepted,
            fitting_codes: &[],
        }
    }

    /// A document that the protocol is silent about.
    pub fn open(label: impl Into<String>, document: impl Into<Vec<u8>>) -> Self {
        Self {
            label: label.into(),
            document: document.into(),
            expected: Expected::Open,
            fitting_codes: &[],
        }
    }
}
