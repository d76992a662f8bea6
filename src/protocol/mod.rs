//! The refund protocol: envelope, signature, messages, codes, amounts and times.
//!
//! The ground floor of the house. It does no I/O and is not async; harness and
//! reference gateway share this room and nothing else, so that a bug in the
//! one can't hide in the other.
//!
//! What stands on the wire is bytes. [`Envelope::parse`] borrows the raw text
//! of the signed value, [`signature`] works on that text alone, and only then
//! is a typed message read from the very same slice. No function here signs or
//! verifies a re-serialised copy, because none takes one.

pub mod amount;
pub mod answer;
pub mod api;
pub mod checkout;
pub mod clause;
pub mod code;
pub mod envelope;
pub mod explain;
pub mod header;
pub mod identifier;
pub mod object;
pub mod one_pass;
pub mod payment;
mod plain;
pub mod profile;
pub mod query;
pub mod refund;
pub mod refund_writer;
pub mod rewriting;
pub mod signature;
pub mod time;

pub use amount::{Amount, AmountError};
pub use answer::{Answer, Reading};
pub use api::Api;
pub use checkout::CheckoutRequest;
pub use clause::Clause;
pub use code::{Code, Effect};
pub use envelope::{Direction, Envelope, EnvelopeError};
pub use header::{RequestHeader, ResponseHeader};
pub use identifier::{
    Barcode, Identifier, IdentifierError, MessageId, OrderNo, PartnerNo, RefundNo, StoreNo,
};
pub use object::{FieldError, Object};
pub use one_pass::PlainAnswer;
pub use payment::PaymentRequest;
pub(crate) use plain::push_text;
pub use profile::Profile;
pub use query::{OrderState, QueryRequest};
pub use refund::{RefundRequest, RefundStatus};
pub use refund_writer::RefundWriter;
pub use rewriting::Rewriting;
pub use signature::{SignKey, Signature, SignatureError};
pub use time::Timestamp;
