//! Can refunds that arrive at the same time take more than was paid?
//!
//! Each rule fires volleys at fresh orders, resolves what stayed unknown,
//! drains the orders and has the whole history judged: a failure is a proof,
//! with the smallest history that shows it.

use std::time::Duration;

use crate::audit::{Recorder, judge, settle};
use crate::conformance::probe::{Probe, Reply};
use crate::conformance::rule::{Failure, Rule, Stop, Turn};
use crate::conformance::volley::{Contenders, Shot};
use crate::target::PaidOrder;
use crate::verdict::{Level, Observers, RunVerdict, Severity, Violation};

/// How many requests a volley has: enough to race, few enough that they
/// arrive together.
const CONTENDERS: usize = 8;
/// How many volleys a rule fires.
const ROUNDS: usize = 24;
/// Fewer rounds than this say too little to pass.
const FEWEST_ROUNDS: usize = 3;
/// How long a gateway is left alone before unknown outcomes are asked for
/// again: every request of a volley was answered or timed out already.
const QUIET: Duration = Duration::from_millis(200);

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "races.over-subscription",
        title: "Of concurrent refunds of one order that exceed it together, no more are accepted than it holds.",
        explanation: "Volleys of refunds of a little more than half of the order each: any two that are accepted are more than was paid. A gateway that checks first and books later is caught.",
        clauses: &["refund.total"],
        level: Level::Must,
        catches: &["check-then-act", "lost-update"],
        turn: Turn::Alone,
        attempt: |probe| Box::pin(race(probe, halves)),
    },
    Rule {
        id: "races.ladder",
        title: "Of concurrent refunds of which exactly four fit, exactly four are accepted.",
        explanation: "Eight equal refunds of a little more than a fifth of the order. One more is money lost; one fewer, with room left, is a refund wrongly refused.",
        clauses: &["refund.total"],
        level: Level::Must,
        catches: &["check-then-act", "lost-update"],
        turn: Turn::Alone,
        attempt: |probe| Box::pin(race(probe, fifths)),
    },
    Rule {
        id: "races.concurrent-parts",
        title: "Concurrent small refunds that fit together are all counted.",
        explanation: "Eight small refunds at once, then the drain: a gateway whose updates overwrite each other has more left than it should.",
        clauses: &["refund.total"],
        level: Level::Must,
        catches: &["lost-update"],
        turn: Turn::Alone,
        attempt: |probe| Box::pin(race(probe, parts)),
    },
    Rule {
        id: "races.concurrent-duplicates",
        title: "Concurrent requests with one refund number refund once.",
        explanation: "Eight requests with the same number and amount at once, then the drain counts what was taken.",
        clauses: &[
            "refund.duplicate-number",
            "refund.number-names-one-refund",
            "refund.total",
        ],
        level: Level::Must,
        catches: &["duplicate-race", "duplicate-applied"],
        turn: Turn::Alone,
        attempt: |probe| Box::pin(race(probe, duplicates)),
    },
    Rule {
        id: "races.number-with-two-amounts",
        title: "Of concurrent requests with one refund number and different amounts, at most one is accepted.",
        explanation: "Eight requests with the same number and eight amounts at once, then the drain.",
        clauses: &["refund.number-names-one-refund", "refund.total"],
        level: Level::Must,
        catches: &["duplicate-race"],
        turn: Turn::Alone,
        attempt: |probe| Box::pin(race(probe, same_number)),
    },
];

/// The amount of every order that is raced for.
const PAID: i64 = 10_000;

fn shots(probe: &Probe, amount: impl Fn(i64) -> i64) -> Vec<Shot> {
    (1..)
        .take(CONTENDERS)
        .map(|place| Shot {
            refund: probe.refund_number(),
            amount: amount(place),
        })
        .collect()
}

/// Distinct amounts of more than half each.
fn halves(probe: &Probe, paid: i64) -> Vec<Shot> {
    shots(probe, |place| paid / 2 + place)
}

/// Equal amounts of which exactly four fit.
fn fifths(probe: &Probe, paid: i64) -> Vec<Shot> {
    shots(probe, |_| paid / 5 + 1)
}

/// Small distinct amounts that all fit.
fn parts(probe: &Probe, _paid: i64) -> Vec<Shot> {
    shots(probe, |place| 10 + place)
}

/// One number and one amount.
fn duplicates(probe: &Probe, paid: i64) -> Vec<Shot> {
    let refund = probe.refund_number();
    let shot = Shot {
        refund,
        amount: paid / 16,
    };
    vec![shot; CONTENDERS]
}

/// One number and eight amounts.
fn same_number(probe: &Probe, paid: i64) -> Vec<Shot> {
    let refund = probe.refund_number();
    (1..)
        .take(CONTENDERS)
        .map(|place| Shot {
            refund: refund.clone(),
            amount: paid / 16 + place,
        })
        .collect()
}

async fn race(probe: &mut Probe, volley: fn(&Probe, i64) -> Vec<Shot>) -> Result<(), Stop> {
    let caller = probe.caller().clone();
    let recorder = Recorder::new(&caller.profile, None);
    let mut contenders = Contenders::open(probe, CONTENDERS).await?;
    let mut replies: Vec<Reply> = Vec::new();
    let mut cut_short = None;
    for _ in 0..ROUNDS {
        // What was fired is judged, also where the next round can't be.
        match round(probe, &recorder, &mut contenders, volley).await {
            Ok(round) => replies.extend(round),
            Err(stop) => {
                cut_short = Some(stop);
                break;
            }
        }
    }
    settle::resolve_and_drain(&caller, &recorder, QUIET, &Observers::new()).await;
    let summary = match recorder.finish() {
        Ok(history) => judge(&history),
        Err(broken) => return Err(Stop::Inconclusive(broken.to_string())),
    };
    match (summary.violations.first(), cut_short, summary.verdict) {
        (Some(violation), _, _) => Err(proven(violation, &replies)),
        // A few rounds are less exposure, and no reason to say nothing.
        (None, Some(stop), _) if replies.len() < CONTENDERS * FEWEST_ROUNDS => Err(stop),
        (None, _, RunVerdict::Inconclusive) => {
            Err(Stop::Inconclusive(summary.reason.unwrap_or_else(|| {
                "the history decides nothing".to_owned()
            })))
        }
        (None, _, _) => Ok(()),
    }
}

async fn round(
    probe: &mut Probe,
    recorder: &Recorder,
    contenders: &mut Contenders,
    volley: fn(&Probe, i64) -> Vec<Shot>,
) -> Result<Vec<Reply>, Stop> {
    let order: PaidOrder = probe.paid(PAID).await?;
    recorder.order(
        &order.number,
        order.paid,
        order.currency.as_deref().unwrap_or_default(),
    );
    let shots = volley(probe, order.paid.minor_units());
    contenders.fire(probe, recorder, &order, &shots).await
}

/// A violation with the exchanges of its witness.
fn proven(violation: &Violation, replies: &[Reply]) -> Stop {
    let evidence = replies
        .iter()
        .filter(|reply| {
            violation
                .witness
                .iter()
                .any(|step| reply.label.contains(&format!("as {},", step.refund)))
        })
        .take(CONTENDERS)
        .map(Reply::exhibit)
        .collect();
    Stop::Failed(Box::new(Failure {
        message: format!(
            "{} ({}, {}): {}",
            violation.invariant, violation.severity, violation.timing, violation.message
        ),
        is_money: violation.severity != Severity::Protocol,
        is_grave: false,
        evidence,
        ..Failure::default()
    }))
}
