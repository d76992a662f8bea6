//! Two requests, the second a little later than the first: what a volley that
//! leaves at once never meets.

use std::time::Duration;

use super::race::Race;
use crate::conformance::probe::Probe;
use crate::conformance::rule::{Rule, Turn};
use crate::conformance::volley::{Ask, Shot};
use crate::target::PaidOrder;
use crate::verdict::Level;

pub(in super::super) const RULES: &[Rule] = &[
    Rule {
        id: "races.retry-after-abandon",
        title: "A refund whose caller hangs up and asks again at once is refunded once.",
        explanation: "The connection is closed without an answer right after the last byte, half the usual service time later, or all of it; in the same moment the same refund leaves on another connection. What became of the first is unknown until the second is answered, and the drain shows whether both took effect.",
        clauses: &[
            "refund.duplicate-number",
            "refund.number-names-one-refund",
            "codes.unknown-outcome",
        ],
        level: Level::Must,
        catches: &["number-recorded-late", "duplicate-applied"],
        turn: Turn::Alone,
        attempt: |probe| Box::pin(Race::for_one_order(abandoned).run(probe)),
    },
    Rule {
        id: "races.offset-sweep",
        title: "Two requests about one order are right, however little apart they arrive.",
        explanation: "A retry after its original, a query after a refund of all, and a refund of more than half after another one: the second leaves later by a time that is swept from nothing to three times the usual service time, in sixteen steps that are closest together where it is short. Windows that open late are met so.",
        clauses: &[
            "refund.total",
            "refund.duplicate-number",
            "refund.number-names-one-refund",
        ],
        level: Level::Must,
        catches: &["check-then-act", "duplicate-applied"],
        turn: Turn::Alone,
        attempt: |probe| {
            let race = Race {
                contenders: 2,
                rounds: KINDS * STEPS,
                ..Race::for_one_order(swept)
            };
            Box::pin(race.run(probe))
        },
    },
];

/// How many kinds of pairs are swept.
const KINDS: usize = 3;
/// In how many steps.
const STEPS: usize = 16;

/// A refund that is abandoned, and the same again.
fn abandoned(probe: &Probe, orders: &[PaidOrder], round: usize) -> Vec<Vec<Shot>> {
    let paid = orders[0].paid.minor_units();
    let later = match round % 3 {
        0 => Duration::ZERO,
        1 => probe.raced().service() / 2,
        _ => probe.raced().service(),
    };
    // In every second round it takes all, so that a retry that is taken for
    // another refund can't be refunded and is refused for its amount.
    let amount = if round.is_multiple_of(2) {
        paid / 4
    } else {
        paid
    };
    let first = Shot::fresh(probe, &orders[0], amount).asking(Ask::Abandoned);
    let again = first.clone().asking(Ask::Refund).after(later);
    vec![vec![first, again]]
}

/// Two requests, so much apart as the round says.
fn swept(probe: &Probe, orders: &[PaidOrder], round: usize) -> Vec<Vec<Shot>> {
    let order = &orders[0];
    let paid = order.paid.minor_units();
    let later = offset(probe.raced().service(), round / KINDS);
    let (first, second) = match round % KINDS {
        0 => {
            let first = Shot::fresh(probe, order, paid / 4);
            (first.clone(), first)
        }
        1 => (
            Shot::fresh(probe, order, paid),
            Shot::fresh(probe, order, 1).asking(Ask::Query),
        ),
        _ => (
            Shot::fresh(probe, order, paid / 2 + 1),
            Shot::fresh(probe, order, paid / 2 + 2),
        ),
    };
    vec![vec![first, second.after(later)]]
}

/// How much later the second of a pair leaves in this step.
fn offset(service: Duration, step: usize) -> Duration {
    let steps = u32::try_from(STEPS).expect("they are few");
    let step = u32::try_from(step % STEPS).expect("they are few");
    3 * service * (step * step) / (steps * steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_begin_with_none_and_end_below_three_service_times() {
        let service = Duration::from_micros(400);
        let offsets: Vec<Duration> = (0..STEPS).map(|step| offset(service, step)).collect();
        assert_eq!(offsets[0], Duration::ZERO);
        assert!(offsets.is_sorted());
        assert!(offsets[STEPS - 1] > 2 * service && offsets[STEPS - 1] < 3 * service);
        assert!(
            offsets[4] < service / 4,
            "they are closest at the beginning"
        );
    }
}
