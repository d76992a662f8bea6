//! What the rules about payments and queries work with.

use serde::Serialize;

use crate::protocol::query::OrderState;
use crate::protocol::{Amount, Api, Barcode, Code, OrderNo, PaymentRequest, QueryRequest};
use crate::target::Caller;

use super::expect::{is_undecided, undecided};
use super::probe::{Probe, Reply};
use super::rule::Stop;

/// An order as a signed answer shows it. What an answer does not name, or
/// names as another type, is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    /// The gateway's number of it.
    pub(super) order_no: Option<String>,
    /// The merchant's number of it.
    pub(super) partner_order_no: Option<String>,
    /// Its amount.
    pub(super) amount: Option<Amount>,
    /// Its status's number.
    pub(super) status: Option<i64>,
    /// Its currency.
    pub(super) currency: Option<String>,
}

impl Shown {
    /// Its state, where the status is a documented one.
    pub(super) fn state(&self) -> Option<OrderState> {
        self.status.and_then(OrderState::from_number)
    }
}

impl Probe {
    /// The barcode that pays.
    ///
    /// # Errors
    /// [`Stop::Skipped`] where orders come from a pool: then nobody said that
    /// this run may pay.
    pub(super) fn barcode(&self) -> Result<Barcode, Stop> {
        self.order_source().barcode().cloned().ok_or_else(|| {
            Stop::Skipped(
                "orders come from a file, so that nothing is paid here (see --orders)".to_owned(),
            )
        })
    }

    /// A payment of this amount under a fresh number.
    pub(super) fn payment(&self, barcode: Barcode, amount: i64) -> PaymentRequest {
        let caller = self.caller();
        PaymentRequest::new(
            caller.store.clone(),
            caller.numbers.order(),
            barcode,
            Amount::new(amount),
        )
    }

    /// Sends a body to a call of the API, well signed.
    pub(super) async fn call<B: Serialize + Sync>(
        &mut self,
        api: Api,
        label: impl Into<String>,
        body: &B,
    ) -> Reply {
        let caller = self.caller().clone();
        self.send_as(&caller, api, label, &caller.sealed(body))
            .await
    }

    /// Asks for an order by the merchant's number.
    pub(super) async fn query(&mut self, order: &OrderNo) -> Reply {
        let caller = self.caller().clone();
        self.query_as(&caller, order).await
    }

    /// The same as some partner.
    pub(super) async fn query_as(&mut self, caller: &Caller, order: &OrderNo) -> Reply {
        let document = caller.query(order);
        self.send_as(caller, Api::Query, format!("query {order}"), &document)
            .await
    }

    /// Asks by the gateway's number, and by the merchant's where that is given
    /// as well.
    pub(super) async fn query_by_gateway_number(
        &mut self,
        caller: &Caller,
        order_no: &OrderNo,
        partner_order_no: Option<&OrderNo>,
    ) -> Reply {
        let request = QueryRequest {
            store_no: Some(caller.store.clone()),
            partner_order_no: partner_order_no.cloned(),
            order_no: Some(order_no.clone()),
        };
        let label = match partner_order_no {
            None => format!("query by the gateway's number {order_no}"),
            Some(number) => {
                format!("query by the gateway's number {order_no} and the partner's {number}")
            }
        };
        self.send_as(caller, Api::Query, label, &caller.sealed(&request))
            .await
    }

    /// The order that an answer shows: it is signed, and says success.
    ///
    /// # Errors
    /// A [`Stop`] that says what came instead.
    pub(super) fn expect_shown(&self, reply: &Reply) -> Result<Shown, Stop> {
        let answer = match reply.code() {
            Some(Code::SUCCESS) => reply.answer(),
            _ if is_undecided(reply) => return Err(undecided(reply)),
            _ => None,
        };
        let answer = answer.ok_or_else(|| {
            Stop::failed(
                format!(
                    "{}: expected an order, got {}",
                    reply.label,
                    reply.summary()
                ),
                reply,
            )
        })?;
        Ok(Shown {
            order_no: answer.order_no.value().map(ToString::to_string),
            partner_order_no: answer.partner_order_no.value().map(ToString::to_string),
            amount: answer.order_amount.value().copied(),
            status: answer.status.value().copied(),
            currency: answer.currency.value().map(ToString::to_string),
        })
    }

    /// The gateway's number of an order.
    ///
    /// # Errors
    /// A [`Stop`] where a query does not tell it.
    pub(super) async fn gateway_number(&mut self, order: &OrderNo) -> Result<OrderNo, Stop> {
        let reply = self.query(order).await;
        // No source makes a gateway have this call.
        if matches!(reply.exchange.status(), Some(404 | 405 | 501)) && reply.code().is_none() {
            return Err(Stop::Skipped("the gateway has no query call".to_owned()));
        }
        let shown = self.expect_shown(&reply)?;
        shown
            .order_no
            .and_then(|number| OrderNo::new(number).ok())
            .ok_or_else(|| {
                Stop::failed(
                    format!(
                        "{}: the answer has no orderNo of 32 characters",
                        reply.label
                    ),
                    &reply,
                )
            })
    }
}
