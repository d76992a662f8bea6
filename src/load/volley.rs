//! Several refunds of one order that leave together.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::audit::{Evidence, Money, Reply as Heard, classify};
use crate::protocol::RefundNo;
use crate::target::{Connection, Schedule, TAKING_UP};
use crate::verdict::ReleaseForm;

use super::population::Plan;
use super::shared::Shared;
use super::shared_orders;
use super::user::Judged;

/// Sends each of `requests`, which asks for the refund in the same place of
/// `refunds`, on a connection of its own. All have left before an answer is
/// looked at, and the answer that comes last counts.
pub(super) async fn fire(
    shared: &Shared,
    plan: &Plan,
    refunds: &[RefundNo],
    requests: Vec<Vec<u8>>,
    connections: impl Iterator<Item = &mut Connection>,
) -> Judged {
    let mut started = Instant::now();
    let mut held = Duration::ZERO;
    let mut flights = Vec::with_capacity(requests.len());
    for ((refund, request), connection) in refunds.iter().zip(requests).zip(connections) {
        let attempt = shared
            .recorder
            .sent_of(plan.order.recorded(), refund, plan.amount);
        let flight = connection.launch(schedule(request, shared.release)).await;
        flights.push((connection, flight, attempt));
    }
    if shared.release == ReleaseForm::LastByte {
        tokio::time::sleep(TAKING_UP).await;
        // What is measured begins with the bytes that complete the requests. That
        // they were later than they should have been is the generator's lag.
        started = Instant::now();
        held = TAKING_UP;
        for (connection, flight, _) in &mut flights {
            connection.complete(flight).await;
        }
    }
    let landed: Vec<Evidence> = join_all(flights.into_iter().map(
        |(connection, flight, attempt)| async {
            let exchange = connection.land(flight).await;
            let caller = &shared.caller;
            let reply = Heard::from(&exchange);
            let evidence = classify(&reply, &caller.partner.key, &caller.profile);
            if let Some(violation) = shared.recorder.answered(attempt, &evidence) {
                shared.alarm(violation);
            }
            evidence
        },
    ))
    .await;
    // Where all are refused, others have taken the room; whether they have is
    // the judge's to say.
    let is_refused = landed
        .iter()
        .all(|evidence| evidence.money == Money::NoAmount);
    Judged {
        failure: landed
            .iter()
            .filter(|_| !is_refused)
            .find_map(|evidence| shared_orders::failure(plan, evidence)),
        is_unknown: landed.iter().any(|evidence| evidence.money == Money::Maybe),
        held,
        started,
        ended: Instant::now(),
    }
}

fn schedule(request: Vec<u8>, release: ReleaseForm) -> Schedule {
    match release {
        ReleaseForm::Whole => Schedule::whole(request),
        ReleaseForm::LastByte => Schedule::all_but_last(request),
    }
}
