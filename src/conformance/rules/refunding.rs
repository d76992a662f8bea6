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
        catches: &["cap-per-refund", "cap-off-by-one", "full-refund-refused"],
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
        catches: &["count-capped"],
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
        catches: &["dedupe-by-amount"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(equal_amounts(probe)),
    },
    Rule {
        id: "refunding.equal-thirds",
        title: "Three refunds of a third and one of what rounding left are all that was paid.",
        explanation: "3 × 3333 + 1 of 10000: no unit is lost or made by rounding, nor by taking equal amounts for repetitions; then nothing is left.",
        clauses: &["refund.total", "refund.amount"],
        level: Level::Must,
        catches: &["dedupe-by-amount"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(equal_thirds(probe)),
    },
    Rule {
        id: "refunding.unknown-order",
        title: "A refund of an order that does not exist is refused.",
        explanation: "Numbers that no payment has.",
        clauses: &["refund.order-no", "refund.order-paid"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(unknown_order(probe)),
    },
    Rule {
        id: "refunding.order-number-exact",
        title: "An order is refunded under its own number, and no number that is like it.",
        explanation: "A wildcard, a beginning, a letter more, other case, letters that look alike, a quote that would end a query, and the number of a refund. A number with blanks around it that is taken is remarked on.",
        clauses: &["refund.order-no", "refund.total"],
        level: Level::Must,
        catches: &["wildcard-order"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(order_number_exact(probe)),
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

async fn equal_thirds(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let third = order.paid.minor_units() / 3;
    let left = order.paid.minor_units() - 3 * third;
    for amount in [third, third, third, left] {
        if amount > 0 {
            let reply = probe.refund(&order.number, amount).await;
            probe.expect_accepted(&reply)?;
            probe.expect_amount(&reply, amount)?;
        }
    }
    probe.confirm_rest(&order, 0).await
}

async fn unknown_order(probe: &mut Probe) -> Result<(), Stop> {
    for amount in [1, 10_000] {
        let number = probe.caller().numbers.order();
        let reply = probe.refund(&number, amount).await;
        probe.expect_refused(&reply, &[30, 5])?;
    }
    Ok(())
}

async fn order_number_exact(probe: &mut Probe) -> Result<(), Stop> {
    if !probe.owns_all_orders() {
        return Err(Stop::Skipped(
            "in a pool a number that is like an order's can be another order's".to_owned(),
        ));
    }
    let order = probe.paid(1_000).await?;
    let mut rest = order.paid.minor_units();
    let refund = probe.refund_number();
    let first = probe.refund_numbered(&order.number, &refund, 10).await;
    probe.expect_accepted(&first)?;
    rest -= 10;
    for other in numbers_like(order.number.as_str(), refund.as_str()) {
        let reply = probe.refund(&other, 10).await;
        probe.expect_money_kept(&reply, &[30, 5], [], || {
            format!(
                "a refund of {:?} was accepted, and no such order was ever paid",
                other.as_str()
            )
        })?;
    }
    for blank in [format!("{} ", order.number), format!(" {}", order.number)] {
        let blank = OrderNo::new(blank).expect("an order's number leaves room for a blank");
        let reply = probe.refund(&blank, 10).await;
        if reply.took_effect() {
            rest -= 10;
            probe.remark("a blank before or behind an order's number makes no difference");
        } else {
            probe.expect_refused(&reply, &[30, 5])?;
        }
    }
    probe.confirm_nothing_else_moved(&order, rest).await
}

/// Numbers that are like an order's and name no order.
fn numbers_like(number: &str, refund: &str) -> Vec<OrderNo> {
    let mut cut = number.to_owned();
    cut.pop();
    let alike = number.replacen('o', "\u{43e}", 1);
    [
        "%".to_owned(),
        "*".to_owned(),
        format!("{cut}%"),
        format!("{cut}_"),
        format!("{cut}' OR 'a'='a"),
        format!("{number}0"),
        number.to_uppercase(),
        alike,
        cut,
        refund.to_owned(),
    ]
    .into_iter()
    .filter_map(|other| OrderNo::new(other).ok())
    .filter(|other| other.as_str() != number)
    .collect()
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
