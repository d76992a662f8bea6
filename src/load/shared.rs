//! What all users of a load share.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use crate::audit::Recorder;
use crate::protocol::Amount;
use crate::target::{Caller, OrderError, OrderSource, PaidOrder};
use crate::verdict::{Event, Observer, ReleaseForm, Shard, Violation};

use super::arrivals::Arrivals;
use super::attack::Attack;
use super::crowd::Crowd;
use super::draw::Chances;
use super::live_order::LiveOrder;
use super::malformed::Malformed;
use super::population::{Place, Population};
use super::scenario::Mix;
use super::settling::Over;
use super::statistics::{Interval, Sample, Statistics};

/// In how many parts the users' figures are kept, so that those of two cores
/// seldom meet: see how users go in groups.
const PARTS: usize = 8;

/// How often a user whose turn comes later looks whether the clock runs.
const BEFORE_START: Duration = Duration::from_millis(20);

/// How often a payment is tried, and how long is waited in between.
const PAYMENT_TRIES: u32 = 3;
const PAYMENT_PAUSE: Duration = Duration::from_millis(200);

/// What all users share.
pub struct Shared {
    pub(super) caller: Caller,
    pub(super) recorder: Arc<Recorder>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) arrivals: Arrivals,
    pub(super) population: Population,
    pub(super) chances: Chances,
    pub(super) seed: u64,
    pub(super) order_amount: (Amount, Amount),
    pub(super) warmup: Duration,
    /// Whether the gateway can be asked for the state of an order.
    pub(super) has_query: bool,
    /// Which part of the load this is.
    shard: Shard,
    /// Which users take part, where stages change them.
    crowd: Option<Crowd>,
    orders: Arc<OrderSource>,
    births: Births,
    parts: Vec<Mutex<Statistics>>,
    /// How many users of the whole load are there at the beginning.
    first_users: usize,
    connected: AtomicUsize,
    is_out_of_orders: AtomicBool,
    /// How many orders are being paid for in the place of others.
    replacing: AtomicUsize,
    /// How the requests of a volley leave.
    pub(super) release: ReleaseForm,
    /// Malformed requests that were accepted, each sort said once.
    said: Mutex<BTreeSet<Option<&'static str>>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    /// `has_query` says whether the gateway can be asked for an order's state.
    pub(super) fn new(
        attack: &Attack,
        births: Births,
        population: Population,
        (mix, has_query): (&Mix, bool),
    ) -> Self {
        let scenario = &attack.scenario;
        let due = scenario.is_open().then(|| attack.due_times());
        Self {
            caller: attack.caller.clone(),
            recorder: Arc::clone(&attack.recorder),
            observer: Arc::clone(&attack.observer),
            arrivals: Arrivals::new(due, scenario.total()),
            chances: Chances::new(
                mix,
                &scenario.orders,
                population.places(),
                attack.part().share(scenario.fewest_users()),
            ),
            population,
            seed: attack.seed,
            order_amount: scenario.orders.amount,
            warmup: scenario.warmup,
            has_query,
            shard: attack.part(),
            crowd: scenario
                .changes_users()
                .then(|| Crowd::new(scenario.course())),
            orders: Arc::clone(&attack.orders),
            births,
            parts: (0..PARTS).map(|_| Mutex::default()).collect(),
            first_users: scenario.first_users(),
            connected: AtomicUsize::new(0),
            is_out_of_orders: AtomicBool::new(false),
            replacing: AtomicUsize::new(0),
            release: attack
                .release
                .map_or(ReleaseForm::Whole, |release| release.form),
            said: Mutex::default(),
        }
    }

    /// The number, among the users of the whole load, of one of this part.
    pub(super) const fn number_of(&self, own: usize) -> usize {
        self.shard.number(own)
    }

    /// Which of this part's users has this number.
    pub(super) const fn own(&self, user: usize) -> usize {
        self.shard.own(user)
    }

    /// Whether the user of this number is there at the beginning.
    pub(super) const fn is_there_at_first(&self, user: usize) -> bool {
        user < self.first_users
    }

    /// Whether the user of this number takes part now.
    pub(super) fn wants(&self, user: usize) -> bool {
        match (&self.crowd, self.arrivals.started()) {
            (None, _) => true,
            (Some(_), None) => self.is_there_at_first(user),
            (Some(crowd), Some(start)) => crowd.wants(user, start.elapsed()),
        }
    }

    /// Waits for a user's turn, or for the end of the traffic.
    pub(super) async fn wait_for_turn(&self, user: usize) {
        let turn = match (&self.crowd, self.arrivals.started()) {
            (Some(crowd), Some(start)) => {
                crowd.turn(user, start.elapsed()).map(|turn| start + turn)
            }
            _ => Some(Instant::now() + BEFORE_START),
        };
        tokio::select! {
            () = self.arrivals.ended() => {}
            () = async {
                match turn {
                    Some(turn) => tokio::time::sleep_until(turn.into()).await,
                    None => std::future::pending().await,
                }
            } => {}
        }
    }

    /// One more user has connected. The clock starts with the last of those
    /// that are there at the beginning.
    pub(super) fn user_is_ready(&self) {
        let first_users = self.shard.share(self.first_users);
        if self.connected.fetch_add(1, Ordering::Relaxed) + 1 == first_users {
            self.arrivals.start();
        }
    }

    /// Takes note of a request, unless it belongs to the warm-up.
    pub(super) fn record(&self, user: usize, started: Instant, sample: &Sample) {
        let is_measured = self
            .arrivals
            .started()
            .is_some_and(|start| started >= start + self.warmup);
        if is_measured {
            self.parts[self.own(user) % PARTS]
                .lock()
                .expect("no holder panics")
                .record(sample);
        }
    }

    /// All figures so far.
    pub(super) fn statistics(&self) -> Statistics {
        let mut statistics = Statistics::default();
        for part in &self.parts {
            statistics.merge(&part.lock().expect("no holder panics"));
        }
        statistics
    }

    /// What came since this was asked last.
    pub(super) fn take_interval(&self) -> Interval {
        let mut interval = Interval::default();
        for part in &self.parts {
            part.lock()
                .expect("no holder panics")
                .take_interval(&mut interval);
        }
        interval
    }

    /// An invariant was seen broken.
    pub(super) fn alarm(&self, violation: Violation) {
        self.observer.observe(&Event::Alarm(Box::new(violation)));
    }

    /// A malformed request was accepted: said once for each sort.
    pub(super) fn malformed_accepted(&self, malformed: &Malformed) {
        let mut said = self.said.lock().expect("no holder panics");
        if said.insert(malformed.forbidden) {
            self.observer.observe(&Event::Notice(format!(
                "the gateway accepted a malformed request, one with {}",
                malformed.label
            )));
        }
    }

    /// Whether no order is left, none is about to come, and none can be had.
    pub(super) fn has_no_orders_left(&self) -> bool {
        self.is_out_of_orders.load(Ordering::Relaxed)
            && self.replacing.load(Ordering::Relaxed) == 0
            && self.population.is_used_up()
    }

    /// Puts the next shared order, or a fresh paid one, in the place of one that
    /// is used up.
    pub(super) async fn replace(&self, place: Place, caller: &Caller, amount: Amount) {
        if self.population.replace_by_shared(place) {
            return;
        }
        self.replacing.fetch_add(1, Ordering::Relaxed);
        match self.pay(caller, amount).await {
            Ok(order) => self.population.replace(place, self.births.register(&order)),
            Err(error) => {
                // Said once: the others would say the same.
                if !self.is_out_of_orders.swap(true, Ordering::Relaxed) {
                    self.observer.observe(&Event::Notice(format!(
                        "an order that was used up could not be replaced: failed to {error}"
                    )));
                }
            }
        }
        self.replacing.fetch_sub(1, Ordering::Relaxed);
    }

    /// Pays for an order. A gateway under load may miss a payment without
    /// meaning to refuse the next.
    async fn pay(&self, caller: &Caller, amount: Amount) -> Result<PaidOrder, OrderError> {
        let mut tries = 1;
        loop {
            match self.orders.paid(caller, amount).await {
                Err(OrderError::Refused { .. })
                    if tries < PAYMENT_TRIES && !self.arrivals.has_ended() =>
                {
                    tries += 1;
                    tokio::time::sleep(PAYMENT_PAUSE).await;
                }
                outcome => return outcome,
            }
        }
    }
}

/// Tells the recorder of orders that were paid, and the settler of their end.
#[derive(Clone)]
pub(super) struct Births {
    recorder: Arc<Recorder>,
    over: UnboundedSender<Over>,
}

impl Births {
    pub(super) const fn new(recorder: Arc<Recorder>, over: UnboundedSender<Over>) -> Self {
        Self { recorder, over }
    }

    /// An order that is under way from now on.
    pub(super) fn register(&self, order: &PaidOrder) -> LiveOrder {
        let currency = order.currency.as_deref().unwrap_or_default();
        let recorded = self.recorder.order(&order.number, order.paid, currency);
        LiveOrder::new(recorded, order.paid, self.over.clone())
    }

    /// One that other machines refund as well.
    pub(super) fn register_shared(&self, order: &PaidOrder) -> LiveOrder {
        let currency = order.currency.as_deref().unwrap_or_default();
        let recorded = self
            .recorder
            .shared_order(&order.number, order.paid, currency);
        LiveOrder::shared(recorded, order.paid)
    }
}
