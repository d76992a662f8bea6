//! Do requests that have nothing to do with each other wait for each other?

use std::time::Duration;

use super::super::transport::{TAKING_UP, judge_canary, meanwhile, measured};
use super::race::CONTENDERS;
use crate::audit::{Money, Recorder};
use crate::conformance::probe::{Probe, Reply};
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::conformance::volley::{Contenders, Shot};
use crate::protocol::{Amount, Api};
use crate::target::{PaidOrder, Schedule, Step};
use crate::verdict::{Level, ReleaseForm};

pub(in super::super) const RULES: &[Rule] = &[
    Rule {
        id: "races.across-orders",
        title: "Refunds of two orders in turn do not block each other.",
        explanation: "Volleys of one order, and then volleys of two orders in turn: where these alone are answered late and without an outcome, one order waits for the other until a time-out.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &["deadlock-by-order"],
        turn: Turn::Alone,
        attempt: |probe| Box::pin(across_orders(probe)),
    },
    Rule {
        id: "races.slow-body",
        title: "A refund whose body is on its way blocks no other refund of the order.",
        explanation: "All but the last byte of a refund is sent; meanwhile another refund of the same order is answered. Then the last byte follows.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &["slow-sender-blocks"],
        turn: Turn::Alone,
        attempt: |probe| Box::pin(slow_body(probe)),
    },
];

/// How many volleys there are of each kind.
const VOLLEYS: usize = 6;
/// A wait that is shorter than this may be anything.
const SHORTEST_BLOCK: Duration = Duration::from_millis(100);

async fn across_orders(probe: &mut Probe) -> Result<(), Stop> {
    let recorder = Recorder::new(&probe.caller().profile.clone(), None);
    let mut contenders = Contenders::open(probe, CONTENDERS).await?;
    let orders = [probe.paid(10_000).await?, probe.paid(10_000).await?];
    for order in &orders {
        let currency = order.currency.as_deref().unwrap_or_default();
        recorder.order(&order.number, order.paid, currency);
    }
    let mut fire = Fire {
        contenders: &mut contenders,
        recorder: &recorder,
    };
    let mut alone: Vec<Reply> = Vec::new();
    for volley in 0..VOLLEYS {
        alone.extend(fire.volley(probe, &orders, |_| volley % 2).await?);
    }
    let longest = alone
        .iter()
        .map(|reply| reply.exchange.took)
        .max()
        .unwrap_or_default();
    let patience = SHORTEST_BLOCK.max(longest * 10);
    let is_blocked =
        |reply: &Reply| reply.evidence.money == Money::Maybe && reply.exchange.took > patience;
    let was_without_outcome = alone
        .iter()
        .any(|reply| reply.evidence.money == Money::Maybe);
    let mut blocked: Vec<Reply> = Vec::new();
    for _ in 0..VOLLEYS {
        let replies = fire.volley(probe, &orders, |place| place % 2).await?;
        blocked.extend(replies.into_iter().find(is_blocked));
    }
    // Where one order alone has such answers too, the gateway is busy.
    if let ([_, second, ..], false) = (&blocked[..], was_without_outcome) {
        return Err(Stop::failed(
            format!(
                "{}: answered after {} ms with {}, in {} of {VOLLEYS} volleys of two orders in turn and in none of one order, of which the longest answer took {} ms",
                second.label,
                second.exchange.took.as_millis(),
                second.summary(),
                blocked.len(),
                longest.as_millis()
            ),
            second,
        ));
    }
    Ok(())
}

/// Volleys at two orders.
struct Fire<'a> {
    contenders: &'a mut Contenders,
    recorder: &'a Recorder,
}

impl Fire<'_> {
    /// Fires small refunds, each of the order that `choose` gives for its place.
    async fn volley(
        &mut self,
        probe: &mut Probe,
        orders: &[PaidOrder; 2],
        choose: impl Fn(usize) -> usize,
    ) -> Result<Vec<Reply>, Stop> {
        let shots: Vec<Shot> = (0..self.contenders.count())
            .map(|place| Shot::fresh(probe, &orders[choose(place)], 10))
            .collect();
        self.contenders
            .fire(probe, self.recorder, &shots, ReleaseForm::Whole)
            .await
    }
}

async fn slow_body(probe: &mut Probe) -> Result<(), Stop> {
    let (order, patience) = measured(probe).await?;
    let caller = probe.caller().clone();
    let number = probe.refund_number();
    let document = caller.refund(&order.number, &number, Amount::new(100));
    let request = caller.endpoint.post(Api::Refund.path(), &document);
    let end = request.len();
    let schedule = Schedule::new(request, vec![Step::Write(0..end - 1)]);
    let mut held =
        caller.endpoint.connect().await.map_err(|ending| {
            Stop::Inconclusive(format!("no connection could be had: {ending}"))
        })?;
    let mut flight = held.launch(schedule).await;
    tokio::time::sleep(TAKING_UP).await;
    let last = [Step::Write(end - 1..end)];
    let canary = probe.refund(&order.number, 1);
    let release = async {
        held.proceed(&mut flight, &last).await;
        (held, flight)
    };
    let (reply, was_blocked, (mut held, flight)) = meanwhile(canary, patience, release).await;
    let exchange = held.land(flight).await;
    let slow = probe.read("a refund whose last byte comes late", exchange);
    judge_canary(probe, &reply, was_blocked, "the other refund was there")?;
    let slow = if slow.exchange.answer.is_none() || slow.is_busy() {
        // The same once more, in one piece.
        let mut again = probe.refund_numbered(&order.number, &number, 100).await;
        again.earlier_unknown = true;
        again
    } else {
        slow
    };
    probe.expect_accepted(&slow)
}
