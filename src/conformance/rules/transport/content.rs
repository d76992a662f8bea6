//! Content types, encodings and sizes.

use super::request::{AMOUNT, each, request, requests, sent_until_heard, turned_away};
use crate::conformance::gunzip::gunzip;
use crate::conformance::probe::{Probe, Reply};
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::generate::mutate::http::{self as mutate, RawRequest};
use crate::generate::{Draft, Expected, Part};
use crate::protocol::{Direction, Envelope};
use crate::target::{PaidOrder, Schedule};
use crate::verdict::Level;

pub(in super::super) const RULES: &[Rule] = &[
    Rule {
        id: "transport.content-type-refused",
        title: "A document under another content type than JSON is refused.",
        explanation: "Plain text, forms and UTF-16: what a browser can be made to send to a gateway by a page of somebody else.",
        clauses: &["transport.content-type"],
        level: Level::Should,
        catches: &["content-type-ignored"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(each(probe, mutate::other_content_types)),
    },
    Rule {
        id: "transport.content-type-accepted",
        title: "JSON's content type is accepted in any spelling.",
        explanation: "With a charset, in quotes, in other case, with blanks around it or none.",
        clauses: &["transport.content-type"],
        level: Level::Should,
        catches: &["content-type-exact"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(each(probe, mutate::json_content_types)),
    },
    Rule {
        id: "transport.encoding",
        title: "Whoever takes gzip can still verify the answer.",
        explanation: "With Accept-Encoding: gzip the answer comes plain, or is signed as it is when it is unpacked. Requests in gzip or in an unknown encoding are understood or refused, and move what they say or nothing.",
        clauses: &["transport.content-type", "signature.response"],
        level: Level::Should,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(encoding(probe)),
    },
    Rule {
        id: "transport.oversized",
        title: "What is larger than any right request is refused, and others are still answered.",
        explanation: "A header of a megabyte, 2,000 headers, a query of 64 kilobytes, a body of four megabytes; then a refund like any other.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &["oversized-crashes"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(oversized(probe)),
    },
];

async fn encoding(probe: &mut Probe) -> Result<(), Stop> {
    each(probe, mutate::encodings).await?;
    let order = probe.paid(1_000).await?;
    let plain = request(probe, &order);
    let asking = plain.clone().with("Accept-Encoding: gzip").bytes();
    let label = "a request that takes gzip";
    let reply = sent_until_heard(probe, label, Schedule::whole(asking)).await;
    match packed(&reply) {
        None => probe.expect_accepted(&reply)?,
        Some(answer) => {
            let key = &probe.caller().partner.key;
            let is_authentic = gunzip(answer).is_some_and(|answer| {
                Envelope::parse(&answer, Direction::Response)
                    .is_ok_and(|envelope| envelope.verify(key).is_ok())
            });
            if !is_authentic {
                return Err(Stop::failed(
                    "the answer comes in gzip, and what is inside is no response whose signature holds",
                    &reply,
                ));
            }
        }
    }
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units() - AMOUNT)
        .await
}

/// The body of an answer that says that it is in gzip.
fn packed(reply: &Reply) -> Option<&[u8]> {
    let answer = reply.exchange.answer.as_ref()?;
    let encoding = answer.header("content-encoding")?;
    encoding
        .trim_ascii()
        .eq_ignore_ascii_case(b"gzip")
        .then_some(answer.body.as_slice())
}

async fn oversized(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let mut is_certain = true;
    let mut rest = order.paid.minor_units();
    let all = requests(probe, &order, |plain| {
        mutate::oversized(plain, &padded(probe, &order, plain))
    });
    for (_, mutation) in all {
        let label = format!("a request with {}", mutation.label);
        let schedule = Schedule::whole(mutation.document.clone());
        let reply = probe.send_schedule(label, schedule).await;
        match mutation.expected {
            Expected::Open if reply.took_effect() => rest -= AMOUNT,
            Expected::Open if reply.exchange.answer.is_none() => {
                is_certain = false;
                turned_away(probe, &reply)?;
            }
            // A gateway may close on a sender that goes on: then its answer can
            // be lost on the way.
            _ => turned_away(probe, &reply)?,
        }
        rest -= still_answers(probe, &order, &mutation.label).await?;
    }
    // What may be taken, and was not answered, may have been taken.
    if is_certain {
        probe.confirm_nothing_else_moved(&order, rest).await?;
    }
    Ok(())
}

/// The same request with a member of four megabytes.
fn padded(probe: &Probe, order: &PaidOrder, plain: &RawRequest) -> RawRequest {
    let draft = Draft::of(&probe.value(&order.number, AMOUNT)).expect("the value is valid");
    let padding = format!("\"{}\"", "a".repeat(4 << 20));
    let value = draft.with_last(Part::Body, "padding", padding).text();
    plain
        .clone()
        .with_body(probe.caller().sealed_raw(value.as_bytes()))
}

/// A refund of 1 like any other is answered; gives what it took.
async fn still_answers(probe: &mut Probe, order: &PaidOrder, after: &str) -> Result<i64, Stop> {
    let reply = probe.refund(&order.number, 1).await;
    if reply.exchange.answer.is_none() {
        return Err(Stop::failed(
            format!("after a request with {after} nothing is answered any more"),
            &reply,
        ));
    }
    probe.expect_accepted(&reply)?;
    Ok(1)
}
