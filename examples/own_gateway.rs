//! How a gateway's team uses recoup in its own tests, without a network: a toy
//! gateway is called in the process. `cargo run --example own_gateway` shows it
//! a refund in many spellings, then malformed ones, then refunds that race for
//! one order, and has the record of them judged.
//!
//! The gateway reads and signs with code of its own, as yours does: what recoup
//! speaks is the other side.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Barrier, Mutex, PoisonError};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use recoup::audit::{Evidence, Money, Recorder, Reply, classify, judge};
use recoup::generate::mutate::{field, json, signature};
use recoup::generate::{Expected, Mutation, mutate, spellings};
use recoup::protocol::envelope::value_text;
use recoup::protocol::header::TimeField;
use recoup::protocol::{
    Amount, MessageId, OrderNo, PartnerNo, Profile, RefundNo, RefundRequest, RequestHeader,
    SignKey, Timestamp,
};
use recoup::verdict::AuditSummary;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

const PARTNER: &str = "10001";
const KEY: &str = "123456";

fn main() -> Result<(), Box<dyn Error>> {
    let valid = accepts_every_spelling(64)?;
    println!("accepted a refund in {valid} spellings");
    let malformed = refuses_what_is_malformed()?;
    println!("refused {malformed} malformed requests, and moved no money");
    let audit = race(&ToyGateway::new())?;
    println!(
        "{} refunds that raced: {:?}",
        audit.operations, audit.verdict
    );
    let audit = race(&ToyGateway::careless())?;
    println!("the same with a careless gateway: {:?}", audit.verdict);
    for violation in &audit.violations {
        println!("  {}: {}", violation.invariant, violation.message);
    }
    Ok(())
}

// What a team writes: its own handler, called with recoup's documents.

/// However a valid request is spelled, it is the same request.
fn accepts_every_spelling(count: usize) -> Result<usize, Box<dyn Error>> {
    let key = SignKey::new(KEY)?;
    let mut runner = TestRunner::deterministic();
    for number in 0..count {
        let gateway = ToyGateway::new();
        let spelling = spellings()
            .new_tree(&mut runner)
            .map_err(|reason| reason.message().to_owned())?
            .current();
        let value = serde_json::from_str(&refund("order", &format!("r{number}"), 100)?)?;
        let document = mutate::sealed(spelling.write(&value), &key);
        let evidence = shown(&gateway, &document)?;
        let text = String::from_utf8_lossy(&document);
        assert_eq!(evidence.money, Money::Yes, "{text}: {evidence:?}");
    }
    Ok(count)
}

/// What the protocol refuses is refused, and nothing is left to chance: each
/// document says itself what is wrong with it.
fn refuses_what_is_malformed() -> Result<usize, Box<dyn Error>> {
    let key = SignKey::new(KEY)?;
    let value = refund("order", "r", 100)?;
    let makers: [fn(&str, &SignKey) -> Vec<Mutation>; 14] = [
        signature::flipped_digits,
        signature::other_lengths,
        signature::no_signature,
        signature::other_keys,
        signature::other_constructions,
        signature::changed_after_signing,
        json::broken_syntax,
        json::broken_numbers,
        json::truncations,
        field::missing,
        field::wrong_type,
        field::too_long,
        field::amounts_not_positive,
        field::amounts_that_are_none,
    ];
    let mut refused = 0;
    for mutation in makers.iter().flat_map(|maker| maker(&value, &key)) {
        let gateway = ToyGateway::new();
        let evidence = shown(&gateway, &mutation.document)?;
        let took = gateway.refunded("order");
        match mutation.expected {
            Expected::Accepted => assert_eq!(took, 100, "a request with {}", mutation.label),
            Expected::Refused => {
                assert_eq!(took, 0, "a request with {}", mutation.label);
                assert_ne!(
                    evidence.money,
                    Money::Yes,
                    "a request with {}",
                    mutation.label
                );
                refused += 1;
            }
            // The protocol is silent.
            Expected::Open => {}
        }
    }
    Ok(refused)
}

/// Two refunds of 600 race for an order of 1,000: only one of them can be right.
fn race(gateway: &ToyGateway) -> Result<AuditSummary, Box<dyn Error>> {
    let key = SignKey::new(KEY)?;
    let profile = Profile::built_in();
    let recorder = Recorder::new(&profile, None);
    let order = OrderNo::new("order")?;
    recorder.order(&order, Amount::new(1_000), "JPY");
    let attempt = |number: &str| -> Result<(), String> {
        let text = refund("order", number, 600).map_err(|error| error.to_string())?;
        let document = mutate::sealed(text, &key);
        let number = RefundNo::new(number).map_err(|error| error.to_string())?;
        // Before the first byte leaves, and after the last one has come.
        let attempt = recorder.sent(&order, &number, Amount::new(600));
        let answer = gateway.handle(&document);
        let reply = Reply::Answered {
            http_status: 200,
            body: answer.as_bytes(),
        };
        recorder.answered(attempt, &classify(&reply, &key, &profile));
        Ok(())
    };
    std::thread::scope(|scope| {
        let racers = ["r1", "r2"].map(|number| scope.spawn(move || attempt(number)));
        racers
            .into_iter()
            .try_for_each(|racer| racer.join().expect("a racer does not panic"))
    })?;
    Ok(judge(&recorder.finish()?))
}

/// The text of a refund's request, to be signed.
fn refund(order: &str, number: &str, amount: i64) -> Result<String, Box<dyn Error>> {
    let header = RequestHeader {
        partner_no: PartnerNo::new(PARTNER)?,
        message_id: MessageId::new("m1")?,
        time: Timestamp::now(),
        time_field: TimeField::RequestTime,
    };
    let (order, number) = (OrderNo::new(order)?, RefundNo::new(number)?);
    let mut body = RefundRequest::new(order, number, Amount::new(amount));
    body.operator_id = Some("ana".to_owned());
    Ok(value_text(&header, &body))
}

/// What the gateway's answer to a document proves about money.
fn shown(gateway: &ToyGateway, document: &[u8]) -> Result<Evidence, Box<dyn Error>> {
    let answer = gateway.handle(document);
    let reply = Reply::Answered {
        http_status: 200,
        body: answer.as_bytes(),
    };
    Ok(classify(&reply, &SignKey::new(KEY)?, &Profile::built_in()))
}

// What stands for your gateway.

/// A gateway with one order, of 1,000.
struct ToyGateway {
    orders: Mutex<BTreeMap<String, Order>>,
    /// Where callers meet between the look at what is left and the taking of it:
    /// the mistake of a careless gateway, made to happen.
    between: Option<Barrier>,
}

struct Order {
    paid: i64,
    refunds: BTreeMap<String, i64>,
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    request: &'a RawValue,
    signature: String,
}

#[derive(Deserialize)]
struct Request {
    header: Header,
    body: Body,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    version: String,
    partner_no: String,
    req_msg_id: String,
    #[serde(alias = "reqTime")]
    request_time: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    partner_order_no: String,
    refund_no: String,
    order_amount: i64,
    operator_id: Option<String>,
    terminal_no: Option<String>,
}

impl ToyGateway {
    fn new() -> Self {
        let order = Order {
            paid: 1_000,
            refunds: BTreeMap::new(),
        };
        Self {
            orders: Mutex::new(BTreeMap::from([("order".to_owned(), order)])),
            between: None,
        }
    }

    fn careless() -> Self {
        Self {
            between: Some(Barrier::new(2)),
            ..Self::new()
        }
    }

    /// A document in, a signed document out.
    fn handle(&self, document: &[u8]) -> String {
        let code = self.refund(document);
        let body = match code {
            Ok(amount) => json!({
                "code": 1, "msg": "success", "orderAmount": amount, "status": 1, "currency": "JPY"
            }),
            Err(code) => json!({"code": code, "msg": "refused"}),
        };
        let header = json!({
            "version": "1.0", "partnerNo": PARTNER, "reqMsgId": "m1", "signType": "SHA256",
            "respTime": chrono::Utc::now().to_rfc3339(),
        });
        let response = json!({"header": header, "body": body}).to_string();
        let signature = sign(&response);
        format!("{{\"response\":{response},\"signature\":\"{signature}\"}}")
    }

    /// The amount refunded, or the code of the refusal.
    fn refund(&self, document: &[u8]) -> Result<i64, i64> {
        let document: Document<'_> = serde_json::from_slice(document).map_err(|_| 6)?;
        // The bytes on the wire are what is signed.
        if sign(document.request.get()) != document.signature {
            return Err(8);
        }
        let request: Request = serde_json::from_str(document.request.get()).map_err(|_| 5)?;
        let Request { header, body } = request;
        if !header.is_valid() || !body.is_valid() {
            return Err(5);
        }
        let amount = body.order_amount;
        let mut orders = self.orders();
        let left = orders.get(&body.partner_order_no).ok_or(30)?.left();
        if let Some(between) = &self.between {
            drop(orders);
            between.wait();
            orders = self.orders();
        }
        if amount > left {
            return Err(35);
        }
        let order = orders.get_mut(&body.partner_order_no).ok_or(30)?;
        if order.refunds.contains_key(&body.refund_no) {
            return Err(31);
        }
        order.refunds.insert(body.refund_no, amount);
        Ok(amount)
    }

    /// What was refunded of an order.
    fn refunded(&self, order: &str) -> i64 {
        self.orders()
            .get(order)
            .map_or(0, |order| order.refunds.values().sum())
    }

    fn orders(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Order>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Order {
    fn left(&self) -> i64 {
        self.paid - self.refunds.values().sum::<i64>()
    }
}

impl Header {
    fn is_valid(&self) -> bool {
        self.version == "1.0"
            && self.partner_no == PARTNER
            && self.req_msg_id.chars().count() <= 36
            && chrono::DateTime::parse_from_rfc3339(&self.request_time).is_ok()
    }
}

impl Body {
    fn is_valid(&self) -> bool {
        let note =
            |text: &Option<String>| text.as_ref().is_none_or(|text| text.chars().count() <= 20);
        (1..=32).contains(&self.refund_no.chars().count())
            && (1..=i64::from(i32::MAX)).contains(&self.order_amount)
            && note(&self.operator_id)
            && note(&self.terminal_no)
    }
}

fn sign(text: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(text);
    hash.update(KEY);
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use recoup::verdict::RunVerdict;

    use super::*;

    #[test]
    fn a_refund_is_accepted_in_every_spelling() {
        assert_eq!(accepts_every_spelling(256).unwrap(), 256);
    }

    #[test]
    fn nothing_malformed_moves_money() {
        assert!(refuses_what_is_malformed().unwrap() > 100);
    }

    #[test]
    fn refunds_that_race_are_never_more_than_was_paid() {
        let audit = race(&ToyGateway::new()).unwrap();
        assert_eq!(audit.verdict, RunVerdict::Pass, "{audit:?}");
        assert_eq!(audit.operations, 2);
    }

    #[test]
    fn a_gateway_that_checks_and_then_acts_is_caught() {
        let audit = race(&ToyGateway::careless()).unwrap();
        assert_eq!(audit.verdict, RunVerdict::Fail, "{audit:?}");
        assert_eq!(audit.violations[0].invariant, "I1");
    }
}
