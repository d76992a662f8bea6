//! The flags of a load that runs on several machines, and what one of them
//! leaves to `recoup merge`.

use std::path::PathBuf;

use clap::Args;

use crate::load::{Measured, Scenario};
use crate::protocol::Timestamp;
use crate::target::{OrderError, PaidOrder, SharedOrders};
use crate::verdict::{AuditSummary, Event, Observer, RunVerdict, Shard};

use super::error::CliError;
use super::target::TargetArgs;

/// Which part of a load this machine runs.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Load")]
pub struct ShardArgs {
    /// Which part of the load this machine runs, of N machines numbered from 0:
    /// all with the same --seed. See recoup merge
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,

    /// Paid orders that all shards refund at the same time: a CSV file of
    /// partnerOrderNo,orderAmount,currency
    #[arg(long, value_name = "FILE.csv", requires = "shard")]
    pub shared_orders: Option<PathBuf>,

    /// When the traffic begins, so that all shards begin together
    #[arg(long, value_name = "RFC3339", value_parser = parse_start)]
    pub start_at: Option<Timestamp>,
}

impl ShardArgs {
    /// Which part of the load this machine runs, together with which.
    ///
    /// # Errors
    /// [`CliError`] where it has nothing to do, or would do something else than
    /// its part.
    pub(super) fn part(&self, scenario: &Scenario, target: &TargetArgs) -> Result<Part, CliError> {
        let mut part = Part {
            shard: self.shard,
            shared_orders: None,
            start_at: self.start_at,
        };
        let Some(shard) = self.shard else {
            return Ok(part);
        };
        let fail = |reason: String| Err(CliError::Usage(format!("run shard {shard}: {reason}")));
        if target.seed.is_none() {
            return fail(
                "each machine would draw a seed of its own (give all of them the same --seed)"
                    .to_owned(),
            );
        }
        let machines = shard.count() as usize;
        let users = scenario.most_users();
        if users < machines {
            return fail(format!(
                "{users} users can't be shared among {machines} machines (give at least --users {machines}, or use fewer)"
            ));
        }
        let orders = scenario.orders.count;
        if orders < machines && self.shared_orders.is_none() {
            return fail(format!(
                "{orders} orders can't be shared among {machines} machines (give orders.count at least {machines}, or use fewer)"
            ));
        }
        if let Some(path) = &self.shared_orders {
            part.shared_orders = Some(SharedOrders::open(path, shard)?);
        }
        Ok(part)
    }
}

/// Which part of a load a machine runs.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// Which of several; none where it runs all of it.
    pub(super) shard: Option<Shard>,
    /// Orders that all machines refund at the same time.
    shared_orders: Option<SharedOrders>,
    /// When all machines begin.
    pub(super) start_at: Option<Timestamp>,
}

impl Part {
    /// The orders that all machines refund, from now on used by this one.
    ///
    /// # Errors
    /// [`OrderError`] where that can't be recorded.
    pub(super) fn begin(&mut self) -> Result<Vec<PaidOrder>, OrderError> {
        self.shared_orders
            .take()
            .map_or_else(|| Ok(Vec::new()), SharedOrders::begin)
    }
}

/// Says which thresholds one of several machines can't judge.
pub(super) fn tell_what_is_left(measured: &Measured, observer: &dyn Observer) {
    if measured.about.shard.is_none() {
        return;
    }
    let thresholds = measured.about.thresholds.iter();
    for threshold in thresholds.filter(|threshold| threshold.is_about_the_whole()) {
        observer.observe(&Event::Notice(format!(
            "{threshold} is about what all shards do together: judged by recoup merge"
        )));
    }
}

/// Of orders that other machines refunded as well, this one has said all that it
/// can. That the rest is open is no fault of its run: the merge judges it.
pub(super) fn leave_to_merge(audit: &mut AuditSummary, observer: &dyn Observer) {
    if audit.left_to_merge == 0 {
        return;
    }
    observer.observe(&Event::Notice(format!(
        "orders that other shards refunded as well: {}. Whether their refunds were rightly refused is judged by recoup merge, and they were not drained",
        audit.left_to_merge
    )));
    let is_all = audit.inconclusive_orders == 0 && audit.operations > 0;
    if audit.verdict == RunVerdict::Inconclusive && is_all {
        audit.verdict = RunVerdict::Pass;
        audit.reason = None;
    }
}

fn parse_start(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_exact(text)
        .map_err(|_| "write a time with its offset, such as 2026-01-02T03:04:05+00:00".to_owned())
}
