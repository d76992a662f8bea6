//! Conformance: the catalogue of rules and the runner that judges a gateway.
//!
//! A [`Rule`] is data: what it asks, which clauses it is tied to, how much it
//! binds, which known bugs it catches, and a function that tries it with a
//! [`Probe`]. The probe hands out fresh paid orders and sends bytes; the
//! expectations turn what came back into a verdict; where money is at stake
//! the drain asks the gateway itself what is left of the order.
//!
//! The [`preflight`] comes first, so that a wrong key is one clear line and
//! not a hundred red rules. Rules run in parallel, races alone and last.

pub mod batch;
pub mod coverage;
pub mod expect;
mod leak;
pub mod left_out;
pub mod money;
pub mod preflight;
pub mod probe;
pub mod registry;
pub mod rule;
pub mod rules;
pub mod runner;
pub mod selection;
pub mod volley;
pub mod watch;

pub use coverage::coverage;
pub use left_out::LEFT_OUT;
pub use preflight::{Preflight, PreflightError};
pub use probe::{Probe, Reply, Setting};
pub use registry::{catalogue, find};
pub use rule::{Rule, Stop};
pub use runner::{CheckOutcome, run};
pub use selection::{Selection, SelectionError};
