//! Callers that dawdle cost nobody else an answer.

use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use tokio::time::timeout;

use super::request::{AMOUNT, accepted, request};
use crate::conformance::probe::{Probe, Reply};
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::target::schedule::body_start;
use crate::target::{Connection, PaidOrder, Schedule, Step};
use crate::verdict::Level;

pub(in super::super) const RULES: &[Rule] = &[
    Rule {
        id: "transport.slow-sender",
        title: "Others are answered while one sender dawdles.",
        explanation: "One request stops in its head and one in its body; meanwhile a refund like any other is answered. Then the body goes on, in pieces, and is accepted.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &["slow-sender-blocks"],
        turn: Turn::Alone,
        attempt: |probe| Box::pin(slow_sender(probe)),
    },
    Rule {
        id: "transport.idle-connections",
        title: "Connections on which nothing is said keep nobody else from an answer.",
        explanation: "A hundred connections are opened and left idle; then a refund like any other.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &[],
        turn: Turn::Alone,
        attempt: |probe| Box::pin(idle_connections(probe)),
    },
];

/// How long a gateway gets to take up a request that is not complete.
pub(in super::super) const TAKING_UP: Duration = Duration::from_millis(50);
/// How many connections are left idle.
const IDLE: usize = 100;

async fn slow_sender(probe: &mut Probe) -> Result<(), Stop> {
    let (order, patience) = measured(probe).await?;
    let other = probe.paid(1_000).await?;
    let plain = request(probe, &other);
    let bytes = plain.bytes();
    let (head, end) = (body_start(&bytes), bytes.len());
    let middle = head + (end - head) / 2;
    let mut in_head = connect(probe).await?;
    let stuck = Schedule::new(bytes.clone(), vec![Step::Write(0..20)]);
    let _never_finished = in_head.launch(stuck).await;
    let mut in_body = connect(probe).await?;
    let schedule = Schedule::new(bytes, vec![Step::Write(0..middle)]);
    let mut flight = in_body.launch(schedule).await;

    let pause = Step::Pause(Duration::from_millis(20));
    let next = middle + (end - middle) / 2;
    let finishing = [Step::Write(middle..next), pause, Step::Write(next..end)];
    tokio::time::sleep(TAKING_UP).await;
    let canary = probe.refund(&order.number, 1);
    let release = async {
        drop(in_head);
        in_body.proceed(&mut flight, &finishing).await;
        (in_body, flight)
    };
    let (reply, was_blocked, (mut in_body, flight)) = meanwhile(canary, patience, release).await;
    let exchange = in_body.land(flight).await;
    judge_canary(probe, &reply, was_blocked, "a slow sender had finished")?;
    let slow = probe.read("a request whose body stops on its way", exchange);
    accepted(probe, &plain, &slow, AMOUNT).await
}

async fn idle_connections(probe: &mut Probe) -> Result<(), Stop> {
    /// Where the rest is slow to be had, fewer will do.
    const OPENING: Duration = Duration::from_secs(1);
    let (order, patience) = measured(probe).await?;
    let endpoint = probe.caller().endpoint.clone();
    let mut idle: Vec<Connection> = Vec::with_capacity(IDLE);
    let opening = async {
        let mut connecting = futures_util::stream::iter(0..IDLE)
            .map(|_| endpoint.connect())
            .buffer_unordered(16);
        while let Some(connection) = connecting.next().await {
            idle.extend(connection.ok());
        }
    };
    let _ = timeout(OPENING, opening).await;
    let canary = probe.refund(&order.number, 1);
    let (reply, was_blocked, ()) = meanwhile(canary, patience, async { drop(idle) }).await;
    judge_canary(probe, &reply, was_blocked, "idle connections were closed")
}

/// An order, and how long a refund of it may take while others dawdle: far
/// longer than one takes here when nobody does.
pub(in super::super) async fn measured(probe: &mut Probe) -> Result<(PaidOrder, Duration), Stop> {
    const SHORTEST: Duration = Duration::from_secs(2);
    let order = probe.paid(1_000).await?;
    let started = Instant::now();
    let reply = probe.refund(&order.number, 1).await;
    probe.expect_accepted(&reply)?;
    Ok((order, SHORTEST.max(started.elapsed() * 10)))
}

/// Waits for `canary`. Where it takes longer than `patience`, what may block it
/// is released and it is waited for once more; the flag tells so.
pub(in super::super) async fn meanwhile<R>(
    canary: impl Future<Output = Reply>,
    patience: Duration,
    release: impl Future<Output = R>,
) -> (Reply, bool, R) {
    let mut canary = pin!(canary);
    match timeout(patience, canary.as_mut()).await {
        Ok(reply) => (reply, false, release.await),
        Err(_) => {
            let released = release.await;
            (canary.await, true, released)
        }
    }
}

/// What the canary's answer says: that it was blocked only where it was
/// answered as soon as it no longer was.
pub(in super::super) fn judge_canary(
    probe: &Probe,
    reply: &Reply,
    was_blocked: bool,
    until: &str,
) -> Result<(), Stop> {
    probe.expect_accepted(reply)?;
    if was_blocked {
        return Err(Stop::failed(
            format!("{}: answered only when {until}", reply.label),
            reply,
        ));
    }
    Ok(())
}

async fn connect(probe: &Probe) -> Result<Connection, Stop> {
    let connecting = probe.caller().endpoint.connect();
    connecting
        .await
        .map_err(|ending| Stop::Inconclusive(format!("no connection could be had: {ending}")))
}
