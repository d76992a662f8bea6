//! Where a document differs from the valid one that it was made from.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// What stands between the signed value and the signature.
const SEAM: &[u8] = b",\"signature\":\"";
/// What stands before a message's id, and how long the id is.
const BEFORE_ID: &[u8] = b"\"reqMsgId\":\"";
const ID: usize = 32;
/// How far into a document its id is looked for.
const ID_WITHIN: usize = 4096;

/// The valid documents that a rule has made so far, by their message ids. What
/// it sends is one of them with something changed, and whoever reads the
/// report wants to know which bytes those are.
#[derive(Debug, Default)]
pub(super) struct Origins {
    documents: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl Origins {
    /// Keeps a valid document.
    pub(super) fn keep(&self, document: Vec<u8>) {
        if let Some(id) = message_id(&document) {
            self.documents
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(id.to_vec(), document);
        }
    }

    /// The bytes of `document` that are not as in the valid one of the same
    /// message id; an empty range where something is missing there. `None`
    /// where nothing differs, or where there is no such document.
    pub(super) fn changed(&self, document: &[u8]) -> Option<Range<usize>> {
        let documents = self
            .documents
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        difference(documents.get(message_id(document)?)?, document)
    }
}

fn message_id(document: &[u8]) -> Option<&[u8]> {
    let at = document[..document.len().min(ID_WITHIN)]
        .windows(BEFORE_ID.len())
        .position(|window| window == BEFORE_ID)?
        + BEFORE_ID.len();
    document.get(at..at + ID)
}

/// Where `document` differs from `origin`. A signature follows from what is
/// signed, so it counts only where that is the same.
fn difference(origin: &[u8], document: &[u8]) -> Option<Range<usize>> {
    if origin == document {
        return None;
    }
    let (value, changed) = (before_seam(origin), before_seam(document));
    let (origin, document) = if value == changed {
        (origin, document)
    } else {
        (value, changed)
    };
    let start = common_prefix(origin, document);
    let end = common_suffix(&origin[start..], &document[start..]);
    // Something else altogether is no change of this one.
    (start + end >= origin.len() / 2).then(|| start..document.len() - end)
}

fn before_seam(document: &[u8]) -> &[u8] {
    document
        .windows(SEAM.len())
        .rposition(|window| window == SEAM)
        .map_or(document, |at| &document[..at])
}

fn common_prefix(one: &[u8], other: &[u8]) -> usize {
    let pairs = one.iter().zip(other);
    pairs.take_while(|(one, other)| one == other).count()
}

fn common_suffix(one: &[u8], other: &[u8]) -> usize {
    let pairs = one.iter().rev().zip(other.iter().rev());
    pairs.take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = r#"{"request":{"header":{"reqMsgId":"77000000000000000000000000000000"},"body":{"orderAmount":100}},"signature":"abcd"}"#;

    fn changed(document: &str) -> Option<String> {
        let origins = Origins::default();
        origins.keep(VALID.replace(":\"77", ":\"78").into_bytes());
        origins.keep(VALID.as_bytes().to_vec());
        let place = origins.changed(document.as_bytes())?;
        Some(document[place].to_owned())
    }

    #[test]
    fn what_was_changed_is_found_and_the_new_signature_is_not() {
        let amount = VALID.replace("100", "1e2").replace("abcd", "1234");
        assert_eq!(changed(&amount).as_deref(), Some("e2"));
        let missing = VALID
            .replace("\"orderAmount\":100", "")
            .replace("abcd", "1");
        assert_eq!(changed(&missing).as_deref(), Some(""));
    }

    #[test]
    fn a_changed_signature_is_the_change_where_nothing_else_is() {
        assert_eq!(
            changed(&VALID.replace("abcd", "abXd")).as_deref(),
            Some("X")
        );
    }

    #[test]
    fn what_is_unchanged_or_something_else_has_no_mark() {
        assert_eq!(changed(VALID), None);
        assert_eq!(changed("[1,2,3]"), None);
    }
}
