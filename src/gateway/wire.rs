//! Where bytes become meaning, and meaning bytes: what a fault can get wrong
//! there.

use std::pin::Pin;

use axum::http::{HeaderValue, StatusCode};

use super::answer::Answer;
use super::calls::Gateway;
use crate::protocol::object::FieldProblem;
use crate::protocol::{Api, FieldError, Object, RefundRequest};

/// What comes in time.
pub(super) type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What happens at the edge between bytes and meaning. Each method does the
/// right thing; a fault overrides the one that it gets wrong.
pub(super) trait Wire: Send + Sync {
    /// The answer of `gateway` to a document that was sent to `api`.
    fn answer<'a>(
        &'a self,
        gateway: &'a Gateway,
        api: Api,
        document: &'a [u8],
    ) -> Pending<'a, Answer<'a>> {
        Box::pin(gateway.answer(api, document))
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

    /// Has the last word on what is sent.
    fn before_sending(&self, _sending: &Sending<'_>, _reply: &mut Reply) {}
}

/// The wire without a fault.
#[derive(Debug, Clone, Copy)]
pub(super) struct RightWire;

impl Wire for RightWire {}

/// What an answer is sent for.
pub(super) struct Sending<'a> {
    /// Who answers.
    pub(super) gateway: &'a Gateway,
    /// What was called; `None` for another method or path.
    pub(super) api: Option<Api>,
    /// The document that is answered, as far as it was read.
    pub(super) document: &'a [u8],
    /// What the answer says.
    pub(super) answer: &'a Answer<'a>,
}

/// What is sent.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    /// The HTTP status.
    pub(super) status: StatusCode,
    /// The `Content-Type`.
    pub(super) content_type: HeaderValue,
    /// The body: a signed document.
    pub(super) document: Vec<u8>,
}

/// An amount of nothing, or less.
pub(super) const fn too_small() -> FieldError {
    FieldError {
        field: "orderAmount",
        problem: FieldProblem::NotAllowed("one minor unit or more"),
    }
}
