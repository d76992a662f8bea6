//! What becomes of violations about money, once a load has ended or a rule has
//! failed: they are tried again on fresh orders, and their reproducers made small.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use crate::audit::History;
use crate::conformance::Setting;
use crate::conformance::reproduce::{Limits, reproduce};
use crate::target::{Caller, Clock};
use crate::verdict::{AuditSummary, Event};

use super::run::Run;

/// How long and how often violations are tried again.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Load")]
pub struct ShrinkArgs {
    /// How long violations about money are tried again on fresh orders, in all,
    /// for their reproducers to become small; off: not at all
    #[arg(long, value_name = "TIME|off", default_value = "8s")]
    pub shrink: ShrinkTime,

    /// How many rounds that may take for each of them
    #[arg(long, value_name = "N", default_value = "400")]
    pub shrink_rounds: NonZeroU32,
}

/// How long may be shrunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShrinkTime {
    /// Not at all.
    Off,
    /// So long.
    For(Duration),
}

impl FromStr for ShrinkTime {
    type Err = humantime::DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self::Off),
            time => humantime::parse_duration(time).map(Self::For),
        }
    }
}

/// How long and how often what a rule proved is tried again, for each claim.
pub(super) const OF_RULES: Limits = Limits {
    time: Duration::from_secs(2),
    rounds: 400,
};

impl ShrinkArgs {
    /// The same for a run that may shrink less than that.
    pub(super) fn of_rules(self) -> Option<Limits> {
        match self.shrink {
            ShrinkTime::Off => None,
            ShrinkTime::For(time) => Some(Limits {
                time: time.min(OF_RULES.time),
                rounds: self.shrink_rounds.get(),
            }),
        }
    }

    /// Tries the gravest violation of each claim again and makes it small, where
    /// orders are not limited and nobody has stopped the run.
    pub(super) async fn shrink(
        self,
        run: &Run,
        caller: &Caller,
        history: &History,
        audit: &mut AuditSummary,
    ) {
        let ShrinkTime::For(time) = self.shrink else {
            return;
        };
        let violations = audit.to_reproduce();
        let Ok(count) = u32::try_from(violations.len()) else {
            return;
        };
        if count == 0 || run.cancel.is_cancelled() {
            return;
        }
        if !run.setting.orders.is_unlimited() {
            run.observers.emit(&Event::Notice(
                "orders are limited (by a pool or by --max-total-refund), so violations were not tried again on fresh ones: their reproducers are as long as what was recorded"
                    .to_owned(),
            ));
            return;
        }
        let limits = Limits {
            time: time / count,
            rounds: self.shrink_rounds.get(),
        };
        let setting = Setting {
            caller: Caller {
                clock: Clock::present(),
                numbers: run.setting.caller.numbers.clone(),
                ..caller.clone()
            },
            ..run.setting.clone()
        };
        for violation in violations {
            tokio::select! {
                () = reproduce(&setting, history, violation, limits) => {}
                () = run.cancel.cancelled() => return,
                // A gateway that answers no more holds nobody up for long.
                () = tokio::time::sleep(limits.time * 2 + Duration::from_secs(30)) => {}
            }
        }
    }
}
