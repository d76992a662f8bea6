//! Signatures that are wrong, or right over something else.

mod changed;
mod digits;
mod placed;
mod recipe;

pub use changed::{changed_after_signing, other_spelling_signed};
pub use digits::{flipped_digits, no_signature, other_encodings, other_lengths, upper_case};
pub use placed::{after_a_valid_one, large_forged, large_requests, twice};
pub use recipe::{other_constructions, other_keys};

use crate::generate::draft::string_token;
use crate::generate::mutation::Mutation;
use crate::protocol::signature::sign;
use crate::protocol::{SignKey, Signature};

use super::wrapped;

/// The signature is invalid, and nothing more specific is.
const INVALID: &[i64] = &[8];
/// Nothing was given, or something that is no signature.
const ABSENT: &[i64] = &[4, 5, 8, 3];

fn of(value: &str, key: &SignKey) -> Signature {
    sign(value.as_bytes(), key)
}

fn claimed(label: impl Into<String>, value: &str, signature: &str) -> Mutation {
    Mutation::refused(label, wrapped(value, &string_token(signature)), INVALID)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::mutation::Expected;
    use crate::protocol::{Direction, Envelope};

    const VALUE: &str = r#"{"header":{"partnerNo":"10001","version":"1.0","reqMsgId":"m"},"body":{"partnerOrderNo":"o","refundNo":"r","orderAmount":100}}"#;

    #[test]
    fn no_mutation_that_must_be_refused_carries_a_signature_that_holds() {
        let key = SignKey::new("123456").unwrap();
        let earlier = VALUE.replace("\"r\"", "\"r0\"");
        let mutations: Vec<Mutation> = [
            flipped_digits(VALUE, &key),
            other_lengths(VALUE, &key),
            no_signature(VALUE, &key),
            other_keys(VALUE, &key),
            other_constructions(VALUE, &key),
            other_encodings(VALUE, &key),
            changed_after_signing(VALUE, &key),
            other_spelling_signed(VALUE, &key),
            after_a_valid_one(VALUE, &earlier, &key),
            large_forged(VALUE, &key),
        ]
        .concat();
        assert!(mutations.len() > 150, "{}", mutations.len());
        for mutation in mutations {
            assert_eq!(mutation.expected, Expected::Refused);
            let holds = Envelope::parse(&mutation.document, Direction::Request)
                .is_ok_and(|envelope| envelope.verify(&key).is_ok());
            assert!(!holds, "{}", mutation.label);
        }
    }

    #[test]
    fn a_large_request_is_well_signed() {
        let key = SignKey::new("123456").unwrap();
        for mutation in large_requests(VALUE, &key) {
            let envelope = Envelope::parse(&mutation.document, Direction::Request).unwrap();
            assert_eq!(envelope.verify(&key), Ok(()), "{}", mutation.label);
        }
    }
}
