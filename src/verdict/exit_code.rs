//! How a run ended, as a process says it.

use std::process;

use serde::{Deserialize, Serialize};

/// The exit code of every command. Scripts rely on the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum ExitCode {
    /// Everything that was asked for held.
    Success,
    /// A rule failed; in `selftest`, a fault survived or the clean gateway failed.
    RuleFailed,
    /// A usage or configuration error.
    Usage,
    /// No verdict: the target is unreachable, a prerequisite is missing, the
    /// run was interrupted, nothing was selected, or too much stayed unknown.
    NoVerdict,
    /// A load threshold was broken.
    ThresholdBroken,
    /// A refund invariant was violated. Wins over all others.
    Money,
    /// A defect of recoup itself.
    Defect,
}

impl ExitCode {
    /// The number that the process ends with.
    pub const fn number(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::RuleFailed => 1,
            Self::Usage => 2,
            Self::NoVerdict => 3,
            Self::ThresholdBroken => 4,
            Self::Money => 5,
            Self::Defect => 70,
        }
    }

    /// What it means, in a few words.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Success => "everything that was asked for held",
            Self::RuleFailed => "a rule failed",
            Self::Usage => "usage or configuration error",
            Self::NoVerdict => "no verdict",
            Self::ThresholdBroken => "a load threshold was broken",
            Self::Money => "a refund invariant was violated",
            Self::Defect => "a defect of recoup itself",
        }
    }

    /// The graver of two results: money wins over all, then a defect, then a
    /// failed rule, a broken threshold, and a missing verdict.
    #[must_use]
    pub fn graver(self, other: Self) -> Self {
        if self.gravity() >= other.gravity() {
            self
        } else {
            other
        }
    }

    const fn gravity(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::NoVerdict => 1,
            Self::ThresholdBroken => 2,
            Self::RuleFailed => 3,
            Self::Usage => 4,
            Self::Defect => 5,
            Self::Money => 6,
        }
    }

    /// The verdict that a report gives beside it.
    pub const fn verdict(self) -> RunVerdict {
        match self {
            Self::Success => RunVerdict::Pass,
            Self::RuleFailed | Self::ThresholdBroken | Self::Money => RunVerdict::Fail,
            Self::Usage | Self::NoVerdict | Self::Defect => RunVerdict::Inconclusive,
        }
    }
}

impl From<ExitCode> for u8 {
    fn from(code: ExitCode) -> Self {
        code.number()
    }
}

impl TryFrom<u8> for ExitCode {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        [
            Self::Success,
            Self::RuleFailed,
            Self::Usage,
            Self::NoVerdict,
            Self::ThresholdBroken,
            Self::Money,
            Self::Defect,
        ]
        .into_iter()
        .find(|code| code.number() == number)
        .ok_or_else(|| format!("{number} is no exit code of recoup"))
    }
}

impl From<ExitCode> for process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}

/// The verdict on a whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[must_use]
pub enum RunVerdict {
    /// Everything held.
    Pass,
    /// Something is wrong with the target.
    Fail,
    /// Not enough is known to say.
    Inconclusive,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_wins_over_everything_and_success_over_nothing() {
        for code in [
            ExitCode::Success,
            ExitCode::RuleFailed,
            ExitCode::NoVerdict,
            ExitCode::ThresholdBroken,
            ExitCode::Defect,
        ] {
            assert_eq!(code.graver(ExitCode::Money), ExitCode::Money);
            assert_eq!(ExitCode::Success.graver(code), code);
        }
    }
}
