//! From the bytes of an answer to what it proves.

pub mod finding;
pub mod query;
pub mod refund;
pub mod reply;

pub use finding::Finding;
pub use query::{OrderReading, QueryEvidence, classify_query};
pub use refund::{Evidence, Money, classify};
pub use reply::{Reply, SignatureState};
