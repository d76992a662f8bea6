//! The command line: one file a command. Each parses, builds its plan, runs it
//! with the rooms below, and says how it ended.

mod args;
mod audit;
mod check;
mod config_file;
mod dialect;
mod error;
mod gate;
mod history;
mod interrupt;
mod load;
mod merge;
mod metrics;
mod open_files;
mod output;
mod replay;
mod rounds;
mod rules;
mod run;
mod selftest;
mod serve;
mod serve_lists;
mod serve_log;
mod shard;
mod shell;
mod shrink;
mod sign;
mod target;

use std::ffi::OsString;
use std::panic::AssertUnwindSafe;

pub use args::{Cli, Command};
pub use error::CliError;

use crate::verdict::ExitCode;

/// Runs the command that `arguments` ask for (the first is the program's
/// name), and says with what code the process should end.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match args::parse(&arguments) {
        Ok(cli) => cli,
        Err(exit) => return exit,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("recoup: failed to start the runtime: {error}");
            return ExitCode::Defect;
        }
    };
    let run = AssertUnwindSafe(|| runtime.block_on(cli.command.run()));
    match std::panic::catch_unwind(run) {
        Ok(Ok(exit)) => exit,
        Ok(Err(error)) => {
            eprintln!("recoup: {error}");
            error.exit_code()
        }
        Err(_) => {
            eprintln!("recoup: this is a defect of recoup itself; please report what stands above");
            ExitCode::Defect
        }
    }
}
