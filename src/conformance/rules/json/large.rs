//! Values that are deep or long, and whether others are still answered.

use std::time::Duration;

use crate::audit::Money;
use crate::conformance::probe::{Probe, Reply};
use crate::conformance::rule::Stop;
use crate::generate::mutate::json::{Large, Nesting};
use crate::target::PaidOrder;

/// What is paid for an order that large requests ask refunds of.
const PAID: i64 = 10_000;

pub(super) async fn deep_nesting(probe: &mut Probe) -> Result<(), Stop> {
    endure(probe, &Large::DEEP).await?;
    let order = probe.paid(PAID).await?;
    let mut rest = order.paid.minor_units();
    let mut seen = Vec::new();
    for levels in [64, 512] {
        let reply = shown(probe, &order, Large::Nested(Nesting::Arrays, levels)).await;
        let is_taken = reply.took_effect();
        if is_taken {
            rest -= 100;
        } else {
            probe.expect_turned_away(&reply, &[])?;
        }
        let verb = if is_taken { "taken" } else { "refused" };
        seen.push(format!("{levels} levels are {verb}"));
    }
    probe.confirm_nothing_else_moved(&order, rest).await?;
    Err(Stop::Observed(seen.join(", ")))
}

/// Sends a request of 100 that is too large in one way.
async fn shown(probe: &mut Probe, order: &PaidOrder, large: Large) -> Reply {
    let value = probe.value(&order.number, 100);
    let mutation = large.of(&value, &probe.caller().partner.key);
    let label = format!("a request with {}", mutation.label);
    probe.send(label, &mutation.document).await
}

/// Each is refused, closed upon or taken for the 100 that it asks for; and
/// after each a refund like any other is still answered.
pub(super) async fn endure(probe: &mut Probe, all: &[Large]) -> Result<(), Stop> {
    let order = probe.paid(PAID).await?;
    let before = probe.refund(&order.number, 1).await;
    probe.expect_accepted(&before)?;
    let mut rest = order.paid.minor_units() - 1;
    let mut is_certain = true;
    for large in all {
        let reply = shown(probe, &order, *large).await;
        let may_be_taken = !matches!(
            large,
            Large::Unclosed(_) | Large::Amount(_) | Large::RefundNo(_)
        );
        if may_be_taken && reply.took_effect() {
            rest -= 100;
        }
        canary(probe, &order, &reply).await?;
        rest -= 1;
        if reply.timed_out() {
            return Err(Stop::failed(
                format!("{}: neither refused nor read in time", reply.label),
                &reply,
            ));
        }
        if reply.exchange.answer.is_none() {
            // Closed upon, as a gateway may that has read enough.
            is_certain &= !may_be_taken;
        } else if !(may_be_taken && reply.took_effect()) {
            probe.expect_turned_away(&reply, &[])?;
        }
    }
    if is_certain {
        probe.confirm_nothing_else_moved(&order, rest).await?;
    }
    Ok(())
}

/// A refund of 1 that must be answered, in a few attempts: a worker that died
/// may need a moment to be replaced.
async fn canary(probe: &mut Probe, order: &PaidOrder, hostile: &Reply) -> Result<(), Stop> {
    const ATTEMPTS: u32 = 4;
    let number = probe.refund_number();
    let mut attempt = 1;
    loop {
        let reply = probe.refund_numbered(&order.number, &number, 1).await;
        if attempt > 1 && reply.evidence.money == Money::Duplicate {
            // An earlier attempt was taken, and its answer lost.
            return Ok(());
        }
        if reply.exchange.answer.is_some() {
            return probe.expect_accepted(&reply);
        }
        if attempt == ATTEMPTS {
            return Err(Stop::outage(
                format!(
                    "{}: after it the gateway does not answer a valid refund any more ({})",
                    hostile.label, reply.exchange.ending
                ),
                hostile,
                &reply,
            ));
        }
        tokio::time::sleep(Duration::from_millis(100) * attempt).await;
        attempt += 1;
    }
}
