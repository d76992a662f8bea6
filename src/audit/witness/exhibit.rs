//! Violations with their certificates and pictures.

use std::collections::BTreeSet;

use super::certificate::Certifier;
use super::{scene, traffic};
use crate::audit::history::{History, Number, OrderHistory};
use crate::audit::judge::reduce::reduce;
use crate::audit::judge::shared::Shared;
use crate::verdict::{Exhibit, Violation};

/// Violations of one audit that are drawn; every one of a single history has a
/// certificate.
pub const MOST_SCENES: usize = 200;

/// Gives every violation of `history` its exhibit. The violations are sorted,
/// gravest first, and so are the orders, by number.
pub fn attach(history: &History, shared: &Shared, violations: &mut [Violation]) {
    for (number, violation) in violations.iter_mut().enumerate() {
        let Some(index) = find(history, &violation.order) else {
            continue;
        };
        let order = &history.orders[index];
        let is_drawn = number < MOST_SCENES;
        let made = exhibit((history, order), shared.of(index), violation, is_drawn);
        violation.exhibit = Some(Box::new(made));
    }
}

/// Where an order stands in a history.
pub fn find(history: &History, order: &str) -> Option<usize> {
    history
        .orders
        .binary_search_by(|other| other.order.as_str().cmp(order))
        .ok()
}

/// The exhibit of a violation of `order`, which was judged with these of its
/// numbers taken to be other orders' as well.
pub fn exhibit(
    (history, order): (&History, &OrderHistory),
    shared: &BTreeSet<Number>,
    violation: &Violation,
    is_drawn: bool,
) -> Exhibit {
    let certifier = Certifier {
        history,
        order,
        reduction: &reduce(order, history.terms, shared),
    };
    let certificate = certifier.certify(violation);
    let scene = is_drawn.then(|| scene::draw(&certifier, violation, &certificate));
    let reproducer = is_drawn
        .then(|| traffic::reproducer(order, violation, &certificate))
        .flatten();
    Exhibit {
        certificate,
        history: Some(0),
        scene,
        reproducer,
    }
}
