//! `recoup gate`: all of it in one command for CI.

use clap::Args;

use crate::verdict::ExitCode;

use super::check::RuleArgs;
use super::error::CliError;
use super::load::{TrafficArgs, load};
use super::output::OutputArgs;
use super::run::{End, Run};
use super::target::TargetArgs;

/// The whole gate for CI: pre-flight, check, load, drain and audit; one
/// report, one exit code.
#[derive(Debug, Clone, Args)]
pub struct GateArgs {
    /// Which rules, and how.
    #[command(flatten)]
    pub rules: RuleArgs,
    /// What traffic, and how long.
    #[command(flatten)]
    pub traffic: TrafficArgs,
    /// What to test.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
}

impl GateArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// [`CliError`] where it can't be run at all.
    pub(super) async fn run(self) -> Result<ExitCode, CliError> {
        let shrinking = self.traffic.shrink.of_rules();
        let plan = self.rules.plan(&self.output, shrinking)?;
        let scenario = self.traffic.scenario()?;
        let earlier = self.traffic.earlier()?;
        let part = self.traffic.shard.part(&scenario, &self.target)?;
        TrafficArgs::make_room(&scenario, &part, &self.target)?;
        let metrics = self.traffic.metrics.listen()?;
        let cases = self.rules.cases.get();
        let mut run = Run::start("gate", &self.target, cases, &self.output).await?;
        run.take_part(part.shard);
        let _serving = run.tell_live(metrics, &scenario, part.shard)?;
        let sink = self.traffic.history_sink(&run)?;
        let end = match run.preflight().await {
            Err(end) => end,
            Ok(()) => {
                let checked = plan.check(&run).await;
                if run.cancel.is_cancelled()
                    || (self.rules.fail_fast && checked.exit != ExitCode::Success)
                {
                    checked
                } else {
                    // A gateway that fails a rule is loaded all the same: one
                    // run is to say all that is wrong.
                    let loaded =
                        load(&run, scenario, part, earlier, sink, self.traffic.shrink).await;
                    gate_end(checked, loaded)
                }
            }
        };
        run.end(end).await
    }
}

fn gate_end(checked: End, loaded: End) -> End {
    if checked.exit == ExitCode::Success && loaded.exit == ExitCode::Success {
        return End::new(
            ExitCode::Success,
            format!(
                "{}, {}, {}",
                checked.reason, "the load's thresholds held", "and the audit found nothing amiss"
            ),
        );
    }
    checked.graver(loaded)
}
