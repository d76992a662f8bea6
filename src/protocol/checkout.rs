//! Creating an order that the customer pays later: `/api/offline/qrcode`,
//! `/api/offline/create` and `/api/online/create`, which have one form.

use serde::Serialize;

use super::amount::Amount;
use super::code::Code;
use super::identifier::{IdentifierError, OrderNo, StoreNo};
use super::object::{FieldError, FieldProblem, Object};
use super::payment::{LONGEST_TITLE, LONGEST_URL};
use super::refund::LONGEST_NOTE;

/// The longest `wallet` and `currency`, in characters.
const LONGEST_NAME: usize = 10;

/// The body of a request that creates an order, in the order of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckoutRequest {
    /// The shop that asks for the money.
    pub store_no: StoreNo,
    /// The merchant's number of the payment.
    pub partner_order_no: OrderNo,
    /// What it is to be paid with.
    pub wallet: String,
    /// The amount to pay.
    pub order_amount: Amount,
    /// In which currency.
    pub currency: String,
    /// How much of it is for the goods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goods_amount: Option<Amount>,
    /// How much of it is for what comes with them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goods_extra_amount: Option<Amount>,
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
    /// Where the customer goes afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
}

impl CheckoutRequest {
    /// Reads a body.
    ///
    /// # Errors
    /// [`FieldError`] names the first member that breaks its clause.
    pub fn read(body: &Object<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            store_no: body.identifier("storeNo")?,
            partner_order_no: body.identifier("partnerOrderNo")?,
            wallet: required(body, "wallet")?,
            order_amount: body.amount("orderAmount")?,
            currency: required(body, "currency")?,
            goods_amount: optional_amount(body, "goodsAmount")?,
            goods_extra_amount: optional_amount(body, "goodsExtraAmount")?,
            order_title: body.optional_text("orderTitle", LONGEST_TITLE)?,
            operator_id: body.optional_text("operatorId", LONGEST_NOTE)?,
            terminal_no: body.optional_text("terminalNo", LONGEST_NOTE)?,
            notify_url: body.optional_text("notifyUrl", LONGEST_URL)?,
            return_url: body.optional_text("returnUrl", LONGEST_URL)?,
        })
    }
}

/// A short text that has to be there.
fn required(body: &Object<'_>, name: &'static str) -> Result<String, FieldError> {
    let fail = |problem| FieldError {
        field: name,
        problem,
    };
    match body.get(name) {
        None => Err(fail(FieldProblem::Missing)),
        Some("null") => Err(fail(FieldProblem::Null)),
        Some(_) => body
            .optional_text(name, LONGEST_NAME)?
            .ok_or_else(|| fail(FieldProblem::Text(IdentifierError::Empty))),
    }
}

/// An amount that may be absent or `null`.
fn optional_amount(body: &Object<'_>, name: &'static str) -> Result<Option<Amount>, FieldError> {
    match body.get(name) {
        None | Some("null") => Ok(None),
        Some(_) => body.amount(name).map(Some),
    }
}

/// The body of the response, in the order of the table. On a failure `code`
/// and `msg` stand alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckoutResponse {
    /// Whether the call succeeded.
    pub code: Code,
    /// The same in words, at most 100 characters.
    pub msg: String,
    /// The gateway's number of the order.
    pub order_no: String,
    /// The merchant's number of it.
    pub partner_order_no: OrderNo,
    /// The page that the customer is sent to.
    pub pay_url: String,
}

impl CheckoutResponse {
    /// A success.
    pub fn created(order_no: String, partner_order_no: OrderNo, pay_url: String) -> Self {
        Self {
            code: Code::SUCCESS,
            msg: "success".to_owned(),
            order_no,
            partner_order_no,
            pay_url,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"storeNo":"1","partnerOrderNo":"o","wallet":"alipay","orderAmount":100,"currency":"JPY"}"#;

    #[test]
    fn what_is_required_is_asked_for_by_name_and_the_rest_may_be_absent() {
        let read = |body: &str| CheckoutRequest::read(&Object::parse(body).unwrap());
        let checkout = read(BODY).unwrap();
        assert_eq!(checkout.goods_amount, None);
        assert_eq!(serde_json::to_string(&checkout).unwrap(), BODY);
        for (field, changed) in [
            ("storeNo", BODY.replace("storeNo", "storeNumber")),
            ("wallet", BODY.replace("\"alipay\"", "\"\"")),
            ("wallet", BODY.replace("alipay", "alipay and more")),
            ("currency", BODY.replace("\"JPY\"", "null")),
            ("orderAmount", BODY.replace("100", "\"100\"")),
        ] {
            assert_eq!(read(&changed).unwrap_err().field, field, "{changed}");
        }
        let more = BODY.replace('}', r#","goodsAmount":"1"}"#);
        assert_eq!(read(&more).unwrap_err().field, "goodsAmount");
    }
}
