//! What `recoup serve` says of its work, on stderr.

use std::io::stderr;

use clap::{Args, ValueEnum};
use tracing::Level;
use tracing::subscriber::NoSubscriber;

/// How the gateway logs.
#[derive(Debug, Clone, Args)]
pub struct LogArgs {
    /// Log to stderr as lines for people, as JSON objects, or not at all
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub log: LogFormat,

    /// Log what is as grave as this: info has start, stop and trouble, debug a
    /// line for each request. No line holds a key or a body
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub log_level: LogLevel,
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// A JSON object a line.
    Json,
    /// Not at all.
    Off,
}

/// How grave it has to be to be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// What keeps callers from an answer.
    Error,
    /// And what may come to that.
    Warn,
    /// And start and stop.
    Info,
    /// And each request.
    Debug,
}

impl LogArgs {
    /// Logs like this from now on, for as long as the process lives.
    pub(super) fn begin(&self) {
        let lines = tracing_subscriber::fmt()
            .with_writer(stderr)
            .with_ansi(false)
            .with_target(false)
            .with_max_level(self.log_level.level());
        // The only one to fail is a second call, and the first one holds.
        let _ = match self.log {
            LogFormat::Text => lines.try_init(),
            LogFormat::Json => lines.json().flatten_event(true).try_init(),
            LogFormat::Off => {
                tracing::subscriber::set_global_default(NoSubscriber::new()).map_err(Into::into)
            }
        };
    }
}

impl LogLevel {
    const fn level(self) -> Level {
        match self {
            Self::Error => Level::ERROR,
            Self::Warn => Level::WARN,
            Self::Info => Level::INFO,
            Self::Debug => Level::DEBUG,
        }
    }
}
