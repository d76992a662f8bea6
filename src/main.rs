//! The command `recoup`.

use std::process::ExitCode;

use clap::Parser;
use recoup::cli::serve::{self, ServeArgs};

#[derive(Parser)]
#[command(version, about)]
enum Command {
    Serve(ServeArgs),
}

#[tokio::main]
async fn main() -> ExitCode {
    let Command::Serve(args) = Command::parse();
    match serve::run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("recoup: failed to serve: {error}");
            ExitCode::from(if error.is_usage() { 2 } else { 3 })
        }
    }
}
