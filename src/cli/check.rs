//! `recoup check`: every rule against the target.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::conformance::reproduce::Limits;
use crate::conformance::runner::Options;
use crate::conformance::{Baseline, CheckOutcome, Regressions, Rule, Selection};
use crate::verdict::{Event, ExitCode, Level, Verdict};

use super::dialect::DialectArgs;
use super::error::CliError;
use super::output::OutputArgs;
use super::run::{End, Run};
use super::shrink::OF_RULES;
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

    /// What becomes of the dialect.
    #[command(flatten)]
    pub dialect: DialectArgs,
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
    dialect: DialectArgs,
    /// Whether the whole catalogue is run.
    is_whole: bool,
}

impl RuleArgs {
    /// Reads what is given; nothing else that was asked for about the rules
    /// stands in the way of a run either.
    ///
    /// # Errors
    /// [`CliError`] where a glob selects nothing, a file can't be used, or the
    /// profile can't be saved.
    pub(super) fn plan(
        &self,
        output: &OutputArgs,
        shrinking: Option<Limits>,
    ) -> Result<RulePlan, CliError> {
        self.dialect.look_at_file()?;
        let selection = Selection {
            only: self.only.clone(),
            skip: self.skip.clone(),
        };
        let processors = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
        Ok(RulePlan {
            rules: selection.rules()?,
            dialect: self.dialect.clone(),
            is_whole: self.only.is_empty(),
            options: Options {
                jobs: self.jobs.map_or(processors * 2, NonZeroUsize::get),
                fails: match self.level {
                    FailLevel::Must => Level::Must,
                    FailLevel::Should => Level::Should,
                },
                fail_fast: self.fail_fast,
                again: TRIES_AGAIN,
                shrinking,
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
    /// Runs the rules, then looks at the dialect: orders of a pool and of a
    /// budget belong to the rules first. Whoever asks for some rules alone gets
    /// no dialect, unless a profile is to be saved.
    pub(super) async fn check(&self, run: &Run) -> End {
        let outcome = crate::conformance::run(
            &run.setting,
            &self.rules,
            self.options.clone(),
            run.observers.as_ref(),
            &run.cancel,
        )
        .await;
        if run.setting.caller.clock.has_moved() {
            run.observers.emit(&Event::Notice(CLOCK_MOVED.to_owned()));
        }
        if let Some(races) = run.setting.raced.races() {
            run.observers.emit(&Event::RacesFinished(Box::new(races)));
        }
        self.keep_failures(run, &outcome);
        let end = end_of(&outcome);
        if outcome.is_cut_short {
            let reason = "the rules did not run to their end";
            self.dialect.give_up(run, reason);
        } else if self.dialect.is_wanted(self.is_whole) {
            let observed = self.dialect.observe(run, self.options.jobs).await;
            return observed.map_or_else(|failed| end.clone().graver(failed), |()| end.clone());
        }
        end
    }

    /// Says what became of earlier failures, and keeps the new ones.
    fn keep_failures(&self, run: &Run, outcome: &CheckOutcome) {
        let Some(file) = self.options.regressions.file() else {
            return;
        };
        let notice = |text: String| run.observers.emit(&Event::Notice(text));
        let file = file.display();
        match (outcome.earlier, outcome.still_failing) {
            (0, _) => {}
            (1, 0) => notice(format!(
                "1 earlier failure tried first: it holds now ({file})"
            )),
            (1, _) => notice(format!(
                "1 earlier failure tried first: it still fails ({file})"
            )),
            (tried, failing) => notice(format!(
                "{tried} earlier failures tried first: {failing} still failing ({file})"
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
}

impl CheckArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// [`CliError`] where it can't be run at all.
    pub(super) async fn run(self) -> Result<ExitCode, CliError> {
        let plan = self.rules.plan(&self.output, Some(OF_RULES))?;
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
