//! Requests that are unusual or wrong below the envelope: methods, targets,
//! headers, framing. The documents inside are valid and signed, so that a
//! gateway which takes the wrong request moves money.
//!
//! What HTTP leaves to a server is [open](crate::generate::Expected::Open):
//! gateways stand behind proxies that merge slashes, decode bodies and answer
//! in HTTP/1.0, and conform.

mod content;
mod framing;
mod gzip;
mod head;
mod request;
mod size;
mod target;

pub use content::{encodings, json_content_types, other_content_types};
pub use framing::{broken_chunks, broken_lengths, chunked, cut_short, smuggled};
pub use gzip::gzip;
pub use head::{broken_heads, harmless_methods, other_methods, upgrades, versions};
pub use request::RawRequest;
pub use size::oversized;
pub use target::{other_paths, target_forms};

use crate::generate::mutation::Mutation;

/// A request that must be refused, in any way below the protocol.
fn refused(label: impl Into<String>, bytes: Vec<u8>) -> Mutation {
    Mutation::refused(label, bytes, &[])
}
