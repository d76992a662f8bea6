//! What a load run does.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use super::course::Course;
use super::error::ScenarioError;
use super::kind::Mix;
use super::orders::Orders;
use super::stage::{Level, Shape, Stage};
use crate::load::threshold::Threshold;

/// What is longer is a slip.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What a load run does.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// What reports call it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Concurrent users, each with one connection; where stages change them,
    /// the users at its beginning.
    pub users: usize,
    /// Users started per second; without it all within a second.
    pub hatch_rate: Option<f64>,
    /// Arrivals per second (open model); where stages change them, those at
    /// its beginning. Without either the model is closed.
    pub rate: Option<f64>,
    /// How arrivals are spaced.
    pub arrivals: Law,
    /// How long is measured.
    pub duration: Duration,
    /// How long is run before anything is measured.
    pub warmup: Duration,
    /// How the load changes; empty where it does not.
    pub stages: Vec<Stage>,
    /// What must hold.
    pub thresholds: Vec<Threshold>,
    /// Whether a broken threshold ends the run.
    pub abort_on_threshold: bool,
    /// How long is measured before it may.
    pub abort_grace: Duration,
    /// The orders.
    pub orders: Orders,
    /// The kinds of traffic and their weights.
    pub mix: Mix,
}

/// How the arrivals of the open model are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// Evenly.
    Constant,
    /// As independent callers come: a Poisson process, drawn from the seed.
    Poisson,
}

impl Law {
    /// Every law.
    pub const ALL: [Self; 2] = [Self::Constant, Self::Poisson];

    /// The name in scenarios and flags.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Poisson => "poisson",
        }
    }
}

impl FromStr for Law {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|law| law.name() == name);
        known.ok_or_else(|| "write constant or poisson".to_owned())
    }
}

impl Scenario {
    /// The scenario that is run where none is given.
    pub const SUSTAINED: &'static str = include_str!("../../../scenarios/sustained.toml");

    /// Reads a scenario's file.
    ///
    /// # Errors
    /// [`ScenarioError`] names the file, the line, the setting and the cure.
    pub fn read(path: &Path) -> Result<Self, ScenarioError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| ScenarioError::File {
            path: shown.clone(),
            error,
        })?;
        Self::parse(&text, &shown)
    }

    /// Checks what a file's single settings can't show, also after flags have
    /// overridden some.
    ///
    /// # Errors
    /// [`ScenarioError::Setting`].
    pub fn check(&self) -> Result<(), ScenarioError> {
        self.fault()
            .map_or(Ok(()), |reason| Err(self.setting(reason)))
    }

    fn setting(&self, reason: &str) -> ScenarioError {
        ScenarioError::Setting {
            name: self.name.clone(),
            reason: reason.to_owned(),
        }
    }

    fn fault(&self) -> Option<&'static str> {
        if self.users == 0 {
            return Some("users is 0 (give at least 1, or --users)");
        }
        if self.duration.is_zero() {
            return Some("duration is 0 (give at least \"1s\", or --duration)");
        }
        if self.stages.iter().any(|stage| stage.duration.is_zero()) {
            return Some("a stage's duration is 0 (give each at least \"1s\", or leave it out)");
        }
        if self.duration > LONGEST || self.warmup > LONGEST {
            return Some("duration and warmup must be at most 30 days");
        }
        if self
            .hatch_rate
            .is_some_and(|rate| !(0.001..=1e6).contains(&rate))
        {
            return Some("hatch-rate must be between 0.001 and 1000000 users per second");
        }
        if self.mix.values().all(|weight| *weight == 0) {
            return Some("the mix has no weight above 0 (give partial = 1, say)");
        }
        self.fault_of_levels().or_else(|| self.orders.fault())
    }

    fn fault_of_levels(&self) -> Option<&'static str> {
        let by_users = self.changes_users();
        let by_rate = self.stages_change(|level| matches!(level, Level::Rate(_)));
        if by_users && by_rate {
            return Some(
                "some stages change the users and some the rate (change one of them, and set the other beside the name)",
            );
        }
        if by_users && self.rate.is_some() {
            return Some(
                "a rate is given while the stages change the users (leave out one: with a rate, users are connections that wait for arrivals)",
            );
        }
        if self.stages_change(|level| level == Level::Users(0)) {
            return Some("a stage has 0 users (give at least 1)");
        }
        let is_open = self.is_open();
        if is_open && !(0.001..=1e6).contains(&self.course().peak()) {
            return Some(
                "rate must be between 0.001 and 1000000 (leave it out for the closed model)",
            );
        }
        if !is_open && self.arrivals == Law::Poisson {
            return Some(
                "arrivals is \"poisson\" without a rate (give rate = 2000, or --rate: without one, users send when they are free)",
            );
        }
        None
    }

    fn stages_change(&self, what: impl Fn(Level) -> bool) -> bool {
        self.stages.iter().filter_map(|stage| stage.level).any(what)
    }

    /// Whether requests fall due at a rate, rather than when users are free.
    pub fn is_open(&self) -> bool {
        self.rate.is_some() || self.stages_change(|level| matches!(level, Level::Rate(_)))
    }

    /// The course of the arrivals per second in the open model, of the users
    /// in the closed one.
    pub fn course(&self) -> Course {
        let base = if self.is_open() {
            Level::Rate(self.rate.unwrap_or(0.0))
        } else {
            Level::Users(self.users)
        };
        let hold = Stage {
            name: Some(String::new()),
            shape: Shape::Hold,
            level: None,
            duration: self.duration,
        };
        let stages = if self.stages.is_empty() {
            std::slice::from_ref(&hold)
        } else {
            &self.stages
        };
        Course::of(base.figure(), self.warmup, stages)
    }

    /// The users that are there when the clock starts.
    pub fn first_users(&self) -> usize {
        match self.stages.first() {
            Some(Stage {
                shape: Shape::Hold | Shape::Spike,
                level: Some(Level::Users(users)),
                ..
            }) => *users,
            _ => self.users,
        }
    }

    /// Whether stages change the users.
    pub fn changes_users(&self) -> bool {
        self.stages_change(|level| matches!(level, Level::Users(_)))
    }

    /// Whether some of its requests leave as volleys.
    pub fn has_volleys(&self) -> bool {
        let mut mixed = self.mix.iter();
        mixed.any(|(kind, weight)| kind.is_volley() && *weight > 0)
    }

    /// The most users at a time.
    pub fn most_users(&self) -> usize {
        let stages = self.stages.iter().filter_map(|stage| match stage.level {
            Some(Level::Users(users)) => Some(users),
            _ => None,
        });
        stages.fold(self.users, usize::max)
    }

    /// How many there are at the fewest.
    pub fn fewest_users(&self) -> usize {
        let stages = self.stages.iter().filter_map(|stage| match stage.level {
            Some(Level::Users(users)) => Some(users),
            _ => None,
        });
        stages.fold(self.users, usize::min)
    }

    /// Warm-up and measured time together.
    pub fn total(&self) -> Duration {
        self.warmup + self.duration
    }

    /// Makes it last this long; stages keep their proportions.
    pub fn set_duration(&mut self, duration: Duration) {
        let factor = duration.as_secs_f64() / self.duration.as_secs_f64().max(f64::EPSILON);
        for stage in &mut self.stages {
            // The scale of what was checked to be at most 30 days.
            stage.duration = Duration::try_from_secs_f64(stage.duration.as_secs_f64() * factor)
                .unwrap_or(LONGEST);
        }
        self.duration = duration;
    }

    /// Sets the users; where stages change them, the most of them, and the
    /// stages keep their proportions.
    pub fn set_users(&mut self, users: usize) {
        if self.changes_users() {
            let factor = Level::Users(users).figure() / Level::Users(self.most_users()).figure();
            if let Level::Users(scaled) = Level::Users(self.users).times(factor) {
                self.users = scaled;
            }
            self.scale(factor);
        } else {
            self.users = users;
        }
    }

    /// Sets the arrivals per second; where stages change them, the most of
    /// them, and the stages keep their proportions.
    pub fn set_rate(&mut self, rate: f64) {
        if self.stages_change(|level| matches!(level, Level::Rate(_))) {
            let factor = rate / self.course().peak().max(f64::EPSILON);
            self.rate = self.rate.map(|rate| rate * factor);
            self.scale(factor);
        } else {
            self.rate = Some(rate);
        }
    }

    fn scale(&mut self, factor: f64) {
        for stage in &mut self.stages {
            stage.level = stage.level.map(|level| level.times(factor));
        }
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
