//! Violations with their certificates and pictures.

use super::certificate::Certifier;
use super::scene;
use crate::audit::history::History;
use crate::audit::judge::reduce::reduce;
use crate::audit::judge::shared::Shared;
use crate::verdict::{Exhibit, Violation};

/// Violations of one history that are drawn; every one has a certificate.
const MOST_SCENES: usize = 200;

/// Gives every violation of `history` its exhibit. The violations are sorted,
/// gravest first, and so are the orders, by number.
pub fn attach(history: &History, shared: &Shared, violations: &mut [Violation]) {
    for (number, violation) in violations.iter_mut().enumerate() {
        let found = history
            .orders
            .binary_search_by(|order| order.order.as_str().cmp(&violation.order));
        let Ok(index) = found else {
            continue;
        };
        let order = &history.orders[index];
        let reduction = reduce(order, history.terms, shared.of(index));
        let certifier = Certifier {
            history,
            order,
            reduction: &reduction,
        };
        let certificate = certifier.certify(violation);
        let scene =
            (number < MOST_SCENES).then(|| scene::draw(&certifier, violation, &certificate));
        violation.exhibit = Some(Box::new(Exhibit { certificate, scene }));
    }
}
