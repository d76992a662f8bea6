//! Messages to throw at a gateway: valid ones in every JSON spelling, random
//! sequences of refunds, and malformed ones as labelled mutations of a valid
//! one.
//!
//! Nothing here sends anything. A [`Mutation`] is a document with what the
//! protocol expects of a gateway that is shown it; a gateway's own tests can
//! use the same documents.

pub mod draft;
pub mod mutate;
pub mod mutation;
pub mod sequence;
pub mod spelling;

pub use draft::{Draft, Part};
pub use mutation::{Expected, Mutation};
pub use spelling::{Spelling, spellings};
