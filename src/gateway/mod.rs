//! The reference gateway: what a right refund gateway does, and, on demand,
//! what each known wrong one does.
//!
//! It stands apart from the harness on purpose. It imports the protocol and
//! nothing else of the house, so that the harness and the gateway share
//! neither money arithmetic nor refund rules, and the one can find the other
//! wrong.
//!
//! A request's way: [`server`] accepts a connection, `connection` takes HTTP
//! requests from it, `transport` checks one's head, `intake` believes the
//! envelope or refuses it, `calls` asks the [`store`], whose one atomic step
//! applies the rule in [`refunding`], and
//! `answer` writes and signs what came of it. What happens after an answer is
//! noted in the store and done in the `background`: `dealing` settles refunds,
//! `notification` tells merchants of payments, and `checkout` is the page that
//! an order is paid on. [`variant`] answers rightly in
//! other ways. What is counted on the way is in `metrics`, and `operations`
//! tells it to those who run the gateway. [`fault`] replaces the store, the connections and the `wire` by
//! wrong ones; no right code asks whether a fault is on.

mod answer;
mod background;
mod body;
mod calls;
mod checkout;
mod connection;
mod dealing;
pub mod fault;
mod intake;
mod metrics;
mod moment;
mod name;
mod nesting;
mod notification;
mod operations;
pub mod order;
pub mod partner;
pub mod partner_file;
pub mod refunding;
mod refusal;
mod seldom;
pub mod server;
pub mod settings;
pub mod store;
mod stream;
mod tls;
mod transport;
pub mod variant;
mod web_url;
mod wire;

pub use fault::{ChosenFault, Fault, Faults, LEFT_OUT};
pub use name::UnknownName;
pub use partner::{Partner, Partners, PartnersError};
pub use server::{Running, StartError, start};
pub use settings::{
    DealingSettings, Limits, NotificationSettings, Receivers, Settings, StoreChoice,
    StoreChoiceError,
};
pub use tls::{Tls, TlsError};
pub use variant::{Variant, Variants};
