//! `recoup check`: every rule against the target.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::conformance::runner::Options;
use crate::conformance::{Baseline, CheckOutcome, Regressions, Rule, Selection};
use crate::verdict::{Event, ExitCode, Verdict};

use super::error::CliError;
use super::output::OutputArgs;
use super::run::{End, Run};
use super::target::TargetArgs;

/// How often a rule that failed is tried again.
const TRIES_AGAIN: u32 = 2;

/// Where failures are kept, in the folder of reports.
const REGRESSIONS: &str = "regressions.toml";

/// What the operator of a long run should know of its clock.
const CLOCK_MOVED: &str = "the run took longer than two minutes, so its later requests carry later times; a repetition with --clock carries the first one throughout";

/// Conformance: every rule against the target.
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// Which rules, and how.
    #[command(flatten)]
    pub rules: RuleArgs,
    /// What to test.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Which rules to try, and how.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Rules")]
pub struct RuleArgs {
    /// Only rules whose id matches this glob; repeatable
    #[arg(long, value_name = "GLOB")]
    pub only: Vec<String>,

    /// No rules whose id matches this glob; repeatable
    #[arg(long, value_name = "GLOB")]
    pub skip: Vec<String>,

    /// What fails the run: MUST alone, or SHOULD as well
    #[arg(long, value_enum, default_value = "must")]
    pub level: FailLevel,

    /// How many cases each property tries
    #[arg(long, value_name = "N", default_value = "64")]
    pub cases: NonZeroUsize,

    /// Known failures, which are let pass: a TOML file of rules with reason,
    /// owner and expiry. A listed rule that holds, or has expired, fails the run
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

    /// Where failures are kept with their seeds, to be tried first by the next
    /// run [default: regressions.toml in the folder of --report]
    #[arg(long, value_name = "FILE|off")]
    pub regressions: Option<String>,

    /// How many rules run at once [default: twice the processors]
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,

    /// Stop at the first rule that fails
    #[arg(long)]
    pub fail_fast: bool,
}

/// What fails a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailLevel {
    /// MUST failures; SHOULD failures are warnings.
    Must,
    /// Both.
    Should,
}

/// Rules to try, and how: all that was given is read, and can be used.
pub(super) struct RulePlan {
    rules: Vec<&'static Rule>,
    options: Options,
}

impl RuleArgs {
    /// Reads what is given.
    ///
    /// # Errors
    /// [`CliError`] where a glob selects nothing, or a file can't be used.
    pub(super) fn plan(&self, output: &OutputArgs) -> Result<RulePlan, CliError> {
        let selection = Selection {
            only: self.only.clone(),
            skip: self.skip.clone(),
        };
        let processors = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
        Ok(RulePlan {
            rules: selection.rules()?,
            options: Options {
                jobs: self.jobs.map_or(processors * 2, NonZeroUsize::get),
                should_fails: self.level == FailLevel::Should,
                fail_fast: self.fail_fast,
                again: TRIES_AGAIN,
                baseline: match &self.baseline {
                    Some(file) => Baseline::read(file)?,
                    None => Baseline::default(),
                },
                regressions: match self.regressions.as_deref() {
                    Some("off") => Regressions::default(),
                    Some(file) => Regressions::read(Path::new(file))?,
                    None => Regressions::read(&output.report.join(REGRESSIONS))?,
                },
            },
        })
    }
}

impl RulePlan {
    /// Runs the rules.
    pub(super) async fn check(&self, run: &Run) -> End {
        let outcome = crate::conformance::run(
            &run.setting,
            &self.rules,
            self.options.clone(),
            run.observers.as_ref(),
            &run.cancel,
        )
        .await;
        let notice = |text: String| run.observers.emit(&Event::Notice(text));
        if run.setting.caller.clock.has_moved() {
            notice(CLOCK_MOVED.to_owned());
        }
        if let Some(file) = self.options.regressions.file() {
            let file = file.display();
            match outcome.earlier {
                0 => {}
                1 => notice(format!(
                    "1 earlier failure tried first: {} ({file})",
                    if outcome.still_failing == 1 {
                        "it still fails"
                    } else {
                        "it holds now"
                    }
                )),
                tried => notice(format!(
                    "{tried} earlier failures tried first: {} still failing ({file})",
                    outcome.still_failing
                )),
            }
            let added = self
                .options
                .regressions
                .add(&outcome.rules, |text| run.redactor.text(text));
            if let Err(error) = added {
                notice(format!(
                    "failed to keep what failed in {file}: {error} (choose another place with --regressions, or --regressions off)"
                ));
            }
        }
        end_of(&outcome)
    }
}

impl CheckArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// [`CliError`] where it can't be run at all.
    pub(super) async fn run(self) -> Result<ExitCode, CliError> {
        let plan = self.rules.plan(&self.output)?;
        let cases = self.rules.cases.get();
        let mut run = Run::start("check", &self.target, cases, &self.output).await?;
        let end = match run.preflight().await {
            Ok(()) => plan.check(&run).await,
            Err(end) => end,
        };
        run.end(end).await
    }
}

/// What the verdicts of the rules amount to.
pub(super) fn end_of(outcome: &CheckOutcome) -> End {
    let named = |verdict: Verdict| {
        let ids: Vec<&str> = outcome
            .rules
            .iter()
            .filter(|rule| rule.verdict == verdict)
            .map(|rule| rule.id.as_str())
            .collect();
        match ids.len() {
            0..=3 => ids.join(", "),
            more => format!("{} and {} more", ids[..3].join(", "), more - 3),
        }
    };
    // Of several, the one that needs the fewest exchanges to show it says most.
    let money = outcome
        .rules
        .iter()
        .filter(|rule| rule.is_money && rule.verdict == Verdict::Fail)
        .min_by_key(|rule| rule.evidence.len());
    if let Some(rule) = money {
        End::new(ExitCode::Money, format!("{}: {}", rule.id, rule.message))
    } else if outcome.has(Verdict::Error) {
        End::new(
            ExitCode::Defect,
            format!("a rule crashed: {}", named(Verdict::Error)),
        )
    } else if outcome.has(Verdict::Fail) {
        End::new(
            ExitCode::RuleFailed,
            format!("a rule failed: {}", named(Verdict::Fail)),
        )
    } else if outcome.is_cut_short {
        super::run::interrupted()
    } else if outcome.has(Verdict::Blocked) {
        End::new(
            ExitCode::NoVerdict,
            format!("a rule could not be tried: {}", named(Verdict::Blocked)),
        )
    } else if outcome.has(Verdict::Inconclusive) {
        End::new(
            ExitCode::NoVerdict,
            format!("too much stayed unknown: {}", named(Verdict::Inconclusive)),
        )
    } else {
        let held = outcome.rules.iter().filter(|rule| {
            matches!(
                rule.verdict,
                Verdict::Pass | Verdict::Warn | Verdict::Observed
            )
        });
        match held.count() {
            0 => End::new(ExitCode::NoVerdict, "every rule was skipped"),
            held => {
                let known = outcome
                    .rules
                    .iter()
                    .filter(|rule| rule.detail.known.is_some());
                let reason = match known.count() {
                    0 => format!("{held} rules held"),
                    known => format!(
                        "{} rules held, and {known} known to fail are let pass",
                        held - known
                    ),
                };
                End::new(ExitCode::Success, reason)
            }
        }
    }
}
