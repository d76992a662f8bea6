//! Is what is verified the very request that is applied?

use crate::audit::Money;
use crate::conformance::probe::Probe;
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::generate::mutate::envelope as mutate;
use crate::generate::{Draft, Part};
use crate::protocol::RefundNo;
use crate::verdict::Level;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "envelope.request-missing",
        title: "An envelope without a request object is refused.",
        explanation: "No request, a request of another name or type, an envelope in an array or in an envelope.",
        clauses: &["envelope.request"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(probe.turn_each_away(mutate::request_missing)),
    },
    Rule {
        id: "envelope.part-missing",
        title: "A request without header or body is refused.",
        explanation: "Missing, null, an array, swapped, or empty; each signed as it stands.",
        clauses: &["envelope.request"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(probe.turn_each_away(mutate::part_missing)),
    },
    Rule {
        id: "envelope.duplicate-request-member",
        title: "With two request members, what is verified is what is applied.",
        explanation: "One is signed, the other asks for more; also with an escaped name. Refusing is right, and so is applying the signed one; applying the other is theft.",
        clauses: &["envelope.duplicate-members", "signature.raw-text"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(duplicate_request_member(probe)),
    },
    Rule {
        id: "envelope.decoy-request",
        title: "A signed request elsewhere in the document does not vouch for an unsigned one.",
        explanation: "A verifier that cuts text out of the document instead of parsing it verifies the decoy and applies the other.",
        clauses: &["envelope.request", "signature.raw-text"],
        level: Level::Must,
        catches: &["signature-unchecked"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(decoy_request(probe)),
    },
    Rule {
        id: "envelope.confusing-text",
        title: "A valid request whose text looks like an envelope is accepted.",
        explanation: "An operatorId with quotes, braces and the words of the envelope, properly escaped.",
        clauses: &["envelope.request", "refund.operator-id"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(async { probe.judge_each(mutate::confusing_texts).await.map(drop) })
        },
    },
    Rule {
        id: "envelope.layout-accepted",
        title: "A request envelope in another layout is accepted.",
        explanation: "The signature first, white space around the value and not signed with it, an escaped letter in a name: JSON like any other.",
        clauses: &["envelope.request", "signature.raw-text"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(async { probe.judge_each(mutate::layouts).await.map(drop) }),
    },
    Rule {
        id: "envelope.duplicate-amount",
        title: "What a gateway does with two amounts in one body is observed; the answer says what moved.",
        explanation: "100 and 5000, in either order, signed as they stand. Refusing is right; so is taking one, if the answer names the one that was taken.",
        clauses: &["envelope.duplicate-members"],
        level: Level::Observed,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(duplicate_amount(probe)),
    },
];

/// A value that nobody signed and that asks for more.
fn evil(number: &RefundNo, value: &str) -> String {
    Draft::of(value)
        .expect("the value is valid")
        .with(Part::Body, "refundNo", format!("\"{number}\""))
        .with(Part::Body, "orderAmount", "7000")
        .text()
}

async fn duplicate_request_member(probe: &mut Probe) -> Result<(), Stop> {
    let number = probe.refund_number();
    probe
        .judge_each(|value, key| mutate::two_requests(value, &evil(&number, value), key))
        .await
        .map(drop)
}

async fn decoy_request(probe: &mut Probe) -> Result<(), Stop> {
    let number = probe.refund_number();
    probe
        .judge_each(|value, key| mutate::decoys(value, &evil(&number, value), key))
        .await
        .map(drop)
}

async fn duplicate_amount(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(100_000).await?;
    let key = probe.caller().partner.key.clone();
    let mut refunded = 0_i64;
    let mut seen = Vec::new();
    for (first, second) in [("100", "5000"), ("5000", "100")] {
        let draft = Draft::of(&probe.value(&order.number, 100)).expect("the value is valid");
        let text = draft
            .without(Part::Body, "orderAmount")
            .with_last(Part::Body, "orderAmount", first)
            .with_last(Part::Body, "orderAmount", second)
            .text();
        let label = format!("a request with the amounts {first} and {second}");
        let document = crate::generate::mutate::sealed(text, &key);
        let reply = probe.send(label, &document).await;
        if reply.evidence.money == Money::Yes {
            let said = reply
                .answer()
                .and_then(|answer| answer.order_amount.value().copied())
                .ok_or_else(|| Stop::failed("the answer does not say what was refunded", &reply))?;
            refunded = said.minor_units().saturating_add(refunded);
            seen.push(format!("of {first} and {second} it takes {said}"));
        } else {
            probe.expect_turned_away(&reply, &[])?;
            seen.push(format!("{first} and {second} are refused"));
        }
    }
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units().saturating_sub(refunded))
        .await?;
    Err(Stop::Observed(seen.join(", ")))
}
