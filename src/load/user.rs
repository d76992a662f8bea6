//! One user: a keep-alive connection, and one request after the other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::audit::{Money, OrderReading, Reply as Heard, classify, classify_query};
use crate::protocol::{Api, RefundNo};
use crate::target::{Connection, Ending, Schedule};

use super::arrivals::Arrival;
use super::population::{Plan, draw};
use super::scenario::Kind;
use super::shared::Shared;
use super::statistics::Sample;
use super::traffic;

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
    connection: Option<Connection>,
    /// A second one, for the other refund of a duel.
    rival: Option<Connection>,
    random: StdRng,
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
struct Judged {
    failure: Option<&'static str>,
    is_unknown: bool,
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
            shared,
            number,
            connection: None,
            rival: None,
            random: StdRng::seed_from_u64(seed),
            document: Vec::with_capacity(512),
            request: Vec::with_capacity(1024),
        }
    }

    /// Connects, if it is not connected.
    pub async fn connect(&mut self) -> Result<(), Ending> {
        connect(&mut self.connection, &self.shared).await
    }

    /// Sends a short run of requests, as they fall due.
    pub async fn run(&mut self, served: &mut Vec<Served>) {
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
        self.write(&plan, plan.refund.as_ref());
        let started = Instant::now();
        let connecting = match plan.rival {
            None => self.connect().await,
            Some(_) => match self.connect().await {
                Ok(()) => connect(&mut self.rival, &self.shared).await,
                lost => lost,
            },
        };
        let judged = match connecting {
            Ok(()) if plan.rival.is_some() => self.duel(&plan).await,
            Ok(()) => self.exchange(&plan).await,
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
            self.shared.replace(plan.place).await;
        }
        Some(Served {
            kind: plan.kind,
            service,
            failure: judged.failure,
        })
    }

    /// Plans a request about an order that is not being replaced.
    async fn plan(&mut self) -> Option<Plan> {
        loop {
            for _ in 0..16 {
                let kind = draw(&self.shared.mix, &mut self.random);
                let numbers = &self.shared.caller.numbers;
                let plan = self.shared.population.plan(kind, &mut self.random, numbers);
                if plan.is_some() {
                    return plan;
                }
            }
            if self.shared.population.is_used_up() && self.shared.is_out_of_orders() {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn write(&mut self, plan: &Plan, refund: Option<&RefundNo>) {
        let caller = &self.shared.caller;
        self.document.clear();
        traffic::write_document(caller, plan, refund, &mut self.document);
        let api = if plan.refund.is_some() {
            Api::Refund
        } else {
            Api::Query
        };
        self.request.clear();
        caller
            .endpoint
            .write_post(api.path(), &self.document, &mut self.request);
    }

    async fn exchange(&mut self, plan: &Plan) -> Judged {
        let shared = Arc::clone(&self.shared);
        let connection = self.connection.as_mut().expect("it was just connected");
        let key = &shared.caller.partner.key;
        let Some(refund) = &plan.refund else {
            let attempt = shared.recorder.query_sent(&plan.order);
            let outcome = connection.round_trip(&self.request).await;
            let evidence = classify_query(&Heard::from(&outcome), key, &plan.order);
            shared.recorder.query_answered(attempt, &evidence);
            let is_unknown = evidence.reading == OrderReading::Nothing;
            return Judged {
                failure: traffic::query_failure(&evidence),
                is_unknown,
            };
        };
        let attempt = shared.recorder.sent(&plan.order, refund, plan.amount);
        let outcome = connection.round_trip(&self.request).await;
        let evidence = classify(&Heard::from(&outcome), key, &shared.caller.profile);
        if let Some(violation) = shared.recorder.answered(attempt, &evidence) {
            shared.alarm(violation);
        }
        if evidence.money == Money::Yes && matches!(plan.kind, Kind::Partial | Kind::ExactRest) {
            shared.population.accepted(plan);
        }
        Judged {
            failure: traffic::refund_failure(plan.kind, &evidence),
            is_unknown: evidence.money == Money::Maybe,
        }
    }

    /// Two refunds that leave together, on two connections. Which answer comes
    /// last counts.
    async fn duel(&mut self, plan: &Plan) -> Judged {
        let shared = Arc::clone(&self.shared);
        let mut requests = Vec::with_capacity(2);
        for refund in [&plan.refund, &plan.rival].into_iter().flatten() {
            self.write(plan, Some(refund));
            requests.push((refund, Schedule::whole(self.request.clone())));
        }
        let connections = [&mut self.connection, &mut self.rival];
        let mut flights = Vec::with_capacity(2);
        for ((refund, request), connection) in requests.into_iter().zip(connections) {
            let connection = connection.as_mut().expect("it was just connected");
            let attempt = shared.recorder.sent(&plan.order, refund, plan.amount);
            let flight = connection.launch(request).await;
            flights.push((connection, flight, attempt));
        }
        let landed = join_all(
            flights
                .into_iter()
                .map(|(connection, flight, attempt)| async {
                    let exchange = connection.land(flight).await;
                    let caller = &shared.caller;
                    let evidence = classify(
                        &Heard::from(&exchange),
                        &caller.partner.key,
                        &caller.profile,
                    );
                    if let Some(violation) = shared.recorder.answered(attempt, &evidence) {
                        shared.alarm(violation);
                    }
                    evidence
                }),
        )
        .await;
        Judged {
            failure: landed
                .iter()
                .find_map(|evidence| traffic::refund_failure(plan.kind, evidence)),
            is_unknown: landed.iter().any(|evidence| evidence.money == Money::Maybe),
        }
    }
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
