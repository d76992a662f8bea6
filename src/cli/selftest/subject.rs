//! A gateway that is put to the test, and what came of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::cli::error::CliError;
use crate::cli::target::in_process_setting;
use crate::conformance::runner::Options;
use crate::conformance::{CheckOutcome, Preflight, catalogue};
use crate::gateway::{Fault, Faults, Settings, StoreChoice, Variant, Variants};
use crate::protocol::Timestamp;
use crate::target::Numbers;
use crate::verdict::{Level, Observers, RuleOutcome, Verdict};

/// How long an answer may take: faulty gateways that hang are waited for.
const TIMEOUT: Duration = Duration::from_secs(3);

/// What all gateways are tested with.
#[derive(Debug, Clone)]
pub(super) struct Ground {
    /// Where those that keep money rightly keep it.
    pub(super) store: StoreChoice,
    /// What every request follows from.
    pub(super) seed: u64,
    /// How many cases each property tries.
    pub(super) cases: usize,
    /// When the run started: what sets its numbers apart from an earlier run's.
    pub(super) started: Timestamp,
}

/// One gateway to test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Subject {
    /// What is wrong with it.
    pub(super) fault: Option<Fault>,
    /// In what it differs, rightly.
    pub(super) variant: Option<Variant>,
}

impl Subject {
    /// The clean gateway in its own dialect: what others are compared with.
    pub(super) const CLEAN: Self = Self {
        fault: None,
        variant: None,
    };

    /// The dialects that every fault is tried in: repeated refund numbers are
    /// replayed, or refused.
    const DIALECTS: [Option<Variant>; 2] = [None, Some(Variant::RefuseDuplicates)];

    /// The clean gateway in every dialect, then each fault.
    pub(super) fn all() -> Vec<Self> {
        let variants = Variant::ALL.iter().copied().map(Some);
        let clean = std::iter::once(None).chain(variants).map(|variant| Self {
            variant,
            ..Self::CLEAN
        });
        let faulty = Fault::ALL.iter().flat_map(|fault| {
            Self::DIALECTS.into_iter().map(|variant| Self {
                variant,
                fault: Some(*fault),
            })
        });
        clean.chain(faulty).collect()
    }

    /// The dialect that it speaks.
    pub(super) const fn dialect(self) -> &'static str {
        match self.variant {
            None => "default",
            Some(variant) => variant.name(),
        }
    }

    /// What is wrong with it.
    pub(super) const fn wrong(self) -> &'static str {
        match self.fault {
            None => "no-fault",
            Some(fault) => fault.name(),
        }
    }

    /// Where it keeps its books. Gateways in one file would wait for each
    /// other: each has its own.
    fn store_of(self, ground: &Ground, faults: &Faults) -> StoreChoice {
        match &ground.store {
            _ if faults.first_of_ledger().is_some() => StoreChoice::Memory,
            StoreChoice::Sqlite(path) => {
                let mut path = path.clone().into_os_string();
                path.push(format!(".{}.{}", self.wrong(), self.dialect()));
                StoreChoice::Sqlite(path.into())
            }
            other => other.clone(),
        }
    }

    /// Runs the whole catalogue against it.
    ///
    /// # Errors
    /// [`CliError`] where it can't be started.
    pub(super) async fn test(
        self,
        ground: Ground,
        cancel: CancellationToken,
    ) -> Result<Tested, CliError> {
        let started = Instant::now();
        let variants: Variants = self.variant.into_iter().collect();
        let faults: Faults = self.fault.into_iter().collect();
        let store = self.store_of(&ground, &faults);
        let is_shared = store != StoreChoice::Memory;
        let gateway = crate::gateway::start(Settings {
            store,
            variants,
            faults,
            ..Settings::default()
        })
        .await?;
        let mut setting = in_process_setting(&gateway, ground.seed, ground.cases, TIMEOUT)?;
        if is_shared {
            // What others have left there must not be met.
            let apart = format!(
                "{} {} {}",
                ground.started.exact(),
                self.wrong(),
                self.dialect()
            );
            setting.caller.numbers = Arc::new(Numbers::new(ground.seed, &apart));
        }
        let nobody = Observers::new();
        let rules: Vec<_> = catalogue().iter().collect();
        let options = Options {
            jobs: 4,
            // What is only a warning elsewhere has caught the fault as well.
            fails: Level::Observed,
            fail_fast: false,
            ..Options::default()
        };
        let (outcome, stopped) = match Preflight::fly(&setting, &nobody).await {
            Ok(preflight) => (
                crate::conformance::run(&preflight.setting, &rules, options, &nobody, &cancel)
                    .await,
                None,
            ),
            Err(error) => (CheckOutcome::default(), Some(error.to_string())),
        };
        gateway.stop().await;
        Ok(Tested {
            subject: self,
            rules: outcome.rules,
            stopped,
            duration_micros: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        })
    }
}

/// What testing it brought.
#[derive(Debug)]
pub(super) struct Tested {
    pub(super) subject: Subject,
    /// The verdict of every rule, sorted by id.
    pub(super) rules: Vec<RuleOutcome>,
    /// Why the pre-flight went no further, where it did not.
    pub(super) stopped: Option<String>,
    pub(super) duration_micros: u64,
}

impl Tested {
    /// The rules that failed, or that remarked on something: of a clean gateway
    /// no rule has anything to remark.
    pub(super) fn caught_by(&self) -> Vec<&str> {
        self.rules
            .iter()
            .filter(|rule| matches!(rule.verdict, Verdict::Fail | Verdict::Warn))
            .map(|rule| rule.id.as_str())
            .collect()
    }

    /// The outcome of one rule.
    pub(super) fn outcome(&self, id: &str) -> Option<&RuleOutcome> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// What is wrong with the harness, where anything is.
    pub(super) fn complaint(&self) -> Option<String> {
        match self.subject.fault {
            Some(fault) => self.survival_of(fault),
            None => self.accusation(),
        }
    }

    /// A fault that was not caught, or not by every rule that says so.
    fn survival_of(&self, fault: Fault) -> Option<String> {
        // A gateway that the pre-flight already turns away is caught as well.
        if self.stopped.is_some() {
            return None;
        }
        let caught = self.caught_by();
        if caught.is_empty() {
            return Some("no rule caught it".to_owned());
        }
        let silent: Vec<String> = catalogue()
            .iter()
            .filter(|rule| rule.catches.contains(&fault.name()))
            .filter(|rule| !caught.contains(&rule.id))
            .filter_map(|rule| self.outcome(rule.id))
            // A gateway that another rule has stopped for good can't be tried.
            .filter(|said| said.verdict != Verdict::Blocked)
            .map(|said| format!("{} ({}: {})", said.id, said.verdict, said.message))
            .collect();
        (!silent.is_empty())
            .then(|| format!("not caught, as it should be, by {}", silent.join("; ")))
    }

    /// A clean gateway that was accused.
    fn accusation(&self) -> Option<String> {
        if let Some(reason) = &self.stopped {
            return Some(format!("the pre-flight stopped: {reason}"));
        }
        let accused: Vec<String> = self
            .rules
            .iter()
            .filter(|rule| !matches!(rule.verdict, Verdict::Pass | Verdict::Observed))
            .map(|rule| format!("{} ({}: {})", rule.id, rule.verdict, rule.message))
            .collect();
        (!accused.is_empty())
            .then(|| format!("the clean gateway is accused by {}", accused.join("; ")))
    }
}
