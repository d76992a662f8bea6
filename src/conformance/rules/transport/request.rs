//! Requests that are made by hand, and what becomes of each.

use std::time::Duration;

use crate::audit::Money;
use crate::conformance::probe::{Probe, Reply};
use crate::conformance::rule::Stop;
use crate::generate::mutate::http::RawRequest;
use crate::generate::{Expected, Mutation};
use crate::protocol::Api;
use crate::target::{PaidOrder, Schedule, Step};

/// What each request asks for.
pub(super) const AMOUNT: i64 = 100;

/// A valid refund of [`AMOUNT`] under a fresh number, as a request.
pub(super) fn request(probe: &Probe, order: &PaidOrder) -> RawRequest {
    request_of(probe, order, AMOUNT)
}

/// The same of another amount.
pub(super) fn request_of(probe: &Probe, order: &PaidOrder, amount: i64) -> RawRequest {
    let value = probe.value(&order.number, amount);
    post_of(probe, probe.caller().sealed_raw(value.as_bytes()))
}

/// The POST of a document to the refund call.
pub(in super::super) fn post_of(probe: &Probe, document: Vec<u8>) -> RawRequest {
    let endpoint = &probe.caller().endpoint;
    let target = endpoint.request_target(Api::Refund.path());
    endpoint.headers().fold(
        RawRequest::post(endpoint.authority(), target, document),
        |request, (name, value)| request.with(format!("{name}: {value}")),
    )
}

/// What `make` makes of valid requests, each with the request that it was made
/// of, under a number of its own.
pub(super) fn requests(
    probe: &Probe,
    order: &PaidOrder,
    make: impl Fn(&RawRequest) -> Vec<Mutation>,
) -> Vec<(RawRequest, Mutation)> {
    let count = make(&request(probe, order)).len();
    (0..count)
        .map(|index| {
            let plain = request(probe, order);
            let mutation = make(&plain).swap_remove(index);
            (plain, mutation)
        })
        .collect()
}

/// Whether the gateway answers in HTTP/1.0, which knows neither chunks nor
/// hosts: it owes nobody what came with 1.1.
///
/// # Errors
/// A [`Stop`] where a plain refund is not accepted.
pub(super) async fn speaks_http_1_0(probe: &mut Probe) -> Result<bool, Stop> {
    let order = probe.paid(1_000).await?;
    let reply = probe.refund(&order.number, 1).await;
    probe.expect_accepted(&reply)?;
    let answer = reply.exchange.answer.as_ref();
    Ok(answer.is_some_and(|answer| answer.head.starts_with(b"HTTP/1.0")))
}

/// Sends what `make` makes of valid refunds, judges each by what it expects,
/// and confirms that what was accepted is gone from the order, and no more.
pub(super) async fn each(
    probe: &mut Probe,
    make: fn(&RawRequest) -> Vec<Mutation>,
) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let mut rest = order.paid.minor_units();
    for (plain, mutation) in requests(probe, &order, make) {
        let schedule = Schedule::whole(mutation.document.clone());
        if judged(probe, &plain, &mutation, schedule).await? {
            rest -= AMOUNT;
        }
    }
    probe.confirm_nothing_else_moved(&order, rest).await
}

/// The same for requests that end too early: their sender closes its half, so
/// that nobody waits for the rest.
pub(super) async fn each_cut_short(
    probe: &mut Probe,
    make: fn(&RawRequest) -> Vec<Mutation>,
) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    for (_, mutation) in requests(probe, &order, make) {
        let schedule = Schedule::whole(mutation.document.clone()).then(Step::HalfClose);
        let reply = sent_until_refused(probe, &mutation, schedule).await;
        turned_away(probe, &reply)?;
    }
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units())
        .await
}

/// Sends one request and judges it. Tells whether its refund is done.
pub(super) async fn judged(
    probe: &mut Probe,
    plain: &RawRequest,
    mutation: &Mutation,
    schedule: Schedule,
) -> Result<bool, Stop> {
    match mutation.expected {
        Expected::Refused => {
            let reply = sent_until_refused(probe, mutation, schedule).await;
            turned_away(probe, &reply)?;
            Ok(false)
        }
        Expected::Accepted => {
            let label = format!("a request with {}", mutation.label);
            let reply = sent_until_heard(probe, &label, schedule).await;
            accepted(probe, plain, &reply, AMOUNT).await?;
            if reply.exchange.answer.is_none() {
                return Err(Stop::failed(
                    format!("{label}: never answered, though a plain request is"),
                    &reply,
                ));
            }
            Ok(true)
        }
        Expected::Open => {
            let reply = sent(probe, mutation, schedule).await;
            if reply.took_effect() {
                probe.expect_amount(&reply, AMOUNT)?;
                return Ok(true);
            }
            let is_unanswered = reply.exchange.answer.is_none();
            if is_unanswered || !reply.is_busy() {
                turned_away(probe, &reply)?;
            }
            if is_unanswered || reply.is_busy() {
                // Taken with its answer lost, or turned away: after the plain
                // form of the same refund it is done in either case.
                done_plainly(probe, plain).await?;
                return Ok(true);
            }
            Ok(false)
        }
    }
}

/// The refund was accepted, or is when it is asked for once more in its plain
/// form, where the connection was lost.
pub(super) async fn accepted(
    probe: &mut Probe,
    plain: &RawRequest,
    reply: &Reply,
    amount: i64,
) -> Result<(), Stop> {
    if reply.timed_out() {
        done_plainly(probe, plain).await?;
        return Err(Stop::failed(
            format!(
                "{}: not answered in time, though a plain request is",
                reply.label
            ),
            reply,
        ));
    }
    if reply.exchange.answer.is_none() || reply.is_busy() {
        return done_plainly(probe, plain).await;
    }
    probe.expect_accepted(reply)?;
    probe.expect_amount(reply, amount)
}

async fn sent(probe: &mut Probe, mutation: &Mutation, schedule: Schedule) -> Reply {
    let label = format!("a request with {}", mutation.label);
    probe.send_schedule(label, schedule).await
}

/// Sends it again where the gateway says that it is busy. A connection that is
/// closed is a refusal here.
async fn sent_until_refused(probe: &mut Probe, mutation: &Mutation, schedule: Schedule) -> Reply {
    let label = format!("a request with {}", mutation.label);
    let is_final = |reply: &Reply| reply.exchange.answer.is_none() || !reply.is_busy();
    repeated(probe, &label, schedule, is_final).await
}

/// Sends it again where the gateway is busy or drops the connection: one
/// hiccup is no verdict.
pub(in super::super) async fn sent_until_heard(
    probe: &mut Probe,
    label: &str,
    schedule: Schedule,
) -> Reply {
    repeated(probe, label, schedule, |reply| !reply.is_busy()).await
}

async fn repeated(
    probe: &mut Probe,
    label: &str,
    schedule: Schedule,
    is_final: impl Fn(&Reply) -> bool + Send,
) -> Reply {
    const ATTEMPTS: u32 = 4;
    let mut earlier_unknown = false;
    let mut attempt = 1;
    loop {
        let mut reply = probe.send_schedule(label, schedule.clone()).await;
        reply.earlier_unknown = earlier_unknown;
        if attempt == ATTEMPTS || is_final(&reply) {
            return reply;
        }
        earlier_unknown |= reply.evidence.money == Money::Maybe;
        tokio::time::sleep(Duration::from_millis(10) * (1 << attempt)).await;
        attempt += 1;
    }
}

/// Asks for the same refund in its plain form, after which it is done, by this
/// request or by the one before it.
pub(super) async fn done_plainly(probe: &mut Probe, plain: &RawRequest) -> Result<(), Stop> {
    let mut reply = probe
        .send("the same refund in a plain request", &plain.body)
        .await;
    reply.earlier_unknown = true;
    probe.expect_accepted(&reply)
}

/// The request was refused, or the connection ended without an answer: below
/// the protocol both will do, and the order itself tells whether money moved.
/// Silence is remarked on.
pub(super) fn turned_away(probe: &mut Probe, reply: &Reply) -> Result<(), Stop> {
    if reply.exchange.answer.is_some() {
        return probe.expect_turned_away(reply, &[]);
    }
    if reply.timed_out() {
        probe.remark(format!(
            "{}: neither refused nor closed, {}",
            reply.label, reply.exchange.ending
        ));
    }
    Ok(())
}
