//! Is each member of a refund's body what its clause says?

use crate::audit::Money;
use crate::conformance::probe::Probe;
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::generate::mutate::{field as mutate, sealed};
use crate::generate::{Draft, Part};
use crate::protocol::RefundNo;
use crate::verdict::Level;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "fields.missing",
        title: "A refund without its order, number or amount is refused.",
        explanation: "Each required member is left out in turn; the request is signed as it stands.",
        clauses: &["refund.order-no", "refund.refund-no", "refund.amount"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(async { probe.judge_each(mutate::missing).await.map(drop) }),
    },
    Rule {
        id: "fields.empty",
        title: "A refund with an empty or null order, number or amount is refused.",
        explanation: "An empty number would make all refunds that have none one refund.",
        clauses: &["refund.order-no", "refund.refund-no", "refund.amount"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(async { probe.judge_each(mutate::empty).await.map(drop) }),
    },
    Rule {
        id: "fields.wrong-type",
        title: "A member of another JSON type is refused.",
        explanation: "Numbers, booleans, arrays and objects where texts belong, and the other way round.",
        clauses: &["refund.order-no", "refund.refund-no", "refund.amount"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(async { probe.judge_each(mutate::wrong_type).await.map(drop) }),
    },
    Rule {
        id: "fields.too-long",
        title: "A text one character longer than its limit is refused.",
        explanation: "A gateway that cuts numbers instead makes two refunds one.",
        clauses: &["refund.refund-no", "refund.operator-id"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(async { probe.judge_each(mutate::too_long).await.map(drop) }),
    },
    Rule {
        id: "fields.longest",
        title: "Texts of exactly their limit, and optional ones that are empty, are accepted.",
        explanation: "A refundNo of 32 characters, operatorId and terminalNo of 20; two numbers that differ in the last of 32 characters are two refunds.",
        clauses: &["refund.refund-no", "refund.operator-id"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(longest(probe)),
    },
    Rule {
        id: "fields.amount-no-whole-number",
        title: "An amount that is a fraction, or a text that is no number, is refused.",
        explanation: "100.5 must not become 100 or 101, nor 100.000000000000000001 become 100.",
        clauses: &["refund.amount"],
        level: Level::Must,
        catches: &["float-amount"],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(async {
                probe
                    .judge_each(mutate::amounts_that_are_none)
                    .await
                    .map(drop)
            })
        },
    },
    Rule {
        id: "fields.amount-spelling",
        title: "Other spellings of a whole number are refused, or refund exactly that number.",
        explanation: "100.0, 1e2, 10e1 and \"100\" are 100 or nothing; which of the two is observed.",
        clauses: &["refund.amount"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(async {
                probe
                    .judge_each(mutate::amounts_that_are_one_hundred)
                    .await
                    .map(drop)
            })
        },
    },
    Rule {
        id: "fields.amount-not-positive",
        title: "A refund of zero or less is refused, and no money moves.",
        explanation: "A negative refund that passes makes room for more than was paid.",
        clauses: &["refund.amount-positive", "refund.total"],
        level: Level::Must,
        catches: &["negative-amount"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(amount_not_positive(probe)),
    },
    Rule {
        id: "fields.amount-beyond-range",
        title: "An amount that no order holds is refused, never wrapped or cut.",
        explanation: "2³², 2³²+5, 2⁶⁴+1 and their like become small amounts in a gateway that cuts them to 32 or 64 bits.",
        clauses: &["refund.amount-largest", "refund.total"],
        level: Level::Must,
        catches: &["wrap-32-bit"],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(async {
                probe
                    .judge_each(mutate::amounts_beyond_range)
                    .await
                    .map(drop)
            })
        },
    },
    Rule {
        id: "fields.amount-largest",
        title: "An order of 2³¹−1 is refunded to the last unit, in amounts that a float can't hold.",
        explanation: "16,777,217 is the first whole number that a 32-bit float rounds.",
        clauses: &["refund.amount", "refund.total"],
        level: Level::Must,
        catches: &["float-amount", "wrap-32-bit"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(amount_largest(probe)),
    },
];

async fn longest(probe: &mut Probe) -> Result<(), Stop> {
    probe.judge_each(mutate::optional_texts).await?;
    let order = probe.paid(1_000).await?;
    let stem = format!("{:x<31}", probe.refund_number().as_str());
    for last in ["a", "b"] {
        let number = RefundNo::new(format!("{stem}{last}")).expect("32 characters");
        let reply = probe.refund_numbered(&order.number, &number, 100).await;
        probe.expect_accepted(&reply)?;
    }
    // A gateway that cuts numbers answers the second as it did the first, and
    // has more left than it should.
    probe
        .confirm_rest(&order, order.paid.minor_units() - 200)
        .await
}

async fn amount_not_positive(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let before = probe.refund(&order.number, 500).await;
    probe.expect_accepted(&before)?;
    let rest = order.paid.minor_units() - 500;
    for mutation in probe.fresh_mutations(&order.number, 100, mutate::amounts_not_positive) {
        let label = format!("a request with {}", mutation.label);
        let reply = probe.send(label, &mutation.document).await;
        if reply.evidence.money == Money::Yes {
            // Whether it made room is for the gateway itself to tell.
            probe.confirm_rest(&order, rest).await?;
        }
        probe.expect_refused(&reply, mutation.fitting_codes)?;
    }
    probe.confirm_rest(&order, rest).await
}

async fn amount_largest(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.largest_paid().await?;
    let key = probe.caller().partner.key.clone();
    let odd = 16_777_217;
    for _ in 0..3 {
        let draft = Draft::of(&probe.value(&order.number, odd)).expect("the value is valid");
        let document = sealed(
            draft
                .with(Part::Body, "orderAmount", odd.to_string())
                .text(),
            &key,
        );
        let reply = probe.send(format!("a refund of {odd}"), &document).await;
        probe.expect_accepted(&reply)?;
        probe.expect_amount(&reply, odd)?;
    }
    probe
        .confirm_rest(&order, order.paid.minor_units() - 3 * odd)
        .await
}
