//! What the violations of several histories are shown with.
//!
//! Where the history of one machine proves a violation without the others, it
//! is shown as that machine saw it, with a certificate that a checker finds
//! borne out by that one file. Where it takes several there is a picture alone,
//! of what one machine saw beside all the others: places of different files
//! can't be compared, so that nothing could be looked up.

use std::collections::BTreeSet;

use super::order::judge_order;
use super::shared::Shared;
use super::together::Joined;
use crate::audit::history::{History, Number, Terms};
use crate::audit::witness::exhibit::{MOST_SCENES, exhibit, find};
use crate::verdict::{Claim, Exhibit, Violation};

/// Says of a picture what it is of.
const AS_SEEN: &str =
    "as one machine saw it: refunds of the others stand as under way all the time";

/// Gives the violations of `histories` their exhibits. They are sorted, gravest
/// first; the orders by number, with the numbers that they share.
pub(super) fn attach(
    histories: &[History],
    (orders, shared): (&[Joined<'_>], &Shared),
    violations: &mut [Violation],
) {
    if violations.is_empty() {
        return;
    }
    let alone: Vec<Alone<'_>> = histories.iter().map(Alone::of).collect();
    for (number, violation) in violations.iter_mut().enumerate() {
        let found =
            orders.binary_search_by(|joined| joined.order.order.as_str().cmp(&violation.order));
        let Ok(index) = found else {
            continue;
        };
        let (joined, is_drawn) = (&orders[index], number < MOST_SCENES);
        let proof = joined.parts.iter().find_map(|(machine, _)| {
            let (found, mut made) = alone[*machine].prove(violation, is_drawn)?;
            made.history = Some(*machine);
            Some((found, made))
        });
        if let Some((found, made)) = proof {
            *violation = found;
            violation.exhibit = Some(Box::new(made));
        } else if is_drawn {
            let terms = histories[0].terms;
            violation.exhibit = picture(joined, terms, shared.of(index), violation).map(Box::new);
        }
    }
}

/// One history, judged without the others.
struct Alone<'a> {
    history: &'a History,
    shared: Shared,
}

impl<'a> Alone<'a> {
    fn of(history: &'a History) -> Self {
        Self {
            history,
            shared: Shared::find(history),
        }
    }

    /// The same violation as this history alone shows it, where it does.
    fn prove(&self, violation: &Violation, is_drawn: bool) -> Option<(Violation, Exhibit)> {
        let index = find(self.history, &violation.order)?;
        let (order, shared) = (&self.history.orders[index], self.shared.of(index));
        let found = match violation.claim {
            Claim::ChangedOrder => self.shared.violations.clone(),
            _ => judge_order(order, self.history.terms, shared).violations,
        };
        let found = found.into_iter().find(|found| is_same(found, violation))?;
        let made = exhibit((self.history, order), shared, &found, is_drawn);
        Some((found, made))
    }
}

/// Whether both say the same of the same refunds, wherever those stand.
fn is_same(one: &Violation, other: &Violation) -> bool {
    let steps = |violation: &Violation| -> Vec<(String, i64, String)> {
        let step = violation.witness.iter();
        step.map(|step| (step.refund.clone(), step.amount, step.outcome.clone()))
            .collect()
    };
    (one.claim, &one.order, &one.message) == (other.claim, &other.order, &other.message)
        && steps(one) == steps(other)
}

/// A violation of an order of several machines as one of them saw it.
fn picture(
    joined: &Joined<'_>,
    terms: Terms,
    shared: &BTreeSet<Number>,
    violation: &Violation,
) -> Option<Exhibit> {
    let mut views = (0..joined.parts.len()).map(|own| joined.view(own));
    let view = views.find(|view| {
        judge_order(view, terms, shared)
            .violations
            .contains(violation)
    })?;
    let nothing_else = History {
        terms,
        orders: Vec::new(),
    };
    let mut made = exhibit((&nothing_else, &view), shared, violation, true);
    made.history = None;
    if let Some(scene) = &mut made.scene
        && joined.parts.len() > 1
    {
        if !scene.note.is_empty() {
            scene.note.push_str(", and ");
        }
        scene.note.push_str(AS_SEEN);
    }
    Some(made)
}
