//! Are payments and queries what a refund is built on: an order that is paid
//! once, and shown to its owner as it is?

use std::time::Duration;

use crate::conformance::probe::{Probe, Reply};
use crate::conformance::probe_orders::Shown;
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::generate::mutate::{sealed, signature};
use crate::generate::{Draft, Part};
use crate::protocol::query::OrderState;
use crate::protocol::{Api, OrderNo, PaymentRequest, QueryRequest, RefundStatus};
use crate::target::PaidOrder;
use crate::verdict::Level;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "orders.payment",
        title: "A payment by barcode is answered with the order, paid.",
        explanation: "Once plain and once with title, operator and terminal: orderNo, the partner's number and the amount that were asked for, status 1 and a currency.",
        clauses: &["pay.barcode", "query.response"],
        level: Level::Should,
        catches: &["payment-unpaid-status"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(payment(probe)),
    },
    Rule {
        id: "orders.payment-as-refund",
        title: "A document that was signed for one call has no effect at another.",
        explanation: "A payment's and a query's document sent to the refund call, and a refund's to the payment and the query: the signature does not name the call, so what is missing must be missed.",
        clauses: &["refund.refund-no", "transport.paths"],
        level: Level::Must,
        catches: &["missing-invented"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(payment_as_refund(probe)),
    },
    Rule {
        id: "orders.payment-incomplete",
        title: "A payment without shop, number, barcode or amount, or with one that is none, is refused.",
        explanation: "Each member missing, empty and too long, and amounts of zero, less and a fraction; after each the order is asked for, and is not there.",
        clauses: &["pay.store-no", "pay.barcode"],
        level: Level::Should,
        catches: &["store-unchecked"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(payment_incomplete(probe)),
    },
    Rule {
        id: "orders.query-both-numbers",
        title: "A query finds an order by either number; where both stand, orderNo decides.",
        explanation: "Two orders, asked for by the gateway's number of the one alone, and together with the partner's number of the other.",
        clauses: &["query.order-numbers"],
        level: Level::Should,
        catches: &["query-prefers-partner-number"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(query_both_numbers(probe)),
    },
    Rule {
        id: "orders.query-foreign",
        title: "A partner can't see another partner's order.",
        explanation: "The second partner asks for an order of the first, by either number; it is told what it is told of an order that nobody has.",
        clauses: &["refund.partner-isolation"],
        level: Level::Must,
        catches: &["query-of-foreign-order"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(query_foreign(probe)),
    },
    Rule {
        id: "orders.query-forged",
        title: "A query whose signature does not hold shows no order.",
        explanation: "Digits of the signature changed, and none at all.",
        clauses: &["signature.definition"],
        level: Level::Must,
        catches: &["signature-unchecked"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(query_forged(probe)),
    },
    Rule {
        id: "orders.query-no-number",
        title: "A query that names no order is refused.",
        explanation: "Neither number, both empty, both null.",
        clauses: &["query.order-numbers"],
        level: Level::Should,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(query_no_number(probe)),
    },
    Rule {
        id: "orders.query-status",
        title: "A query shows status 0 before payment, 1 after it, and 3 when all is refunded.",
        explanation: "The numbers and the amount are the order's at each step. Where no barcode leaves an order unpaid that step is left out. What is shown after a part was refunded is not judged.",
        clauses: &["query.status", "query.response"],
        level: Level::Should,
        catches: &["query-status-stuck"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(query_status(probe)),
    },
    Rule {
        id: "orders.query-unknown",
        title: "A query of an order that nobody has is refused.",
        explanation: "Code 30 would say why.",
        clauses: &["query.order-numbers", "codes.list"],
        level: Level::Should,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(query_unknown(probe)),
    },
];

async fn payment(probe: &mut Probe) -> Result<(), Stop> {
    let barcode = probe.barcode()?;
    let plain = probe.payment(barcode.clone(), 1_000);
    let titled = PaymentRequest {
        order_title: Some("two teas".to_owned()),
        operator_id: Some("7".to_owned()),
        terminal_no: Some("8".to_owned()),
        ..probe.payment(barcode, 1_000)
    };
    for (what, request) in [("", plain), (" with every text", titled)] {
        let label = format!("pay 1000 as {}{what}", request.partner_order_no);
        let reply = probe.call(Api::Pay, label, &request).await;
        let shown = probe.expect_shown(&reply)?;
        expect_order(&reply, &shown, &request.partner_order_no, 1_000)?;
        expect_state(&reply, &shown, OrderState::Paid)?;
    }
    Ok(())
}

/// The answer shows this order: its numbers, its amount and a currency.
fn expect_order(reply: &Reply, shown: &Shown, number: &OrderNo, amount: i64) -> Result<(), Stop> {
    let wrong: Vec<&str> = [
        (
            "orderNo",
            shown.order_no.as_ref().is_some_and(|text| !text.is_empty()),
        ),
        (
            "partnerOrderNo",
            shown.partner_order_no.as_deref() == Some(number.as_str()),
        ),
        (
            "orderAmount",
            shown
                .amount
                .is_some_and(|shown| shown.minor_units() == amount),
        ),
        (
            "currency",
            shown
                .currency
                .as_ref()
                .is_some_and(|text| (1..=5).contains(&text.chars().count())),
        ),
    ]
    .into_iter()
    .filter(|(_, holds)| !holds)
    .map(|(name, _)| name)
    .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Stop::failed(
        format!(
            "{}: missing in the answer, or not the order's: {}",
            reply.label,
            wrong.join(", ")
        ),
        reply,
    ))
}

fn expect_state(reply: &Reply, shown: &Shown, state: OrderState) -> Result<(), Stop> {
    if shown.state() == Some(state) {
        return Ok(());
    }
    let said = shown.status.map_or_else(
        || "no status".to_owned(),
        |status| format!("status {status}"),
    );
    Err(Stop::failed(
        format!(
            "{}: expected status {}, got {said}",
            reply.label,
            state.number()
        ),
        reply,
    ))
}

async fn payment_incomplete(probe: &mut Probe) -> Result<(), Stop> {
    let barcode = probe.barcode()?;
    let mut cases: Vec<(String, &str, Option<String>)> = Vec::new();
    for name in ["storeNo", "partnerOrderNo", "barcode", "orderAmount"] {
        cases.push((format!("no {name}"), name, None));
        cases.push((format!("null for {name}"), name, Some("null".to_owned())));
        cases.push((format!("an empty {name}"), name, Some("\"\"".to_owned())));
    }
    for (name, limit) in [("storeNo", 15), ("partnerOrderNo", 32), ("barcode", 20)] {
        let token = format!("\"{}\"", "7".repeat(limit + 1));
        cases.push((
            format!("{name} of {} characters", limit + 1),
            name,
            Some(token),
        ));
    }
    for token in ["0", "-1", "0.5", "true"] {
        cases.push((
            format!("the amount {token}"),
            "orderAmount",
            Some(token.to_owned()),
        ));
    }
    for (label, name, token) in cases {
        let request = probe.payment(barcode.clone(), 1_000);
        let draft = Draft::of(&probe.caller().value_text(&request)).expect("the value is valid");
        let text = match token {
            None => draft.without(Part::Body, name),
            Some(token) => draft.with(Part::Body, name, token),
        }
        .text();
        let document = sealed(text, &probe.caller().partner.key);
        let reply = send(
            probe,
            Api::Pay,
            format!("a payment with {label}"),
            &document,
        )
        .await;
        probe.expect_refused(&reply, &[4, 5])?;
        let after = probe.query(&request.partner_order_no).await;
        probe.expect_refused(&after, &[30])?;
    }
    Ok(())
}

async fn send(probe: &mut Probe, api: Api, label: String, document: &[u8]) -> Reply {
    let caller = probe.caller().clone();
    probe.send_as(&caller, api, label, document).await
}

async fn payment_as_refund(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let caller = probe.caller().clone();
    // Whatever the barcode, this is never sent to where payments are made.
    let mut payment = Draft::of(&probe.value(&order.number, 100)).expect("the value is valid");
    for (name, token) in [
        ("storeNo", format!("\"{}\"", caller.store)),
        ("barcode", "\"2800000000000000000\"".to_owned()),
    ] {
        payment = payment.with(Part::Body, name, token);
    }
    let payment = sealed(
        payment.without(Part::Body, "refundNo").text(),
        &caller.partner.key,
    );
    for (label, document) in [
        ("a payment's document", payment),
        ("a query's document", caller.query(&order.number)),
    ] {
        let label = format!("{label} at the refund call");
        let reply = send(probe, Api::Refund, label, &document).await;
        probe.expect_turned_away(&reply, &[4, 5])?;
    }
    let refund = caller.sealed_raw(probe.value(&order.number, 100).as_bytes());
    // What the payment call makes of a refund's document is not the refund
    // page's to say, as long as nothing is refunded.
    let label = "a refund's document at the payment call".to_owned();
    let _ = send(probe, Api::Pay, label, &refund).await;
    // A query's body is within a refund's, so an answer with the order is as
    // good as a refusal, as long as nothing is refunded.
    let label = "a refund's document at the query call".to_owned();
    let _ = send(probe, Api::Query, label, &refund).await;
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units())
        .await
}

async fn query_both_numbers(probe: &mut Probe) -> Result<(), Stop> {
    let (one, other) = (probe.paid(300).await?, probe.paid(400).await?);
    let caller = probe.caller().clone();
    let id = probe.gateway_number(&one.number).await?;
    for beside in [None, Some(&one.number), Some(&other.number)] {
        let reply = probe.query_by_gateway_number(&caller, &id, beside).await;
        let shown = probe.expect_shown(&reply)?;
        expect_order(&reply, &shown, &one.number, one.paid.minor_units())?;
    }
    Ok(())
}

async fn query_foreign(probe: &mut Probe) -> Result<(), Stop> {
    let stranger = probe.other_caller()?;
    let order = probe.paid(300).await?;
    let id = probe.gateway_number(&order.number).await?;
    let nobody = probe.caller().numbers.order();
    let unknown = probe.query_as(&stranger, &nobody).await;
    let by_number = probe.query_as(&stranger, &order.number).await;
    let by_id = probe.query_by_gateway_number(&stranger, &id, None).await;
    for reply in [&by_number, &by_id] {
        probe.expect_refused(reply, &[30])?;
        if let (Some(code), Some(other)) = (reply.code(), unknown.code())
            && code != other
        {
            probe.remark(format!(
                "a query of another partner's order is answered with code {code}, and one of an order that nobody has with {other}: that tells which orders there are"
            ));
        }
    }
    Ok(())
}

async fn query_forged(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(300).await?;
    let caller = probe.caller().clone();
    let request =
        QueryRequest::by_partner_order_no(Some(caller.store.clone()), order.number.clone());
    let value = caller.value_text(&request);
    let key = &caller.partner.key;
    let digits = signature::flipped_digits(&value, key)
        .into_iter()
        .step_by(21);
    for mutation in digits.chain(signature::no_signature(&value, key)) {
        let label = format!("a query with {}", mutation.label);
        let reply = send(probe, Api::Query, label, &mutation.document).await;
        probe.expect_refused(&reply, mutation.fitting_codes)?;
    }
    Ok(())
}

async fn query_no_number(probe: &mut Probe) -> Result<(), Stop> {
    let caller = probe.caller().clone();
    for token in [None, Some("\"\""), Some("null")] {
        let request = QueryRequest {
            store_no: Some(caller.store.clone()),
            partner_order_no: None,
            order_no: None,
        };
        let mut draft = Draft::of(&caller.value_text(&request)).expect("the value is valid");
        if let Some(token) = token {
            draft =
                draft
                    .with(Part::Body, "partnerOrderNo", token)
                    .with(Part::Body, "orderNo", token);
        }
        let document = sealed(draft.text(), &caller.partner.key);
        let label = match token {
            None => "a query without a number".to_owned(),
            Some(token) => format!("a query whose numbers are {token}"),
        };
        let reply = send(probe, Api::Query, label, &document).await;
        probe.expect_refused(&reply, &[7, 4, 5])?;
    }
    Ok(())
}

async fn query_unknown(probe: &mut Probe) -> Result<(), Stop> {
    let caller = probe.caller().clone();
    let nobody = caller.numbers.order();
    let reply = probe.query(&nobody).await;
    probe.expect_refused(&reply, &[30])?;
    let reply = probe.query_by_gateway_number(&caller, &nobody, None).await;
    probe.expect_refused(&reply, &[30, 5])
}

async fn query_status(probe: &mut Probe) -> Result<(), Stop> {
    match probe.unpaid(500).await {
        Ok(number) => {
            let reply = probe.query(&number).await;
            let shown = probe.expect_shown(&reply)?;
            expect_order(&reply, &shown, &number, 500)?;
            expect_state(&reply, &shown, OrderState::ToBePaid)?;
        }
        // The other steps can be tried all the same.
        Err(Stop::Skipped(_)) => {}
        Err(other) => return Err(other),
    }
    let order = probe.paid(500).await?;
    let paid = order.paid.minor_units();
    let reply = probe.query(&order.number).await;
    let shown = probe.expect_shown(&reply)?;
    expect_order(&reply, &shown, &order.number, paid)?;
    expect_state(&reply, &shown, OrderState::Paid)?;
    let refund = probe.refund(&order.number, paid).await;
    probe.expect_accepted(&refund)?;
    refunded(probe, &order, &refund).await
}

/// Asks until the order is shown as refunded, for as long as a gateway that
/// settles later may need.
async fn refunded(probe: &mut Probe, order: &PaidOrder, refund: &Reply) -> Result<(), Stop> {
    const ATTEMPTS: u32 = 10;
    let is_dealing = refund.evidence.status == Some(RefundStatus::Dealing.number());
    let mut attempt = 1;
    loop {
        let reply = probe.query(&order.number).await;
        let shown = probe.expect_shown(&reply)?;
        expect_order(&reply, &shown, &order.number, order.paid.minor_units())?;
        match expect_state(&reply, &shown, OrderState::Refunded) {
            Err(_) if attempt < ATTEMPTS => {}
            Err(_) if is_dealing => {
                return Err(Stop::Inconclusive(format!(
                    "{}: the refund is still being dealt with (status 0), so that it can't be told what a query shows afterwards",
                    reply.label
                )));
            }
            verdict => return verdict,
        }
        tokio::time::sleep(Duration::from_millis(40) * attempt).await;
        attempt += 1;
    }
}
