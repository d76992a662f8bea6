//! Is the total right, whatever comes at once?

use super::race::{CONTENDERS, Race, shots};
use crate::conformance::probe::Probe;
use crate::conformance::rule::{Rule, Turn};
use crate::conformance::volley::Shot;
use crate::target::PaidOrder;
use crate::verdict::Level;

pub(in super::super) const RULES: &[Rule] = &[
    Rule {
        id: "races.over-subscription",
        title: "Of concurrent refunds of one order that exceed it together, no more are accepted than it holds.",
        explanation: "Volleys of refunds of a little more than half of the order each: any two that are accepted are more than was paid. A gateway that checks first and books later is caught.",
        clauses: &["refund.total"],
        level: Level::Must,
        catches: &[
            "check-then-act",
            "lost-update",
            "sum-unserialised",
            "two-instances",
            "lock-expires",
            "lock-by-number",
            "stale-balance",
        ],
        turn: Turn::Alone,
        attempt: |probe| {
            let race = Race {
                is_duel: true,
                ..Race::for_one_order(halves)
            };
            Box::pin(race.run(probe))
        },
    },
    Rule {
        id: "races.ladder",
        title: "Of concurrent refunds of which exactly four fit, exactly four are accepted.",
        explanation: "Eight equal refunds of a little more than a fifth of the order. One more is money lost; one fewer, with room left, is a refund wrongly refused.",
        clauses: &["refund.total"],
        level: Level::Must,
        catches: &["check-then-act", "lost-update"],
        turn: Turn::Alone,
        attempt: |probe| Box::pin(Race::for_one_order(fifths).run(probe)),
    },
    Rule {
        id: "races.concurrent-parts",
        title: "Concurrent small refunds that fit together are all counted.",
        explanation: "Eight small refunds at once, then the drain: a gateway whose updates overwrite each other has more left than it should.",
        clauses: &["refund.total"],
        level: Level::Must,
        catches: &["lost-update", "rows-overwritten", "retry-doubles"],
        turn: Turn::Alone,
        attempt: |probe| Box::pin(Race::for_one_order(parts).run(probe)),
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
        catches: &[
            "duplicate-race",
            "duplicate-applied",
            "number-recorded-late",
        ],
        turn: Turn::Alone,
        attempt: |probe| Box::pin(Race::for_one_order(duplicates).run(probe)),
    },
    Rule {
        id: "races.number-with-two-amounts",
        title: "Of concurrent requests with one refund number and different amounts, at most one is accepted.",
        explanation: "Eight requests with the same number and eight amounts at once, then the drain.",
        clauses: &["refund.number-names-one-refund", "refund.total"],
        level: Level::Must,
        catches: &["duplicate-race"],
        turn: Turn::Alone,
        attempt: |probe| Box::pin(Race::for_one_order(same_number).run(probe)),
    },
];

/// The volleys of a round of one volley.
type Volleys = Vec<Vec<Shot>>;

/// Distinct amounts of more than half each.
fn halves(probe: &Probe, orders: &[PaidOrder], _round: usize) -> Volleys {
    let half = orders[0].paid.minor_units() / 2;
    vec![shots(probe, &orders[0], CONTENDERS, |place| half + place)]
}

/// Equal amounts of which exactly four fit.
fn fifths(probe: &Probe, orders: &[PaidOrder], _round: usize) -> Volleys {
    let fifth = orders[0].paid.minor_units() / 5;
    vec![shots(probe, &orders[0], CONTENDERS, |_| fifth + 1)]
}

/// Small distinct amounts that all fit.
fn parts(probe: &Probe, orders: &[PaidOrder], _round: usize) -> Volleys {
    vec![shots(probe, &orders[0], CONTENDERS, |place| 10 + place)]
}

/// One number and one amount.
fn duplicates(probe: &Probe, orders: &[PaidOrder], _round: usize) -> Volleys {
    let sixteenth = orders[0].paid.minor_units() / 16;
    let shot = Shot::fresh(probe, &orders[0], sixteenth);
    vec![vec![shot; CONTENDERS]]
}

/// One number and eight amounts.
fn same_number(probe: &Probe, orders: &[PaidOrder], _round: usize) -> Volleys {
    let sixteenth = orders[0].paid.minor_units() / 16;
    let mut volley = shots(probe, &orders[0], CONTENDERS, |place| sixteenth + place);
    let number = volley[0].refund.clone();
    for shot in &mut volley {
        shot.refund.clone_from(&number);
    }
    vec![volley]
}
