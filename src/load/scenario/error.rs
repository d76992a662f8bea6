//! Why a scenario can't be run.

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
    #[error("read the scenario {path}: line {line}: {reason}")]
    Syntax {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// The setting, what is wrong with it, and what to write instead.
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
