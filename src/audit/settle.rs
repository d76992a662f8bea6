//! After the traffic of an order: the gateway itself is asked what is left of
//! it. Those that are over while traffic goes on elsewhere are settled then, an
//! order at a time ([`Settler`]); all others once the traffic has ended, when
//! unknown outcomes are asked for again as well ([`resolve_and_drain`]).
//!
//! This is the one part of the room that reaches a gateway. Everything it
//! sends is recorded like any other refund, so that the judge needs no word
//! of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;

use crate::protocol::{Amount, Api, Code, Effect, OrderNo, RefundNo, RefundStatus};
use crate::target::{Caller, Connection};
use crate::verdict::{Event, Observer};

use super::drain::{Drain, DrainFinding};
use super::evidence::{Evidence, Money, Reply, SignatureState, classify};
use super::judge::{Tally, judge_order};
use super::recorder::{OrderSnapshot, RecordedOrder, Recorder};

/// How many orders are settled at once.
const AT_ONCE: usize = 16;
/// How often an unknown outcome is asked for again.
const ATTEMPTS: u32 = 5;
/// How long to leave a gateway alone after a load where outcomes are unknown:
/// a request that nobody answered may still be under way.
pub const QUIET: Duration = Duration::from_secs(5);

/// What settling brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settled {
    /// Unknown outcomes that were decided.
    pub resolved: u64,
    /// Those that were not.
    pub unresolved: u64,
    /// Orders whose rest was found to be as computed, and taken.
    pub drained: u64,
}

/// Settles orders one after the other while traffic goes on elsewhere, over one
/// connection: those that nothing more will be sent of. Once it is clear that
/// nothing is wrong with one, the recorder forgets it, so that a load may take
/// as long as it likes.
///
/// What is unknown is left alone: it has to wait until the traffic is over, and
/// so has what is wrong, for the report. An order that other machines refund as
/// well is left alone for good.
pub struct Settler {
    caller: Caller,
    recorder: Arc<Recorder>,
    observer: Arc<dyn Observer>,
    connection: Option<Connection>,
    tally: Tally,
}

impl Settler {
    /// One who has settled nothing yet; what is seen broken `observer` hears at
    /// once.
    pub fn new(caller: Caller, recorder: Arc<Recorder>, observer: Arc<dyn Observer>) -> Self {
        Self {
            caller,
            recorder,
            observer,
            connection: None,
            tally: Tally::default(),
        }
    }

    /// Drains an order, and judges it.
    pub async fn settle(&mut self, order: &RecordedOrder) {
        let number = order.number();
        let is_clear = |known: &OrderSnapshot| {
            known.unresolved.is_empty() && !known.is_alarmed && !known.is_shared
        };
        // What could not be written must not be forgotten.
        if self.recorder.sink_failed() {
            return;
        }
        let Some(known) = self.recorder.snapshot(number).filter(is_clear) else {
            return;
        };
        let mut line = Line {
            caller: &self.caller,
            recorder: &self.recorder,
            alarmed: Some(self.observer.as_ref()),
            is_gone: &AtomicBool::new(false),
            connection: self.connection.take(),
        };
        let finding = line.drain(number, known.drain()).await;
        self.connection = line.connection;
        if finding != Some(DrainFinding::Equal) {
            return;
        }
        let terms = self.recorder.terms();
        self.recorder.forget(order, |history| {
            let mut verdict = judge_order(history, terms, &BTreeSet::new());
            let is_clear = verdict.is_clear();
            if is_clear {
                verdict.exposure.drained_orders = 1;
                self.tally.add(verdict);
            }
            is_clear
        });
    }

    /// The verdicts on the orders that were forgotten.
    pub fn into_tally(self) -> Tally {
        self.tally
    }
}

/// Resolves what is unknown, after having left the gateway alone for `quiet`,
/// then drains every order that was recorded and that no other machine refunds.
pub async fn resolve_and_drain(
    caller: &Caller,
    recorder: &Recorder,
    quiet: Duration,
    observer: &dyn Observer,
) -> Settled {
    let orders = recorder.snapshots();
    let total = u64::try_from(orders.len()).unwrap_or(u64::MAX);
    if orders.iter().any(|order| !order.unresolved.is_empty()) {
        observer.observe(&Event::Notice(format!(
            "some outcomes are unknown: waiting {} s before asking again",
            quiet.as_secs_f32()
        )));
        tokio::time::sleep(quiet).await;
    }
    let is_gone = &AtomicBool::new(false);
    let mut settling = futures_util::stream::iter(orders)
        .map(|order| async move {
            let mut line = Line {
                caller,
                recorder,
                alarmed: None,
                is_gone,
                connection: None,
            };
            line.settle(&order).await
        })
        .buffer_unordered(AT_ONCE);
    let mut settled = Settled::default();
    let mut done = 0;
    while let Some(one) = settling.next().await {
        settled.resolved += one.resolved;
        settled.unresolved += one.unresolved;
        settled.drained += one.drained;
        done += 1;
        observer.observe(&Event::DrainProgress { done, total });
    }
    settled
}

/// After how many attempts an answer that proves nothing is believed to prove no
/// more the next time: at once where it came whole and is not signed, after one
/// more where it is signed and does not say that its sender should try later.
fn patience_with(evidence: &Evidence) -> u32 {
    let is_whole = evidence.http_status.is_some_and(|status| status < 500);
    let says_later = |code: Code| code.meaning().is_some() && code.effect() == Effect::Unknown;
    match evidence.signature {
        _ if !is_whole => ATTEMPTS,
        SignatureState::Missing | SignatureState::Invalid => 0,
        SignatureState::Valid if evidence.code.is_some_and(says_later) => ATTEMPTS,
        SignatureState::Valid => 1,
    }
}

/// Whether an accepted refund may still fail.
fn is_dealt_with(evidence: &Evidence) -> bool {
    evidence.money == Money::Yes && evidence.status == Some(RefundStatus::Dealing.number())
}

/// One connection, over which one order is settled after the other.
struct Line<'a> {
    caller: &'a Caller,
    recorder: &'a Recorder,
    /// Who hears of an alarm; nobody where the judge speaks right after.
    alarmed: Option<&'a dyn Observer>,
    /// Whether the gateway takes no connections any more: then it is not
    /// knocked at for every order.
    is_gone: &'a AtomicBool,
    connection: Option<Connection>,
}

impl Line<'_> {
    async fn settle(&mut self, known: &OrderSnapshot) -> Settled {
        let mut settled = Settled::default();
        let order = &known.order;
        for (refund, amount) in &known.unresolved {
            if self.is_gone.load(Ordering::Relaxed) {
                settled.unresolved += 1;
                continue;
            }
            match self.resolve(order, refund, *amount).await {
                Money::Maybe | Money::NotSent => settled.unresolved += 1,
                _ => settled.resolved += 1,
            }
        }
        // Others may still refund an order that is shared: whatever its rest is
        // answered with shows nothing.
        if self.is_gone.load(Ordering::Relaxed) || known.is_shared {
            return settled;
        }
        // Looked at anew: what was unknown may be resolved.
        let Some(known) = self.recorder.snapshot(order) else {
            return settled;
        };
        if self.drain(order, known.drain()).await == Some(DrainFinding::Equal) {
            settled.drained += 1;
        }
        self.ask_for_failures(order).await;
        settled
    }

    /// Where a refund can fail later and more was accepted than was paid, asks
    /// for each accepted refund again: one that failed is refused now.
    async fn ask_for_failures(&mut self, order: &OrderNo) {
        let Some(known) = self.recorder.snapshot(order) else {
            return;
        };
        for (refund, amount) in &known.failable {
            for attempt in 0..ATTEMPTS {
                match self.refund(order, refund, *amount).await {
                    Some(evidence) if is_dealt_with(&evidence) => {}
                    _ => break,
                }
                tokio::time::sleep(Duration::from_millis(50) * (1 << attempt)).await;
            }
        }
    }

    /// Asks for the same refund until its outcome is known.
    async fn resolve(&mut self, order: &OrderNo, refund: &RefundNo, amount: Amount) -> Money {
        let mut was_reached = false;
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(50) * (1 << attempt)).await;
            }
            let Some(evidence) = self.refund(order, refund, amount).await else {
                continue;
            };
            was_reached = true;
            match evidence.money {
                Money::Maybe if attempt >= patience_with(&evidence) => return Money::Maybe,
                Money::Maybe => {}
                Money::NotSent => {}
                // Only the attempt whose answer was lost can have taken it.
                Money::Duplicate => return Money::Yes,
                decided => return decided,
            }
        }
        if !was_reached {
            self.is_gone.store(true, Ordering::Relaxed);
        }
        Money::Maybe
    }

    async fn drain(&mut self, order: &OrderNo, mut drain: Drain) -> Option<DrainFinding> {
        while let Some(probe) = drain.next() {
            let refund = self.caller.numbers.refund();
            let first = self.refund(order, &refund, probe.amount).await;
            let money = match first.map_or(Money::NotSent, |evidence| evidence.money) {
                Money::Maybe | Money::NotSent => self.resolve(order, &refund, probe.amount).await,
                decided => decided,
            };
            drain.answered(money);
        }
        drain.finding()
    }

    /// One recorded attempt; `None` where there is no connection to make it on.
    async fn refund(
        &mut self,
        order: &OrderNo,
        refund: &RefundNo,
        amount: Amount,
    ) -> Option<Evidence> {
        let document = self.caller.refund(order, refund, amount);
        let endpoint = &self.caller.endpoint;
        let request = endpoint.post(Api::Refund.path(), &document);
        if self
            .connection
            .as_mut()
            .is_none_or(|connection| !connection.is_usable())
        {
            self.connection = endpoint.connect().await.ok();
        }
        let connection = self.connection.as_mut()?;
        let attempt = self.recorder.sent(order, refund, amount);
        let answer = connection.round_trip(&request).await;
        let evidence = classify(
            &Reply::from(&answer),
            &self.caller.partner.key,
            &self.caller.profile,
        );
        let violation = self.recorder.answered(attempt, &evidence);
        if let (Some(observer), Some(violation)) = (self.alarmed, violation) {
            observer.observe(&Event::Alarm(Box::new(violation)));
        }
        Some(evidence)
    }
}
