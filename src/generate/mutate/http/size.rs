//! Requests that are larger than any right one.

use super::{RawRequest, refused};
use crate::generate::mutation::Mutation;

/// A head or a body that is larger than any right one. `padded` is the same
/// request with a body of megabytes.
pub fn oversized(request: &RawRequest, padded: &RawRequest) -> Vec<Mutation> {
    let long = request
        .clone()
        .with(format!("X-Long: {}", "a".repeat(1 << 20)));
    let mut many = request.clone();
    many.headers
        .extend((0..2_000).map(|count| format!("X-Many-{count}: 1")));
    let query = format!("{}?a={}", request.target, "b".repeat(1 << 16));
    vec![
        refused("a header of a megabyte", long.bytes()),
        refused("2,000 headers", many.bytes()),
        Mutation::open(
            "a query of 64 kilobytes",
            request.clone().with_target(query).bytes(),
        ),
        Mutation::open("a body of four megabytes", padded.bytes()),
    ]
}
