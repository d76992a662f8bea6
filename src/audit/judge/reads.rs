//! Queries that show an order as not fully refunded, after it must have been.

use std::collections::BTreeMap;

use super::reduce::{Class, Reduction};
use crate::audit::history::{OrderHistory, QueryOutcome, RefundAttempt, RefundOutcome};

/// The first query, as an index, that shows something left although the
/// answers before it prove that all of `paid` was used; with what they prove.
///
/// Sound where no accepted refund can be released, and silent where some are
/// dealt with later: an order whose last refund is not done yet is not refunded.
/// Not complete, since a query may also rule out sets of unknowns.
pub fn first_stale_read(
    order: &OrderHistory,
    reduction: &Reduction,
    paid: i128,
) -> Option<(usize, i128)> {
    let is_dealt_with_later = |attempt: &RefundAttempt| {
        attempt.outcome == RefundOutcome::Accepted && attempt.is_dealt_with_later
    };
    if order.attempts.iter().any(is_dealt_with_later) {
        return None;
    }
    let mut events: Vec<(u64, Event)> = Vec::new();
    for effect in &reduction.effects {
        if let (Class::Accepted, Some(latest)) = (effect.class, effect.latest) {
            let units = effect.units();
            events.push((
                latest,
                Event::Done {
                    earliest: effect.earliest,
                    units,
                },
            ));
        }
    }
    for refusal in &reduction.refusals {
        let used = paid - i128::from(refusal.wanted.minor_units()) + 1;
        events.push((refusal.latest, Event::Proof { used }));
    }
    for (query, read) in order.queries.iter().enumerate() {
        if read.outcome == QueryOutcome::NotRefunded {
            events.push((read.sent, Event::Read { query }));
        }
    }
    events.sort_unstable_by_key(|&(at, _)| at);
    let mut least = LeastUsed::default();
    for (at, event) in events {
        match event {
            Event::Done { earliest, units } => least.done(earliest, units),
            Event::Proof { used } => least.proof(at, used),
            Event::Read { query } if least.used >= paid => return Some((query, least.used)),
            Event::Read { .. } => {}
        }
    }
    None
}

enum Event {
    /// A refund certainly took effect, not before `earliest`.
    Done { earliest: u64, units: i128 },
    /// A refusal proved that so much was used.
    Proof { used: i128 },
    /// A query was sent that will show something left.
    Read { query: usize },
}

/// What was certainly used, from refusals and the refunds after them.
///
/// Each refusal starts a count of its own, which grows by every refund that
/// can't have been in it already. Only counts that exceed all earlier ones
/// matter, and a map holds by how much each does.
#[derive(Default)]
struct LeastUsed {
    used: i128,
    steps: BTreeMap<u64, i128>,
}

impl LeastUsed {
    fn proof(&mut self, at: u64, used: i128) {
        if used > self.used {
            self.steps.insert(at, used - self.used);
            self.used = used;
        }
    }

    /// Every count that started before `earliest` grows; the later ones may
    /// have counted this refund already, and are overtaken.
    fn done(&mut self, earliest: u64, mut units: i128) {
        self.used += units;
        while units > 0
            && let Some((&at, step)) = self.steps.range_mut(earliest..).next()
        {
            let overtaken = units.min(*step);
            *step -= overtaken;
            self.used -= overtaken;
            units -= overtaken;
            if *step == 0 {
                self.steps.remove(&at);
            }
        }
    }
}
