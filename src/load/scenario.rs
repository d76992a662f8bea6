//! A scenario: how much traffic, of which kinds, for how long, and what must
//! hold.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use crate::protocol::Amount;

use super::threshold::Threshold;

/// One kind of request of a mix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A partial refund.
    Partial,
    /// All that is left of an order.
    ExactRest,
    /// More than was paid: must be refused.
    TooMuch,
    /// An earlier refund's number again.
    Retry,
    /// The state of an order.
    Query,
    /// A forged signature: must be refused.
    BadSignature,
    /// Two refunds at once of a little more than half of what is left: one
    /// must be refused.
    Duel,
}

impl Kind {
    /// Every kind that a mix can have.
    pub const MIXED: [Self; 7] = [
        Self::Partial,
        Self::ExactRest,
        Self::TooMuch,
        Self::Retry,
        Self::Query,
        Self::BadSignature,
        Self::Duel,
    ];

    /// The name in scenarios and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Partial => "partial",
            Self::ExactRest => "exact-rest",
            Self::TooMuch => "too-much",
            Self::Retry => "retry",
            Self::Query => "query",
            Self::BadSignature => "bad-signature",
            Self::Duel => "duel",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// The weights of the kinds of traffic.
pub type Mix = BTreeMap<Kind, u32>;

/// The orders that the traffic is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Orders {
    /// How many are under way at a time.
    pub count: usize,
    /// What is paid for each.
    pub amount: Amount,
}

impl Default for Orders {
    fn default() -> Self {
        Self {
            count: 128,
            amount: Amount::new(20_000),
        }
    }
}

/// What a load run does.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Scenario {
    /// What reports call it.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Concurrent users, each with one connection.
    pub users: usize,
    /// Arrivals per second (open model); without it the model is closed.
    #[serde(default)]
    pub rate: Option<f64>,
    /// How long is measured.
    #[serde(deserialize_with = "duration")]
    pub duration: Duration,
    /// How long is run before anything is measured.
    #[serde(default, deserialize_with = "duration")]
    pub warmup: Duration,
    /// What must hold.
    #[serde(default)]
    pub thresholds: Vec<Threshold>,
    /// The orders.
    #[serde(default)]
    pub orders: Orders,
    /// The kinds of traffic and their weights.
    pub mix: Mix,
}

/// What is longer is a slip.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Why a scenario can't be run.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file can't be read.
    #[error("read the scenario {path}: {error} (without a scenario the built-in one is run)")]
    File {
        /// The file.
        path: String,
        /// What went wrong.
        error: std::io::Error,
    },
    /// The file is no scenario.
    #[error("read the scenario {path}: {reason}")]
    Syntax {
        /// The file.
        path: String,
        /// The parser's reason, with the line.
        reason: String,
    },
    /// A setting makes no sense.
    #[error("run the scenario {name}: {reason}")]
    Setting {
        /// The scenario's name.
        name: String,
        /// What is wrong and what to do.
        reason: String,
    },
}

impl Scenario {
    /// The scenario that is run where none is given.
    pub const SUSTAINED: &'static str = include_str!("../../scenarios/sustained.toml");

    /// Reads a scenario's text; `path` is for messages.
    ///
    /// # Errors
    /// [`ScenarioError`] with the line and what is wrong with it.
    pub fn parse(text: &str, path: &str) -> Result<Self, ScenarioError> {
        let scenario: Self = toml::from_str(text).map_err(|error| ScenarioError::Syntax {
            path: path.to_owned(),
            reason: error.to_string().trim_end().to_owned(),
        })?;
        scenario.check()?;
        Ok(scenario)
    }

    /// Reads a scenario's file.
    ///
    /// # Errors
    /// [`ScenarioError`] names the file, the line and what is wrong with it.
    pub fn read(path: &Path) -> Result<Self, ScenarioError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| ScenarioError::File {
            path: shown.clone(),
            error,
        })?;
        Self::parse(&text, &shown)
    }

    /// Checks what the file's grammar can't, also after flags have overridden
    /// settings.
    ///
    /// # Errors
    /// [`ScenarioError::Setting`].
    pub fn check(&self) -> Result<(), ScenarioError> {
        let fail = |reason: &str| {
            Err(ScenarioError::Setting {
                name: self.name.clone(),
                reason: reason.to_owned(),
            })
        };
        if self.users == 0 {
            return fail("users is 0 (give at least 1, or --users)");
        }
        if self.duration.is_zero() {
            return fail("duration is 0 (give at least \"1s\", or --duration)");
        }
        if self.duration > LONGEST || self.warmup > LONGEST {
            return fail("duration and warmup must be at most 30 days");
        }
        if self.rate.is_some_and(|rate| !(0.001..=1e6).contains(&rate)) {
            return fail(
                "rate must be between 0.001 and 1000000 (leave it out for the closed model)",
            );
        }
        if self.mix.values().all(|weight| *weight == 0) {
            return fail("the mix has no weight above 0 (give partial = 1, say)");
        }
        if self.orders.count == 0 || self.orders.amount < Amount::new(2) {
            return fail("orders.count must be at least 1 and orders.amount at least 2");
        }
        Ok(())
    }

    /// Warm-up and measured time together.
    pub fn total(&self) -> Duration {
        self.warmup + self.duration
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map_err(|error| {
        serde::de::Error::custom(format!(
            "{text:?} is no duration: {error} (write \"30s\", \"500ms\" or \"2m\")"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_scenario_can_be_run() {
        let scenario = Scenario::parse(Scenario::SUSTAINED, "built in").unwrap();
        assert_eq!(scenario.name, "sustained");
        assert_eq!(scenario.total(), Duration::from_secs(12));
    }

    #[test]
    fn a_slip_is_named_with_its_line() {
        for (slip, word) in [
            (
                "users = 1\nduration = \"1 fortnight\"\nname = \"x\"\n[mix]\npartial = 1",
                "line 2",
            ),
            (
                "users = 1\nduration = \"1s\"\nname = \"x\"\n[mix]\npartail = 1",
                "partail",
            ),
            (
                "users = 1\nduration = \"1s\"\nname = \"x\"\nthresholds = [\"p99\"]\n[mix]\npartial = 1",
                "line 4",
            ),
            (
                "users = 0\nduration = \"1s\"\nname = \"x\"\n[mix]\npartial = 1",
                "--users",
            ),
            (
                "users = 1\nduration = \"1s\"\nname = \"x\"\n[mix]\npartial = 0",
                "weight",
            ),
        ] {
            let error = Scenario::parse(slip, "file.toml").unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
