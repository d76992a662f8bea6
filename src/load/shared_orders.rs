//! Orders that the other machines of a load refund at the same time.

use std::collections::VecDeque;
use std::sync::Mutex;

use crate::audit::{Evidence, Money};

use super::live_order::LiveOrder;
use super::population::Plan;
use super::scenario::Kind;
use super::traffic;

/// Shared orders that are not under way yet, in the order of their file: all
/// machines take them in that order, so that they meet on the same ones.
#[derive(Debug, Default)]
pub(super) struct Queue(Mutex<VecDeque<LiveOrder>>);

impl Queue {
    pub(super) fn of(orders: impl IntoIterator<Item = LiveOrder>) -> Self {
        Self(Mutex::new(orders.into_iter().collect()))
    }

    /// The next one, where there is one.
    pub(super) fn next(&self) -> Option<LiveOrder> {
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
        (_, Money::NoAmount | Money::NoState) => plan.order.is_shared(),
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
    use tokio::sync::mpsc::unbounded_channel;

    use crate::audit::{Recorder, SignatureState};
    use crate::load::population::Place;
    use crate::protocol::{Amount, OrderNo, Profile};

    fn plan(kind: Kind, is_shared: bool) -> Plan {
        let recorder = Recorder::new(&Profile::built_in(), None);
        let (number, paid) = (OrderNo::new("o1").unwrap(), Amount::new(1));
        let order = if is_shared {
            LiveOrder::shared(recorder.shared_order(&number, paid, "JPY"), paid)
        } else {
            let recorded = recorder.order(&number, paid, "JPY");
            LiveOrder::new(recorded, paid, unbounded_channel().0)
        };
        Plan {
            kind,
            order,
            refund: None,
            amount: Amount::new(1),
            place: Place::Slot(0),
            uses_up: false,
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
