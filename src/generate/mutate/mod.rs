//! Labelled mutations of a valid request, layer by layer.
//!
//! Each function takes the text of a valid request value and the key that
//! signs it, and gives documents that differ from the valid one in one named
//! way. Below the signature's own layer every document is signed correctly,
//! so that the change itself is what is judged.

pub mod envelope;
pub mod field;
pub mod http;
pub mod json;
pub mod signature;

use crate::protocol::envelope::seal_raw;
use crate::protocol::{Direction, SignKey};

/// The document around `value`, signed as it stands.
pub fn sealed(value: impl AsRef<[u8]>, key: &SignKey) -> Vec<u8> {
    let mut document = Vec::new();
    seal_raw(Direction::Request, value.as_ref(), key, &mut document);
    document
}

/// Changes the last digit of a sealed document's signature: a forgery that is
/// wrong in nothing else.
///
/// # Panics
/// Where `document` is too short to end in a signature.
pub fn forge(document: &mut [u8]) {
    // It ends in the digit, a quote and a brace.
    let at = document.len() - 3;
    document[at] = if document[at] == b'0' { b'1' } else { b'0' };
}

/// A document with `value` and whatever is to pass for its signature.
fn wrapped(value: &str, signature_token: &str) -> String {
    format!("{{\"request\":{value},\"signature\":{signature_token}}}")
}
