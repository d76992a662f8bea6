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

/// A document with `value` and whatever is to pass for its signature.
fn wrapped(value: &str, signature_token: &str) -> String {
    format!("{{\"request\":{value},\"signature\":{signature_token}}}")
}
