//! One user: a keep-alive connection, and one request after the other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::audit::{Money, OrderReading, Reply as Heard, classify, classify_query};
use crate::protocol::{Amount, Api};
use crate::target::{Caller, Connection, Ending};

use super::arrivals::Arrival;
use super::malformed::Malformed;
use super::population::Plan;
use super::scenario::Kind;
use super::shared::Shared;
use super::statistics::Sample;
use super::{shared_orders, traffic, volley};

/// How much of the traffic one transaction of goose's is: enough to make its
/// bookkeeping cheap, little enough to stop soon.
const BATCH: usize = 32;
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
    connection: Option<Connection>,
    /// Further ones, for requests that leave at once.
    rivals: Vec<Option<Connection>>,
    /// What its requests are drawn from.
    random: StdRng,
    /// What the amounts of its fresh orders are drawn from: how many it pays
    /// for depends on the others.
    paying: StdRng,
    document: Vec<u8>,
    request: Vec<u8>,
}

/// What came of one request, for goose's own books.
#[derive(Debug, Clone, Copy)]
pub struct Served {
    /// What it was.
    pub kind: Kind,
    /// How long it took from its first byte.
    pub service: Duration,
    /// What was wrong.
    pub failure: Option<&'static str>,
}

/// An answer, judged.
pub(super) struct Judged {
    pub(super) failure: Option<&'static str>,
    pub(super) is_unknown: bool,
}

impl User {
    /// The user of this number.
    pub fn new(shared: Arc<Shared>, number: usize) -> Self {
        let seed = shared.seed.wrapping_add(
            u64::try_from(number)
                .unwrap_or(u64::MAX)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15),
        );
        Self {
            caller: shared.caller.for_lane(number),
            shared,
            number,
            connection: None,
            rivals: Vec::new(),
            random: StdRng::seed_from_u64(seed),
            paying: StdRng::seed_from_u64(!seed),
            document: Vec::with_capacity(512),
            request: Vec::with_capacity(1024),
        }
    }

    /// Connects, if it is not connected.
    pub async fn connect(&mut self) -> Result<(), Ending> {
        connect(&mut self.connection, &self.shared).await
    }

    /// Sends a short run of requests, as they fall due.
    /// Where it is not its turn it leaves, and waits for it.
    pub async fn run(&mut self, served: &mut Vec<Served>) {
        if !self.shared.wants(self.number) {
            self.connection = None;
            self.rivals.clear();
            self.shared.wait_for_turn(self.number).await;
            return;
        }
        let until = Instant::now() + BATCH_TIME;
        for _ in 0..BATCH {
            let Some(arrival) = self.shared.arrivals.next().await else {
                return;
            };
            if let Some(one) = self.serve(arrival).await {
                served.push(one);
            }
            if Instant::now() >= until {
                return;
            }
        }
    }

    async fn serve(&mut self, arrival: Arrival) -> Option<Served> {
        // What the generator is late with; all that follows is the gateway's.
        let lag = Instant::now().saturating_duration_since(arrival.ready);
        let plan = self.plan().await?;
        let malformed = self.write(&plan);
        let started = Instant::now();
        let judged = match self.connect_for(&plan).await {
            Ok(()) => self.exchange(&plan, malformed).await,
            Err(_) => {
                tokio::time::sleep(RECONNECT_PAUSE).await;
                Judged {
                    failure: Some("no connection"),
                    is_unknown: false,
                }
            }
        };
        let ended = Instant::now();
        let service = ended - started;
        self.shared.record(
            self.number,
            started,
            &Sample {
                kind: plan.kind,
                latency: ended.saturating_duration_since(arrival.due),
                service,
                lag,
                failure: judged.failure,
                is_unknown: judged.is_unknown,
            },
        );
        if plan.uses_up {
            let amount = fresh_amount(self.shared.order_amount, &mut self.paying);
            self.shared.replace(plan.place, &self.caller, amount).await;
        }
        Some(Served {
            kind: plan.kind,
            service,
            failure: judged.failure,
        })
    }

    /// Plans a request about an order that is not being replaced.
    async fn plan(&mut self) -> Option<Plan> {
        let shared = &self.shared;
        let draw = shared.chances.draw(&mut self.random);
        loop {
            let plan = shared.population.plan(&draw, &self.caller.numbers);
            if plan.is_some() {
                return plan;
            }
            if shared.is_out_of_orders() && shared.population.is_used_up() {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn write(&mut self, plan: &Plan) -> Option<Malformed> {
        self.document.clear();
        let malformed = traffic::write_document(&self.caller, plan, &mut self.document);
        let api = if plan.refund.is_some() {
            Api::Refund
        } else {
            Api::Query
        };
        self.request.clear();
        let endpoint = &self.caller.endpoint;
        endpoint.write_post(api.path(), &self.document, &mut self.request);
        malformed
    }

    async fn connect_for(&mut self, plan: &Plan) -> Result<(), Ending> {
        self.connect().await?;
        let rivals = plan.kind.contenders() - 1;
        if self.rivals.len() < rivals {
            self.rivals.resize_with(rivals, || None);
        }
        for rival in &mut self.rivals[..rivals] {
            connect(rival, &self.shared).await?;
        }
        Ok(())
    }

    async fn exchange(&mut self, plan: &Plan, malformed: Option<Malformed>) -> Judged {
        match (&plan.refund, malformed) {
            (None, _) => self.query(plan).await,
            (Some(_), Some(malformed)) => self.malformed(plan, &malformed).await,
            (Some(_), None) if plan.kind.contenders() > 1 => self.volley(plan).await,
            (Some(_), None) => self.refund(plan).await,
        }
    }

    async fn query(&mut self, plan: &Plan) -> Judged {
        let shared = &self.shared;
        let connection = self.connection.as_mut().expect("it was just connected");
        let attempt = shared.recorder.query_sent(&plan.order);
        let outcome = connection.round_trip(&self.request).await;
        let key = &self.caller.partner.key;
        let evidence = classify_query(&Heard::from(&outcome), key, &plan.order);
        shared.recorder.query_answered(attempt, &evidence);
        Judged {
            failure: traffic::query_failure(&evidence),
            is_unknown: evidence.reading == OrderReading::Nothing,
        }
    }

    async fn refund(&mut self, plan: &Plan) -> Judged {
        let shared = &self.shared;
        let connection = self.connection.as_mut().expect("it was just connected");
        let refund = plan.refund.as_ref().expect("only a query has no number");
        let attempt = shared.recorder.sent(&plan.order, refund, plan.amount);
        let outcome = connection.round_trip(&self.request).await;
        let caller = &self.caller;
        let evidence = classify(&Heard::from(&outcome), &caller.partner.key, &caller.profile);
        if let Some(violation) = shared.recorder.answered(attempt, &evidence) {
            shared.alarm(violation);
        }
        if evidence.money == Money::Yes && matches!(plan.kind, Kind::Partial | Kind::ExactRest) {
            shared.population.accepted(plan);
        }
        Judged {
            failure: shared_orders::failure(plan, &evidence),
            is_unknown: evidence.money == Money::Maybe,
        }
    }

    /// A request that nobody may act on. It is recorded only where somebody
    /// has: what was turned away, in whatever way, is no attempt of a caller's
    /// and leaves nothing to resolve. Whether it moved money in silence is
    /// seen when its order is drained.
    async fn malformed(&mut self, plan: &Plan, malformed: &Malformed) -> Judged {
        let shared = &self.shared;
        let connection = self.connection.as_mut().expect("it was just connected");
        let outcome = connection.round_trip(&self.request).await;
        let caller = &self.caller;
        let evidence = classify(&Heard::from(&outcome), &caller.partner.key, &caller.profile);
        if let (Money::Yes, Some(refund)) = (evidence.money, &plan.refund) {
            let attempt = shared.recorder.sent(&plan.order, refund, plan.amount);
            if let Some(violation) = shared.recorder.answered(attempt, &evidence) {
                shared.alarm(violation);
            }
            shared.malformed_accepted(malformed);
        }
        Judged {
            failure: traffic::malformed_failure(malformed, &evidence, outcome.as_ref().err()),
            is_unknown: false,
        }
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
            .chain(self.rivals.iter_mut().flatten());
        volley::fire(&self.shared, plan, &refunds, requests, connections).await
    }
}

/// What is to be paid for a fresh order.
pub(super) fn fresh_amount((least, most): (Amount, Amount), random: &mut StdRng) -> Amount {
    Amount::new(random.random_range(least.minor_units()..=most.minor_units()))
}

async fn connect(connection: &mut Option<Connection>, shared: &Shared) -> Result<(), Ending> {
    if connection
        .as_mut()
        .is_none_or(|connection| !connection.is_usable())
    {
        *connection = None;
        *connection = Some(shared.caller.endpoint.connect().await?);
    }
    Ok(())
}
