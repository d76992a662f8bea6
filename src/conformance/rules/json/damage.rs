//! Random damage, and what is left of it when it is shrunk.

use proptest::strategy::{Strategy, ValueTree};

use crate::conformance::probe::Probe;
use crate::conformance::rule::Stop;
use crate::conformance::shrink::Shrinking;
use crate::generate::{Damage, JsonClass, class_of, damage};
use crate::protocol::OrderNo;
use crate::target::PaidOrder;

/// What is paid for an order that damaged requests ask refunds of.
const PAID: i64 = 10_000;
/// How many orders shrinking may use up: a damaged request that is accepted
/// can take any amount.
const MOST_ORDERS: usize = 16;

pub(super) async fn random_damage(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(PAID).await?;
    let mut runner = probe.strategy_runner();
    for _ in 0..probe.cases() {
        let tree = damage()
            .new_tree(&mut runner)
            .map_err(|reason| Stop::Inconclusive(reason.to_string()))?;
        if let Err(stop) = damaged(probe, &order.number, &tree.current()).await {
            return Err(shrunk(probe, Shrinking::from(tree, stop)).await);
        }
    }
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units())
        .await
}

/// Shows the gateway one damaged request, if it is no JSON.
async fn damaged(probe: &mut Probe, order: &OrderNo, damage: &Damage) -> Result<(), Stop> {
    let document = damage.of(&probe.value(order, 100), &probe.caller().partner.key);
    let JsonClass::Invalid { at, reason } = class_of(&document) else {
        return Ok(());
    };
    let label = format!("a request with {damage} ({reason} at byte {at})");
    let reply = probe.send(label, &document).await;
    probe.expect_turned_away(&reply, &[])
}

async fn shrunk<T>(probe: &mut Probe, mut shrinking: Shrinking<T>) -> Stop
where
    T: ValueTree<Value = Damage> + Send,
{
    let mut order = None;
    let mut orders = 0;
    while let Some(simpler) = shrinking.candidate() {
        let fresh = match order.take() {
            Some(order) => order,
            None if orders == MOST_ORDERS => break,
            None => match probe.paid(PAID).await {
                Ok(PaidOrder { number, .. }) => number,
                Err(_) => break,
            },
        };
        let result = damaged(probe, &fresh, &simpler).await;
        if matches!(result, Err(Stop::Failed(_))) {
            // Something may be gone of it.
            orders += 1;
        } else {
            order = Some(fresh);
        }
        shrinking.tell(result);
    }
    checked(shrinking.end())
}

/// The failure, if what was sent is no JSON indeed: a case that became valid
/// is never reported as one.
fn checked(stop: Stop) -> Stop {
    let Stop::Failed(failure) = stop else {
        return stop;
    };
    let is_invalid = failure.evidence.iter().all(|exchange| {
        let body = exchange.sent.get(exchange.body_start..).unwrap_or_default();
        matches!(class_of(body), JsonClass::Invalid { .. })
    });
    if is_invalid {
        Stop::Failed(failure)
    } else {
        Stop::Inconclusive(format!("{}, but it is JSON", failure.message))
    }
}
