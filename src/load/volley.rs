//! Several refunds of one order that leave together.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::audit::{Evidence, Money, Reply as Heard, classify};
use crate::protocol::RefundNo;
use crate::target::{Connection, Schedule, Step};
use crate::verdict::ReleaseForm;

use super::population::Plan;
use super::shared::Shared;
use super::shared_orders;
use super::user::Judged;

/// How long a gateway gets to take up requests that lack a byte.
const TAKING_UP: Duration = Duration::from_millis(5);

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
    let contenders = requests.len();
    let release = shared.releases.next(contenders);
    let begun = Instant::now();
    let mut started = begun;
    let mut flights = Vec::with_capacity(contenders);
    for ((refund, request), connection) in refunds.iter().zip(requests).zip(connections) {
        let attempt = shared
            .recorder
            .sent_of(plan.order.recorded(), refund, plan.amount);
        let flight = connection.launch(schedule(request, release)).await;
        flights.push((connection, flight, attempt));
    }
    if release == ReleaseForm::LastByte {
        tokio::time::sleep(TAKING_UP).await;
        // What is measured begins with the bytes that complete the requests.
        started = Instant::now();
        for (connection, flight, _) in &mut flights {
            let end = flight.length();
            connection
                .proceed(flight, &[Step::Write(end - 1..end)])
                .await;
        }
    }
    let landed: Vec<(Evidence, Option<Instant>)> = join_all(flights.into_iter().map(
        |(connection, flight, attempt)| async {
            let exchange = connection.land(flight).await;
            let answered = exchange.answer.as_ref().map(|_| Instant::now());
            let caller = &shared.caller;
            let reply = Heard::from(&exchange);
            let evidence = classify(&reply, &caller.partner.key, &caller.profile);
            if let Some(violation) = shared.recorder.answered(attempt, &evidence) {
                shared.alarm(violation);
            }
            (evidence, answered)
        },
    ))
    .await;
    let (landed, answered): (Vec<Evidence>, Vec<Option<Instant>>) = landed.into_iter().unzip();
    if let Some(answered) = answered.into_iter().collect::<Option<Vec<Instant>>>()
        && let (Some(first), Some(last)) = (answered.iter().min(), answered.iter().max())
    {
        shared.releases.note(contenders, release, *last - *first);
    }
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
        held: started - begun,
        started,
        ended: Instant::now(),
    }
}

fn schedule(request: Vec<u8>, release: ReleaseForm) -> Schedule {
    match release {
        ReleaseForm::Whole => Schedule::whole(request),
        ReleaseForm::LastByte => {
            let held = request.len() - 1;
            Schedule::new(request, vec![Step::Write(0..held)])
        }
    }
}
