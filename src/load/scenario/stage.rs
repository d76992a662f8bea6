//! The stages of a scenario: ramps, holds and spikes.

use std::time::Duration;

/// One stage of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// What a live display calls it; without a name it is called by its shape.
    pub name: Option<String>,
    /// How the load changes.
    pub shape: Shape,
    /// The level that it leads to or keeps; a hold without one keeps what is.
    pub level: Option<Level>,
    /// How long it takes.
    pub duration: Duration,
}

/// How the load changes in a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Evenly, from the level that is to the stage's own.
    Ramp,
    /// At once to the stage's level, which stays.
    Hold,
    /// At once to the stage's level, and back when the stage ends.
    Spike,
}

/// How much load there is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Level {
    /// So many users, each sending when it is free: the closed model.
    Users(usize),
    /// So many arrivals per second: the open model.
    Rate(f64),
}

impl Shape {
    /// Every shape.
    pub const ALL: [Self; 3] = [Self::Ramp, Self::Hold, Self::Spike];

    /// The name in scenarios.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ramp => "ramp",
            Self::Hold => "hold",
            Self::Spike => "spike",
        }
    }
}

impl Level {
    /// The figure, whichever it counts.
    pub(super) fn figure(self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "users are far below 2⁵²")]
            Self::Users(users) => users as f64,
            Self::Rate(rate) => rate,
        }
    }

    /// The same sort of level, so many times as high; users at least 1.
    pub(super) fn times(self, factor: f64) -> Self {
        match self {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "users stay far below 2⁵² and are positive"
            )]
            Self::Users(_) => Self::Users((self.figure() * factor).round().max(1.0) as usize),
            Self::Rate(rate) => Self::Rate(rate * factor),
        }
    }
}
