//! The attack: goose runs the users, we watch the clock.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use goose::config::GooseConfiguration;
use goose::goose::{GooseUser, Transaction, TransactionFunction};
use goose::{GooseAttack, GooseError};
use tokio_util::sync::CancellationToken;

use crate::audit::Recorder;
use crate::target::{Caller, OrderError, OrderSource, PaidOrder};
use crate::verdict::{Event, LoadProgress, LoadSummary, Observer, TimelinePoint, Violation};

use super::arrivals::Arrivals;
use super::population::Population;
use super::scenario::{Kind, Scenario};
use super::statistics::{Part, Sample, Statistics, Totals, timeline_point};
use super::user::{Served, User};

/// How many orders are paid at once before the traffic starts.
const PAYING_AT_ONCE: usize = 16;
/// In how many parts the users' figures are kept, so that they seldom wait for
/// each other.
const PARTS: usize = 8;
/// A generator that is later than this at its 99th percentile is a bottleneck.
const TOLERATED_LAG_MICROS: u64 = 20_000;

/// A load run that is about to start.
pub struct Attack {
    /// What to do.
    pub scenario: Scenario,
    /// Who calls the gateway.
    pub caller: Caller,
    /// Where paid orders come from.
    pub orders: Arc<OrderSource>,
    /// Where every outcome goes.
    pub recorder: Arc<Recorder>,
    /// Who is told how it goes.
    pub observer: Arc<dyn Observer>,
    /// Ends it early.
    pub cancel: CancellationToken,
    /// What the traffic is drawn from.
    pub seed: u64,
}

/// Why a load could not be run.
#[derive(Debug, thiserror::Error)]
pub enum AttackError {
    /// There are no orders to refund.
    #[error("prepare the orders of the load: failed to {0}")]
    Orders(#[from] OrderError),
    /// The scheduler refused.
    #[error("run the load: {0}")]
    Goose(Box<GooseError>),
}

/// What all users share.
pub struct Shared {
    pub(super) caller: Caller,
    pub(super) recorder: Arc<Recorder>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) arrivals: Arrivals,
    pub(super) population: Population,
    pub(super) mix: Vec<(Kind, u32)>,
    pub(super) seed: u64,
    orders: Arc<OrderSource>,
    order_amount: crate::protocol::Amount,
    parts: Vec<Mutex<Statistics>>,
    warmup: Duration,
    users: usize,
    connected: AtomicUsize,
    next_user: AtomicUsize,
    alarms: AtomicU64,
    is_out_of_orders: AtomicBool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    /// Takes note of a request, unless it belongs to the warm-up.
    pub(super) fn record(&self, user: usize, started: Instant, sample: &Sample) {
        let measured_from = self.arrivals.start() + self.warmup;
        if started >= measured_from {
            self.parts[user % PARTS]
                .lock()
                .expect("no holder panics")
                .record(sample);
        }
    }

    /// An invariant was seen broken.
    pub(super) fn alarm(&self, violation: Violation) {
        self.alarms.fetch_add(1, Ordering::Relaxed);
        self.observer.observe(&Event::Alarm(Box::new(violation)));
    }

    /// Whether no fresh order can be had.
    pub(super) fn is_out_of_orders(&self) -> bool {
        self.is_out_of_orders.load(Ordering::Relaxed)
    }

    /// Puts a fresh paid order in the place of one that is used up.
    pub(super) async fn replace(&self, place: usize) {
        match self.orders.paid(&self.caller, self.order_amount).await {
            Ok(order) => {
                register(&self.recorder, &order);
                self.population.replace(place, order);
            }
            Err(error) => {
                // Said once: the others would say the same.
                if !self.is_out_of_orders.swap(true, Ordering::Relaxed) {
                    self.observer.observe(&Event::Notice(format!(
                        "an order that was used up could not be replaced: failed to {error}"
                    )));
                }
            }
        }
    }
}

fn register(recorder: &Recorder, order: &PaidOrder) {
    recorder.order(
        &order.number,
        order.paid,
        order.currency.as_deref().unwrap_or_default(),
    );
}

impl Attack {
    /// Prepares the orders, runs the traffic, and sums up.
    ///
    /// # Errors
    /// [`AttackError`] where it could not start; what goes wrong later is in
    /// the summary.
    pub async fn run(self) -> Result<LoadSummary, AttackError> {
        let shared = Arc::new(self.prepare().await?);
        self.observer.observe(&Event::LoadStarted {
            scenario: self.scenario.name.clone(),
            seconds: self.scenario.total().as_secs_f64(),
        });
        let pacer = {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || shared.arrivals.pace())
        };
        let watch = tokio::spawn(Watch::new(&self, &shared).run());
        let attack = goose_attack(&self.scenario, &shared)
            .map_err(|error| AttackError::Goose(Box::new(error)))?
            .execute()
            .await;
        shared.arrivals.end();
        let watched = watch.await.expect("the watch does not panic");
        pacer.join().expect("the pacer does not panic");
        attack.map_err(|error| AttackError::Goose(Box::new(error)))?;
        Ok(self.sum_up(&shared, watched))
    }

    async fn prepare(&self) -> Result<Shared, AttackError> {
        let wanted = self.scenario.orders;
        let paying = futures_util::stream::iter(0..wanted.count)
            .map(|_| self.orders.paid(&self.caller, wanted.amount))
            .buffer_unordered(PAYING_AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        let orders = paying.into_iter().collect::<Result<Vec<_>, _>>()?;
        for order in &orders {
            register(&self.recorder, order);
        }
        Ok(Shared {
            caller: self.caller.clone(),
            recorder: Arc::clone(&self.recorder),
            observer: Arc::clone(&self.observer),
            arrivals: Arrivals::new(self.scenario.rate),
            population: Population::new(orders),
            mix: self
                .scenario
                .mix
                .iter()
                .map(|(kind, weight)| (*kind, *weight))
                .collect(),
            seed: self.seed,
            orders: Arc::clone(&self.orders),
            order_amount: wanted.amount,
            parts: (0..PARTS).map(|_| Mutex::default()).collect(),
            warmup: self.scenario.warmup,
            users: self.scenario.users,
            connected: AtomicUsize::new(0),
            next_user: AtomicUsize::new(0),
            alarms: AtomicU64::new(0),
            is_out_of_orders: AtomicBool::new(false),
        })
    }

    fn sum_up(&self, shared: &Shared, watched: Watched) -> LoadSummary {
        let mut statistics = Statistics::default();
        for part in &shared.parts {
            statistics.merge(&part.lock().expect("no holder panics"));
        }
        let totals = Totals::of(statistics, watched.measured.as_secs_f64());
        let lag = totals.lag.latency();
        let inconclusive = if totals.all.requests == 0 {
            Some("no request was measured (is the duration longer than the warm-up?)".to_owned())
        } else if self.scenario.rate.is_some() && lag.p99 > TOLERATED_LAG_MICROS {
            Some(format!(
                "the generator was the bottleneck: its own lag is {} ms at the 99th percentile (lower --rate, or run it from more machines)",
                lag.p99 / 1_000
            ))
        } else {
            None
        };
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵²")]
        let answered = (totals.all.requests - totals.all.failed) as f64;
        LoadSummary {
            scenario: self.scenario.name.clone(),
            users: self.scenario.users,
            target_rate: self.scenario.rate,
            requests: totals.all.requests,
            failed: totals.all.failed,
            rate: answered / totals.seconds.max(f64::EPSILON),
            duration_seconds: totals.seconds,
            latency: totals.all.latency.latency(),
            service_time: totals.service.latency(),
            generator_lag: lag,
            thresholds: self
                .scenario
                .thresholds
                .iter()
                .map(|threshold| threshold.judge(&totals))
                .collect(),
            by_kind: totals
                .by_kind
                .iter()
                .map(|(kind, part)| (kind.name().to_owned(), part.summary()))
                .collect(),
            errors: totals
                .errors
                .iter()
                .map(|(failure, count)| ((*failure).to_owned(), *count))
                .collect(),
            timeline: watched.timeline,
            interrupted: watched.interrupted,
            inconclusive,
        }
    }
}

/// goose's attack: each user connects once, then runs batch after batch.
fn goose_attack(scenario: &Scenario, shared: &Arc<Shared>) -> Result<GooseAttack, GooseError> {
    let mut configuration = GooseConfiguration::default();
    // Only a label here: the connections are our own.
    configuration.host = Some(shared.caller.endpoint.url().to_owned());
    configuration.users = Some(scenario.users);
    configuration.increase_rate = Some(scenario.users.to_string());
    // A backstop: the watch ends the attack at the very time.
    configuration.run_time = Some(format!("{}s", scenario.total().as_secs() + 60));
    // The WebSocket controller is off unless it is asked for.
    configuration.no_telnet = true;
    // Its own figures are reset once all users run, not because they are
    // looked at, but because it writes a line to stdout where they are kept.
    configuration.no_reset_metrics = false;
    configuration.no_print_metrics = true;
    configuration.no_error_summary = true;
    configuration.quiet = 2;
    let start = {
        let shared = Arc::clone(shared);
        transaction(move |user| Box::pin(start(Arc::clone(&shared), user)))
    };
    let batch = transaction(|user| Box::pin(batch(user)));
    Ok(
        GooseAttack::initialize_with_config(configuration)?.register_scenario(
            goose::goose::Scenario::new(&scenario.name)
                .register_transaction(Transaction::new(start).set_name("connect").set_on_start())
                .register_transaction(Transaction::new(batch).set_name("traffic")),
        ),
    )
}

/// Helps the compiler to see a transaction's higher-ranked lifetime.
fn transaction<F>(function: F) -> TransactionFunction
where
    F: for<'r> Fn(
            &'r mut GooseUser,
        ) -> std::pin::Pin<
            Box<dyn Future<Output = goose::goose::TransactionResult> + Send + 'r>,
        > + Send
        + Sync
        + 'static,
{
    Arc::new(function)
}

/// A user as goose keeps it: its session data must be shareable.
type Session = Arc<tokio::sync::Mutex<User>>;

async fn start(shared: Arc<Shared>, goose_user: &mut GooseUser) -> goose::goose::TransactionResult {
    let number = shared.next_user.fetch_add(1, Ordering::Relaxed);
    let mut user = User::new(Arc::clone(&shared), number);
    // Where nobody answers yet, the first request will say so.
    let _ = user.connect().await;
    if shared.connected.fetch_add(1, Ordering::Relaxed) + 1 == shared.users {
        shared.arrivals.start();
    }
    let session: Session = Arc::new(tokio::sync::Mutex::new(user));
    goose_user.set_session_data(session);
    Ok(())
}

async fn batch(goose_user: &mut GooseUser) -> goose::goose::TransactionResult {
    let session = Arc::clone(goose_user.get_session_data_unchecked::<Session>());
    let mut served: Vec<Served> = Vec::new();
    session.lock().await.run(&mut served).await;
    if served.is_empty() {
        // The traffic has ended and goose has not noticed yet.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for one in served {
        goose_user
            .record_custom_request_duration(
                "POST",
                one.kind.name(),
                one.service,
                one.failure.is_none(),
                None,
                one.failure,
            )
            .await?;
    }
    Ok(())
}

/// Watches the clock: tells how it goes, and ends the traffic in time.
struct Watch {
    shared: Arc<Shared>,
    observer: Arc<dyn Observer>,
    cancel: CancellationToken,
    total: Duration,
    timeline: Vec<TimelinePoint>,
    requests: u64,
    failed: u64,
    unknown: u64,
}

/// What the watch saw.
struct Watched {
    measured: Duration,
    timeline: Vec<TimelinePoint>,
    interrupted: Option<String>,
}

impl Watch {
    fn new(attack: &Attack, shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
            observer: Arc::clone(&attack.observer),
            cancel: attack.cancel.clone(),
            total: attack.scenario.total(),
            timeline: Vec::new(),
            requests: 0,
            failed: 0,
            unknown: 0,
        }
    }

    async fn run(mut self) -> Watched {
        let mut interrupted = None;
        let start = loop {
            if let Some(start) = self.shared.arrivals.started() {
                break start;
            }
            tokio::select! {
                () = self.cancel.cancelled() => {
                    interrupted = Some("interrupted".to_owned());
                    break self.shared.arrivals.start();
                }
                () = tokio::time::sleep(Duration::from_millis(5)) => {}
            }
        };
        let deadline = start + self.total;
        let mut tick = start + Duration::from_secs(1);
        while interrupted.is_none() && Instant::now() < deadline {
            tokio::select! {
                () = self.cancel.cancelled() => interrupted = Some("interrupted".to_owned()),
                () = tokio::time::sleep_until(tick.min(deadline).into()) => {
                    self.note(start);
                    tick += Duration::from_secs(1);
                }
            }
            if self.shared.is_out_of_orders() && self.shared.population.is_used_up() {
                interrupted = Some("the orders were used up".to_owned());
            }
        }
        self.shared.arrivals.end();
        let ended = Instant::now();
        goose::trigger_killswitch("the planned time is over");
        Watched {
            measured: ended.saturating_duration_since(start + self.shared.warmup),
            timeline: self.timeline,
            interrupted,
        }
    }

    fn note(&mut self, start: Instant) {
        let mut interval = Part::default();
        for part in &self.shared.parts {
            part.lock()
                .expect("no holder panics")
                .take_interval(&mut interval);
        }
        let elapsed = start.elapsed();
        self.requests += interval.requests;
        self.failed += interval.failed;
        self.unknown += interval.unknown;
        if elapsed > self.shared.warmup {
            let second = elapsed.saturating_sub(self.shared.warmup).as_secs();
            self.timeline.push(timeline_point(second, &interval));
        }
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵²")]
        let rate = interval.requests as f64;
        self.observer.observe(&Event::LoadProgress(LoadProgress {
            elapsed_seconds: elapsed.as_secs_f64(),
            total_seconds: self.total.as_secs_f64(),
            requests: self.requests,
            failed: self.failed,
            rate,
            p99: interval.latency.percentile(99.0),
            unknown: self.unknown,
            alarms: self.shared.alarms.load(Ordering::Relaxed),
        }));
    }
}
