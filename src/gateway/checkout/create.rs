//! The calls that create an order to be paid later.

use std::str::FromStr;

use super::money::is_currency;
use crate::gateway::answer::Body;
use crate::gateway::calls::Gateway;
use crate::gateway::order::{Checkout, Means, Payment};
use crate::gateway::partner::Partner;
use crate::gateway::refusal::Refusal;
use crate::gateway::web_url::WebUrl;
use crate::gateway::wire::too_small;
use crate::protocol::checkout::CheckoutResponse;
use crate::protocol::object::FieldProblem;
use crate::protocol::{CheckoutRequest, Code, FieldError, Object};

impl Gateway {
    /// Creates an order and its page, or finds both already made.
    pub(in crate::gateway) async fn create(
        &self,
        partner: &Partner,
        body: &Object<'_>,
    ) -> Result<Body, Refusal> {
        if self.deferred.is_none() {
            return Err(Refusal::of(Code::PAYMENT_TYPE_NOT_OPENED));
        }
        let asked = CheckoutRequest::read(body)?;
        if !asked.order_amount.is_positive() {
            return Err(too_small().into());
        }
        if !is_currency(&asked.currency) {
            let problem = FieldProblem::NotAllowed("a currency's code, as JPY");
            return Err(field("currency", problem).into());
        }
        let checkout = Checkout {
            key: fresh_key(),
            wallet: asked.wallet,
            title: asked.order_title,
            return_url: web_url("returnUrl", asked.return_url)?,
        };
        let payment = Payment {
            partner: partner.no.clone(),
            number: asked.partner_order_no,
            store: asked.store_no,
            means: Means::Page(Box::new(checkout)),
            amount: asked.order_amount,
            currency: asked.currency,
            paid_at: None,
            notify_url: web_url("notifyUrl", asked.notify_url)?,
        };
        let order = self.store.pay(payment).await??;
        let Means::Page(checkout) = order.means else {
            return Err(Refusal::of(Code::DUPLICATE));
        };
        let page = format!("{}/pay/{}", self.public_url, checkout.key);
        let created = CheckoutResponse::created(order.id.to_string(), order.number, page);
        Ok(Body::Created(created))
    }
}

/// 128 random bits in hexadecimal digits.
fn fresh_key() -> String {
    hex::encode(rand::random::<[u8; 16]>())
}

/// The URL in an optional member.
///
/// # Errors
/// [`FieldError`] where it is none that anything may be sent to.
pub(in crate::gateway) fn web_url(
    name: &'static str,
    text: Option<String>,
) -> Result<Option<WebUrl>, FieldError> {
    let read = |text: String| {
        WebUrl::from_str(&text)
            .map_err(|_| field(name, FieldProblem::NotAllowed("an http or https URL")))
    };
    text.map(read).transpose()
}

const fn field(field: &'static str, problem: FieldProblem) -> FieldError {
    FieldError { field, problem }
}
