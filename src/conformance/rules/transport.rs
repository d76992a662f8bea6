//! Does the gateway take HTTP as HTTP is, and nothing else for a refund?

use std::time::Duration;

use crate::conformance::probe::{Probe, Reply};
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::generate::mutate::http::{self as mutate, RawRequest};
use crate::generate::{Draft, Expected, Mutation, Part};
use crate::protocol::Api;
use crate::target::{PaidOrder, Schedule, Step};
use crate::verdict::Level;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "transport.method",
        title: "A refund by another method than POST is refused.",
        explanation: "GET, PUT, PATCH, DELETE, OPTIONS, TRACE, lower-case post and a method that nobody knows, each with a valid signed document.",
        clauses: &["transport.paths"],
        level: Level::Should,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(turned_away(probe, mutate::other_methods)),
    },
    Rule {
        id: "transport.path",
        title: "A refund at another path is refused.",
        explanation: "The root, the parent, a letter more, a part more.",
        clauses: &["transport.paths"],
        level: Level::Should,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(turned_away(probe, mutate::other_paths)),
    },
    Rule {
        id: "transport.content-type-refused",
        title: "A document under another content type than JSON is refused.",
        explanation: "Plain text, forms and UTF-16: what a browser can be made to send to a gateway by a page of somebody else.",
        clauses: &["transport.content-type"],
        level: Level::Should,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(turned_away(probe, mutate::other_content_types)),
    },
    Rule {
        id: "transport.content-type-accepted",
        title: "JSON's content type is accepted in any spelling.",
        explanation: "With a charset, in quotes, in other case, without a space.",
        clauses: &["transport.content-type"],
        level: Level::Should,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(accepted(probe, mutate::json_content_types)),
    },
    Rule {
        id: "transport.chunked",
        title: "A body in chunks is accepted like one with a length.",
        explanation: "One chunk, chunks of one byte, chunk extensions, a trailer.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(accepted(probe, mutate::chunked)),
    },
    Rule {
        id: "transport.broken-chunks",
        title: "Chunks that are none are refused.",
        explanation: "Sizes that are no hexadecimal numbers or too large, and a chunk that is longer than it says.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(turned_away(probe, mutate::broken_chunks)),
    },
    Rule {
        id: "transport.broken-length",
        title: "A length that is wrong, ambiguous or no number is refused.",
        explanation: "Two servers that disagree on where a request ends disagree on what the next one is: that is how a refund is smuggled.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(turned_away(probe, mutate::broken_lengths)),
    },
    Rule {
        id: "transport.broken-head",
        title: "A request whose head HTTP/1.1 forbids is refused.",
        explanation: "A version that is none, no Host, a NUL, a space before a colon, a header without a name.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(turned_away(probe, mutate::broken_heads)),
    },
    Rule {
        id: "transport.length-and-chunks",
        title: "A request with a length and chunks moves no more than one refund.",
        explanation: "The chunks end before the length does; what follows is a second refund for a server that believes the chunks, and a part of the first for one that believes the length.",
        clauses: &["server.limits", "refund.total"],
        level: Level::Hardening,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(length_and_chunks(probe)),
    },
    Rule {
        id: "transport.oversized",
        title: "What is larger than any right request is refused, and others are still answered.",
        explanation: "A header of a megabyte, 2,000 headers, a body of four megabytes; then a refund like any other.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(oversized(probe)),
    },
    Rule {
        id: "transport.segmented",
        title: "A request that arrives in pieces, or whose sender closes its half, is accepted.",
        explanation: "Slices of seven bytes; the whole request and then the end of what we send.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(segmented(probe)),
    },
    Rule {
        id: "transport.expect-continue",
        title: "A request that expects 100-continue is accepted.",
        explanation: "The body follows at once, as HTTP allows; the interim answer may come or not.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(accepted(probe, |request| {
                let expecting = request.clone().with("Expect: 100-continue");
                vec![Mutation::accepted(
                    "Expect: 100-continue",
                    expecting.bytes(),
                )]
            }))
        },
    },
    Rule {
        id: "transport.keep-alive",
        title: "After a refusal the connection is closed, or carries the next request.",
        explanation: "A forged request and a valid one on one connection: leftovers of the first must not become a part of the second.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(keep_alive(probe)),
    },
];

/// A valid refund of 100 under a fresh number, as a request.
fn request(probe: &Probe, order: &PaidOrder) -> RawRequest {
    let caller = probe.caller();
    let document = caller.sealed_raw(probe.value(&order.number, 100).as_bytes());
    let endpoint = &caller.endpoint;
    let target = endpoint.request_target(Api::Refund.path());
    endpoint.headers().fold(
        RawRequest::post(endpoint.authority(), target, document),
        |request, (name, value)| request.with(format!("{name}: {value}")),
    )
}

/// What `make` makes of valid requests, each under a number of its own.
fn requests(
    probe: &Probe,
    order: &PaidOrder,
    make: impl Fn(&RawRequest) -> Vec<Mutation>,
) -> Vec<Mutation> {
    let count = make(&request(probe, order)).len();
    (0..count)
        .map(|index| make(&request(probe, order)).swap_remove(index))
        .collect()
}

async fn send(probe: &mut Probe, mutation: &Mutation) -> Reply {
    let label = format!("a request with {}", mutation.label);
    probe
        .send_schedule(label, Schedule::whole(mutation.document.clone()))
        .await
}

async fn turned_away(
    probe: &mut Probe,
    make: fn(&RawRequest) -> Vec<Mutation>,
) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    for mutation in requests(probe, &order, make) {
        let reply = send(probe, &mutation).await;
        probe.expect_turned_away(&reply, mutation.fitting_codes)?;
    }
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units())
        .await
}

async fn accepted(probe: &mut Probe, make: fn(&RawRequest) -> Vec<Mutation>) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let mut rest = order.paid.minor_units();
    for mutation in requests(probe, &order, make) {
        let reply = send(probe, &mutation).await;
        probe.expect_accepted(&reply)?;
        rest -= 100;
    }
    probe.confirm_nothing_else_moved(&order, rest).await
}

async fn length_and_chunks(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let first = request(probe, &order).chunked(usize::MAX, "", "");
    let second = request(probe, &order).bytes();
    let mut both = first;
    both.body.extend_from_slice(&second);
    let length = both.body.len();
    let bytes = both
        .with(format!("Content-Length: {length}"))
        .bytes_as_they_are();
    let mutation = Mutation::open(
        "a length and chunks, and another request behind them",
        bytes,
    );
    let reply = send(probe, &mutation).await;
    let accepted = i64::from(reply.took_effect());
    if accepted == 0 {
        probe.expect_turned_away(&reply, &[])?;
    }
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units() - 100 * accepted)
        .await
}

async fn oversized(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let mutations = requests(probe, &order, |plain| {
        let draft = Draft::of(&probe.value(&order.number, 100)).expect("the value is valid");
        let padding = format!("\"{}\"", "a".repeat(4 << 20));
        let value = draft.with_last(Part::Body, "padding", padding).text();
        let padded = RawRequest {
            body: probe.caller().sealed_raw(value.as_bytes()),
            ..plain.clone()
        };
        mutate::oversized(plain, &padded)
    });
    let mut rest = order.paid.minor_units();
    for mutation in mutations {
        let reply = send(probe, &mutation).await;
        match mutation.expected {
            Expected::Open if reply.took_effect() => rest -= 100,
            // A gateway may close on a sender that goes on: then its answer can
            // be lost on the way.
            _ if reply.exchange.answer.is_none() && !reply.timed_out() => {}
            _ => probe.expect_turned_away(&reply, mutation.fitting_codes)?,
        }
    }
    probe.confirm_nothing_else_moved(&order, rest).await
}

async fn segmented(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let bytes = request(probe, &order).bytes();
    let slices = Schedule::sliced(bytes, 7, Duration::from_millis(1));
    let half_closed = Schedule::whole(request(probe, &order).bytes()).then(Step::HalfClose);
    for (label, schedule) in [
        ("a request in slices of seven bytes", slices),
        ("a request whose sender closes its half", half_closed),
    ] {
        let reply = probe.send_schedule(label, schedule).await;
        probe.expect_accepted(&reply)?;
    }
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units() - 200)
        .await
}

async fn keep_alive(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let mut forged = request(probe, &order);
    let at = forged.body.len() - 3;
    forged.body[at] = if forged.body[at] == b'0' { b'1' } else { b'0' };
    let valid = request(probe, &order);
    let caller = probe.caller().clone();
    let mut connection = caller.endpoint.connect().await.map_err(|ending| {
        Stop::Inconclusive(format!("no connection for two requests: {ending}"))
    })?;
    let refused = connection.exchange(Schedule::whole(forged.bytes())).await;
    let refused = probe.read("a forged request", refused);
    probe.expect_refused(&refused, &[8])?;
    if !connection.is_usable() {
        return probe
            .confirm_nothing_else_moved(&order, order.paid.minor_units())
            .await;
    }
    let accepted = connection.exchange(Schedule::whole(valid.bytes())).await;
    let accepted = probe.read("a valid request on the same connection", accepted);
    probe.expect_accepted(&accepted)?;
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units() - 100)
        .await
}
