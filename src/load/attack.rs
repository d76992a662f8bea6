//! The attack: goose runs the users, we watch the clock.

use std::sync::Arc;
use std::time::{Duration, Instant};

use goose::config::GooseConfiguration;
use goose::goose::{GooseUser, Transaction, TransactionFunction};
use goose::{GooseAttack, GooseError};
use tokio::sync::mpsc::unbounded_channel;
use tokio_util::sync::CancellationToken;

use crate::audit::{Recorder, Tally};
use crate::protocol::Timestamp;
use crate::target::{Caller, OrderError, OrderSource, PaidOrder};
use crate::verdict::{Event, LoadSummary, Observer, Released, Shard};

use super::compare::Earlier;
use super::due::DueTimes;
use super::ground::Ground;
use super::lanes::{self, Lane};
use super::measured::{About, Measured, digest_of};
use super::rivals::Rivals;
use super::scenario::Scenario;
use super::settling::Settling;
use super::shared::{Births, Shared};
use super::statistics::Totals;
use super::threshold::Threshold;
use super::user::User;
use super::watch::{Watch, Watched};

/// A generator that is later than this at its 99th percentile is a bottleneck.
const TOLERATED_LAG_MICROS: u64 = 20_000;

/// Users started per second at most, where the scenario does not say: more
/// connections at once than a gateway's listener takes in are answered late.
const MOST_HATCHED: f64 = 2_000.0;

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
    /// Which part of the scenario's load this machine runs, where there are
    /// several.
    pub shard: Option<Shard>,
    /// How volleys leave; whole, where nothing was measured.
    pub release: Option<Released>,
    /// Orders that all machines refund at the same time.
    pub shared_orders: Vec<PaidOrder>,
    /// When the traffic is to begin, once its orders are there.
    pub start_at: Option<Timestamp>,
    /// An earlier run that it must not be worse than.
    pub earlier: Option<Earlier>,
}

/// What a load brought.
#[derive(Debug)]
pub struct Attacked {
    /// Its figures.
    pub summary: LoadSummary,
    /// All that they were made of.
    pub measured: Measured,
    /// The verdicts on the orders that were settled meanwhile. The recorder has
    /// forgotten them.
    pub settled: Tally,
}

/// Why a load could not be run.
#[derive(Debug, thiserror::Error)]
pub enum AttackError {
    /// There are no orders to refund.
    #[error("prepare the orders of the load: failed to {0}")]
    Orders(#[from] OrderError),
    /// It was stopped before it began.
    #[error("run the load: it was interrupted before it began")]
    Interrupted,
}

impl Attack {
    /// Prepares the orders, runs the traffic, and sums up.
    ///
    /// # Errors
    /// [`AttackError`] where it could not start; what goes wrong later is in
    /// the summary.
    pub async fn run(self) -> Result<Attacked, AttackError> {
        let (over, is_over) = unbounded_channel();
        let births = Births::new(Arc::clone(&self.recorder), over);
        let (population, mix, has_query) = Ground::of(&self, &births).prepare().await?;
        self.wait_for_start().await?;
        let epoch = Epoch::now();
        let shared = Arc::new(Shared::new(&self, births, population, (&mix, has_query)));
        self.observer.observe(&Event::LoadStarted {
            scenario: self.scenario.name.clone(),
            seconds: self.scenario.total().as_secs_f64(),
        });
        let pacer = {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || shared.arrivals.pace())
        };
        let settling = Settling::start(&self.caller, &self.recorder, &self.observer, is_over);
        let finished = CancellationToken::new();
        let watch = Watch::new(&self, &shared, finished.clone());
        let watch = tokio::spawn(watch.run());
        if self.part().share(self.scenario.first_users()) == 0 {
            // Nobody is waited for: the first of this machine's users come later.
            shared.arrivals.start();
        }
        let attack = lanes::run(&self.scenario, self.part(), &shared).await;
        finished.cancel();
        shared.arrivals.end();
        let mut watched = watch.await.expect("the watch does not panic");
        pacer.join().expect("the pacer does not panic");
        let settled = settling.end().await;
        // What was recorded until then is judged all the same.
        if let Err(error) = attack {
            watched.interrupted = Some(format!("the scheduler failed: {error}"));
        }
        let (summary, measured) = self.sum_up(&shared, watched, epoch);
        Ok(Attacked {
            summary,
            measured,
            settled,
        })
    }

    /// Which part of the load this machine runs.
    pub(super) fn part(&self) -> Shard {
        self.shard.unwrap_or_default()
    }

    /// The thresholds that this machine can judge.
    pub(super) fn thresholds(&self) -> Vec<Threshold> {
        let mut thresholds = self.scenario.thresholds.clone();
        thresholds.retain(|threshold| self.shard.is_none() || !threshold.is_about_the_whole());
        thresholds
    }

    /// When the arrivals of this machine are due.
    pub(super) fn due_times(&self) -> DueTimes {
        let scenario = &self.scenario;
        DueTimes::of_shard(
            &scenario.course(),
            scenario.arrivals,
            self.seed,
            self.part(),
        )
    }

    /// Waits for the time at which all machines are to begin.
    async fn wait_for_start(&self) -> Result<(), AttackError> {
        let Some(start) = self.start_at else {
            return Ok(());
        };
        let micros = start.micros_since(Timestamp::now());
        let Ok(micros @ 1..) = u64::try_from(micros) else {
            self.observer.observe(&Event::Notice(format!(
                "the load began {:.1} s after the time of --start-at: its orders were not there before",
                Duration::from_micros(micros.unsigned_abs()).as_secs_f64()
            )));
            return Ok(());
        };
        tokio::select! {
            () = tokio::time::sleep(Duration::from_micros(micros)) => Ok(()),
            () = self.cancel.cancelled() => Err(AttackError::Interrupted),
        }
    }

    /// The figures, and all that they were made of.
    fn sum_up(&self, shared: &Shared, watched: Watched, epoch: Epoch) -> (LoadSummary, Measured) {
        let mut statistics = shared.statistics();
        // What was due and never sent is a failure that has waited ever since.
        let measured_from = watched.ended - watched.measured;
        for due in shared.arrivals.backlog(watched.ended) {
            if due >= measured_from {
                statistics.record_unsent(watched.ended - due);
            }
        }
        let totals = Totals::of(statistics, watched.measured.as_secs_f64());
        let lag = totals.lag.latency();
        let inconclusive = if watched.interrupted.is_some() || watched.aborted.is_some() {
            None
        } else if totals.all.requests == 0 {
            Some("no request was measured (is the duration longer than the warm-up?)".to_owned())
        } else if self.scenario.is_open() && lag.p99 > TOLERATED_LAG_MICROS {
            Some(format!(
                "the generator was the bottleneck: its own lag is {} ms at the 99th percentile (lower --rate, or run it from more machines)",
                lag.p99 / 1_000
            ))
        } else {
            None
        };
        let measured = Measured {
            about: self.about(epoch.time_of(measured_from), totals.seconds),
            all: totals.all,
            by_kind: totals.by_kind,
            service: totals.service,
            lag: totals.lag,
            errors: totals
                .errors
                .iter()
                .map(|(failure, count)| ((*failure).to_owned(), *count))
                .collect(),
            timeline: watched.timeline,
            interrupted: watched.interrupted,
            aborted: watched.aborted,
            inconclusive,
        };
        let mut summary = measured.summary();
        summary.release = self.release;
        if let Some(earlier) = &self.earlier {
            summary.comparison = earlier.compare(&summary);
        }
        (summary, measured)
    }

    fn about(&self, measured_from: Timestamp, seconds: f64) -> About {
        let (scenario, caller, part) = (&self.scenario, &self.caller, self.part());
        About {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            shard: self.shard,
            seed: self.seed,
            scenario: scenario.name.clone(),
            settings: digest_of(scenario),
            target: caller.endpoint.url().to_owned(),
            in_process: false,
            partner: caller.partner.number.to_string(),
            profile: caller.profile.name.clone(),
            users: part.share(scenario.most_users()),
            target_rate: scenario
                .is_open()
                .then(|| part.part_of(scenario.course().peak())),
            thresholds: scenario.thresholds.clone(),
            measured_from: measured_from.exact(),
            seconds,
            operations: 0,
            recording: None,
        }
    }
}

/// One moment by the machine's calendar and by its stopwatch.
#[derive(Clone, Copy)]
struct Epoch {
    time: Timestamp,
    instant: Instant,
}

impl Epoch {
    fn now() -> Self {
        Self {
            time: Timestamp::now(),
            instant: Instant::now(),
        }
    }

    /// What the calendar said at `instant`, which came later.
    fn time_of(self, instant: Instant) -> Timestamp {
        let since = instant.saturating_duration_since(self.instant);
        self.time.later_by(since)
    }
}

/// goose's attack with the users of a lane: each connects once, then runs batch
/// after batch.
pub(super) fn goose_attack(
    scenario: &Scenario,
    part: Shard,
    lane: Lane,
    shared: &Arc<Shared>,
) -> Result<GooseAttack, GooseError> {
    let mut configuration = GooseConfiguration::default();
    // Only a label here: the connections are our own.
    configuration.host = Some(shared.caller.endpoint.url().to_owned());
    configuration.users = Some(lane.users);
    configuration.increase_rate = Some(hatch_rate(scenario, part, lane.users).to_string());
    // A backstop: the watch ends the attack at the very time.
    configuration.run_time = Some(format!("{}s", scenario.total().as_secs() + 60));
    // The WebSocket controller is off unless it is asked for.
    configuration.no_telnet = true;
    // Figures are ours, to the microsecond: goose's own would be made, sent and
    // added up for every request, and shown to nobody.
    configuration.no_metrics = true;
    configuration.no_print_metrics = true;
    configuration.no_error_summary = true;
    configuration.quiet = 2;
    let start = {
        let shared = Arc::clone(shared);
        let rivals = Arc::new(Rivals::default());
        transaction(move |goose_user| {
            let number = shared.number_of(lane.next_user());
            let user = User::new(Arc::clone(&shared), number, Arc::clone(&rivals));
            Box::pin(start(Arc::clone(&shared), user, goose_user))
        })
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

/// How many users a second a lane of so many starts.
#[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵² users")]
fn hatch_rate(scenario: &Scenario, part: Shard, users: usize) -> f64 {
    let share = users as f64 / part.share(scenario.most_users()) as f64;
    scenario.hatch_rate.map_or_else(
        || (users as f64).min(MOST_HATCHED * share),
        |rate| part.part_of(rate) * share,
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

async fn start(
    shared: Arc<Shared>,
    mut user: User,
    goose_user: &mut GooseUser,
) -> goose::goose::TransactionResult {
    if shared.is_there_at_first(user.number()) {
        // Where nobody answers yet, the first request will say so.
        let _ = user.connect().await;
        shared.user_is_ready();
    }
    let session: Session = Arc::new(tokio::sync::Mutex::new(user));
    goose_user.set_session_data(session);
    Ok(())
}

async fn batch(goose_user: &mut GooseUser) -> goose::goose::TransactionResult {
    let session = Arc::clone(goose_user.get_session_data_unchecked::<Session>());
    if !session.lock().await.run().await {
        // The traffic has ended and goose has not noticed yet.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}
