//! Does each partner see and move its own money alone?

use crate::conformance::probe::{Probe, Reply};
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::generate::{Draft, Part};
use crate::protocol::{Amount, Api, OrderNo, RefundRequest};
use crate::target::{Caller, Partner};
use crate::verdict::Level;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "isolation.foreign-order",
        title: "A partner can't refund another partner's order.",
        explanation: "The second partner signs with its own key and names the first one's order; then the drain counts.",
        clauses: &["refund.partner-isolation"],
        level: Level::Must,
        catches: &["foreign-order"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(foreign_order(probe)),
    },
    Rule {
        id: "isolation.foreign-key",
        title: "A partner's name under another partner's key is refused.",
        explanation: "A gateway that verifies with any known key lets every partner act as every other.",
        clauses: &["refund.partner-isolation", "signature.definition"],
        level: Level::Must,
        catches: &["signature-unchecked", "foreign-key"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(foreign_key(probe)),
    },
    Rule {
        id: "isolation.same-number",
        title: "Two partners can use the same refund number.",
        explanation: "The first partner refunds its order, then the second one its own under the same number and of another amount; then the drain counts both. A gateway that keeps numbers for all partners together refuses the second, or answers it with the first one's refund.",
        clauses: &["refund.partner-isolation", "refund.refund-no"],
        level: Level::Must,
        catches: &["number-shared-by-partners"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(same_number(probe)),
    },
    Rule {
        id: "isolation.message-id",
        title: "Two partners can use the same message id.",
        explanation: "A refund of each partner's own order under one message id. It is the caller's, and no other caller can know it.",
        clauses: &["refund.partner-isolation", "header.message-id"],
        level: Level::Should,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(message_id(probe)),
    },
    Rule {
        id: "isolation.unknown-alike",
        title: "Another partner's order is answered like one that does not exist.",
        explanation: "A small refund and one that would exceed, of another partner's order and of one that nobody has: status and code are the same, or a partner can find out what others sell.",
        clauses: &["refund.partner-isolation", "refund.order-paid"],
        level: Level::Hardening,
        catches: &["existence-told"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(unknown_alike(probe)),
    },
];

async fn foreign_order(probe: &mut Probe) -> Result<(), Stop> {
    let other = probe.other_caller()?;
    let order = probe.paid(1_000).await?;
    let number = probe.refund_number();
    let document = other.refund(&order.number, &number, Amount::new(100));
    let reply = probe
        .send_as(
            &other,
            Api::Refund,
            "a refund of another partner's order",
            &document,
        )
        .await;
    let owner = probe.caller().partner.number.clone();
    probe.expect_money_kept(&reply, &[30], [], || {
        format!(
            "partner {} refunded an order of partner {owner}",
            other.partner.number
        )
    })?;
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units())
        .await
}

async fn foreign_key(probe: &mut Probe) -> Result<(), Stop> {
    let other = probe.other_caller()?;
    let order = probe.paid(1_000).await?;
    let impostor = probe.caller().acting_as(Partner {
        number: probe.caller().partner.number.clone(),
        key: other.partner.key.clone(),
    });
    let number = probe.refund_number();
    let document = impostor.refund(&order.number, &number, Amount::new(100));
    let reply = probe
        .send("a refund signed with another partner's key", &document)
        .await;
    probe.expect_refused(&reply, &[8])?;
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units())
        .await
}

async fn same_number(probe: &mut Probe) -> Result<(), Stop> {
    let other = probe.other_caller()?;
    let own = probe.paid(1_000).await?;
    let theirs = probe.paid_by(&other, 1_000).await?;
    let number = probe.refund_number();
    let first = probe.refund_numbered(&own.number, &number, 300).await;
    probe.expect_accepted(&first)?;
    let document = other.refund(&theirs.number, &number, Amount::new(200));
    let label = "the second partner's refund under the same number";
    let second = probe.send_as(&other, Api::Refund, label, &document).await;
    probe.expect_accepted(&second)?;
    probe.expect_amount(&second, 200)?;
    let left = theirs.paid.minor_units() - 200;
    let rest = refund_as(probe, &other, &theirs.number, left).await;
    probe.expect_accepted(&rest)?;
    let more = refund_as(probe, &other, &theirs.number, 1).await;
    probe.expect_money_kept(&more, &[35, 32, 33], [&second, &rest], || {
        format!(
            "the second partner's order was refunded in full, and yet 1 more was accepted: its refund under number {number} was answered and not made"
        )
    })?;
    probe.confirm_rest(&own, own.paid.minor_units() - 300).await
}

async fn message_id(probe: &mut Probe) -> Result<(), Stop> {
    let other = probe.other_caller()?;
    let own = probe.paid(1_000).await?;
    let theirs = probe.paid_by(&other, 1_000).await?;
    let id = format!("\"{}\"", probe.caller().numbers.message());
    let first = probe.caller().clone();
    for (caller, order) in [(&first, &own), (&other, &theirs)] {
        let number = probe.refund_number();
        let request = RefundRequest::new(order.number.clone(), number, Amount::new(100));
        let value = Draft::of(&caller.value_text(&request))
            .expect("the value is valid")
            .with(Part::Header, "reqMsgId", id.as_str());
        let document = caller.sealed_raw(value.text().as_bytes());
        let label = format!("a refund of partner {}", caller.partner.number);
        let reply = probe.send_as(caller, Api::Refund, label, &document).await;
        probe.expect_accepted(&reply)?;
        probe.expect_amount(&reply, 100)?;
    }
    Ok(())
}

async fn unknown_alike(probe: &mut Probe) -> Result<(), Stop> {
    let other = probe.other_caller()?;
    let foreign = probe.paid(1_000).await?;
    let used = probe.refund_number();
    let first = probe.refund_numbered(&foreign.number, &used, 10).await;
    probe.expect_accepted(&first)?;
    for amount in [10, 1_000_000] {
        let unknown = other.numbers.order();
        let of_nobody = refund_as(probe, &other, &unknown, amount).await;
        let of_another = refund_as(probe, &other, &foreign.number, amount).await;
        if of_another.took_effect() || of_nobody.is_busy() || of_another.is_busy() {
            // That it is taken at all is for another rule.
            continue;
        }
        let seen = |reply: &Reply| (reply.exchange.status(), reply.evidence.code);
        if seen(&of_nobody) != seen(&of_another) {
            return Err(Stop::failed(
                format!(
                    "a refund of {amount} of another partner's order is answered {}, and of an order that nobody has {}",
                    of_another.summary(),
                    of_nobody.summary()
                ),
                &of_another,
            ));
        }
    }
    Ok(())
}

async fn refund_as(probe: &mut Probe, caller: &Caller, order: &OrderNo, amount: i64) -> Reply {
    let number = probe.refund_number();
    let document = caller.refund(order, &number, Amount::new(amount));
    let label = format!(
        "refund {amount} of {order} by partner {}",
        caller.partner.number
    );
    probe.send_as(caller, Api::Refund, label, &document).await
}
