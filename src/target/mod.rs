//! Reaching a gateway: connections, calls, and paid orders to refund.
//!
//! A connection of our own over TCP or TLS owns every byte: what was sent and
//! what was received is kept exactly, nothing is retried, no redirect is
//! followed, and every step has a time-out. A request leaves in one write or
//! by a [`Schedule`] of slices, for broken HTTP, slow bodies and races.
//!
//! ```text
//! Endpoint ──connect──▶ Connection ──exchange(Schedule)──▶ Exchange
//!     ▲                                                        │
//!  Caller: signs messages, names refunds, finds paid orders ◀──┘
//! ```

pub mod caller;
pub mod clock;
pub mod connection;
pub mod endpoint;
pub mod exchange;
pub mod guard;
pub mod http1;
mod moment;
pub mod numbers;
pub mod orders;
mod patience;
pub mod pipeline;
pub mod schedule;
pub mod stream;
pub mod tls;

pub use caller::{Caller, Partner};
pub use clock::Clock;
pub use connection::{Connection, Limits};
pub use endpoint::{Endpoint, EndpointError, PostHead};
pub use exchange::{Ending, Exchange, HttpAnswer, Phase};
pub use guard::{Budget, GuardError};
pub use moment::wait_until;
pub use numbers::Numbers;
pub use orders::{OrderError, OrderSource, PaidOrder, SharedOrders};
pub use schedule::{Schedule, Step, TAKING_UP};
pub use tls::Trust;
