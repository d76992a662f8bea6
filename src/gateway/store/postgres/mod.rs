//! Orders and refunds in a PostgreSQL database, which several gateways share.
//!
//! A refund is one statement outside of any transaction block, so it happens as
//! a whole or not at all, and a gateway that is stopped or killed holds no lock
//! that others wait for. Whatever may or may not have happened is asked for
//! again: a refund's number is taken once, and its row says which call made it,
//! so a call that is repeated finds what it has done.

mod address;
mod attempts;
mod close;
mod find;
mod notices;
mod open;
mod pay;
mod reason;
mod refund;
mod row;
mod schema;
mod settle;
mod store;

pub use address::{AddressError, PostgresAddress};
pub use open::OpenProblem;
pub use store::PostgresStore;
