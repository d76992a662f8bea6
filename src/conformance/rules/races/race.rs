//! A race: volleys at fresh orders, round after round, and the verdict on all
//! that was heard.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::audit::{Recorder, judge, settle};
use crate::conformance::probe::{Probe, Reply};
pub(super) use crate::conformance::raced::CONTENDERS;
use crate::conformance::raced::DUELS;
use crate::conformance::rule::{Failure, Stop};
use crate::conformance::volley::{Contenders, Shot};
use crate::target::PaidOrder;
use crate::verdict::{FailureDetail, Observers, Proof, RunVerdict, Severity, Violation};

/// How many rounds a rule has that needs two requests to meet.
const ROUNDS: usize = DUELS as usize;
/// How many rounds a rule has whose volleys show what they show without luck:
/// each takes orders, and they may be few.
pub(super) const FEWER_ROUNDS: usize = 12;
/// Fewer rounds than this say too little to pass.
const FEWEST_ROUNDS: usize = 3;
/// The amount of every order that is raced for.
const PAID: i64 = 10_000;
/// How long a gateway is left alone before unknown outcomes are asked for
/// again: every request of a volley was answered or timed out already.
const QUIET: Duration = Duration::from_millis(200);

/// What is raced for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Race {
    /// How many connections there are.
    pub(super) contenders: usize,
    /// How many rounds there are.
    pub(super) rounds: usize,
    /// How many fresh orders each round has.
    pub(super) orders: usize,
    /// The volleys of a round, fired one after the other. One of a single shot
    /// is a refund that nothing else is at the same time as.
    pub(super) volleys: Volleys,
    /// Whether any two that are accepted of a volley are too much.
    pub(super) is_duel: bool,
    /// What is looked at in the answers to each volley; the money is judged
    /// with the whole history.
    pub(super) look: Look,
}

/// Makes the volleys of a round for its orders, by its place.
type Volleys = fn(&Probe, &[PaidOrder], usize) -> Vec<Vec<Shot>>;
/// Looks at a volley and its answers.
type Look = fn(&mut Probe, &[Shot], &[Reply]) -> Result<(), Stop>;

impl Race {
    /// A race of one volley a round for one order, of which the money says all.
    pub(super) const fn for_one_order(volleys: Volleys) -> Self {
        Self {
            contenders: CONTENDERS,
            rounds: ROUNDS,
            orders: 1,
            is_duel: false,
            volleys,
            look: |_, _, _| Ok(()),
        }
    }

    /// Runs the race and judges it.
    pub(super) async fn run(self, probe: &mut Probe) -> Result<(), Stop> {
        let caller = probe.caller().clone();
        let kept = Kept::default();
        let recorder = Recorder::new(&caller.profile, Some(Box::new(kept.clone())));
        let mut contenders = Contenders::open(probe, self.contenders).await?;
        let raced = probe.raced();
        raced.choice(probe).await;
        let mut volleys = 0;
        let mut replies: Vec<Reply> = Vec::new();
        let mut rounds = 0;
        let mut cut_short = None;
        while rounds < self.rounds {
            // What was fired is judged, also where the next round can't be.
            let round = self.round(probe, &recorder, &mut contenders, &mut replies, rounds);
            match round.await {
                Ok(fired) => {
                    rounds += 1;
                    volleys += fired;
                }
                Err(stop @ Stop::Failed(_)) => return Err(stop),
                Err(stop) => {
                    cut_short = Some(stop);
                    break;
                }
            }
        }
        settle::resolve_and_drain(&caller, &recorder, QUIET, &Observers::new()).await;
        let summary = match recorder.finish() {
            Ok(history) => judge(&history),
            Err(broken) => return Err(Stop::Inconclusive(broken.to_string())),
        };
        let duels = if self.is_duel { volleys } else { 0 };
        raced.add(volleys, duels, &summary.exposure);
        let violation = summary.violations.into_iter().next();
        match (violation, cut_short, summary.verdict) {
            (Some(violation), _, _) => Err(proven(violation, kept.take(), &replies)),
            // A few rounds are less exposure, and no reason to say nothing.
            (None, Some(stop), _) if rounds < FEWEST_ROUNDS => Err(stop),
            (None, _, RunVerdict::Inconclusive) => {
                Err(Stop::Inconclusive(summary.reason.unwrap_or_else(|| {
                    "the history decides nothing".to_owned()
                })))
            }
            (None, _, _) => Ok(()),
        }
    }

    async fn round(
        &self,
        probe: &mut Probe,
        recorder: &Recorder,
        contenders: &mut Contenders,
        replies: &mut Vec<Reply>,
        round: usize,
    ) -> Result<u64, Stop> {
        let mut orders: Vec<PaidOrder> = Vec::with_capacity(self.orders);
        for _ in 0..self.orders {
            let order = probe.paid(PAID).await?;
            let currency = order.currency.as_deref().unwrap_or_default();
            recorder.order(&order.number, order.paid, currency);
            orders.push(order);
        }
        // The better way of releasing; and now and then the other one, since
        // some gateways work on a request before its last byte is there.
        let choice = probe.raced().choice(probe).await;
        let release = match round % 4 {
            3 => choice.release().other(),
            _ => choice.release(),
        };
        let mut fired = 0;
        for shots in (self.volleys)(probe, &orders, round) {
            let landed = contenders.fire(probe, recorder, &shots, release).await?;
            fired += u64::from(shots.len() > 1);
            let seen = (self.look)(probe, &shots, &landed);
            replies.extend(landed);
            seen?;
        }
        Ok(fired)
    }
}

/// A violation with the history that proves it, and the exchanges of its witness.
fn proven(violation: Violation, recorded: Vec<u8>, replies: &[Reply]) -> Stop {
    let evidence = replies
        .iter()
        .filter(|reply| {
            violation
                .witness
                .iter()
                .any(|step| reply.label.contains(&format!("as {},", step.refund)))
        })
        .take(CONTENDERS)
        .map(Reply::exhibit)
        .collect();
    Stop::Failed(Box::new(Failure {
        message: format!(
            "{} ({}, {}): {}",
            violation.invariant, violation.severity, violation.timing, violation.message
        ),
        is_money: violation.severity != Severity::Protocol,
        evidence,
        detail: FailureDetail {
            proof: Some(Box::new(Proof {
                violation,
                history: None,
                recorded,
            })),
            ..FailureDetail::default()
        },
        ..Failure::default()
    }))
}

/// A history's file that is kept in memory.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    /// All that was written, once its recorder has finished.
    fn take(&self) -> Vec<u8> {
        mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One shot under a fresh number for each place, counted from 1.
pub(super) fn shots(
    probe: &Probe,
    order: &PaidOrder,
    count: usize,
    amount: impl Fn(i64) -> i64,
) -> Vec<Shot> {
    (1..)
        .take(count)
        .map(|place| Shot::fresh(probe, order, amount(place)))
        .collect()
}
