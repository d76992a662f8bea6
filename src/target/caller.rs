//! A partner that calls the gateway: it writes, signs and sends messages.

use std::sync::Arc;

use serde::Serialize;

use crate::protocol::envelope::{self, seal, seal_raw};
use crate::protocol::header::TimeField;
use crate::protocol::{
    Amount, Api, Direction, OrderNo, PartnerNo, Profile, QueryRequest, RefundNo, RefundRequest,
    RequestHeader, SignKey, StoreNo,
};

use super::clock::Clock;
use super::endpoint::Endpoint;
use super::exchange::Exchange;
use super::numbers::Numbers;
use super::schedule::Schedule;

/// A partner's number and its sign key.
#[derive(Debug, Clone)]
pub struct Partner {
    /// Who it is.
    pub number: PartnerNo,
    /// What it signs with.
    pub key: SignKey,
}

/// A partner, the gateway that it calls, and how it writes messages.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Where the gateway is.
    pub endpoint: Arc<Endpoint>,
    /// Who calls.
    pub partner: Partner,
    /// How the open points of the protocol are met.
    pub profile: Profile,
    /// The shop that payments and queries name.
    pub store: StoreNo,
    /// Where fresh numbers come from.
    pub numbers: Arc<Numbers>,
    /// What its messages say the time is.
    pub clock: Clock,
}

impl Caller {
    /// A header for a message that is made now.
    pub fn header(&self) -> RequestHeader {
        RequestHeader {
            partner_no: self.partner.number.clone(),
            message_id: self.numbers.message(),
            time: self.clock.now(),
            time_field: self.profile.time_field,
        }
    }

    /// The text of a request value with a fresh header around `body`, for
    /// callers that spell or break it before it is signed.
    pub fn value_text<B: Serialize>(&self, body: &B) -> String {
        envelope::value_text(&self.header(), body)
    }

    /// A signed envelope around `body`.
    pub fn sealed<B: Serialize>(&self, body: &B) -> Vec<u8> {
        let mut document = Vec::with_capacity(512);
        seal(
            Direction::Request,
            &self.header(),
            body,
            &self.partner.key,
            &mut document,
        );
        document
    }

    /// A signed envelope around the bytes of `value`, as they are.
    pub fn sealed_raw(&self, value: &[u8]) -> Vec<u8> {
        let mut document = Vec::with_capacity(128 + value.len());
        seal_raw(Direction::Request, value, &self.partner.key, &mut document);
        document
    }

    /// A refund's signed envelope.
    pub fn refund(&self, order: &OrderNo, refund: &RefundNo, amount: Amount) -> Vec<u8> {
        self.sealed(&RefundRequest::new(order.clone(), refund.clone(), amount))
    }

    /// A query's signed envelope.
    pub fn query(&self, order: &OrderNo) -> Vec<u8> {
        self.sealed(&QueryRequest::by_partner_order_no(
            Some(self.store.clone()),
            order.clone(),
        ))
    }

    /// POSTs `document` to a call of the API, on a connection of its own.
    pub async fn post(&self, api: Api, document: &[u8]) -> Exchange {
        self.endpoint
            .exchange(Schedule::whole(self.endpoint.post(api.path(), document)))
            .await
    }

    /// The URL of a call of the API.
    pub fn url(&self, api: Api) -> String {
        self.endpoint.url_of(api.path())
    }

    /// The same caller as one of many, with numbers of its own.
    #[must_use]
    pub fn for_lane(&self, lane: usize) -> Self {
        Self {
            numbers: Arc::new(self.numbers.for_lane(lane)),
            ..self.clone()
        }
    }

    /// The same caller for one part of the run, with numbers of that part's
    /// own. Each part has its name once.
    #[must_use]
    pub fn for_scope(&self, scope: &str) -> Self {
        Self {
            numbers: Arc::new(self.numbers.scoped(scope)),
            ..self.clone()
        }
    }

    /// The same caller with another clock.
    #[must_use]
    pub fn with_clock(&self, clock: Clock) -> Self {
        Self {
            clock,
            ..self.clone()
        }
    }

    /// The same caller as another partner.
    #[must_use]
    pub fn acting_as(&self, partner: Partner) -> Self {
        Self {
            partner,
            ..self.clone()
        }
    }

    /// The same caller with another name of the time of a request.
    #[must_use]
    pub fn with_time_field(&self, time_field: TimeField) -> Self {
        let mut caller = self.clone();
        caller.profile.time_field = time_field;
        caller
    }
}
