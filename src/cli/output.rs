//! The flags that say where results go.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::report::Palette;

/// Where results go.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Where each run writes a folder with its reports
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub report: PathBuf,

    /// What stdout gets
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,

    /// No progress, and on stdout the verdict alone
    #[arg(long, short)]
    pub quiet: bool,

    /// A line of progress every ten seconds also where stderr is no terminal
    #[arg(long, conflicts_with = "quiet")]
    pub progress: bool,

    /// Colours on stdout; NO_COLOR is heeded
    #[arg(long, value_enum, default_value = "auto")]
    pub color: Color,
}

/// What stdout gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The result for a person.
    Text,
    /// The report's JSON.
    Json,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// The colours of a stream that is a terminal or is not.
    fn palette(self, is_terminal: bool) -> Palette {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        match self {
            Self::Always => Palette::Ansi,
            Self::Auto if is_terminal && !no_color => Palette::Ansi,
            Self::Auto | Self::Never => Palette::None,
        }
    }

    /// The colours of stdout.
    pub(super) fn on_stdout(self) -> Palette {
        self.palette(std::io::stdout().is_terminal())
    }
}

impl OutputArgs {
    /// Whether progress is to be written line by line.
    pub(super) fn wants_lines(&self) -> bool {
        self.progress && !std::io::stderr().is_terminal()
    }

    /// The colours of stdout.
    pub(super) fn stdout_palette(&self) -> Palette {
        self.color.on_stdout()
    }

    /// The colours of stderr.
    pub(super) fn stderr_palette(&self) -> Palette {
        self.color.palette(std::io::stderr().is_terminal())
    }
}
