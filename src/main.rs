//! The `recoup` binary: it hands its arguments to the library and ends with
//! the code that comes back.

use std::process::ExitCode;

fn main() -> ExitCode {
    recoup::cli::main(std::env::args_os()).into()
}
