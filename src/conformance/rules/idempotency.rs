//! Does a refund number name one refund?

use crate::audit::Money;
use crate::conformance::probe::Probe;
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::protocol::RefundNo;
use crate::verdict::Level;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "idempotency.retry",
        title: "A retry of an accepted refund is answered alike or refused, and never refunded twice.",
        explanation: "The same number, order and amount again, in the same bytes and in a new message; then the drain counts.",
        clauses: &["refund.duplicate-number", "refund.number-names-one-refund"],
        level: Level::Must,
        catches: &["duplicate-applied"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(retry(probe)),
    },
    Rule {
        id: "idempotency.retry-after-exhaustion",
        title: "A retry of a refund that took all that was left is not refused for the amount.",
        explanation: "The retry itself used up the money: answering 35 tells the caller that the refund did not happen.",
        clauses: &[
            "refund.duplicate-number",
            "codes.unknown-outcome",
            "refund.number-names-one-refund",
        ],
        level: Level::Must,
        catches: &["duplicate-applied"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(retry_after_exhaustion(probe)),
    },
    Rule {
        id: "idempotency.other-amount",
        title: "A used refund number with another amount is refused.",
        explanation: "More and less than the first time; then the drain counts.",
        clauses: &["refund.number-names-one-refund"],
        level: Level::Must,
        catches: &["duplicate-applied"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(other_amount(probe)),
    },
    Rule {
        id: "idempotency.other-order",
        title: "A used refund number for another order is refused.",
        explanation: "The second order must stay as it was paid.",
        clauses: &["refund.number-names-one-refund"],
        level: Level::Must,
        catches: &["duplicate-applied"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(other_order(probe)),
    },
    Rule {
        id: "idempotency.similar-numbers",
        title: "Refund numbers that differ in case or by a blank are different numbers.",
        explanation: "Accepting one as a repetition of another loses a refund, as a database that compares without regard to case does. Refusing one is remarked on.",
        clauses: &["refund.refund-no", "refund.total"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(similar_numbers(probe)),
    },
    Rule {
        id: "idempotency.refused-number",
        title: "Whether a number that was refused can be used again is observed.",
        explanation: "A refund is refused for its amount; then the same number asks for an amount that fits.",
        clauses: &["refund.duplicate-number"],
        level: Level::Observed,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(refused_number(probe)),
    },
];

async fn retry(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let number = probe.refund_number();
    let document = probe
        .caller()
        .refund(&order.number, &number, crate::protocol::Amount::new(300));
    let first = probe.send("a refund of 300", &document).await;
    probe.expect_accepted(&first)?;
    let same_bytes = probe.send("the same bytes again", &document).await;
    let new_message = probe.refund_numbered(&order.number, &number, 300).await;
    for reply in [&same_bytes, &new_message] {
        match reply.evidence.money {
            Money::Yes => probe.expect_amount(reply, 300)?,
            Money::NoAmount => {
                return Err(Stop::failed(
                    format!(
                        "{}: refused for the amount, though it was accepted before",
                        reply.label
                    ),
                    reply,
                ));
            }
            _ => probe.expect_refused(reply, &[31])?,
        }
    }
    probe
        .confirm_rest(&order, order.paid.minor_units() - 300)
        .await
}

async fn retry_after_exhaustion(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let paid = order.paid.minor_units();
    let number = probe.refund_number();
    let first = probe.refund_numbered(&order.number, &number, paid).await;
    probe.expect_accepted(&first)?;
    let again = probe.refund_numbered(&order.number, &number, paid).await;
    match again.evidence.money {
        Money::Yes => probe.expect_amount(&again, paid),
        Money::Duplicate => Ok(()),
        Money::NoAmount => Err(Stop::failed(
            format!(
                "a retry of an accepted refund is answered {}: the caller must think that it did not happen",
                again.summary()
            ),
            &again,
        )),
        _ => probe.expect_refused(&again, &[31]),
    }
}

async fn other_amount(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let number = probe.refund_number();
    let first = probe.refund_numbered(&order.number, &number, 300).await;
    probe.expect_accepted(&first)?;
    for amount in [301, 299, 1] {
        let other = probe.refund_numbered(&order.number, &number, amount).await;
        probe.expect_money_kept(&other, &[31, 5], [&first], || {
            format!("refund number {number} was accepted with 300 and again with {amount}")
        })?;
    }
    probe
        .confirm_rest(&order, order.paid.minor_units() - 300)
        .await
}

async fn other_order(probe: &mut Probe) -> Result<(), Stop> {
    let one = probe.paid(1_000).await?;
    let other = probe.paid(1_000).await?;
    let number = probe.refund_number();
    let first = probe.refund_numbered(&one.number, &number, 300).await;
    probe.expect_accepted(&first)?;
    let second = probe.refund_numbered(&other.number, &number, 300).await;
    probe.expect_refused(&second, &[31, 5])?;
    probe
        .confirm_nothing_else_moved(&other, other.paid.minor_units())
        .await
}

async fn similar_numbers(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let number = probe.refund_number();
    let mut rest = order.paid.minor_units();
    for similar in [
        number.to_string(),
        number.as_str().to_uppercase(),
        format!("{number} "),
        format!(" {number}"),
    ] {
        let similar = RefundNo::new(similar).expect("24 characters");
        let reply = probe.refund_numbered(&order.number, &similar, 100).await;
        if reply.took_effect() {
            rest -= 100;
        } else {
            probe.expect_refused(&reply, &[])?;
            probe.remark(format!(
                "of refund numbers that differ in case or by a blank, one is refused with {}: merchants may have both",
                reply.summary()
            ));
        }
    }
    probe.confirm_rest(&order, rest).await
}

async fn refused_number(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let paid = order.paid.minor_units();
    let number = probe.refund_number();
    let refused = probe
        .refund_numbered(&order.number, &number, paid * 2)
        .await;
    probe.expect_refused(&refused, &[35])?;
    let again = probe.refund_numbered(&order.number, &number, 100).await;
    if again.evidence.money == Money::Yes {
        probe.confirm_nothing_else_moved(&order, paid - 100).await?;
        return Err(Stop::Observed(
            "a number that was refused can be used again".to_owned(),
        ));
    }
    probe.expect_refused(&again, &[31])?;
    probe.confirm_nothing_else_moved(&order, paid).await?;
    Err(Stop::Observed(format!(
        "a number that was refused stays refused, with {}",
        again.summary()
    )))
}
