//! Does each caller get its own answer, and nobody one without a signature?

use super::race::{CONTENDERS, FEWER_ROUNDS, Race, shots};
use crate::audit::Money;
use crate::conformance::probe::{Probe, Reply};
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::conformance::volley::{Ask, Shot};
use crate::target::PaidOrder;
use crate::verdict::Level;

pub(in super::super) const RULES: &[Rule] = &[
    Rule {
        id: "races.answers-not-crossed",
        title: "Each of several refunds at once is answered with its own amount.",
        explanation: "Refunds of different amounts of two orders at once, and then the same ones again: an answer that belongs to another refund names another amount.",
        clauses: &["refund.response", "refund.duplicate-number"],
        level: Level::Must,
        catches: &["answers-crossed", "answer-of-another"],
        turn: Turn::Alone,
        attempt: |probe| {
            let race = Race {
                contenders: 2 * CONTENDERS,
                rounds: FEWER_ROUNDS,
                orders: 2,
                look: own_amounts,
                ..Race::for_one_order(twice)
            };
            Box::pin(race.run(probe))
        },
    },
    Rule {
        id: "races.forged-among-valid",
        title: "Forged requests in the midst of many valid ones are all refused.",
        explanation: "Volleys of 24 requests, every second one with a wrong signature, held until the gateway is at work on all of them: a gateway that is short of time must not skip what takes time.",
        clauses: &["signature.definition"],
        level: Level::Must,
        catches: &["signature-fail-open", "signature-unchecked"],
        turn: Turn::Alone,
        attempt: |probe| {
            let race = Race {
                contenders: 3 * CONTENDERS,
                rounds: FEWER_ROUNDS,
                look: none_forged,
                ..Race::for_one_order(half_forged)
            };
            Box::pin(race.run(probe))
        },
    },
];

/// Refunds of two orders, each of its own amount, and the same again.
fn twice(probe: &Probe, orders: &[PaidOrder], _round: usize) -> Vec<Vec<Shot>> {
    let first = shots(probe, &orders[0], CONTENDERS, |place| 100 + 2 * place);
    let second = shots(probe, &orders[1], CONTENDERS, |place| 101 + 2 * place);
    let volley: Vec<Shot> = first
        .into_iter()
        .zip(second)
        .flat_map(|(one, other)| [one, other])
        .collect();
    vec![volley.clone(), volley]
}

fn own_amounts(probe: &mut Probe, shots: &[Shot], replies: &[Reply]) -> Result<(), Stop> {
    shots
        .iter()
        .zip(replies)
        .try_for_each(|(shot, reply)| probe.expect_amount(reply, shot.amount))
}

/// Small refunds, every second one forged.
fn half_forged(probe: &Probe, orders: &[PaidOrder], _round: usize) -> Vec<Vec<Shot>> {
    let mut volley = shots(probe, &orders[0], 3 * CONTENDERS, |place| 10 + place);
    for shot in volley.iter_mut().step_by(2) {
        shot.ask = Ask::Forged;
    }
    vec![volley]
}

fn none_forged(_: &mut Probe, shots: &[Shot], replies: &[Reply]) -> Result<(), Stop> {
    let forged = shots
        .iter()
        .zip(replies)
        .find(|(shot, reply)| shot.ask == Ask::Forged && reply.evidence.money == Money::Yes);
    forged.map_or(Ok(()), |(shot, reply)| {
        Err(Stop::money(
            format!(
                "a refund of {} with a wrong signature was accepted among others at the same time",
                shot.amount
            ),
            [reply],
        ))
    })
}
