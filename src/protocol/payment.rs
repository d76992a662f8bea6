//! The barcode payment, `/api/offline/pay` (clauses `pay.*`). Its response is
//! the query's.

use serde::Serialize;

use super::amount::Amount;
use super::identifier::{Barcode, OrderNo, StoreNo};
use super::object::{FieldError, Object};
use super::refund::LONGEST_NOTE;

/// The longest `orderTitle`, in characters.
pub const LONGEST_TITLE: usize = 100;
/// The longest `notifyUrl`, in characters.
pub const LONGEST_URL: usize = 200;

/// The body of a payment request, in the order of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRequest {
    /// The shop that asks for the money.
    pub store_no: StoreNo,
    /// The merchant's number of the payment.
    pub partner_order_no: OrderNo,
    /// The code on the customer's screen.
    pub barcode: Barcode,
    /// The amount to pay.
    pub order_amount: Amount,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_title: Option<String>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_id: Option<String>,
    /// Where it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal_no: Option<String>,
    /// Where to send a notification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify_url: Option<String>,
}

impl PaymentRequest {
    /// A payment without the optional members.
    pub const fn new(store: StoreNo, order: OrderNo, barcode: Barcode, amount: Amount) -> Self {
        Self {
            store_no: store,
            partner_order_no: order,
            barcode,
            order_amount: amount,
            order_title: None,
            operator_id: None,
            terminal_no: None,
            notify_url: None,
        }
    }

    /// Reads a body.
    ///
    /// # Errors
    /// [`FieldError`] names the first member that breaks its clause.
    pub fn read(body: &Object<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            store_no: body.identifier("storeNo")?,
            partner_order_no: body.identifier("partnerOrderNo")?,
            barcode: body.identifier("barcode")?,
            order_amount: body.amount("orderAmount")?,
            order_title: body.optional_text("orderTitle", LONGEST_TITLE)?,
            operator_id: body.optional_text("operatorId", LONGEST_NOTE)?,
            terminal_no: body.optional_text("terminalNo", LONGEST_NOTE)?,
            notify_url: body.optional_text("notifyUrl", LONGEST_URL)?,
        })
    }
}
