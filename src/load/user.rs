//! One user: a keep-alive connection, and one request after the other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::audit::{
    Evidence, Money, OrderReading, Reply as Heard, Stamp, classify, classify_query,
};
use crate::protocol::{Amount, Api, Profile, RefundWriter};
use crate::target::{Caller, Connection, Ending, PostHead};

use super::arrivals::Arrival;
use super::malformed::Malformed;
use super::pair::{Pace, Pair, Second};
use super::population::Plan;
use super::rivals::Rivals;
use super::scenario::Kind;
use super::shared::Shared;
use super::statistics::Sample;
use super::{shared_orders, traffic, volley};

/// How much of the traffic one transaction of goose's is: enough to make its
/// bookkeeping cheap, little enough to stop soon.
const BATCH: usize = 64;
const BATCH_TIME: Duration = Duration::from_millis(20);
/// How long a user waits before it knocks again where nobody answers.
const RECONNECT_PAUSE: Duration = Duration::from_millis(50);

/// A user's own state.
#[derive(Debug)]
pub struct User {
    shared: Arc<Shared>,
    number: usize,
    /// The partner, with numbers of this user's own.
    caller: Caller,
    writer: RefundWriter,
    refund_head: PostHead,
    query_head: PostHead,
    connection: Option<Connection>,
    /// Further ones that its lane has, for requests that leave at once,
    rivals: Arc<Rivals>,
    /// and those of them that the present request uses.
    borrowed: Vec<Option<Connection>>,
    /// How long its refunds usually take.
    pace: Pace,
    /// What its requests are drawn from.
    random: StdRng,
    /// What the amounts of its fresh orders are drawn from: how many it pays
    /// for depends on the others.
    paying: StdRng,
    document: Vec<u8>,
    request: Vec<u8>,
    /// For how long the present request has waited for the gateway before it
    /// could leave: until it sold another order, or took a connection.
    waited: Duration,
}

/// An answer, judged.
pub(super) struct Judged {
    pub(super) failure: Option<&'static str>,
    pub(super) is_unknown: bool,
    /// For how long it was held back so that others were ready to leave too.
    pub(super) held: Duration,
    /// When its request's first byte was about to leave; of a volley that was
    /// held back, its last bytes.
    pub(super) started: Instant,
    /// When its last byte had come, or what would not come was given up.
    pub(super) ended: Instant,
}

impl Judged {
    fn over(
        (sent, ended): (Stamp, Stamp),
        failure: Option<&'static str>,
        is_unknown: bool,
    ) -> Self {
        Self {
            failure,
            is_unknown,
            held: Duration::ZERO,
            started: sent.at(),
            ended: ended.at(),
        }
    }
}

impl User {
    /// The user of this number, in a lane with these further connections.
    pub(super) fn new(shared: Arc<Shared>, number: usize, rivals: Arc<Rivals>) -> Self {
        let seed = shared.seed.wrapping_add(
            u64::try_from(number)
                .unwrap_or(u64::MAX)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15),
        );
        let caller = shared.caller.for_lane(number);
        Self {
            writer: RefundWriter::new(
                caller.partner.number.clone(),
                caller.profile.time_field,
                caller.partner.key.clone(),
            ),
            refund_head: caller.endpoint.post_head(Api::Refund.path()),
            query_head: caller.endpoint.post_head(Api::Query.path()),
            caller,
            shared,
            number,
            connection: None,
            rivals,
            borrowed: Vec::new(),
            pace: Pace::default(),
            random: StdRng::seed_from_u64(seed),
            paying: StdRng::seed_from_u64(!seed),
            document: Vec::with_capacity(512),
            request: Vec::with_capacity(1024),
            waited: Duration::ZERO,
        }
    }

    /// Its number among the users of the whole load.
    pub(super) const fn number(&self) -> usize {
        self.number
    }

    /// Connects, if it is not connected.
    pub async fn connect(&mut self) -> Result<(), Ending> {
        connect(&mut self.connection, &self.shared, &mut self.waited).await
    }

    /// Sends a short run of requests, as they fall due, and tells whether there
    /// were any. Where it is not its turn it leaves, and waits for it.
    pub async fn run(&mut self) -> bool {
        if !self.shared.wants(self.number) {
            self.connection = None;
            self.shared.wait_for_turn(self.number).await;
            return true;
        }
        let mut free = Instant::now();
        let until = free + BATCH_TIME;
        for sent in 0..BATCH {
            let Some(arrival) = self.shared.arrivals.next(free).await else {
                return sent > 0;
            };
            let Some(ended) = self.serve(arrival).await else {
                return false;
            };
            free = ended;
            if free >= until {
                break;
            }
        }
        true
    }

    /// Sends one request, and tells when the user was free again. `None` where
    /// there is no order left.
    async fn serve(&mut self, arrival: Arrival) -> Option<Instant> {
        let is_open = self.shared.arrivals.is_open();
        self.waited = Duration::ZERO;
        let plan = self.plan().await?;
        let malformed = self.write(&plan);
        if !is_open {
            // Whoever else has an answer reads it first: so requests leave in
            // a row, and the gateway is woken up once for many of them.
            tokio::task::yield_now().await;
        }
        let judged = match self.connect_for(&plan).await {
            Ok(()) => self.exchange(&plan, malformed).await,
            Err(_) => {
                let started = Instant::now();
                tokio::time::sleep(RECONNECT_PAUSE).await;
                Judged {
                    failure: Some("no connection"),
                    is_unknown: false,
                    held: Duration::ZERO,
                    started,
                    ended: Instant::now(),
                }
            }
        };
        if !self.borrowed.is_empty() {
            self.rivals.give_back(self.borrowed.drain(..).flatten());
        }
        let service = judged.ended.saturating_duration_since(judged.started);
        // What the generator is late with, and not the gateway.
        let lag = judged.started.saturating_duration_since(arrival.ready);
        self.shared.record(
            self.number,
            judged.started,
            &Sample {
                kind: plan.kind,
                latency: if is_open {
                    let since_due = judged.ended.saturating_duration_since(arrival.due);
                    since_due.saturating_sub(judged.held)
                } else {
                    service
                },
                service: is_open.then_some(service),
                lag: lag.saturating_sub(self.waited + judged.held),
                failure: judged.failure,
                is_unknown: judged.is_unknown,
            },
        );
        if !plan.uses_up {
            // Of two that left apart the measured time ends before they do.
            let is_apart = matches!(plan.kind, Kind::RetryAfterAbandon | Kind::OffsetSweep);
            return Some(if is_apart {
                Instant::now()
            } else {
                judged.ended
            });
        }
        let amount = fresh_amount(self.shared.order_amount, &mut self.paying);
        let place = plan.place;
        // Let go of first: it may be the last that holds its order.
        drop(plan);
        self.shared.replace(place, &self.caller, amount).await;
        Some(Instant::now())
    }

    /// Plans a request about an order that is not being replaced.
    async fn plan(&mut self) -> Option<Plan> {
        let shared = &self.shared;
        let draw = shared
            .chances
            .draw(&mut self.random, shared.own(self.number));
        loop {
            let plan = shared.population.plan(&draw, &self.caller.numbers);
            if plan.is_some() {
                return plan;
            }
            if shared.has_no_orders_left() {
                return None;
            }
            let since = Instant::now();
            tokio::time::sleep(Duration::from_millis(1)).await;
            self.waited += since.elapsed();
        }
    }

    fn write(&mut self, plan: &Plan) -> Option<Malformed> {
        self.document.clear();
        let malformed =
            traffic::write_document(&self.caller, &mut self.writer, plan, &mut self.document);
        let head = match plan.refund {
            Some(_) => &self.refund_head,
            None => &self.query_head,
        };
        self.request.clear();
        head.write(&self.document, &mut self.request);
        malformed
    }

    async fn connect_for(&mut self, plan: &Plan) -> Result<(), Ending> {
        self.connect().await?;
        for _ in 1..plan.kind.contenders() {
            let since = Instant::now();
            let rival = self.rivals.take(&self.caller.endpoint).await;
            self.waited += since.elapsed();
            self.borrowed.push(Some(rival?));
        }
        Ok(())
    }

    async fn exchange(&mut self, plan: &Plan, malformed: Option<Malformed>) -> Judged {
        if let Some(second) = Second::of(plan, self.shared.has_query) {
            return self.pair(plan, second).await;
        }
        match (&plan.refund, malformed) {
            (None, _) => self.query(plan).await,
            (Some(_), Some(malformed)) => self.malformed(plan, &malformed).await,
            (Some(_), None) if plan.kind.contenders() > 1 => self.volley(plan).await,
            (Some(_), None) => self.refund(plan).await,
        }
    }

    async fn query(&mut self, plan: &Plan) -> Judged {
        let recorder = &self.shared.recorder;
        let connection = self.connection.as_mut().expect("it was just connected");
        let attempt = recorder.query_sent_of(plan.order.recorded());
        let sent = attempt.sent();
        let outcome = connection.round_trip(&self.request).await;
        let ended = recorder.stamp();
        let key = &self.caller.partner.key;
        let evidence = classify_query(&Heard::from(&outcome), key, plan.order.number());
        recorder.query_answered_at(attempt, ended, &evidence);
        let is_unknown = evidence.reading == OrderReading::Nothing;
        Judged::over((sent, ended), traffic::query_failure(&evidence), is_unknown)
    }

    async fn refund(&mut self, plan: &Plan) -> Judged {
        let shared = &self.shared;
        let recorder = &shared.recorder;
        let connection = self.connection.as_mut().expect("it was just connected");
        let refund = plan.refund.as_ref().expect("only a query has no number");
        let order = plan.order.recorded();
        let attempt = match plan.kind {
            Kind::Retry => recorder.sent_of(order, refund, plan.amount),
            _ => recorder.first_sent_of(order, refund, plan.amount),
        };
        let sent = attempt.sent();
        let outcome = connection.round_trip(&self.request).await;
        let ended = recorder.stamp();
        let caller = &self.caller;
        let evidence = classify(&Heard::from(&outcome), &caller.partner.key, &caller.profile);
        if let Some(violation) = recorder.answered_at(attempt, ended, &evidence) {
            shared.alarm(violation);
        }
        if evidence.money == Money::Yes && matches!(plan.kind, Kind::Partial | Kind::ExactRest) {
            shared.population.accepted(plan);
        }
        self.pace
            .note(ended.at().saturating_duration_since(sent.at()));
        let failure = shared_orders::failure(plan, &evidence)
            .filter(|_| !has_failed_later(&self.caller.profile, plan.kind, &evidence));
        Judged::over((sent, ended), failure, evidence.money == Money::Maybe)
    }

    /// A request that nobody may act on. It is recorded only where somebody
    /// has, or may have without breaking a clause: what was turned away, in
    /// whatever way, is no attempt of a caller's and leaves nothing to resolve.
    /// Whether it moved money in silence is seen when its order is drained.
    async fn malformed(&mut self, plan: &Plan, malformed: &Malformed) -> Judged {
        let shared = &self.shared;
        let recorder = &shared.recorder;
        let connection = self.connection.as_mut().expect("it was just connected");
        let sent = recorder.stamp();
        let outcome = connection.round_trip(&self.request).await;
        let ended = recorder.stamp();
        let caller = &self.caller;
        let evidence = classify(&Heard::from(&outcome), &caller.partner.key, &caller.profile);
        let is_lost = evidence.money == Money::Maybe
            && evidence.http_status.is_none_or(|status| status >= 500);
        let is_accepted = evidence.money == Money::Yes;
        if let Some(refund) = &plan.refund
            && (is_accepted || is_lost && malformed.forbidden.is_none())
        {
            let order = plan.order.recorded();
            let attempt = recorder.sent_at(order, refund, plan.amount, sent);
            if let Some(violation) = recorder.answered_at(attempt, ended, &evidence) {
                shared.alarm(violation);
            }
        }
        if is_accepted {
            shared.malformed_accepted(malformed);
        }
        let lost = outcome.as_ref().err();
        let failure = traffic::malformed_failure(malformed, &evidence, lost);
        Judged::over((sent, ended), failure, false)
    }

    /// Two requests of which the second leaves a little later.
    async fn pair(&mut self, plan: &Plan, second: Second) -> Judged {
        let refund = plan.refund.clone().expect("only a query has no number");
        let request = self.request.clone();
        let number = match second {
            Second::Rival => self.caller.numbers.refund(),
            _ => refund.clone(),
        };
        self.write(&Plan {
            refund: (second != Second::Query).then(|| number.clone()),
            ..plan.clone()
        });
        let pair = Pair {
            plan,
            second,
            refunds: [refund, number],
            requests: [request, self.request.clone()],
            later: second.later(plan.pick, self.pace.service()),
        };
        let [rival, ..] = &mut self.borrowed[..] else {
            unreachable!("it was just connected");
        };
        let connection = self.connection.as_mut().expect("it was just connected");
        pair.send(&self.shared, rival, connection).await
    }

    /// Several refunds that leave together, each on a connection of its own.
    async fn volley(&mut self, plan: &Plan) -> Judged {
        let mut refunds = vec![plan.refund.clone().expect("only a query has no number")];
        let mut requests = vec![self.request.clone()];
        while refunds.len() < plan.kind.contenders() {
            if plan.kind == Kind::DuplicateStorm {
                refunds.push(refunds[0].clone());
            } else {
                let refund = self.caller.numbers.refund();
                refunds.push(refund.clone());
                self.write(&Plan {
                    refund: Some(refund),
                    ..plan.clone()
                });
            }
            requests.push(self.request.clone());
        }
        let connections = self
            .connection
            .iter_mut()
            .chain(self.borrowed.iter_mut().flatten());
        volley::fire(&self.shared, plan, &refunds, requests, connections).await
    }
}

/// What is to be paid for a fresh order.
pub(super) fn fresh_amount((least, most): (Amount, Amount), random: &mut StdRng) -> Amount {
    Amount::new(random.random_range(least.minor_units()..=most.minor_units()))
}

/// Connects, if it is not connected, and adds to `waited` what that took.
async fn connect(
    connection: &mut Option<Connection>,
    shared: &Shared,
    waited: &mut Duration,
) -> Result<(), Ending> {
    if connection
        .as_mut()
        .is_some_and(|connection| connection.is_still_usable())
    {
        return Ok(());
    }
    *connection = None;
    let since = Instant::now();
    let connected = shared.caller.endpoint.connect().await;
    *waited += since.elapsed();
    *connection = Some(connected?);
    Ok(())
}

/// Whether a refund that had been accepted is refused now because it failed
/// since, where the profile says that it may.
fn has_failed_later(profile: &Profile, kind: Kind, evidence: &Evidence) -> bool {
    profile.late_failure && kind == Kind::Retry && evidence.money == Money::NoOther
}
