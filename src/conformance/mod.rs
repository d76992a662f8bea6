//! Conformance: the catalogue of rules and the runner that judges a gateway.
//!
//! A [`Rule`] is data: what it asks, which clauses it is tied to, how much it
//! binds, which known bugs it catches, and a function that tries it with a
//! [`Probe`]. The probe hands out fresh paid orders and sends bytes; the
//! expectations turn what came back into a verdict; where money is at stake
//! the drain asks the gateway itself what is left of the order. Sequences of
//! refunds are judged by a [`model`] of all conforming gateways at once, and
//! requests at the same time, fired by [`volley`], by the audit. What an audit
//! found is tried again, and made smaller, by [`mod@reproduce`].
//!
//! The [`preflight`] comes first, so that a wrong key is one clear line and
//! not a hundred red rules. Rules run in parallel, races alone and last.

mod again;
pub mod baseline;
pub mod batch;
pub mod coverage;
pub mod dialect;
pub mod duels;
pub mod expect;
pub mod gunzip;
mod leak;
pub mod left_out;
pub mod model;
pub mod money;
mod origin;
pub mod preflight;
pub mod probe;
mod probe_orders;
pub mod raced;
pub mod registry;
pub mod regressions;
pub mod replay;
pub mod reproduce;
pub mod rule;
pub mod rules;
pub mod runner;
pub mod selection;
pub mod shrink;
mod trial;
pub mod volley;
pub mod watch;

pub use baseline::{Baseline, BaselineError};
pub use coverage::coverage;
pub use left_out::LEFT_OUT;
pub use preflight::{Preflight, PreflightError};
pub use probe::{Probe, Reply, Setting};
pub use raced::Raced;
pub use registry::{catalogue, find};
pub use regressions::{Regressions, RegressionsError};
pub use rule::{Rule, Stop};
pub use runner::{CheckOutcome, run};
pub use selection::{Selection, SelectionError};
