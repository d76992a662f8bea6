//! Is a retry the same refund, whenever and however it comes?

use std::time::Duration;

use futures_util::future::join_all;

use crate::audit::Money;
use crate::conformance::probe::{Probe, Reply};
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::generate::Spelling;
use crate::generate::spelling::Escapes;
use crate::protocol::{Amount, Api, RefundNo, RefundRequest};
use crate::target::{Ending, PaidOrder, Schedule, Step};
use crate::verdict::Level;

pub(in super::super) const RULES: &[Rule] = &[
    Rule {
        id: "idempotency.retry",
        title: "A retry of an accepted refund is answered alike or refused, and never refunded twice.",
        explanation: "The same number, order and amount again, in the same bytes and in a new message; then the drain counts.",
        clauses: &["refund.duplicate-number", "refund.number-names-one-refund"],
        level: Level::Must,
        catches: &["duplicate-applied", "failed-after-done"],
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
        catches: &["duplicate-applied", "exceeds-before-duplicate"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(retry_after_exhaustion(probe)),
    },
    Rule {
        id: "idempotency.other-spelling",
        title: "A retry in another JSON spelling is the same refund.",
        explanation: "The same number, order and amount with white space, in another member order, with every character escaped, each in a new message; then the drain counts. A gateway that recognises repetitions by their bytes refunds again.",
        clauses: &["refund.duplicate-number", "refund.number-names-one-refund"],
        level: Level::Must,
        catches: &["duplicate-applied"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(other_spelling(probe)),
    },
    Rule {
        id: "idempotency.late-retry",
        title: "A retry is the same refund after 200 others.",
        explanation: "One refund, 200 others of other orders, and the first one again: a memory that holds so many numbers, or the last so many minutes, forgets it and refunds twice.",
        clauses: &["refund.duplicate-number", "refund.number-names-one-refund"],
        level: Level::Must,
        catches: &["number-forgotten", "duplicate-applied"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(late_retry(probe)),
    },
    Rule {
        id: "idempotency.retry-after-abandon",
        title: "A refund whose caller hangs up and tries again is made once.",
        explanation: "The connection is dropped on the way through the body, behind its last byte, and some milliseconds later; the retry comes at once, and another one a little later. Then the drain counts.",
        clauses: &[
            "refund.duplicate-number",
            "refund.number-names-one-refund",
            "codes.unknown-outcome",
        ],
        level: Level::Must,
        catches: &["number-recorded-late", "duplicate-applied"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(retry_after_abandon(probe)),
    },
    Rule {
        id: "idempotency.retry-of-refusal",
        title: "A retry of a refund that was refused as too large is refused again.",
        explanation: "The same number, order and amount, three times; then all that was paid is still there.",
        clauses: &["refund.total", "codes.unknown-outcome"],
        level: Level::Must,
        catches: &["refusal-consumes"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(retry_of_refusal(probe)),
    },
];

/// A repeated request is answered as at first, or refused: not for its amount,
/// which tells the caller that the refund did not happen.
///
/// # Errors
/// A [`Stop`] that says what came instead.
pub(super) fn expect_repeated(probe: &mut Probe, reply: &Reply, amount: i64) -> Result<(), Stop> {
    match reply.evidence.money {
        Money::Yes => probe.expect_amount(reply, amount),
        Money::NoAmount => Err(Stop::failed(
            format!(
                "{}: a retry of an accepted refund is answered {}: the caller must think that it did not happen",
                reply.label,
                reply.summary()
            ),
            reply,
        )),
        _ => probe.expect_refused(reply, &[31]),
    }
}

async fn retry(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let number = probe.refund_number();
    let document = probe
        .caller()
        .refund(&order.number, &number, Amount::new(300));
    let first = probe.send("a refund of 300", &document).await;
    probe.expect_accepted(&first)?;
    let same_bytes = probe.send("the same bytes again", &document).await;
    let new_message = probe.refund_numbered(&order.number, &number, 300).await;
    for reply in [&same_bytes, &new_message] {
        expect_repeated(probe, reply, 300)?;
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
    expect_repeated(probe, &again, paid)
}

async fn other_spelling(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let number = probe.refund_number();
    let first = probe.refund_numbered(&order.number, &number, 300).await;
    probe.expect_accepted(&first)?;
    let spellings = [
        (
            "with white space",
            spelling(&["\n", "  "], 0, Escapes::Needed),
        ),
        ("in another order", spelling(&[], 2, Escapes::Needed)),
        ("as PHP writes it", spelling(&[], 0, Escapes::Php)),
        ("all in escapes", spelling(&[" "], 1, Escapes::All)),
    ];
    for (label, spelling) in spellings {
        let request = RefundRequest::new(order.number.clone(), number.clone(), Amount::new(300));
        let value = probe.caller().value_text(&request);
        let value = serde_json::from_str(&value).expect("the value is valid");
        let text = spelling.write(&value);
        let document = probe.caller().sealed_raw(text.as_bytes());
        let reply = probe
            .send(format!("the refund again {label}"), &document)
            .await;
        expect_repeated(probe, &reply, 300)?;
    }
    probe
        .confirm_rest(&order, order.paid.minor_units() - 300)
        .await
}

fn spelling(spaces: &[&'static str], rotation: usize, escapes: Escapes) -> Spelling {
    Spelling {
        spaces: spaces.to_vec(),
        rotation,
        escapes,
    }
}

async fn late_retry(probe: &mut Probe) -> Result<(), Stop> {
    /// So many refunds of each of a few orders come in between.
    const OTHERS: (usize, usize) = (4, 50);
    /// With fewer of them this says too little.
    const FEWEST: usize = 100;
    let order = probe.paid(1_000).await?;
    let number = probe.refund_number();
    let first = probe.refund_numbered(&order.number, &number, 300).await;
    probe.expect_accepted(&first)?;
    let mut others = Vec::with_capacity(OTHERS.0);
    for _ in 0..OTHERS.0 {
        others.push(probe.paid(1_000).await?);
    }
    let between = small_refunds(probe, &others, OTHERS.1).await;
    if between < FEWEST {
        return Err(Stop::Inconclusive(format!(
            "only {between} refunds were answered between the first and its retry"
        )));
    }
    let again = probe.refund_numbered(&order.number, &number, 300).await;
    expect_repeated(probe, &again, 300)?;
    probe
        .confirm_rest(&order, order.paid.minor_units() - 300)
        .await
}

/// Refunds each order so many times by 1: the orders at the same time, the
/// refunds of one after each other. Gives how many were accepted.
async fn small_refunds(probe: &mut Probe, orders: &[PaidOrder], count: usize) -> usize {
    let caller = &probe.caller().clone();
    // Written before any is sent: who is answered first must not decide which
    // number is whose.
    let written = orders.iter().map(|order| {
        let refund = |_| caller.refund(&order.number, &caller.numbers.refund(), Amount::new(1));
        (0..count).map(refund).collect::<Vec<_>>()
    });
    let written: Vec<Vec<Vec<u8>>> = written.collect();
    let refunding = written.into_iter().map(|documents| async move {
        let mut exchanges = Vec::with_capacity(documents.len());
        for document in documents {
            exchanges.push(caller.post(Api::Refund, &document).await);
        }
        exchanges
    });
    join_all(refunding)
        .await
        .into_iter()
        .flatten()
        .map(|exchange| probe.read("one of many refunds", exchange))
        .filter(|reply| reply.evidence.money == Money::Yes)
        .count()
}

async fn retry_after_abandon(probe: &mut Probe) -> Result<(), Stop> {
    /// How long the caller stays on the line behind its last byte, in
    /// microseconds; `None` where it hangs up before.
    const STAYS: [Option<u64>; 9] = [
        None,
        Some(0),
        Some(0),
        Some(200),
        Some(500),
        Some(1_000),
        Some(2_000),
        Some(5_000),
        Some(20_000),
    ];
    let order = probe.paid(10_000).await?;
    let mut rest = order.paid.minor_units();
    for stays in STAYS {
        let number = probe.refund_number();
        abandon(probe, &order, &number, stays).await?;
        let mut at_once = probe.refund_numbered(&order.number, &number, 100).await;
        at_once.earlier_unknown = true;
        probe.expect_accepted(&at_once)?;
        probe.expect_amount(&at_once, 100)?;
        tokio::time::sleep(Duration::from_millis(5)).await;
        let later = probe.refund_numbered(&order.number, &number, 100).await;
        expect_repeated(probe, &later, 100)?;
        rest -= 100;
    }
    probe.confirm_rest(&order, rest).await
}

/// Sends a refund of 100 and resets the connection before anything is read.
async fn abandon(
    probe: &mut Probe,
    order: &PaidOrder,
    number: &RefundNo,
    stays: Option<u64>,
) -> Result<(), Stop> {
    let caller = probe.caller().clone();
    let document = caller.refund(&order.number, number, Amount::new(100));
    let request = caller.endpoint.post(Api::Refund.path(), &document);
    let end = request.len();
    let steps = match stays {
        None => vec![Step::Write(0..end - 50), Step::Abandon],
        Some(0) => vec![Step::Write(0..end), Step::Abandon],
        Some(micros) => vec![
            Step::Write(0..end),
            Step::Pause(Duration::from_micros(micros)),
            Step::Abandon,
        ],
    };
    let label = "a refund whose caller hangs up";
    let reply = probe
        .send_schedule(label, Schedule::new(request, steps))
        .await;
    match &reply.exchange.ending {
        Ending::NotSent(reason) => Err(Stop::Inconclusive(format!(
            "no connection could be had: {reason}"
        ))),
        _ => Ok(()),
    }
}

async fn retry_of_refusal(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let paid = order.paid.minor_units();
    let number = probe.refund_number();
    for _ in 0..3 {
        let reply = probe
            .refund_numbered(&order.number, &number, paid + 1)
            .await;
        probe.expect_money_kept(&reply, &[35, 32, 33, 31], [], || {
            format!("{paid} was paid, and a refund of {} was accepted", paid + 1)
        })?;
    }
    probe.confirm_nothing_else_moved(&order, paid).await
}
