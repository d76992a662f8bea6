//! Orders that are paid through the API, `/api/offline/pay`.

use std::time::Duration;

use crate::protocol::query::OrderState;
use crate::protocol::{
    Amount, Answer, Api, Barcode, Code, Direction, Effect, Envelope, OrderNo, PaymentRequest,
};

use super::source::{OrderError, PaidOrder};
use crate::target::caller::Caller;
use crate::target::exchange::{Ending, Exchange};

/// Pays for orders with a test barcode.
#[derive(Debug, Clone)]
pub struct PayingOrders {
    /// The barcode that pays at once.
    pub barcode: Barcode,
    /// A barcode that leaves the order to be paid, where there is one.
    pub unpaid_barcode: Option<Barcode>,
}

impl PayingOrders {
    pub(super) async fn paid(
        &self,
        caller: &Caller,
        amount: Amount,
    ) -> Result<PaidOrder, OrderError> {
        let (number, exchange) = self.pay(caller, &self.barcode, amount).await;
        match Seen::of(&exchange, caller) {
            Ok(Seen {
                status: Some(OrderState::Paid),
                currency,
            }) => Ok(PaidOrder {
                number,
                paid: amount,
                currency,
            }),
            Ok(Seen { status, .. }) => Err(refused(
                caller,
                &exchange,
                format!(
                    "the gateway answers status {} for the barcode {} (give one that pays at once with --barcode)",
                    status.map_or_else(
                        || "unknown".to_owned(),
                        |status| status.number().to_string()
                    ),
                    self.barcode
                ),
            )),
            Err(reason) => Err(refused(caller, &exchange, reason)),
        }
    }

    pub(super) async fn unpaid(
        &self,
        caller: &Caller,
        amount: Amount,
    ) -> Result<Option<OrderNo>, OrderError> {
        let Some(barcode) = &self.unpaid_barcode else {
            return Ok(None);
        };
        let (number, exchange) = self.pay(caller, barcode, amount).await;
        match Seen::of(&exchange, caller) {
            Ok(Seen {
                status: Some(OrderState::ToBePaid),
                ..
            }) => Ok(Some(number)),
            Ok(_) => Err(refused(
                caller,
                &exchange,
                format!(
                    "the barcode {barcode} did not leave the order to be paid (give one that does with --unpaid-barcode)"
                ),
            )),
            Err(reason) => Err(refused(caller, &exchange, reason)),
        }
    }

    /// Pays, again with the same number where the gateway is busy: one hiccup
    /// must not cost a run its orders. Where it then says that it knows the
    /// number, the attempt before was heard after all, and its answer lost: that
    /// order is left alone, and another one paid.
    async fn pay(&self, caller: &Caller, barcode: &Barcode, amount: Amount) -> (OrderNo, Exchange) {
        const ATTEMPTS: u32 = 5;
        let mut number = caller.numbers.order();
        let mut attempt = 1;
        loop {
            let exchange = self.pay_once(caller, &number, barcode, amount).await;
            let is_known = attempt > 1 && code_of(&exchange) == Some(Code::DUPLICATE);
            if attempt == ATTEMPTS || !(is_known || is_busy(&exchange)) {
                return (number, exchange);
            }
            if is_known {
                number = caller.numbers.order();
            }
            tokio::time::sleep(Duration::from_millis(25) * (1 << attempt)).await;
            attempt += 1;
        }
    }

    async fn pay_once(
        &self,
        caller: &Caller,
        number: &OrderNo,
        barcode: &Barcode,
        amount: Amount,
    ) -> Exchange {
        let request = PaymentRequest::new(
            caller.store.clone(),
            number.clone(),
            barcode.clone(),
            amount,
        );
        caller.post(Api::Pay, &caller.sealed(&request)).await
    }
}

/// Whether an answer says that the gateway could not answer now.
fn is_busy(exchange: &Exchange) -> bool {
    if exchange.body().is_none() {
        return !matches!(exchange.ending, Ending::TimedOut(_));
    }
    match exchange.status() {
        Some(429 | 500..) => true,
        _ => code_of(exchange)
            .is_some_and(|code| code.meaning().is_some() && code.effect() == Effect::Unknown),
    }
}

/// The code that an answer claims.
fn code_of(exchange: &Exchange) -> Option<Code> {
    let envelope = Envelope::parse(exchange.body()?, Direction::Response).ok()?;
    Answer::read(envelope.raw).ok()?.code.value().copied()
}

/// What a payment's answer says, once its signature holds.
struct Seen {
    status: Option<OrderState>,
    currency: Option<String>,
}

impl Seen {
    fn of(exchange: &Exchange, caller: &Caller) -> Result<Self, String> {
        let body = exchange
            .body()
            .ok_or_else(|| format!("there was no answer, {}", exchange.ending))?;
        let envelope = Envelope::parse(body, Direction::Response)
            .map_err(|error| format!("the answer is no signed response: {error}"))?;
        envelope
            .verify(&caller.partner.key)
            .map_err(|error| format!("the answer is not authentic: {error}"))?;
        let answer = Answer::read(envelope.raw).map_err(|error| error.to_string())?;
        match answer.code.value() {
            Some(&Code::SUCCESS) => Ok(Self {
                status: answer
                    .status
                    .value()
                    .and_then(|number| OrderState::from_number(*number)),
                currency: answer.currency.value().map(|text| text.to_string()),
            }),
            Some(code) => Err(format!(
                "the gateway answers code {code}{}",
                answer
                    .msg
                    .value()
                    .map_or_else(String::new, |msg| format!(", {msg:?}"))
            )),
            None => Err("the answer has no code".to_owned()),
        }
    }
}

fn refused(caller: &Caller, exchange: &Exchange, reason: String) -> OrderError {
    OrderError::Refused {
        reason,
        evidence: Box::new(exchange.evidence("pay for an order", caller.url(Api::Pay))),
    }
}
