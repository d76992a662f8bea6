//! Why a command could not do what it was asked for.

use std::io;

use crate::conformance::{BaselineError, PreflightError, RegressionsError, SelectionError};
use crate::gateway::StartError;
use crate::load::{AttackError, CompareError, ScenarioError};
use crate::protocol::IdentifierError;
use crate::report::RecordedError;
use crate::target::orders::PoolError;
use crate::target::{EndpointError, GuardError, OrderError};
use crate::verdict::ExitCode;

use super::serve::ServeError;

/// Why a command could not do what it was asked for: one line, with the cure.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The command line, the environment or a file says something that can't be.
    #[error("failed to {0}")]
    Usage(String),
    /// The target's URL can't be used.
    #[error("failed to {0}")]
    Endpoint(#[from] EndpointError),
    /// The target is not to be used like this.
    #[error("failed to {0}")]
    Guard(#[from] GuardError),
    /// The pool of orders can't be used.
    #[error("failed to {0}")]
    Pool(#[from] PoolError),
    /// The globs select no rule.
    #[error("{0}")]
    Selection(#[from] SelectionError),
    /// The baseline can't be used.
    #[error("failed to {0}")]
    Baseline(#[from] BaselineError),
    /// The earlier failures can't be read.
    #[error("failed to {0}")]
    Regressions(#[from] RegressionsError),
    /// The scenario can't be run.
    #[error("failed to {0}")]
    Scenario(#[from] ScenarioError),
    /// The earlier run can't be compared with.
    #[error("failed to {0}")]
    Compare(#[from] CompareError),
    /// An option is no such number.
    #[error("failed to use {flag} {value:?}: it {reason}")]
    Identifier {
        /// The flag.
        flag: &'static str,
        /// What was given.
        value: String,
        /// What is wrong with it.
        reason: IdentifierError,
    },
    /// `recoup serve` did not run.
    #[error("failed to serve: {0}")]
    Serve(#[from] ServeError),
    /// The in-process gateway did not start.
    #[error("failed to start the reference gateway: {0}")]
    Gateway(#[from] StartError),
    /// A pre-flight without a run to report it.
    #[error("{0}")]
    Preflight(#[from] PreflightError),
    /// The load could not start.
    #[error("failed to {0}")]
    Attack(#[from] AttackError),
    /// A history can't be used.
    #[error("failed to {0}")]
    History(String),
    /// No order could be had.
    #[error("failed to {0}")]
    Order(#[from] OrderError),
    /// What was recorded can't be read.
    #[error("failed to {0}")]
    Recorded(#[from] RecordedError),
    /// A file or stream of ours can't be written.
    #[error("failed to write {what}: {error}")]
    Output {
        /// Which.
        what: String,
        /// What went wrong.
        error: io::Error,
    },
}

impl CliError {
    /// The code that the process should end with.
    pub const fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_)
            | Self::Endpoint(_)
            | Self::Guard(_)
            | Self::Pool(_)
            | Self::Baseline(_)
            | Self::Regressions(_)
            | Self::Scenario(_)
            | Self::Compare(_)
            | Self::Identifier { .. }
            | Self::History(_)
            | Self::Recorded(_) => ExitCode::Usage,
            Self::Selection(SelectionError::Nothing) => ExitCode::NoVerdict,
            Self::Selection(_) => ExitCode::Usage,
            Self::Serve(error) if error.is_usage() => ExitCode::Usage,
            Self::Serve(_) | Self::Gateway(_) | Self::Preflight(_) | Self::Attack(_) => {
                ExitCode::NoVerdict
            }
            Self::Order(_) | Self::Output { .. } => ExitCode::NoVerdict,
        }
    }
}
