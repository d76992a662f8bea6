//! The calls of the API: from a document to what there is to answer.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::answer::{Answer, Body};
use super::checkout::web_url;
use super::intake;
use super::order::{Means, Order, OrderId, OrderName, Payment, Receipt, Refund};
use super::partner::{Partner, Partners};
use super::refusal::Refusal;
use super::settings::{DealingSettings, Limits, NotificationSettings};
use super::store::{Deferred, Store};
use super::variant::availability::Hiccups;
use super::variant::{Variant, Variants, requests};
use super::wire::Wire;
use crate::protocol::query::{OrderResponse, OrderView};
use crate::protocol::refund::RefundResponse;
use crate::protocol::{
    Amount, Api, Code, Object, PaymentRequest, QueryRequest, RefundStatus, Timestamp,
};

/// A barcode that starts like this leaves its order to be paid.
const UNPAID_BARCODE: &str = "99";
/// What an order is paid with that has no page.
const WALLET: &str = "reference";

/// A gateway: what its calls need.
pub(super) struct Gateway {
    /// Who is served.
    pub(super) partners: Partners,
    /// Where orders and refunds are kept.
    pub(super) store: Arc<dyn Store>,
    /// What of that happens later; `None` where the store has nothing of it.
    pub(super) deferred: Option<Arc<dyn Deferred>>,
    /// How refunds are settled later; `None` where they are done at once.
    pub(super) dealing: Option<DealingSettings>,
    /// How merchants are told of payments.
    pub(super) notification: NotificationSettings,
    /// Says that there may be a notification to send.
    pub(super) news: Notify,
    /// What the links to its pages begin with.
    pub(super) public_url: String,
    /// How it deals with the wire.
    pub(super) wire: Box<dyn Wire>,
    /// In what it differs from the default dialect.
    pub(super) variants: Variants,
    /// Which calls it does not answer.
    pub(super) hiccups: Hiccups,
    /// What one caller may cost.
    pub(super) limits: Limits,
    /// How long each answer waits.
    pub(super) delay: Duration,
    /// The currency of every payment.
    pub(super) currency: String,
}

impl Gateway {
    /// The answer to a document that was sent to `api`.
    pub(super) async fn answer(&self, api: Api, document: &[u8]) -> Answer<'_> {
        let read = requests::as_read(&self.variants, document);
        match intake::take(&read, &self.partners) {
            Ok(message) => {
                let known = requests::check_members(&self.variants, api, document);
                let called = match (known, api) {
                    (Err(refusal), _) => Err(refusal),
                    (Ok(()), Api::Pay) => self.pay(message.partner, &message.body).await,
                    (Ok(()), Api::Qrcode | Api::Create | Api::CreateOnline) => {
                        self.create(message.partner, &message.body).await
                    }
                    (Ok(()), Api::Query) => self.query(message.partner, &message.body).await,
                    (Ok(()), Api::Refund) => self.refund(message.partner, &message.body).await,
                };
                Answer {
                    partner: Some(message.partner),
                    body: called.unwrap_or_else(|refusal| self.refusal_of(api, refusal)),
                }
            }
            Err(refused) => match refused.partner {
                None => self.refuse(refused.refusal, document),
                partner => Answer {
                    partner,
                    body: self.refusal_of(api, refused.refusal),
                },
            },
        }
    }

    /// The body of a refusal: code and message alone, whatever was asked for,
    /// or all members of a refund.
    fn refusal_of(&self, api: Api, refusal: Refusal) -> Body {
        if api == Api::Refund && self.variants.has(Variant::FailureWithMembers) {
            return Body::Refund(RefundResponse {
                order_amount: Some(Amount::ZERO),
                status: Some(RefundStatus::Failed.number()),
                currency: Some(self.currency.clone()),
                ..RefundResponse::failure(refusal.code, refusal.msg)
            });
        }
        refusal.into()
    }

    /// A refusal of a document that names nobody for certain.
    pub(super) fn refuse(&self, refusal: Refusal, document: &[u8]) -> Answer<'_> {
        Answer {
            partner: self.partners.mentioned_in(document),
            body: refusal.into(),
        }
    }

    /// The signed document of an answer.
    pub(super) fn write(&self, answer: &Answer<'_>) -> Vec<u8> {
        answer.write(&self.partners, &self.variants)
    }

    /// The signed document that tells `partner` of what it did not ask for.
    pub(super) fn sealed_for(&self, partner: &Partner, body: Body) -> Vec<u8> {
        self.write(&Answer {
            partner: Some(partner),
            body,
        })
    }

    async fn refund(&self, partner: &Partner, body: &Object<'_>) -> Result<Body, Refusal> {
        let asked = self.wire.read_refund(body)?;
        let refund = Refund {
            partner: partner.no.clone(),
            order: asked.partner_order_no,
            settlement: self
                .dealing
                .map(|dealing| dealing.settlement(&asked.refund_no)),
            number: asked.refund_no,
            amount: asked.order_amount,
        };
        let receipt = self.store.refund(refund).await??;
        if receipt.repeated && self.variants.has(Variant::RefuseDuplicates) {
            return Err(Refusal::of(Code::DUPLICATE));
        }
        if receipt.repeated && receipt.status == RefundStatus::Failed {
            return Ok(failed_later(receipt));
        }
        Ok(Body::Refund(RefundResponse::accepted(
            receipt.amount,
            receipt.status,
            receipt.currency,
        )))
    }

    async fn pay(&self, partner: &Partner, body: &Object<'_>) -> Result<Body, Refusal> {
        let asked = PaymentRequest::read(body)?;
        if !asked.order_amount.is_positive() {
            return Err(super::wire::too_small().into());
        }
        let paid_later = asked.barcode.as_str().starts_with(UNPAID_BARCODE);
        let payment = Payment {
            partner: partner.no.clone(),
            number: asked.partner_order_no,
            store: asked.store_no,
            means: Means::Barcode(asked.barcode),
            amount: asked.order_amount,
            currency: self.currency.clone(),
            paid_at: (!paid_later).then(Timestamp::now),
            notify_url: web_url("notifyUrl", asked.notify_url)?,
        };
        let order = self.store.pay(payment).await??;
        if order.notify_url.is_some() {
            self.news.notify_one();
        }
        Ok(show(order))
    }

    async fn query(&self, partner: &Partner, body: &Object<'_>) -> Result<Body, Refusal> {
        let asked = QueryRequest::read(body)?;
        let name = match (asked.order_no, asked.partner_order_no) {
            (Some(id), _) => OrderId::parse(id.as_str())
                .map(OrderName::Id)
                .ok_or_else(|| Refusal::of(Code::ORDER_UNKNOWN))?,
            (None, Some(number)) => OrderName::Number(number),
            (None, None) => return Err(Refusal::of(Code::ORDER_NUMBERS_EMPTY)),
        };
        match self.store.find(partner.no.clone(), name).await? {
            Some(order) => Ok(show(order)),
            None => Err(Refusal::of(Code::ORDER_UNKNOWN)),
        }
    }
}

/// The answer to who asks again for a refund that was accepted and then failed.
fn failed_later(receipt: Receipt) -> Body {
    Body::Refund(RefundResponse {
        order_amount: Some(receipt.amount),
        status: Some(receipt.status.number()),
        currency: Some(receipt.currency),
        ..RefundResponse::failure(Code::FAILURE, "the refund failed, its amount is released")
    })
}

/// An order as a query, a payment and a notification show it.
pub(super) fn show(order: Order) -> Body {
    let wallet = match &order.means {
        Means::Barcode(_) => WALLET,
        Means::Page(checkout) => &checkout.wallet,
    };
    Body::Order(OrderResponse::success(OrderView {
        wallet: wallet.to_owned(),
        order_no: order.id.to_string(),
        status: order.state().number(),
        partner_order_no: order.number,
        order_amount: order.amount,
        pay_time: order.paid_at.map(|time| time.to_string()),
        currency: order.currency,
    }))
}
