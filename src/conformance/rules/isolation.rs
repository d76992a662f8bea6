//! Does each partner see and move its own money alone?

use crate::conformance::probe::Probe;
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::protocol::Api;
use crate::target::Partner;
use crate::verdict::Level;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "isolation.foreign-order",
        title: "A partner can't refund another partner's order.",
        explanation: "The second partner signs with its own key and names the first one's order; then the drain counts.",
        clauses: &["refund.partner-isolation"],
        level: Level::Must,
        catches: &["foreign-order"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(foreign_order(probe)),
    },
    Rule {
        id: "isolation.foreign-key",
        title: "A partner's name under another partner's key is refused.",
        explanation: "A gateway that verifies with any known key lets every partner act as every other.",
        clauses: &["refund.partner-isolation", "signature.definition"],
        level: Level::Must,
        catches: &["signature-unchecked"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(foreign_key(probe)),
    },
];

async fn foreign_order(probe: &mut Probe) -> Result<(), Stop> {
    let other = probe.other_caller()?;
    let order = probe.paid(1_000).await?;
    let number = probe.refund_number();
    let document = other.refund(&order.number, &number, crate::protocol::Amount::new(100));
    let reply = probe
        .send_as(
            &other,
            Api::Refund,
            "a refund of another partner's order",
            &document,
        )
        .await;
    let owner = probe.caller().partner.number.clone();
    probe.expect_money_kept(&reply, &[30], [], || {
        format!(
            "partner {} refunded an order of partner {owner}",
            other.partner.number
        )
    })?;
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units())
        .await
}

async fn foreign_key(probe: &mut Probe) -> Result<(), Stop> {
    let other = probe.other_caller()?;
    let order = probe.paid(1_000).await?;
    let impostor = probe.caller().acting_as(Partner {
        number: probe.caller().partner.number.clone(),
        key: other.partner.key.clone(),
    });
    let number = probe.refund_number();
    let document = impostor.refund(&order.number, &number, crate::protocol::Amount::new(100));
    let reply = probe
        .send("a refund signed with another partner's key", &document)
        .await;
    probe.expect_refused(&reply, &[8])?;
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units())
        .await
}
