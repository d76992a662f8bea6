//! Requests of different kinds at once.

use super::race::{CONTENDERS, FEWER_ROUNDS, Race, shots};
use crate::conformance::probe::Probe;
use crate::conformance::rule::{Rule, Turn};
use crate::conformance::volley::Shot;
use crate::target::PaidOrder;
use crate::verdict::Level;

pub(in super::super) const RULES: &[Rule] = &[
    Rule {
        id: "races.room-is-not-refused",
        title: "A refund is not refused for its amount where there is room in every order of events.",
        explanation: "Volleys whose refunds all fit, together with ones that are too large: whichever comes first, the small ones fit. A gateway that takes contention for want of money, reserves for a refund that it then refuses, or shows the order as refunded too early, refuses some of them.",
        clauses: &["refund.total", "codes.unknown-outcome"],
        level: Level::Must,
        catches: &[
            "contention-as-exceeds",
            "transient-reservation",
            "refunded-early",
        ],
        turn: Turn::Alone,
        attempt: |probe| Box::pin(Race::for_one_order(roomy).run(probe)),
    },
    Rule {
        id: "races.mixed",
        title: "Refunds, retries and refunds that are too large at once leave a history that one order of events explains.",
        explanation: "Each volley holds two large refunds, small ones, a number twice, a number with two amounts and one refund of more than was paid, of two orders.",
        clauses: &["refund.total", "refund.number-names-one-refund"],
        level: Level::Must,
        catches: &["check-then-act", "lost-update", "duplicate-applied"],
        turn: Turn::Alone,
        attempt: |probe| {
            let race = Race {
                contenders: 2 * CONTENDERS,
                rounds: FEWER_ROUNDS,
                orders: 2,
                ..Race::for_one_order(mixed)
            };
            Box::pin(race.run(probe))
        },
    },
    Rule {
        id: "races.retry-among-others",
        title: "Retries of an accepted refund among other refunds are the same refund.",
        explanation: "One refund is accepted; then it comes again four times at once with others of the order. In every second round it took all that was paid, so that a retry is told wrong where the amount is looked at before the number.",
        clauses: &[
            "refund.duplicate-number",
            "refund.number-names-one-refund",
            "refund.total",
        ],
        level: Level::Must,
        catches: &[
            "duplicate-applied",
            "exceeds-before-duplicate",
            "number-recorded-late",
        ],
        turn: Turn::Alone,
        attempt: |probe| {
            let race = Race {
                rounds: FEWER_ROUNDS,
                ..Race::for_one_order(retries)
            };
            Box::pin(race.run(probe))
        },
    },
];

/// Small refunds that fit in every order of events, and large ones beside them
/// that never do, or may.
fn roomy(probe: &Probe, orders: &[PaidOrder], round: usize) -> Vec<Vec<Shot>> {
    let order = &orders[0];
    let paid = order.paid.minor_units();
    let small = |count| shots(probe, order, count, |place| 10 + place);
    match round % 4 {
        // Exactly all that was paid, in eight parts.
        0 => {
            let part = paid / 8;
            let last = paid - 7 * part;
            vec![shots(probe, order, CONTENDERS, |place| {
                if place == 8 { last } else { part }
            })]
        }
        // After half: one more than what is left, before and among small ones.
        1 => {
            let half = paid / 2;
            let too_large = |more| Shot::fresh(probe, order, paid - half + more);
            let mut volley = vec![too_large(1)];
            volley.extend(small(3));
            volley.push(too_large(2));
            volley.extend(small(3));
            vec![vec![Shot::fresh(probe, order, half)], volley]
        }
        // All of it, first or among small ones: one of them is refused.
        2 => {
            let mut volley = vec![Shot::fresh(probe, order, paid)];
            volley.extend(small(7));
            vec![volley]
        }
        _ => {
            let mut volley = small(3);
            volley.push(Shot::fresh(probe, order, paid));
            volley.extend(small(2));
            volley.push(Shot::fresh(probe, order, paid + 1));
            volley.extend(small(1));
            vec![volley]
        }
    }
}

/// Of everything something, of two orders.
fn mixed(probe: &Probe, orders: &[PaidOrder], _round: usize) -> Vec<Vec<Shot>> {
    let mut volley = Vec::with_capacity(2 * CONTENDERS);
    for order in orders {
        let paid = order.paid.minor_units();
        let twice = Shot::fresh(probe, order, 50);
        let one = Shot::fresh(probe, order, 60);
        let other = Shot {
            amount: 70,
            ..one.clone()
        };
        volley.extend(shots(probe, order, 2, |place| paid / 2 + place));
        volley.extend([twice.clone(), one, Shot::fresh(probe, order, paid + 1)]);
        volley.extend([twice, other, Shot::fresh(probe, order, 80)]);
    }
    // The orders in turn.
    let (first, second) = volley.split_at(CONTENDERS);
    let in_turn = first.iter().zip(second).flat_map(|(a, b)| [a, b]);
    vec![in_turn.cloned().collect()]
}

/// A refund alone, and then four times among others.
fn retries(probe: &Probe, orders: &[PaidOrder], round: usize) -> Vec<Vec<Shot>> {
    let order = &orders[0];
    let paid = order.paid.minor_units();
    let amount = if round.is_multiple_of(2) {
        paid / 4
    } else {
        paid
    };
    let first = Shot::fresh(probe, order, amount);
    let others = shots(probe, order, 4, |place| 10 + place);
    let volley = others
        .into_iter()
        .flat_map(|other| [first.clone(), other])
        .collect();
    vec![vec![first], volley]
}
