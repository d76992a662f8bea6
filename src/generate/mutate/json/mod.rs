//! Documents that are no JSON, that readers may treat as they like, or that
//! are JSON in an unusual spelling. What is inside the signed value is signed
//! as it stands, so that a gateway can't refuse it for its signature alone.

mod document;
mod large;
mod members;
mod number;
mod syntax;
mod text;

pub use document::{not_one_document, truncations};
pub use large::{Large, Nesting};
pub use members::look_alike_members;
pub use number::broken_numbers;
pub use syntax::broken_syntax;
pub use text::{broken_text, spellings_of_text, surrogates, texts};

use crate::generate::mutation::Mutation;

/// Not JSON, or not what the parser can make sense of.
const NOT_JSON: &[i64] = &[6, 5, 4, 8];

fn refused(label: impl Into<String>, document: impl Into<Vec<u8>>) -> Mutation {
    Mutation::refused(label, document, NOT_JSON)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::oracle::{JsonClass, class_of};
    use crate::protocol::{Direction, Envelope, SignKey};

    const VALUE: &str = r#"{"header":{"partnerNo":"10001"},"body":{"partnerOrderNo":"o","refundNo":"r","orderAmount":100}}"#;

    fn key() -> SignKey {
        SignKey::new("123456").unwrap()
    }

    #[test]
    fn what_is_called_broken_is_no_json() {
        for mutation in [
            broken_syntax(VALUE, &key()),
            broken_numbers(VALUE, &key()),
            broken_text(VALUE, &key()),
            truncations(VALUE, &key()),
        ]
        .concat()
        {
            assert!(
                matches!(class_of(&mutation.document), JsonClass::Invalid { .. }),
                "{}",
                mutation.label
            );
        }
    }

    #[test]
    fn what_is_not_one_document_holds_no_envelope() {
        for mutation in not_one_document(VALUE, &key()) {
            assert!(
                Envelope::parse(&mutation.document, Direction::Request).is_err(),
                "{}",
                mutation.label
            );
        }
    }

    #[test]
    fn what_is_an_unusual_spelling_is_json_and_well_signed() {
        let large = Large::DEEP.into_iter().chain(Large::LONG);
        for mutation in [
            spellings_of_text(VALUE, &key()),
            texts(VALUE, &key()),
            surrogates(VALUE, &key()),
            look_alike_members(VALUE, &key()),
            large.map(|large| large.of(VALUE, &key())).collect(),
        ]
        .concat()
        {
            if mutation.document.starts_with(b"[") {
                continue;
            }
            let class = class_of(&mutation.document);
            assert!(
                !matches!(class, JsonClass::Invalid { .. }),
                "{}",
                mutation.label
            );
            let levels = mutation.document.iter().filter(|byte| b"[{".contains(byte));
            if levels.count() < 100 {
                let envelope = Envelope::parse(&mutation.document, Direction::Request).unwrap();
                assert_eq!(envelope.verify(&key()), Ok(()), "{}", mutation.label);
            }
        }
    }

    #[test]
    fn labels_tell_mutations_apart() {
        let labels: Vec<String> = [
            broken_syntax(VALUE, &key()),
            broken_numbers(VALUE, &key()),
            broken_text(VALUE, &key()),
            not_one_document(VALUE, &key()),
            spellings_of_text(VALUE, &key()),
            texts(VALUE, &key()),
        ]
        .concat()
        .into_iter()
        .map(|mutation| mutation.label)
        .collect();
        let different: std::collections::BTreeSet<&String> = labels.iter().collect();
        assert_eq!(different.len(), labels.len());
    }
}
