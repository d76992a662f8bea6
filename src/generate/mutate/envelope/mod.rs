//! Envelopes that are incomplete, ambiguous, or hide a second request, and
//! headers that are not what their clauses say.

mod header;
mod hidden;
mod layout;
mod members;
mod shape;

pub use header::{
    message_ids, other_sign_types, partners_unknown, sign_type_absent, times, unsigned_sign_types,
    versions,
};
pub use hidden::{decoys, two_requests};
pub use layout::{confusing_texts, layouts};
pub use members::{MEANINGFUL, unknown_members};
pub use shape::{part_missing, request_missing, response_as_request};

use crate::protocol::SignKey;
use crate::protocol::signature::sign;

/// Something is missing, or is of the wrong shape.
const SHAPE: &[i64] = &[4, 5, 6, 3, 8];

fn signature(value: &str, key: &SignKey) -> String {
    sign(value.as_bytes(), key).as_str().to_owned()
}
