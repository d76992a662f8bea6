//! Orders that the customer pays later, on a page of the gateway's own.
//!
//! `create` makes the order and its page, `routes` serves it, `page` writes it.
//! A real gateway's page asks a wallet for the money; this one asks the customer
//! what a wallet would have said.

mod create;
mod money;
mod page;
mod routes;

pub(super) use create::web_url;
pub(super) use routes::routes;
