//! Telling a merchant that an order is paid, at the URL that it gave.
//!
//! A notification is written down in the step that makes the payment, and sent
//! off the request's path until the merchant answers `success`. So it survives a
//! crash, and may come more than once.

mod messenger;
mod receiver;
mod rest;
mod sending;

pub(super) use messenger::Messenger;
