//! Orders that the other machines of a load refund at the same time.

use std::collections::VecDeque;
use std::sync::Mutex;

use crate::audit::{Evidence, Money};
use crate::target::PaidOrder;

use super::population::Plan;
use super::scenario::Kind;
use super::traffic;

/// Shared orders that are not under way yet, in the order of their file: all
/// machines take them in that order, so that they meet on the same ones.
#[derive(Debug, Default)]
pub(super) struct Queue(Mutex<VecDeque<PaidOrder>>);

impl Queue {
    pub(super) fn of(orders: impl IntoIterator<Item = PaidOrder>) -> Self {
        Self(Mutex::new(orders.into_iter().collect()))
    }

    /// The next one, where there is one.
    pub(super) fn next(&self) -> Option<PaidOrder> {
        self.0.lock().expect("no holder panics").pop_front()
    }
}

/// What is wrong with the answer to what was planned. Of a shared order others
/// may have taken all that is left, so that no refund of it can be expected to
/// be accepted: whether it was rightly refused is for the merge to judge.
pub(super) fn failure(plan: &Plan, evidence: &Evidence) -> Option<&'static str> {
    let is_refused_for_others = match (plan.kind, evidence.money) {
        // It has taken effect before, whoever came after it.
        (Kind::Retry, Money::NoAmount) => false,
        (_, Money::NoAmount | Money::NoState) => plan.is_shared,
        _ => false,
    };
    if is_refused_for_others {
        return None;
    }
    traffic::refund_failure(plan.kind, evidence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::SignatureState;
    use crate::load::population::Place;
    use crate::protocol::{Amount, OrderNo};

    fn plan(kind: Kind, is_shared: bool) -> Plan {
        Plan {
            kind,
            order: OrderNo::new("o1").unwrap(),
            refund: None,
            amount: Amount::new(1),
            place: Place::Slot(0),
            uses_up: false,
            is_shared,
            pick: 0,
        }
    }

    fn refused(money: Money) -> Evidence {
        Evidence {
            money,
            http_status: Some(200),
            code: None,
            status: None,
            signature: SignatureState::Valid,
            findings: Vec::new(),
        }
    }

    #[test]
    fn of_a_shared_order_any_refund_but_a_retry_may_be_refused_for_want_of_money() {
        for kind in [Kind::Partial, Kind::DuplicateStorm, Kind::ExactRest] {
            for money in [Money::NoAmount, Money::NoState] {
                assert_eq!(failure(&plan(kind, true), &refused(money)), None, "{kind}");
            }
            let own = failure(&plan(kind, false), &refused(Money::NoState));
            assert!(own.is_some(), "{kind}");
        }
        let retry = plan(Kind::Retry, true);
        assert!(failure(&retry, &refused(Money::NoAmount)).is_some());
        assert!(failure(&plan(Kind::Partial, true), &refused(Money::Duplicate)).is_some());
    }
}
