//! One round: fresh orders, traffic, a fault of the test's own, and the audit.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use recoup::audit::settle::resolve_and_drain;
use recoup::audit::{Money, Recorder, Reply, classify, judge};
use recoup::protocol::{Amount, Api, Barcode, OrderNo, PartnerNo, Profile, SignKey, StoreNo};
use recoup::target::orders::PayingOrders;
use recoup::target::{
    Budget, Caller, Clock, Connection, Endpoint, Limits, Numbers, OrderSource, Partner, Trust,
};
use recoup::verdict::{Observers, RunVerdict};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How many orders a round refunds, and how much was paid for each: enough for
/// some hundred refunds, so that some orders are used up.
const ORDERS: usize = 6;
const PAID: i64 = 20_000;
const LARGEST: i64 = 400;
/// How many callers there are, each with a connection of its own.
const CALLERS: usize = 12;
/// How many answers there are before a fault may happen.
const UNDER_WAY: usize = 40;
/// How long an answer is waited for. A gateway that is stopped gives none.
const TIMEOUT: Duration = Duration::from_millis(700);
/// How long a gateway is left alone before unknown outcomes are asked for.
const QUIET: Duration = Duration::from_millis(100);

/// Traffic that goes on until the round ends.
pub(crate) struct Round {
    caller: Caller,
    traffic: Arc<Traffic>,
    callers: JoinSet<()>,
    random: StdRng,
}

struct Traffic {
    recorder: Recorder,
    orders: Vec<OrderNo>,
    answers: AtomicUsize,
    is_over: AtomicBool,
}

impl Round {
    /// Pays for orders at the first of `gateways` and begins to refund them at
    /// all of these. `number` sets the round apart from the others of its test;
    /// what it draws follows from it.
    pub(crate) async fn begin(number: u64, gateways: &[SocketAddr]) -> Self {
        Self::begin_through(number, gateways[0], gateways).await
    }

    /// The same with traffic through other `doors` than the gateway's own.
    pub(crate) async fn begin_through(
        number: u64,
        gateway: SocketAddr,
        doors: &[SocketAddr],
    ) -> Self {
        let caller = caller(gateway, number);
        let recorder = Recorder::new(&caller.profile, None);
        let source = OrderSource::paying(
            PayingOrders {
                barcode: Barcode::new("2800000000000001").unwrap(),
                unpaid_barcode: None,
            },
            Budget::new(None),
        );
        let mut orders = Vec::new();
        for _ in 0..ORDERS {
            let order = source.paid(&caller, Amount::new(PAID)).await.unwrap();
            recorder.order(&order.number, order.paid, "JPY");
            orders.push(order.number);
        }
        let traffic = Arc::new(Traffic {
            recorder,
            orders,
            answers: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
        });
        let mut callers = JoinSet::new();
        for lane in 0..CALLERS {
            let one = Caller {
                endpoint: Arc::new(endpoint(doors[lane % doors.len()])),
                ..caller.for_lane(lane)
            };
            let random = StdRng::seed_from_u64(number * 1_000 + lane as u64);
            callers.spawn(refund_until_over(one, Arc::clone(&traffic), random));
        }
        Self {
            caller,
            traffic,
            callers,
            random: StdRng::seed_from_u64(!number),
        }
    }

    /// Waits for traffic that flows, and then for an instant that is drawn.
    pub(crate) async fn some_instant(&mut self) {
        self.more_answers(UNDER_WAY).await;
        sleep(Duration::from_micros(self.random.random_range(0..40_000))).await;
    }

    /// Waits for so many more answers, whatever they say.
    pub(crate) async fn more_answers(&mut self, count: usize) {
        let enough = self.answers() + count;
        while self.answers() < enough {
            assert!(self.callers.try_join_next().is_none(), "a caller gave up");
            sleep(Duration::from_millis(1)).await;
        }
    }

    fn answers(&self) -> usize {
        self.traffic.answers.load(Ordering::Relaxed)
    }

    /// Ends the traffic, asks for what is unknown, drains and judges. Gives how
    /// many refunds were tried and how many outcomes had been unknown.
    pub(crate) async fn end(self) -> Judged {
        self.traffic.is_over.store(true, Ordering::Relaxed);
        self.callers.join_all().await;
        let recorder = &self.traffic.recorder;
        let settled = resolve_and_drain(&self.caller, recorder, QUIET, &Observers::new()).await;
        assert_eq!(settled.unresolved, 0, "the gateway answers again");
        let summary = judge(&recorder.finish().unwrap());
        assert_eq!(summary.verdict, RunVerdict::Pass, "{summary:#?}");
        assert!(summary.violations.is_empty(), "{summary:#?}");
        assert_eq!(summary.orders, ORDERS as u64);
        Judged {
            attempts: summary.operations,
            unknown: settled.resolved,
            orders: self.traffic.orders.clone(),
        }
    }
}

/// A round that the audit found nothing amiss in.
pub(crate) struct Judged {
    pub(crate) attempts: u64,
    pub(crate) unknown: u64,
    orders: Vec<OrderNo>,
}

impl Judged {
    /// Sees that its orders, which were drained, are still refunded in full:
    /// later faults have undone nothing.
    pub(crate) async fn confirm(&self, number: u64, gateway: SocketAddr) {
        let caller = caller(gateway, number).for_scope("confirm");
        for order in &self.orders {
            let document = caller.refund(order, &caller.numbers.refund(), Amount::new(1));
            let exchange = caller.post(Api::Refund, &document).await;
            let evidence = classify(
                &Reply::from(&exchange),
                &caller.partner.key,
                &caller.profile,
            );
            assert_eq!(evidence.money, Money::NoAmount, "{order}: {evidence:?}");
        }
    }
}

/// Refunds until the round is over; where there is no connection it knocks
/// again, and what stayed unknown it now and then asks for at once.
async fn refund_until_over(caller: Caller, traffic: Arc<Traffic>, mut random: StdRng) {
    let mut connection: Option<Connection> = None;
    let mut again = None;
    while !traffic.is_over.load(Ordering::Relaxed) {
        let is_usable = connection.as_mut().is_some_and(Connection::is_usable);
        if !is_usable {
            connection = caller.endpoint.connect().await.ok();
        }
        let Some(open) = &mut connection else {
            sleep(Duration::from_millis(5)).await;
            continue;
        };
        let (order, refund, amount) = again.take().unwrap_or_else(|| {
            let order = &traffic.orders[random.random_range(0..ORDERS)];
            let amount = Amount::new(random.random_range(1..=LARGEST));
            (order.clone(), caller.numbers.refund(), amount)
        });
        let document = caller.refund(&order, &refund, amount);
        let request = caller.endpoint.post(Api::Refund.path(), &document);
        let attempt = traffic.recorder.sent(&order, &refund, amount);
        let answer = open.round_trip(&request).await;
        let evidence = classify(&Reply::from(&answer), &caller.partner.key, &caller.profile);
        let violation = traffic.recorder.answered(attempt, &evidence);
        assert!(violation.is_none(), "{violation:?}");
        if evidence.money != Money::NotSent {
            traffic.answers.fetch_add(1, Ordering::Relaxed);
        }
        let is_unknown = evidence.money == Money::Maybe;
        if random.random_bool(if is_unknown { 0.5 } else { 0.05 }) {
            again = Some((order, refund, amount));
        }
    }
}

fn endpoint(gateway: SocketAddr) -> Endpoint {
    let url = format!("http://{gateway}");
    Endpoint::parse(&url, &Trust::Platform, Limits::within(TIMEOUT)).unwrap()
}

fn caller(gateway: SocketAddr, number: u64) -> Caller {
    // Paying and draining are no race: they may take their time.
    let limits = Limits::within(Duration::from_secs(30));
    let endpoint = Endpoint::parse(&format!("http://{gateway}"), &Trust::Platform, limits);
    Caller {
        endpoint: Arc::new(endpoint.unwrap()),
        partner: Partner {
            number: PartnerNo::new("10001").unwrap(),
            key: SignKey::new("123456").unwrap(),
        },
        profile: Profile::built_in(),
        store: StoreNo::new("100001").unwrap(),
        numbers: Arc::new(Numbers::new(number, "durability")),
        clock: Clock::present(),
    }
}
