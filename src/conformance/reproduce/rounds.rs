//! Rounds of traffic against the target, each with a fresh order and a history
//! of its own, which the audit judges.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::search::{Tried, Trying};
use crate::audit::witness::traffic::shows;
use crate::audit::{Recorder, judge, settle};
use crate::conformance::probe::Probe;
use crate::conformance::rule::Stop;
use crate::conformance::volley::{Ask, Contenders, Shot};
use crate::protocol::RefundNo;
use crate::target::PaidOrder;
use crate::verdict::{
    AuditSummary, Claim, Observers, RunVerdict, Severity, Timing, Traffic, Violation, Volley,
    VolleyRequest,
};

/// Rounds that are fired one after the other before all of them are drained at
/// once and judged.
const BATCH: u32 = 8;
/// How long a gateway is left alone before unknown outcomes are asked for
/// again: every request of a volley was answered or timed out already.
const QUIET: Duration = Duration::from_millis(200);

/// How long and how often may be tried.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long, in all.
    pub time: Duration,
    /// How many rounds, in all.
    pub rounds: u32,
}

/// What has to be broken for a round to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sought {
    /// The claim; `None` for whatever is about money.
    pub claim: Option<Claim>,
    /// Whether it has to be one that only concurrency shows.
    pub only_concurrent: bool,
}

impl Sought {
    /// Whatever is about money.
    pub const MONEY: Self = Self {
        claim: None,
        only_concurrent: false,
    };

    /// The same as this violation.
    pub fn like(violation: &Violation) -> Self {
        Self {
            claim: Some(violation.claim),
            only_concurrent: violation.timing == Timing::ConcurrencyOnly,
        }
    }

    fn is(self, violation: &Violation) -> bool {
        violation.severity != Severity::Protocol
            && self.claim.is_none_or(|claim| claim == violation.claim)
            && (!self.only_concurrent || violation.timing == Timing::ConcurrencyOnly)
    }
}

/// Rounds against a target, and what is left to try.
#[derive(Debug)]
pub struct Rounds {
    probe: Probe,
    contenders: Contenders,
    sought: Sought,
    rounds_left: u32,
    until: Instant,
}

impl Rounds {
    /// Opens as many connections as the widest volley of these needs.
    ///
    /// # Errors
    /// [`Stop::Inconclusive`] where one can't be had.
    pub async fn open(
        mut probe: Probe,
        traffic: &[Traffic],
        sought: Sought,
        limits: Limits,
    ) -> Result<Self, Stop> {
        let width = traffic.iter().map(Traffic::width).max().unwrap_or(1);
        let contenders = Contenders::open(&mut probe, width).await?;
        Ok(Self {
            probe,
            contenders,
            sought,
            rounds_left: limits.rounds,
            until: Instant::now() + limits.time,
        })
    }

    /// Grants so much more, whatever was left.
    pub fn renew(&mut self, limits: Limits) {
        self.rounds_left = limits.rounds;
        self.until = Instant::now() + limits.time;
    }

    /// Tries `traffic` for so many rounds, what is left of them, or until one
    /// can't be had.
    pub async fn measure(&mut self, traffic: &Traffic, rounds: u32) -> Tried {
        self.play(traffic, rounds, false).await
    }

    async fn play(&mut self, traffic: &Traffic, rounds: u32, until_failed: bool) -> Tried {
        let mut tried = Tried::default();
        while tried.rounds < rounds && tried.stopped.is_none() && !self.is_over() {
            if until_failed && tried.failed > 0 {
                break;
            }
            let count = BATCH.min(rounds - tried.rounds).min(self.rounds_left);
            tried.add(self.batch(traffic, count).await);
        }
        tried
    }

    /// Fires rounds one after the other, as many as can be had, and judges them.
    async fn batch(&mut self, traffic: &Traffic, count: u32) -> Tried {
        let caller = self.probe.caller().clone();
        let mut recorders: Vec<Recorder> = Vec::new();
        let mut tried = Tried::default();
        for round in 0..count {
            // A slow gateway takes long for a round.
            if round > 0 && self.is_over() {
                break;
            }
            let recorder = Recorder::new(&caller.profile, None);
            let fired = self.fire(traffic, &recorder).await;
            recorders.push(recorder);
            self.rounds_left -= 1;
            if let Err(stop) = fired {
                tried.add(Tried::stopped_by(&stop));
                break;
            }
        }
        // Of a round that came to a part of its volleys only what it shows counts.
        let whole = recorders.len() - usize::from(tried.stopped.is_some());
        let nobody = Observers::new();
        join_all(
            recorders
                .iter()
                .map(|recorder| settle::resolve_and_drain(&caller, recorder, QUIET, &nobody)),
        )
        .await;
        for (index, recorder) in recorders.into_iter().enumerate() {
            match recorder.finish() {
                Ok(history) => {
                    let round = self.sought.look_at(&judge(&history));
                    if index < whole || round.failed > 0 {
                        tried.add(round);
                    }
                }
                Err(broken) => {
                    tried.add(Tried::stopped_by(&Stop::Inconclusive(broken.to_string())));
                }
            }
        }
        tried
    }

    /// One round, up to its drain.
    async fn fire(&mut self, traffic: &Traffic, recorder: &Recorder) -> Result<(), Stop> {
        let order = self.probe.paid(traffic.paid).await?;
        if order.paid.minor_units() != traffic.paid {
            return Err(Stop::Inconclusive(format!(
                "an order of exactly {} is needed, and the pool has none (leave out --orders to have it paid)",
                traffic.paid
            )));
        }
        let currency = order.currency.as_deref().unwrap_or_default();
        recorder.order(&order.number, order.paid, currency);
        let mut numbers = BTreeMap::new();
        for volley in &traffic.volleys {
            let shots = self.shots(&order, volley, &mut numbers);
            self.contenders
                .fire(&mut self.probe, recorder, &shots, volley.release)
                .await?;
        }
        Ok(())
    }

    /// The requests of a volley; a number that was not used before is a new one.
    fn shots(
        &self,
        order: &PaidOrder,
        volley: &Volley,
        numbers: &mut BTreeMap<u32, RefundNo>,
    ) -> Vec<Shot> {
        let shot = |request: &VolleyRequest| {
            let (refund, amount, ask) = match request {
                VolleyRequest::Refund {
                    number,
                    amount,
                    abandoned,
                    ..
                } => {
                    let refund = numbers
                        .entry(*number)
                        .or_insert_with(|| self.probe.refund_number());
                    let ask = if *abandoned {
                        Ask::Abandoned
                    } else {
                        Ask::Refund
                    };
                    (refund.clone(), *amount, ask)
                }
                VolleyRequest::Query { .. } => (self.probe.refund_number(), 0, Ask::Query),
            };
            Shot::of(&order.number, refund, amount)
                .asking(ask)
                .after(Duration::from_micros(request.after_micros()))
        };
        volley.requests.iter().map(shot).collect()
    }
}

impl Sought {
    /// What a round's verdict amounts to.
    fn look_at(self, summary: &AuditSummary) -> Tried {
        let found = summary.violations.iter().find(|found| self.is(found));
        Tried {
            rounds: 1,
            failed: u32::from(found.is_some()),
            undecided: u32::from(found.is_none() && summary.verdict == RunVerdict::Inconclusive),
            shows: found.map(|found| {
                let exhibit = found.exhibit.as_ref();
                let inequality =
                    exhibit.and_then(|exhibit| exhibit.certificate.inequality.as_ref());
                shows(found, inequality)
            }),
            stopped: None,
        }
    }
}

impl Trying for Rounds {
    async fn until_failed(&mut self, traffic: &Traffic, rounds: u32) -> Tried {
        self.play(traffic, rounds, true).await
    }

    fn is_over(&self) -> bool {
        self.rounds_left == 0 || Instant::now() >= self.until
    }
}
