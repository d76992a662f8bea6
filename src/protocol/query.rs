//! The query, `/api/common/payQuery` (clauses `query.*`), and the response
//! body that it shares with the payment.

use serde::Serialize;

use super::amount::Amount;
use super::code::Code;
use super::identifier::{OrderNo, StoreNo};
use super::object::{FieldError, FieldProblem, Object};

/// The body of a query, in the order of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryRequest {
    /// The shop: required in the table, absent in the sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_no: Option<StoreNo>,
    /// The merchant's number of the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner_order_no: Option<OrderNo>,
    /// The gateway's number of the payment; where both stand, it decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_no: Option<OrderNo>,
}

impl QueryRequest {
    /// A query by the merchant's number.
    pub const fn by_partner_order_no(store: Option<StoreNo>, order: OrderNo) -> Self {
        Self {
            store_no: store,
            partner_order_no: Some(order),
            order_no: None,
        }
    }

    /// Reads a body. That at least one number is there is the gateway's to
    /// ask, since the code list has a code of its own for it (7).
    ///
    /// # Errors
    /// [`FieldError`] names the first member that breaks its clause.
    pub fn read(body: &Object<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            store_no: optional(body, "storeNo")?,
            partner_order_no: optional(body, "partnerOrderNo")?,
            order_no: optional(body, "orderNo")?,
        })
    }
}

/// An identifier that may be absent, `null` or empty.
fn optional<T: super::identifier::Identifier>(
    body: &Object<'_>,
    name: &'static str,
) -> Result<Option<T>, FieldError> {
    let Some(text) = body.optional_text(name, T::LONGEST)? else {
        return Ok(None);
    };
    T::parse(&text).map(Some).map_err(|error| FieldError {
        field: name,
        problem: FieldProblem::Text(error),
    })
}

/// The state of an order (clause `query.status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderState {
    /// 0: waits for the customer.
    ToBePaid,
    /// 1: paid.
    Paid,
    /// 2: the payment failed.
    Failed,
    /// 3: all of it was refunded.
    Refunded,
}

impl OrderState {
    /// The number on the wire.
    pub const fn number(self) -> i64 {
        match self {
            Self::ToBePaid => 0,
            Self::Paid => 1,
            Self::Failed => 2,
            Self::Refunded => 3,
        }
    }

    /// The state of this number; `None` where it is not listed.
    pub const fn from_number(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::ToBePaid),
            1 => Some(Self::Paid),
            2 => Some(Self::Failed),
            3 => Some(Self::Refunded),
            _ => None,
        }
    }
}

/// The body of a payment's and a query's response, in the order of the table.
/// On a failure `code` and `msg` stand alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderResponse {
    /// Whether the call succeeded.
    pub code: Code,
    /// The same in words, at most 100 characters.
    pub msg: String,
    /// The order, where there is one to show.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderView>,
}

/// An order as a response shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderView {
    /// The gateway's number of it.
    pub order_no: String,
    /// The merchant's number of it.
    pub partner_order_no: OrderNo,
    /// The amount of the order.
    pub order_amount: Amount,
    /// What it was paid with.
    pub wallet: String,
    /// Its state: see [`OrderState`].
    pub status: i64,
    /// When it was paid, RFC 3339; absent where it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pay_time: Option<String>,
    /// Its currency.
    pub currency: String,
}

impl OrderResponse {
    /// A failure: code and message alone.
    pub fn failure(code: Code, msg: impl Into<String>) -> Self {
        Self {
            code,
            msg: msg.into(),
            order: None,
        }
    }

    /// A success that shows an order.
    pub fn success(order: OrderView) -> Self {
        Self {
            code: Code::SUCCESS,
            msg: "success".to_owned(),
            order: Some(order),
        }
    }
}
