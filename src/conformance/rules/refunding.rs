//! The rule of the house: partial, many, and never more than was paid.

use crate::audit::Money;
use crate::conformance::probe::Probe;
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::protocol::OrderNo;
use crate::verdict::Level;

/// What exceeds, or finds nothing left, is refused with one of these.
const EXCEEDS: &[i64] = &[35, 32, 33];

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "refunding.full",
        title: "A refund of all that was paid is accepted, and nothing after it.",
        explanation: "One refund of the whole amount; then 1 more, and the whole amount again, are refused.",
        clauses: &["refund.total"],
        level: Level::Must,
        catches: &["cap-per-refund", "cap-off-by-one"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(full(probe)),
    },
    Rule {
        id: "refunding.partial",
        title: "Many partial refunds are accepted as long as their sum is no greater than what was paid.",
        explanation: "Parts of 1, 1, 333 and so on, then exactly the rest.",
        clauses: &["refund.total"],
        level: Level::Must,
        catches: &["cap-per-refund"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(partial(probe)),
    },
    Rule {
        id: "refunding.many-small",
        title: "An order can be refunded in many small parts.",
        explanation: "60 refunds of 1: a hidden cap on the number of refunds is found here.",
        clauses: &["refund.total"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(many_small(probe)),
    },
    Rule {
        id: "refunding.more-than-paid",
        title: "A refund of more than was paid is refused.",
        explanation: "One more than was paid, twice as much, and 1000 times as much, as the first refund of an order.",
        clauses: &["refund.total"],
        level: Level::Must,
        catches: &["cap-off-by-one"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(more_than_paid(probe)),
    },
    Rule {
        id: "refunding.rest-plus-one",
        title: "A refund of one more than what is left is refused, and the exact rest is accepted.",
        explanation: "After a partial refund; a gateway that looks at each refund alone lets it pass.",
        clauses: &["refund.total"],
        level: Level::Must,
        catches: &["cap-per-refund", "cap-off-by-one"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(rest_plus_one(probe)),
    },
    Rule {
        id: "refunding.refusal-leaves-balance",
        title: "A refused refund leaves what can be refunded as it was.",
        explanation: "Refusals for the amount, then the drain: exactly what was paid is still there.",
        clauses: &["refund.total", "codes.unknown-outcome"],
        level: Level::Must,
        catches: &["refusal-consumes"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(refusal_leaves_balance(probe)),
    },
    Rule {
        id: "refunding.equal-amounts",
        title: "Two refunds of equal amount and different numbers are two refunds.",
        explanation: "A gateway that recognises repetitions by the amount merges them.",
        clauses: &["refund.refund-no", "refund.total"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(equal_amounts(probe)),
    },
    Rule {
        id: "refunding.unknown-order",
        title: "A refund of an order that does not exist is refused.",
        explanation: "A number that no payment has, and numbers that differ from a paid order's by a blank or by a wildcard.",
        clauses: &["refund.order-no", "refund.order-paid"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(unknown_order(probe)),
    },
    Rule {
        id: "refunding.unpaid-order",
        title: "A refund of an order that waits for its customer is refused.",
        explanation: "What was not paid can't be paid back.",
        clauses: &["refund.total", "refund.order-paid"],
        level: Level::Must,
        catches: &["unpaid-order"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(unpaid_order(probe)),
    },
];

async fn full(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let paid = order.paid.minor_units();
    let whole = probe.refund(&order.number, paid).await;
    probe.expect_accepted(&whole)?;
    probe.expect_amount(&whole, paid)?;
    for amount in [1, paid] {
        let more = probe.refund(&order.number, amount).await;
        probe.expect_money_kept(&more, EXCEEDS, [&whole], || {
            format!("{paid} was paid and {paid} refunded, and yet {amount} more was accepted")
        })?;
    }
    Ok(())
}

async fn partial(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let mut rest = order.paid.minor_units();
    for amount in [1, 1, 333, 64, 100] {
        let reply = probe.refund(&order.number, amount).await;
        probe.expect_accepted(&reply)?;
        rest -= amount;
    }
    probe.confirm_rest(&order, rest).await
}

async fn many_small(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(60).await?;
    for count in 1..=60 {
        let reply = probe.refund(&order.number, 1).await;
        if reply.evidence.money == Money::NoAmount {
            return Err(Stop::failed(
                format!("refund {count} of 60 parts of an order is refused, though there is room"),
                &reply,
            ));
        }
        probe.expect_accepted(&reply)?;
    }
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units() - 60)
        .await
}

async fn more_than_paid(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let paid = order.paid.minor_units();
    for amount in [paid + 1, paid * 2, paid.saturating_mul(1_000)] {
        let reply = probe.refund(&order.number, amount).await;
        probe.expect_money_kept(&reply, EXCEEDS, [], || {
            format!("{paid} was paid, and a refund of {amount} was accepted")
        })?;
    }
    probe.confirm_rest(&order, paid).await
}

async fn rest_plus_one(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let paid = order.paid.minor_units();
    let first = probe.refund(&order.number, 400).await;
    probe.expect_accepted(&first)?;
    for amount in [paid - 399, paid] {
        let more = probe.refund(&order.number, amount).await;
        probe.expect_money_kept(&more, EXCEEDS, [&first], || {
            format!(
                "{paid} was paid, and refunds of 400 and {amount} were both accepted: {} > {paid}",
                400 + amount
            )
        })?;
    }
    probe.confirm_rest(&order, paid - 400).await
}

async fn refusal_leaves_balance(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let paid = order.paid.minor_units();
    for amount in [paid + 2, paid + 500, paid * 3] {
        let reply = probe.refund(&order.number, amount).await;
        probe.expect_refused(&reply, EXCEEDS)?;
    }
    probe.confirm_nothing_else_moved(&order, paid).await
}

async fn equal_amounts(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    for _ in 0..3 {
        let reply = probe.refund(&order.number, 250).await;
        probe.expect_accepted(&reply)?;
    }
    probe
        .confirm_rest(&order, order.paid.minor_units() - 750)
        .await
}

async fn unknown_order(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let number = order.number.as_str();
    let mut others = vec![probe.caller().numbers.order().to_string()];
    if probe.owns_all_orders() {
        // In somebody's pool one of these could be an order.
        let mut cut = number.to_owned();
        cut.pop();
        others.extend([
            format!("{number} "),
            format!(" {number}"),
            format!("{cut}%"),
            format!("{cut}_"),
            "%".to_owned(),
            number.to_uppercase(),
            cut,
        ]);
    }
    let others: Vec<OrderNo> = others
        .into_iter()
        .filter_map(|other| OrderNo::new(other).ok())
        .filter(|other| *other != order.number)
        .collect();
    for other in others {
        let reply = probe.refund(&other, 10).await;
        probe.expect_refused(&reply, &[30, 5])?;
    }
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units())
        .await
}

async fn unpaid_order(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.unpaid(1_000).await?;
    for amount in [1, 1_000] {
        let reply = probe.refund(&order, amount).await;
        probe.expect_money_kept(&reply, &[32, 33, 30, 35], [], || {
            format!("an order that nobody has paid was refunded by {amount}")
        })?;
    }
    Ok(())
}
