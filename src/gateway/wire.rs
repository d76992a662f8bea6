//! The gateway's dealings with the wire that a fault can get wrong: whether a
//! signature is believed, how a refund is read, what is sent.

use crate::protocol::object::FieldProblem;
use crate::protocol::{Code, Envelope, FieldError, Object, RefundRequest, SignKey};

/// What happens at the edge between bytes and meaning. Each method does the
/// right thing; a fault overrides the one that it gets wrong.
pub trait Wire: Send + Sync {
    /// Whether the request's signature is its partner's.
    fn believes(&self, envelope: &Envelope<'_>, key: &SignKey) -> bool {
        envelope.verify(key).is_ok()
    }

    /// Reads a refund's body.
    ///
    /// # Errors
    /// [`FieldError`] names the first member that breaks its clause.
    fn read_refund(&self, body: &Object<'_>) -> Result<RefundRequest, FieldError> {
        let refund = RefundRequest::read(body)?;
        if !refund.order_amount.is_positive() {
            return Err(too_small());
        }
        Ok(refund)
    }

    /// Has the last word on a signed `document` whose code is `code`.
    fn before_sending(&self, _code: Code, _document: &mut Vec<u8>) {}
}

/// The wire without a fault.
#[derive(Debug, Clone, Copy)]
pub struct RightWire;

impl Wire for RightWire {}

/// An amount of nothing, or less.
pub(super) const fn too_small() -> FieldError {
    FieldError {
        field: "orderAmount",
        problem: FieldProblem::NotAllowed("one minor unit or more"),
    }
}
