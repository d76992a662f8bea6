//! Malformed requests for a load, drawn from the catalogue of mutations.

use crate::generate::mutate::{envelope, field, json, signature};
use crate::generate::{Expected, Mutation};
use crate::protocol::SignKey;

/// Mutations of one sort.
struct Family {
    mutations: fn(&str, &SignKey) -> Vec<Mutation>,
    /// What an acceptance is called, where a clause forbids it. A parser that
    /// forgives a comma is no more than noticed: what it reads is what was
    /// signed.
    forbidden: Option<&'static str>,
}

const fn forbidden(
    mutations: fn(&str, &SignKey) -> Vec<Mutation>,
    failure: &'static str,
) -> Family {
    Family {
        mutations,
        forbidden: Some(failure),
    }
}

const fn noticed(mutations: fn(&str, &SignKey) -> Vec<Mutation>) -> Family {
    Family {
        mutations,
        forbidden: None,
    }
}

/// The sorts of malformed requests, each as likely.
const FAMILIES: [Family; 16] = [
    noticed(json::broken_syntax),
    noticed(json::broken_text),
    noticed(json::not_one_document),
    forbidden(json::truncations, "accepted a document that was cut off"),
    forbidden(
        envelope::request_missing,
        "accepted an envelope without its request",
    ),
    forbidden(
        envelope::part_missing,
        "accepted a request without its header or body",
    ),
    forbidden(signature::flipped_digits, "accepted a forged signature"),
    forbidden(
        signature::other_lengths,
        "accepted a signature of another length",
    ),
    forbidden(
        signature::no_signature,
        "accepted a request without a signature",
    ),
    forbidden(
        signature::other_keys,
        "accepted a signature under another key",
    ),
    forbidden(
        signature::changed_after_signing,
        "accepted a request that was changed after signing",
    ),
    forbidden(
        field::missing,
        "accepted a request without a required member",
    ),
    forbidden(field::empty, "accepted a request with an empty member"),
    forbidden(
        field::wrong_type,
        "accepted a request with a member of another type",
    ),
    forbidden(
        field::amounts_that_are_none,
        "accepted an amount that is none",
    ),
    forbidden(
        field::amounts_not_positive,
        "accepted an amount of zero or less",
    ),
];

/// A malformed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// What is wrong with it, in words that complete "a request with …".
    pub label: String,
    /// The document.
    pub document: Vec<u8>,
    /// What an acceptance is called, where it is a failure.
    pub forbidden: Option<&'static str>,
}

/// The malformed request that `pick` picks, made from a valid value that is to
/// be signed with `key`.
pub fn draw(pick: u64, value: &str, key: &SignKey) -> Malformed {
    let family = &FAMILIES[index(pick >> 32, FAMILIES.len())];
    let mut mutations = (family.mutations)(value, key);
    mutations.retain(|mutation| mutation.expected == Expected::Refused);
    let mutation = mutations.swap_remove(index(pick & 0xffff_ffff, mutations.len()));
    Malformed {
        label: mutation.label,
        document: mutation.document,
        forbidden: family.forbidden,
    }
}

/// 32 random bits as an index below `length`.
fn index(bits: u64, length: usize) -> usize {
    let index = (u128::from(bits) * length as u128) >> 32;
    usize::try_from(index).expect("it is below the length")
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = r#"{"header":{"version":"1.0","partnerNo":"10001"},"body":{"partnerOrderNo":"o","refundNo":"r","orderAmount":100}}"#;

    #[test]
    fn every_family_has_mutations_and_none_of_them_is_the_valid_request() {
        let key = SignKey::new("123456").unwrap();
        let good = crate::generate::mutate::sealed(VALUE, &key);
        for family in 0..FAMILIES.len() as u64 {
            for place in [0, u64::from(u32::MAX)] {
                let family_bits = (family << 32) / FAMILIES.len() as u64 + 1;
                let drawn = draw(family_bits << 32 | place, VALUE, &key);
                assert_eq!(
                    drawn.forbidden,
                    FAMILIES[usize::try_from(family).unwrap()].forbidden
                );
                assert_ne!(drawn.document, good, "{}", drawn.label);
            }
        }
    }
}
