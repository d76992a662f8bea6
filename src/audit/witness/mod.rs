//! What a violation is shown with: the smallest set of operations that shows
//! it, the inequality in words, the certificate, the picture, and the traffic that
//! may show it again.

pub mod amounts;
pub mod certificate;
pub mod claims;
pub mod exhibit;
pub mod scene;
pub mod traffic;

pub use amounts::{over_refund, single_amount};
pub use claims::{
    accepted_twice, changed_amount, changed_order, inexplicable, refused_after_effect,
    spurious_duplicate, stale_read, unjustified_attempt, unjustified_refusal,
};
