//! Forgeries that need more than a document: a valid request before them,
//! several to compare, a header, or a great length.

use super::super::transport::{post_of, sent_until_heard};
use crate::audit::Money;
use crate::conformance::probe::{Probe, Reply};
use crate::conformance::rule::Stop;
use crate::generate::mutate::{forge, sealed, signature as mutate};
use crate::protocol::signature::sign;
use crate::protocol::{Amount, Code, OrderNo, RefundNo, Signature};
use crate::target::Schedule;

pub(super) async fn after_a_valid_one(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let earlier = probe.value(&order.number, 100);
    let document = sealed(&earlier, &probe.caller().partner.key);
    let accepted = probe.send("a valid refund of 100", &document).await;
    probe.expect_accepted(&accepted)?;
    let forgeries = probe.fresh_mutations(&order.number, 150, |value, key| {
        mutate::after_a_valid_one(value, &earlier, key)
    });
    for mutation in forgeries {
        let label = format!("a request with {}", mutation.label);
        let reply = probe.send(label, &mutation.document).await;
        probe.expect_refused(&reply, mutation.fitting_codes)?;
    }
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units() - 100)
        .await
}

pub(super) async fn before_content(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let taken = probe.refund_number();
    let accepted = probe.refund_numbered(&order.number, &taken, 100).await;
    probe.expect_accepted(&accepted)?;
    let unknown = probe.caller().numbers.order();
    let fresh = probe.refund_number();
    let mut seen: Vec<(Reply, Code)> = Vec::new();
    for (what, order, refund, amount) in [
        ("of an order", &order.number, &fresh, 100),
        ("of an unknown order", &unknown, &fresh, 100),
        ("of more than was paid", &order.number, &fresh, 5_000),
        ("under a number that is taken", &order.number, &taken, 100),
        (
            "under a taken number, of another amount",
            &order.number,
            &taken,
            101,
        ),
    ] {
        let document = forged(probe, order, refund, amount);
        let reply = probe
            .send(format!("a forged refund {what}"), &document)
            .await;
        probe.expect_refused(&reply, &[8])?;
        if let Some(code) = reply.code() {
            seen.push((reply, code));
        }
    }
    // What only somebody with the key may learn.
    if let Some((reply, code)) = seen.iter().find(|(_, code)| matches!(code.0, 30..=35)) {
        return Err(Stop::failed(
            format!(
                "{}: it is told code {code}, which is about the order",
                reply.label
            ),
            reply,
        ));
    }
    match seen.split_first() {
        Some(((_, first), others)) => match others.iter().find(|(_, code)| code != first) {
            Some((reply, code)) => Err(Stop::failed(
                format!("{}: it is told {code}, and others {first}", reply.label),
                reply,
            )),
            None => {
                probe
                    .confirm_nothing_else_moved(&order, order.paid.minor_units() - 100)
                    .await
            }
        },
        None => Err(Stop::Inconclusive(
            "no answer to a forged request is signed, so there is no code to compare".to_owned(),
        )),
    }
}

/// A refund's document with one digit of its signature changed.
fn forged(probe: &Probe, order: &OrderNo, refund: &RefundNo, amount: i64) -> Vec<u8> {
    let caller = probe.caller();
    let mut document = caller.refund(order, refund, Amount::new(amount));
    forge(&mut document);
    document
}

pub(super) async fn in_http_header(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let wrong = "0".repeat(Signature::LENGTH);
    for name in ["signature", "X-Signature", "Sign", "Authorization"] {
        for (label, member) in [
            ("without one in the document", String::new()),
            (
                "with a wrong one in the document",
                format!(",\"signature\":\"{wrong}\""),
            ),
        ] {
            let value = probe.value(&order.number, 100);
            let good = sign(value.as_bytes(), &probe.caller().partner.key);
            let document = format!("{{\"request\":{value}{member}}}");
            let request = post_of(probe, document.into_bytes()).with(format!("{name}: {good}"));
            let schedule = Schedule::whole(request.bytes());
            let label = format!("a request with its signature in the header {name}, {label}");
            let reply = sent_until_heard(probe, &label, schedule).await;
            probe.expect_refused(&reply, &[4, 5, 8, 3])?;
        }
    }
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units())
        .await
}

pub(super) async fn large_request(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(20_000).await?;
    let mut rest = order.paid.minor_units();
    let mut is_certain = true;
    for mutation in probe.fresh_mutations(&order.number, 100, mutate::large_requests) {
        let label = format!("a request with {}", mutation.label);
        let reply = probe.send(label, &mutation.document).await;
        if reply.took_effect() {
            rest -= 100;
        } else if reply.exchange.answer.is_none() {
            // Closed upon: a limit, most likely, and no word about money.
            is_certain = false;
        } else {
            probe.expect_turned_away(&reply, &[])?;
        }
    }
    for mutation in probe.fresh_mutations(&order.number, 100, mutate::large_forged) {
        let label = format!("a request with {}", mutation.label);
        let reply = probe.send(label, &mutation.document).await;
        if reply.evidence.money == Money::Yes {
            return Err(Stop::money(
                format!("{}: expected a refusal, got acceptance", reply.label),
                [&reply],
            ));
        }
        if reply.exchange.answer.is_some() {
            probe.expect_turned_away(&reply, mutation.fitting_codes)?;
        }
    }
    if is_certain {
        probe.confirm_nothing_else_moved(&order, rest).await?;
    }
    Ok(())
}
