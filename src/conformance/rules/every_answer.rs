//! Does every answer of the run, whatever it was provoked by, come in time, in
//! one piece, signed, and without giving anything away?
//!
//! These rules send nothing but a last refund: they report what the watch has
//! seen while the other rules ran.

use std::time::Duration;

use crate::conformance::probe::Probe;
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::conformance::watch::Point;
use crate::verdict::{ExchangeEvidence, Level};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "answer.every-signature",
        title: "The signature of every answer to a partner that the request names holds.",
        explanation: "Every answer of the run that is a response of the protocol, whichever rule asked, refusals of all kinds included, is verified over its raw text.",
        clauses: &["signature.response"],
        level: Level::Must,
        catches: &[
            "error-unsigned",
            "error-signature-absent",
            "error-signed-with-other-key",
            "answer-reserialised",
        ],
        turn: Turn::Last,
        attempt: |probe| Box::pin(async { report(probe, Point::Signed) }),
    },
    Rule {
        id: "answer.every-document",
        title: "Every answer with a status of success is one JSON document in UTF-8, and says so.",
        explanation: "Every answer of the run whose status is 2xx: its Content-Type is application/json, its bytes are UTF-8, and there is exactly one document.",
        clauses: &["transport.content-type"],
        level: Level::Should,
        catches: &[
            "content-type-html",
            "message-in-latin-1",
            "refusals-as-html",
        ],
        turn: Turn::Last,
        attempt: |probe| Box::pin(async { report(probe, Point::OneDocument) }),
    },
    Rule {
        id: "answer.every-code",
        title: "Every code is one of the documented ones.",
        explanation: "Every signed answer of the run. A caller that does not know a code does not know whether the refund happened.",
        clauses: &["codes.list"],
        level: Level::Should,
        catches: &["undocumented-code"],
        turn: Turn::Last,
        attempt: |probe| Box::pin(async { report(probe, Point::DocumentedCode) }),
    },
    Rule {
        id: "answer.every-status",
        title: "No request makes the gateway answer with a server error.",
        explanation: "Whatever is sent, a status of 500 means that the gateway broke over it. 501 to 505 are words of a proxy or of a server that can't answer now, and are not counted.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &["server-error-page"],
        turn: Turn::Last,
        attempt: |probe| Box::pin(async { report(probe, Point::NoServerError) }),
    },
    Rule {
        id: "answer.every-in-time",
        title: "Every complete request is answered, or its connection closed, in time.",
        explanation: "Within --timeout, for every complete request of the run.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &["json-number-hangs"],
        turn: Turn::Last,
        attempt: |probe| Box::pin(async { report(probe, Point::InTime) }),
    },
    Rule {
        id: "answer.no-trace",
        title: "No answer shows the gateway's inside.",
        explanation: "Stack traces and database errors tell an attacker what to try next.",
        clauses: &["server.secrets"],
        level: Level::Hardening,
        catches: &["stack-trace-in-message"],
        turn: Turn::Last,
        attempt: |probe| Box::pin(async { report(probe, Point::NoTrace) }),
    },
    Rule {
        id: "answer.no-secret",
        title: "No answer shows the sign key, or the signature that a request should have had.",
        explanation: "A message such as \"expected …, got …\" signs refunds for whoever asks. It fails the run at every level, since money can then be moved that should not.",
        clauses: &["server.secrets"],
        level: Level::Hardening,
        catches: &["key-in-message", "signature-in-message"],
        turn: Turn::Last,
        attempt: |probe| Box::pin(async { no_secret(probe) }),
    },
    Rule {
        id: "answer.still-serving",
        title: "After everything that was sent, a refund like any other is accepted.",
        explanation: "A fresh order and a new connection, when all other rules have ended. A gateway that stopped serving others over what one of them sent fails at every level.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &["json-nesting-crashes", "oversized-crashes"],
        turn: Turn::Last,
        attempt: |probe| Box::pin(still_serving(probe)),
    },
];

fn report(probe: &Probe, point: Point) -> Result<(), Stop> {
    match found(probe, point)? {
        Some((message, evidence)) => Err(Stop::failed_by(message, evidence)),
        None => Ok(()),
    }
}

/// Whoever can sign can move money: this fails at every level.
fn no_secret(probe: &Probe) -> Result<(), Stop> {
    match found(probe, Point::NoSecret)? {
        Some((message, evidence)) => Err(Stop::grave(message, evidence)),
        None => Ok(()),
    }
}

/// What the watch has seen wrong in one point.
fn found(probe: &Probe, point: Point) -> Result<Option<(String, ExchangeEvidence)>, Stop> {
    let watch = probe.watch();
    if watch.exchanges() == 0 {
        return Err(Stop::Skipped(
            "no other rule ran, so there are no answers to look at".to_owned(),
        ));
    }
    Ok(watch.breach(point).map(|breach| {
        let more = match breach.count {
            1 => String::new(),
            count => format!(" (the first of {count} such answers)"),
        };
        let message = format!("{}{more}, sent by {}", breach.message, breach.rule);
        (message, breach.evidence)
    }))
}

/// How often a gateway that does not answer is asked again, and after how long.
const PATIENCE: (usize, Duration) = (6, Duration::from_millis(500));

async fn still_serving(probe: &mut Probe) -> Result<(), Stop> {
    let (attempts, pause) = PATIENCE;
    let mut attempt = 1;
    loop {
        let Some(silence) = last_refund(probe).await? else {
            return Ok(());
        };
        if attempt == attempts {
            let message = "the gateway has stopped answering anybody since the rules began";
            return Err(Stop::grave(message, silence));
        }
        attempt += 1;
        tokio::time::sleep(pause).await;
    }
}

/// Pays and refunds; the exchange that was not answered, where one was not.
async fn last_refund(probe: &mut Probe) -> Result<Option<ExchangeEvidence>, Stop> {
    let order = match probe.paid(100).await {
        Ok(order) => order,
        Err(Stop::Blocked(_, Some(evidence))) if evidence.received.is_empty() => {
            return Ok(Some(*evidence));
        }
        Err(other) => return Err(other),
    };
    let reply = probe.refund(&order.number, 100).await;
    if reply.exchange.received.is_empty() {
        return Ok(Some(reply.exhibit()));
    }
    probe.expect_accepted(&reply)?;
    Ok(None)
}
