//! The refund call, `/api/common/refund` (clauses `refund.*`).

use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::code::Code;
use super::identifier::{OrderNo, RefundNo};
use super::object::{FieldError, Object};

/// The longest `operatorId` and `terminalNo`, in characters.
pub const LONGEST_NOTE: usize = 20;

/// The body of a refund request, in the order of the page's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundRequest {
    /// The merchant's number of the payment.
    pub partner_order_no: OrderNo,
    /// The merchant's number of this refund.
    pub refund_no: RefundNo,
    /// The amount to refund.
    pub order_amount: Amount,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_id: Option<String>,
    /// Where it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal_no: Option<String>,
}

impl RefundRequest {
    /// A refund without the optional members.
    pub const fn new(order: OrderNo, refund: RefundNo, amount: Amount) -> Self {
        Self {
            partner_order_no: order,
            refund_no: refund,
            order_amount: amount,
            operator_id: None,
            terminal_no: None,
        }
    }

    /// Reads a body. The amount is read as it is, negative ones included:
    /// whether it may be refunded is no question of form.
    ///
    /// # Errors
    /// [`FieldError`] names the first member that breaks its clause.
    pub fn read(body: &Object<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            partner_order_no: body.identifier("partnerOrderNo")?,
            refund_no: body.identifier("refundNo")?,
            order_amount: body.amount("orderAmount")?,
            operator_id: body.optional_text("operatorId", LONGEST_NOTE)?,
            terminal_no: body.optional_text("terminalNo", LONGEST_NOTE)?,
        })
    }
}

/// The status of a refund, where code is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefundStatus {
    /// 0: the gateway has accepted it and is at work.
    Dealing,
    /// 1: the payment, or part of it, is cancelled: the money goes back.
    Cancelled,
    /// 2: the refund failed.
    Failed,
}

impl RefundStatus {
    /// The number on the wire.
    pub const fn number(self) -> i64 {
        match self {
            Self::Dealing => 0,
            Self::Cancelled => 1,
            Self::Failed => 2,
        }
    }

    /// The status of this number; `None` where it is not listed.
    pub const fn from_number(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::Dealing),
            1 => Some(Self::Cancelled),
            2 => Some(Self::Failed),
            _ => None,
        }
    }
}

/// The body of a refund's response, in the order of the page's sample. On a
/// failure the sample has `code` and `msg` alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundResponse {
    /// What became of it.
    pub code: Code,
    /// The same in words, at most 100 characters.
    pub msg: String,
    /// The amount refunded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_amount: Option<Amount>,
    /// The refund's status: see [`RefundStatus`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    /// The order's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

impl RefundResponse {
    /// A failure: code and message alone, as the page's sample has it.
    pub fn failure(code: Code, msg: impl Into<String>) -> Self {
        Self {
            code,
            msg: msg.into(),
            order_amount: None,
            status: None,
            currency: None,
        }
    }

    /// An accepted refund.
    pub fn accepted(amount: Amount, status: RefundStatus, currency: impl Into<String>) -> Self {
        Self {
            code: Code::SUCCESS,
            msg: "success".to_owned(),
            order_amount: Some(amount),
            status: Some(status.number()),
            currency: Some(currency.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_member_and_an_empty_operator_do_no_harm() {
        let body = r#"{"orderAmount":100,"refundNo":"r","operatorId":"","tradeSummary":true,"partnerOrderNo":"o"}"#;
        let refund = RefundRequest::read(&Object::parse(body).unwrap()).unwrap();
        assert_eq!(refund.order_amount, Amount::new(100));
        assert_eq!(refund.operator_id, None);
    }

    #[test]
    fn an_amount_of_another_spelling_is_refused_by_name() {
        for amount in ["\"100\"", "1e2", "100.0", "null", "true", "[100]"] {
            let body = format!(r#"{{"partnerOrderNo":"o","refundNo":"r","orderAmount":{amount}}}"#);
            let error = RefundRequest::read(&Object::parse(&body).unwrap()).unwrap_err();
            assert_eq!(error.field, "orderAmount", "{amount}");
        }
    }
}
