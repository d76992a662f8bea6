//! Messages to throw at a gateway: valid ones in every JSON spelling, random
//! sequences of refunds, and malformed ones as labelled mutations of a valid
//! one.
//!
//! Nothing here sends anything. A [`Mutation`] is a document with what the
//! protocol expects of a gateway that is shown it; a gateway's own tests can
//! use the same documents. [`Draft`] takes a request value apart to change
//! one member of it, [`spellings`] writes one value in every way that JSON
//! allows, [`damage`](fn@damage) breaks it at random, and [`class_of`] says of
//! any bytes whether they are JSON, by no JSON library's word.

pub mod damage;
pub mod draft;
pub mod mutate;
pub mod mutation;
pub mod oracle;
pub mod sequence;
pub mod spelling;

pub use damage::{Damage, damage};
pub use draft::{Draft, Part};
pub use mutation::{Expected, Mutation};
pub use oracle::{JsonClass, Liberty, class_of};
pub use spelling::{Spelling, spellings};
