//! Does a refund number name one refund, and nothing else?

use crate::audit::Money;
use crate::conformance::probe::Probe;
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::generate::mutate::{sealed, signature};
use crate::generate::{Draft, Part};
use crate::protocol::{RefundNo, SignKey};
use crate::verdict::Level;

pub(in super::super) const RULES: &[Rule] = &[
    Rule {
        id: "idempotency.other-amount",
        title: "A used refund number with another amount is refused.",
        explanation: "More and less than the first time; then the drain counts.",
        clauses: &["refund.number-names-one-refund"],
        level: Level::Must,
        catches: &["duplicate-applied", "number-with-other-amount"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(other_amount(probe)),
    },
    Rule {
        id: "idempotency.other-order",
        title: "A used refund number for another order is refused.",
        explanation: "The second order must stay as it was paid.",
        clauses: &["refund.number-names-one-refund"],
        level: Level::Must,
        catches: &["duplicate-applied", "number-on-other-order"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(other_order(probe)),
    },
    Rule {
        id: "idempotency.similar-numbers",
        title: "Refund numbers that differ in case or by a blank are different numbers.",
        explanation: "Accepting one as a repetition of another loses a refund, as a database that compares without regard to case does. Refusing one is remarked on.",
        clauses: &["refund.refund-no", "refund.total"],
        level: Level::Must,
        catches: &["number-folded"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(similar_numbers(probe)),
    },
    Rule {
        id: "idempotency.long-numbers",
        title: "Refund numbers of 32 characters that differ in the last one are different numbers.",
        explanation: "Two refunds of the same amount: where the store cuts numbers short, the second is taken for a repetition of the first, and the drain shows it.",
        clauses: &["refund.refund-no", "refund.total"],
        level: Level::Must,
        catches: &["number-truncated"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(long_numbers(probe)),
    },
    Rule {
        id: "idempotency.message-id",
        title: "The refund number names a refund, and not the message's id.",
        explanation: "One refund in two messages is one refund. Two refunds under one message id are two, or the second is refused: it is never answered as if it were the first.",
        clauses: &["refund.refund-no", "header.message-id", "refund.total"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(message_id(probe)),
    },
    Rule {
        id: "idempotency.refusal-burns-nothing",
        title: "A refund number in a request that was forged or broken stays free.",
        explanation: "A wrong signature, a document that is cut short, an unknown partner; then the number is used for a valid refund. Whoever can guess numbers could otherwise use them up.",
        clauses: &["codes.unknown-outcome", "refund.refund-no"],
        level: Level::Hardening,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(refusal_burns_nothing(probe)),
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
            // Which characters a number may have is open; that one is taken
            // for another is not.
            if reply.evidence.money == Money::Duplicate {
                probe.remark(format!(
                    "of refund numbers that differ in case or by a blank, one is refused with {}: merchants may have both",
                    reply.summary()
                ));
            }
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
    if again.took_effect() {
        // An answer was lost before: that attempt may have been accepted.
        return Err(Stop::Observed(
            "whether a number that was refused can be used again is hidden by a lost answer"
                .to_owned(),
        ));
    }
    probe.confirm_nothing_else_moved(&order, paid).await?;
    Err(Stop::Observed(format!(
        "a number that was refused stays refused, with {}",
        again.summary()
    )))
}

async fn long_numbers(probe: &mut Probe) -> Result<(), Stop> {
    const LONGEST: usize = 32;
    let order = probe.paid(1_000).await?;
    let start = format!(
        "{:x<length$}",
        probe.refund_number().as_str(),
        length = LONGEST - 1
    );
    for last in ["a", "b", "c"] {
        let number = RefundNo::new(format!("{start}{last}")).expect("32 characters");
        let reply = probe.refund_numbered(&order.number, &number, 100).await;
        probe.expect_accepted(&reply)?;
    }
    probe
        .confirm_rest(&order, order.paid.minor_units() - 300)
        .await
}

async fn message_id(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let mut rest = order.paid.minor_units();
    let first = probe.value(&order.number, 100);
    let second = probe.value(&order.number, 150);
    let id = member(&first, Part::Header, "reqMsgId")?;
    let second = Draft::of(&second)
        .expect("the value is valid")
        .with(Part::Header, "reqMsgId", id)
        .text();
    for (value, amount) in [(&first, 100), (&second, 150)] {
        let document = probe.caller().sealed_raw(value.as_bytes());
        let label = format!("a refund of {amount} under the same message id");
        let reply = probe.send(label, &document).await;
        if amount == 100 || reply.took_effect() {
            probe.expect_accepted(&reply)?;
            probe.expect_amount(&reply, amount)?;
            rest -= amount;
        } else {
            probe.expect_refused(&reply, &[])?;
        }
    }
    let id = format!("\"{}\"", probe.caller().numbers.message());
    let again = Draft::of(&first)
        .expect("the value is valid")
        .with(Part::Header, "reqMsgId", id)
        .text();
    let document = probe.caller().sealed_raw(again.as_bytes());
    let label = "the first refund under another message id";
    let reply = probe.send(label, &document).await;
    super::retries::expect_repeated(probe, &reply, 100)?;
    probe.confirm_rest(&order, rest).await
}

/// The token of a member of a value.
fn member(value: &str, part: Part, name: &str) -> Result<String, Stop> {
    let draft = Draft::of(value).expect("the value is valid");
    let found = draft
        .members(part)
        .iter()
        .find(|(member, _)| member == name)
        .map(|(_, token)| token.clone());
    found.ok_or_else(|| Stop::Skipped(format!("requests have no {name} here")))
}

async fn refusal_burns_nothing(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let mut rest = order.paid.minor_units();
    for (label, spoil) in SPOILT {
        let value = probe.value(&order.number, 100);
        let document = spoil(&value, &probe.caller().partner.key);
        let refused = probe
            .send(format!("a request with {label}"), &document)
            .await;
        probe.expect_turned_away(&refused, &[])?;
        let document = probe.caller().sealed_raw(value.as_bytes());
        let label = format!("a valid request under the number of one with {label}");
        let reply = probe.send(label, &document).await;
        probe.expect_accepted(&reply)?;
        rest -= 100;
    }
    probe.confirm_nothing_else_moved(&order, rest).await
}

/// What makes a document of a valid value that proves nothing about who sent
/// it, in words that complete "a request with …".
type Spoil = fn(&str, &SignKey) -> Vec<u8>;

const SPOILT: [(&str, Spoil); 3] = [
    ("a wrong signature", |value, key| {
        signature::flipped_digits(value, key)
            .swap_remove(0)
            .document
    }),
    ("a document that is cut short", |value, key| {
        let mut document = sealed(value, key);
        document.pop();
        document
    }),
    ("an unknown partner", |value, key| {
        let draft = Draft::of(value).expect("the value is valid");
        let stranger = draft.with(Part::Header, "partnerNo", "\"99999\"");
        sealed(stranger.text(), key)
    }),
];
