//! Two requests about one order, of which the second leaves a little later:
//! what leaves at once never meets a window that opens late.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::audit::{Evidence, Money, OrderReading, Reply as Heard, classify, classify_query};
use crate::protocol::RefundNo;
use crate::target::{Connection, Schedule, Step, wait_until};

use super::population::Plan;
use super::scenario::Kind;
use super::shared::Shared;
use super::shared_orders;
use super::traffic;
use super::user::Judged;

/// In how many steps an offset is swept.
const STEPS: u32 = 16;

/// What the second request of a pair is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Second {
    /// The same refund again; nobody waits for the first one's answer.
    AfterAbandon,
    /// The same refund again.
    Again,
    /// A query of the order.
    Query,
    /// Another refund, which does not fit beside the first.
    Rival,
}

impl Second {
    /// The second of what is planned; `None` where it is no pair.
    pub(super) fn of(plan: &Plan, has_query: bool) -> Option<Self> {
        match (plan.kind, plan.pick % 3) {
            (Kind::RetryAfterAbandon, _) => Some(Self::AfterAbandon),
            (Kind::OffsetSweep, 1) if has_query => Some(Self::Query),
            (Kind::OffsetSweep, 2) => Some(Self::Rival),
            (Kind::OffsetSweep, _) => Some(Self::Again),
            _ => None,
        }
    }

    /// How much later it leaves, where a request takes `service`.
    pub(super) fn later(self, pick: u64, service: Duration) -> Duration {
        let pick = u32::try_from(pick / 3 % u64::from(STEPS)).expect("it is below the steps");
        match self {
            Self::AfterAbandon => service * (pick % 3) / 2,
            Self::Again | Self::Query | Self::Rival => {
                3 * service * (pick * pick) / (STEPS * STEPS)
            }
        }
    }
}

/// How long a refund usually takes: a running median.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pace(Duration);

impl Pace {
    /// Takes note of one: the median moves a sixteenth of itself towards it.
    pub(super) fn note(&mut self, took: Duration) {
        self.0 = if self.0.is_zero() {
            took
        } else if took > self.0 {
            self.0 + self.0 / 16
        } else {
            self.0 - self.0 / 16
        };
    }

    pub(super) const fn service(self) -> Duration {
        self.0
    }
}

/// Two requests, ready to leave.
pub(super) struct Pair<'a> {
    pub(super) plan: &'a Plan,
    pub(super) second: Second,
    /// The refund's number, and the second's where it has one.
    pub(super) refunds: [RefundNo; 2],
    pub(super) requests: [Vec<u8>; 2],
    pub(super) later: Duration,
}

impl Pair<'_> {
    /// Sends both, each on a connection of its own; the first one's is closed
    /// where its answer is not waited for.
    pub(super) async fn send(
        self,
        shared: &Shared,
        first: &mut Option<Connection>,
        second: &mut Connection,
    ) -> Judged {
        let Self {
            plan,
            refunds: [refund, other],
            requests: [request, other_request],
            ..
        } = self;
        let (recorder, order) = (&shared.recorder, plan.order.recorded());
        let connection = first.as_mut().expect("it was just connected");
        let (schedule, other_schedule) = (Schedule::whole(request), Schedule::whole(other_request));
        let is_abandoned = self.second == Second::AfterAbandon;
        // Whoever is abandoned is so once the second has left.
        let has_left = CancellationToken::new();
        let started = Instant::now();
        let attempt = recorder.sent_of(order, &refund, plan.amount);
        let mut flight = connection.launch(schedule).await;
        // It may be answered before the second leaves: when it was is stamped
        // then, or the two would seem to have met.
        let landing = async {
            if is_abandoned {
                has_left.cancelled().await;
                connection.proceed(&mut flight, &[Step::Abandon]).await;
            }
            let exchange = connection.land(flight).await;
            (exchange, recorder.stamp())
        };
        let following = async {
            wait_until(started + self.later).await;
            let left = Instant::now();
            let (query, again) = if self.second == Second::Query {
                (Some(recorder.query_sent_of(order)), None)
            } else {
                (None, Some(recorder.sent_of(order, &other, plan.amount)))
            };
            let flight = second.launch(other_schedule).await;
            has_left.cancel();
            let exchange = second.land(flight).await;
            (exchange, recorder.stamp(), left, query, again)
        };
        let ((exchange, landed), (other_exchange, other_landed, left, query, again)) =
            tokio::join!(landing, following);
        if is_abandoned {
            *first = None;
        }
        let key = &shared.caller.partner.key;
        let evidence_of = |heard: &Heard<'_>| classify(heard, key, &shared.caller.profile);
        let evidence = evidence_of(&Heard::from(&exchange));
        let mut alarms = vec![recorder.answered_at(attempt, landed, &evidence)];
        let mut answers: Vec<Evidence> = Vec::with_capacity(2);
        // Of what was abandoned nothing was to be heard.
        if self.second != Second::AfterAbandon {
            answers.push(evidence);
        }
        let heard = Heard::from(&other_exchange);
        let mut failure = None;
        let mut is_unknown = false;
        if let Some(query) = query {
            let shown = classify_query(&heard, key, plan.order.number());
            recorder.query_answered_at(query, other_landed, &shown);
            failure = traffic::query_failure(&shown);
            is_unknown = shown.reading == OrderReading::Nothing;
        }
        if let Some(again) = again {
            let evidence = evidence_of(&heard);
            alarms.push(recorder.answered_at(again, other_landed, &evidence));
            answers.push(evidence);
        }
        for violation in alarms.into_iter().flatten() {
            shared.alarm(violation);
        }
        is_unknown |= answers.iter().any(|answer| answer.money == Money::Maybe);
        Judged {
            failure: failure.or_else(|| self.second.failure(plan, &answers)),
            is_unknown,
            held: Duration::ZERO,
            started,
            // How much later the second left is our own doing.
            ended: started + other_landed.at().saturating_duration_since(left),
        }
    }
}

impl Second {
    /// What is wrong with the answers to the refunds of a pair.
    fn failure(self, plan: &Plan, answers: &[Evidence]) -> Option<&'static str> {
        // Others may have taken the room; whether they have is the judge's to say.
        if answers.iter().all(|answer| answer.money == Money::NoAmount) {
            return None;
        }
        let kind = match self {
            Self::AfterAbandon | Self::Again => Kind::DuplicateStorm,
            Self::Query => Kind::Partial,
            Self::Rival => Kind::Duel,
        };
        let plan = Plan {
            kind,
            ..plan.clone()
        };
        answers
            .iter()
            .find_map(|answer| shared_orders::failure(&plan, answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_settles_at_what_half_of_the_requests_take() {
        let mut pace = Pace::default();
        for round in 0..1_000 {
            pace.note(Duration::from_micros(if round % 2 == 0 {
                100
            } else {
                900
            }));
        }
        let service = pace.service().as_micros();
        assert!((90..=910).contains(&service), "{service}");
        for _ in 0..1_000 {
            pace.note(Duration::from_micros(400));
        }
        let service = pace.service().as_micros();
        assert!((370..=430).contains(&service), "{service}");
    }

    #[test]
    fn offsets_are_none_half_and_all_of_a_service_time_or_swept_to_three() {
        let service = Duration::from_micros(400);
        let later = |second: Second, step: u64| second.later(3 * step, service).as_micros();
        let abandoned = [0, 1, 2].map(|step| later(Second::AfterAbandon, step));
        assert_eq!(abandoned, [0, 200, 400]);
        let swept: Vec<u128> = (0..16).map(|step| later(Second::Rival, step)).collect();
        assert!(swept[0] == 0 && swept.is_sorted() && swept[15] > 1_000 && swept[15] < 1_200);
    }
}
