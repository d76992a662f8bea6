//! Answers, and how they are written and signed.

use serde::Serialize;

use super::partner::{Partner, Partners};
use super::refusal::Refusal;
use super::variant::{Variants, answers};
use crate::protocol::checkout::CheckoutResponse;
use crate::protocol::query::OrderResponse;
use crate::protocol::refund::RefundResponse;
use crate::protocol::{Code, Direction, MessageId, ResponseHeader, Timestamp, envelope};

/// The body of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Body {
    /// Of a refund, or of any refusal.
    Refund(RefundResponse),
    /// Of a payment or a query.
    Order(OrderResponse),
    /// Of a call that creates an order to be paid later.
    Created(CheckoutResponse),
}

impl Body {
    /// What it says became of the request.
    pub(super) const fn code(&self) -> Code {
        match self {
            Self::Refund(refund) => refund.code,
            Self::Order(order) => order.code,
            Self::Created(created) => created.code,
        }
    }
}

impl From<Refusal> for Body {
    fn from(refusal: Refusal) -> Self {
        // A refusal has code and message alone, whatever was asked for.
        Self::Refund(RefundResponse::failure(refusal.code, refusal.msg))
    }
}

/// An answer, and whom it is for.
pub(super) struct Answer<'p> {
    /// Who asked; `None` where the request names nobody who is known.
    pub(super) partner: Option<&'p Partner>,
    /// What to say.
    pub(super) body: Body,
}

impl Answer<'_> {
    /// Writes the signed document. Without a partner the first one's key
    /// signs, and the header names nobody.
    pub(super) fn write(&self, partners: &Partners, variants: &Variants) -> Vec<u8> {
        let header = ResponseHeader {
            partner_no: self
                .partner
                .map_or_else(String::new, |partner| partner.no.to_string()),
            message_id: fresh_message_id(),
            time: Timestamp::now(),
        };
        let key = &self.partner.unwrap_or_else(|| partners.first()).key;
        let mut document = Vec::with_capacity(512);
        if answers::are_changed(variants) {
            answers::seal(variants, &header, &self.body, key, &mut document);
        } else {
            envelope::seal(Direction::Response, &header, &self.body, key, &mut document);
        }
        document
    }
}

/// 32 hexadecimal digits that no other message has.
fn fresh_message_id() -> MessageId {
    MessageId::new(hex::encode(rand::random::<[u8; 16]>()))
        .expect("32 hexadecimal digits are a message id")
}
