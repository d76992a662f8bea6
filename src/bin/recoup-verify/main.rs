//! `recoup-verify HISTORY CERTIFICATE…`: does a raw history bear out what a
//! certificate of recoup's audit claims?
//!
//! This program is what has to be trusted, so it is small, shares no code with
//! the judge, and believes nothing that a certificate says: every record must
//! stand in the history as it is cited, and every sum is computed again from
//! the whole of it. One line a certificate, and on stderr how many hold; exit code
//! 0 where all do, 1 where one does not, 2 where it was called wrongly.

mod binary;
mod claims;
mod effects;
pub(crate) mod history;
pub(crate) mod verify;

use std::fs::{read, read_to_string};
use std::process::ExitCode;

use history::History;
use verify::verify;

/// What was asked for, or why a history or a certificate is rejected.
type Check<T> = Result<T, String>;

fn ensure(holds: bool, otherwise: &str) -> Check<()> {
    holds.then_some(()).ok_or_else(|| otherwise.to_owned())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [history, certificates @ ..] = &arguments[..] else {
        return usage();
    };
    if certificates.is_empty() {
        return usage();
    }
    let text = |path: &String| read_to_string(path).map_err(|error| format!("{path}: {error}"));
    let history = read(history)
        .map_err(|error| format!("{history}: {error}"))
        .and_then(|source| History::read(&source));
    let mut proved = 0;
    for path in certificates {
        let history = history.as_ref().map_err(String::clone);
        match history.and_then(|history| verify(history, &text(path)?)) {
            Ok(claim) => {
                println!("accepted: {claim}");
                proved += 1;
            }
            Err(reason) => println!("rejected: {path}: {reason}"),
        }
    }
    let all = certificates.len();
    eprintln!("{proved} of {all} accepted");
    if proved == all {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: recoup-verify HISTORY CERTIFICATE…");
    ExitCode::from(2)
}
