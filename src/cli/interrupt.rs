//! Ctrl-C: the first ends the run and still reports, the second ends the
//! process.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;

use crate::verdict::ExitCode;

static TOKEN: OnceLock<CancellationToken> = OnceLock::new();

/// A token that SIGINT and SIGTERM cancel.
///
/// The handler is set once and before goose is asked to run: goose sets one
/// of its own only where there is none, and that one knows nothing of reports.
pub(super) fn token() -> CancellationToken {
    TOKEN
        .get_or_init(|| {
            let token = CancellationToken::new();
            let cancelled = token.clone();
            let again = AtomicBool::new(false);
            let set = ctrlc::set_handler(move || {
                if again.swap(true, Ordering::Relaxed) {
                    eprintln!("recoup: stopped at once, without a report");
                    std::process::exit(i32::from(ExitCode::NoVerdict.number()));
                }
                eprintln!("recoup: stopping; the report follows (once more to stop at once)");
                cancelled.cancel();
            });
            if let Err(error) = set {
                eprintln!("recoup: Ctrl-C will end the process without a report: {error}");
            }
            token
        })
        .clone()
}
