//! Conformance and load testing for signed refund gateways.
//!
//! recoup is the gate before a payment company's release: does the gateway
//! still speak the refund protocol, byte for byte; does it hold under load;
//! and can it ever be made to pay back more than was paid?
//!
//! # The house
//!
//! Ten rooms on six floors; a room imports from the floors below it alone.
//!
//! ```text
//! 5  cli            one file a command
//! 4  report         events in, files and screens out
//! 3  conformance    the catalogue of rules, the runner, the pre-flight
//!    load           goose's attack, scenarios, histograms, thresholds
//! 2  audit          evidence, history, monitor, judge, drain, witness
//! 1  target         connections, signed calls, paid orders
//!    generate       messages: every spelling, labelled mutations
//!    gateway        the reference gateway, its faults and its variants
//! 0  protocol       envelope, signature, messages, codes, amounts, times
//!    verdict        verdicts, evidence, events
//! ```
//!
//! Bytes go down and come back up as evidence: a rule or a user of a load
//! plans a document, [`target`] exchanges bytes, [`audit::classify`] says what
//! the answer proves about money, and what is found becomes a
//! [`verdict::Event`] that the reporters consume. Nothing that was on the wire
//! is ever re-serialised.
//!
//! # Using the library
//!
//! A gateway's own tests can use [`protocol`] to speak, [`generate`] for
//! messages to be shown, and [`audit`] to judge what happened:
//!
//! ```
//! use recoup::generate::mutate;
//! use recoup::protocol::{Direction, Envelope, SignKey};
//!
//! let key = SignKey::new("123456")?;
//! let value = r#"{"header":{"partnerNo":"10001"},"body":{"orderAmount":100}}"#;
//! for forged in mutate::signature::flipped_digits(value, &key) {
//!     let envelope = Envelope::parse(&forged.document, Direction::Request)?;
//!     assert!(envelope.verify(&key).is_err(), "{}", forged.label);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod audit;
pub mod cli;
pub mod conformance;
pub mod gateway;
pub mod generate;
pub mod load;
pub mod protocol;
pub mod report;
pub mod target;
pub mod verdict;
