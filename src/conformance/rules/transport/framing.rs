//! Where a request ends.

use std::time::Duration;

use super::connection::{first_on_a_line, forged};
use super::request::{
    AMOUNT, each, each_cut_short, judged, request, requests, speaks_http_1_0, turned_away,
};
use crate::conformance::probe::Probe;
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::generate::Mutation;
use crate::generate::mutate::http::{self as mutate, RawRequest};
use crate::target::schedule::body_start;
use crate::target::{PaidOrder, Schedule, Step};
use crate::verdict::Level;

pub(in super::super) const RULES: &[Rule] = &[
    Rule {
        id: "transport.chunked",
        title: "A body in chunks is accepted like one with a length.",
        explanation: "One chunk, chunks of one byte, sizes in upper and lower case, extensions, a trailer. A trailer that names a length or a type never counts.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &["chunked-unread"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(chunked(probe)),
    },
    Rule {
        id: "transport.broken-chunks",
        title: "Chunks that are none are refused.",
        explanation: "Sizes that are no hexadecimal numbers or too large, chunks that are longer than they say or end without a line's end.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &["broken-chunks-taken"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(each(probe, mutate::broken_chunks)),
    },
    Rule {
        id: "transport.broken-length",
        title: "A length that is wrong, ambiguous or no number is refused.",
        explanation: "Two servers that disagree on where a request ends disagree on what the next one is: that is how a refund is smuggled. What HTTP leaves to a server, such as the same length twice, is taken or refused. What ends before its length or its last chunk moves nothing.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &["broken-lengths-taken"],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(async {
                each(probe, mutate::broken_lengths).await?;
                each_cut_short(probe, mutate::cut_short).await
            })
        },
    },
    Rule {
        id: "transport.length-and-chunks",
        title: "A request with a length and chunks moves no more than one refund.",
        explanation: "Another refund stands behind the chunks and before the length's end, and the other way round: whoever believes the wrong one of the two takes it for a second request.",
        clauses: &["server.limits", "refund.total"],
        level: Level::Hardening,
        catches: &["length-and-chunks-smuggled"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(length_and_chunks(probe)),
    },
    Rule {
        id: "transport.segmented",
        title: "A request that arrives in pieces, or whose sender closes its half, is accepted.",
        explanation: "Slices of seven bytes; head and body apart; the whole request and then the end of what we send.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &["one-packet", "half-close-aborts"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(segmented(probe)),
    },
    Rule {
        id: "transport.expect-continue",
        title: "A request that expects 100-continue is accepted.",
        explanation: "The body follows at once, or when the interim answer has come, or after a while without one. An expectation that nobody knows is refused or ignored. After a refusal the connection is closed, or carries the next request.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &["expect-unanswered"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(expect_continue(probe)),
    },
];

/// How long an interim answer is waited for, as HTTP advises.
const INTERIM: Duration = Duration::from_secs(1);

async fn chunked(probe: &mut Probe) -> Result<(), Stop> {
    if speaks_http_1_0(probe).await? {
        return Err(Stop::Skipped(
            "the gateway answers in HTTP/1.0, which has no chunks".to_owned(),
        ));
    }
    each(probe, mutate::chunked).await
}

async fn length_and_chunks(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let mut rest = order.paid.minor_units();
    let second = request(probe, &order);
    for (plain, mutation) in requests(probe, &order, |first| mutate::smuggled(first, &second)) {
        let schedule = Schedule::whole(mutation.document.clone());
        if judged(probe, &plain, &mutation, schedule).await? {
            rest -= AMOUNT;
        }
    }
    probe.confirm_nothing_else_moved(&order, rest).await
}

/// A way in which a request's bytes leave, in words that complete "a request
/// with …".
type Way = (&'static str, fn(Vec<u8>) -> Schedule);

const WAYS: [Way; 3] = [
    ("slices of seven bytes", |bytes| {
        Schedule::sliced(bytes, 7, Duration::from_millis(1))
    }),
    ("a pause between head and body", |bytes| {
        let (body, end) = (body_start(&bytes), bytes.len());
        let pause = Step::Pause(Duration::from_millis(20));
        let steps = vec![Step::Write(0..body), pause, Step::Write(body..end)];
        Schedule::new(bytes, steps)
    }),
    ("its sender's half closed behind it", |bytes| {
        Schedule::whole(bytes).then(Step::HalfClose)
    }),
];

async fn segmented(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let mut rest = order.paid.minor_units();
    for (label, way) in WAYS {
        taken(probe, &order, label, |plain| way(plain.bytes())).await?;
        rest -= AMOUNT;
    }
    probe.confirm_nothing_else_moved(&order, rest).await
}

/// One valid refund, sent in this way, is accepted.
async fn taken(
    probe: &mut Probe,
    order: &PaidOrder,
    label: &str,
    way: impl FnOnce(&RawRequest) -> Schedule,
) -> Result<(), Stop> {
    let plain = request(probe, order);
    let schedule = way(&plain);
    let mutation = Mutation::accepted(label, schedule.bytes.clone());
    judged(probe, &plain, &mutation, schedule).await.map(drop)
}

async fn expect_continue(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let mut rest = order.paid.minor_units() - 2 * AMOUNT;
    let expecting = |plain: &RawRequest| plain.clone().with("Expect: 100-continue");
    taken(probe, &order, "Expect: 100-continue", |plain| {
        Schedule::whole(expecting(plain).bytes())
    })
    .await?;
    taken(
        probe,
        &order,
        "Expect: 100-continue, whose sender waits for it",
        |plain| patient(expecting(plain).bytes()),
    )
    .await?;
    let unknown = |plain: &RawRequest| {
        let bytes = plain.clone().with("Expect: barter").bytes();
        vec![Mutation::open("an expectation that nobody knows", bytes)]
    };
    for (plain, mutation) in requests(probe, &order, unknown) {
        let schedule = Schedule::whole(mutation.document.clone());
        if judged(probe, &plain, &mutation, schedule).await? {
            rest -= AMOUNT;
        }
    }
    rest -= after_refusal(probe, &order).await?;
    probe.confirm_nothing_else_moved(&order, rest).await
}

/// The body leaves when it is asked for, or after a while.
fn patient(bytes: Vec<u8>) -> Schedule {
    let (body, end) = (body_start(&bytes), bytes.len());
    let steps = vec![
        Step::Write(0..body),
        Step::AwaitInterim(INTERIM),
        Step::Write(body..end),
    ];
    Schedule::new(bytes, steps)
}

/// A forged request that expects 100-continue, and a valid one behind it on
/// the same connection, where that can be used. Gives what was refunded.
async fn after_refusal(probe: &mut Probe, order: &PaidOrder) -> Result<i64, Stop> {
    let expecting = forged(&request(probe, order)).with("Expect: 100-continue");
    let label = "a forged request that expects 100-continue";
    let (mut line, refused) = first_on_a_line(probe, label, patient(expecting.bytes())).await?;
    turned_away(probe, &refused)?;
    // Without its body the connection is nobody's to use.
    if refused.exchange.written < refused.exchange.sent.len() {
        return Ok(0);
    }
    line.goes_on(probe, order, &refused).await
}
