//! `recoup check`: every rule against the target.

use std::num::NonZeroUsize;

use clap::{Args, ValueEnum};

use crate::conformance::runner::Options;
use crate::conformance::{CheckOutcome, Rule, Selection};
use crate::verdict::{Event, ExitCode, Verdict};

use super::error::CliError;
use super::output::OutputArgs;
use super::run::{End, Run};
use super::target::TargetArgs;

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

impl RuleArgs {
    /// The rules that are selected.
    ///
    /// # Errors
    /// [`CliError::Selection`] where a glob selects nothing.
    pub(super) fn selected(&self) -> Result<Vec<&'static Rule>, CliError> {
        Ok(Selection {
            only: self.only.clone(),
            skip: self.skip.clone(),
        }
        .rules()?)
    }

    pub(super) fn options(&self) -> Options {
        let processors = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
        Options {
            jobs: self.jobs.map_or(processors * 2, NonZeroUsize::get),
            should_fails: self.level == FailLevel::Should,
            fail_fast: self.fail_fast,
            again: 2,
        }
    }

    /// Runs the rules.
    pub(super) async fn check(&self, run: &Run, rules: &[&'static Rule]) -> End {
        let outcome = crate::conformance::run(
            &run.setting,
            rules,
            self.options(),
            run.observers.as_ref(),
            &run.cancel,
        )
        .await;
        if run.setting.caller.clock.has_moved() {
            run.observers.emit(&Event::Notice(CLOCK_MOVED.to_owned()));
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
        let rules = self.rules.selected()?;
        let cases = self.rules.cases.get();
        let mut run = Run::start("check", &self.target, cases, &self.output).await?;
        let end = match run.preflight().await {
            Ok(()) => self.rules.check(&run, &rules).await,
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
            held => End::new(ExitCode::Success, format!("{held} rules held")),
        }
    }
}
