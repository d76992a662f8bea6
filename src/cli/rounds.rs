//! `recoup replay` of a reproducer: the same traffic, round after round, each
//! with a fresh order.

use std::io::Write;
use std::num::NonZeroU32;
use std::path::Path;

use crate::conformance::Preflight;
use crate::conformance::reproduce::{Tried, replay};
use crate::report::{Palette, ReplayedRounds};
use crate::verdict::{ExitCode, Observers, REPRODUCER_SCHEMA, Reproducer};

use super::error::CliError;
use super::target::Target;

/// How many rounds there are where nobody says so.
const ROUNDS: NonZeroU32 = NonZeroU32::new(40).expect("forty is not zero");

/// The reproducer in a file; `None` where it holds something else.
///
/// # Errors
/// [`CliError::Usage`] where it holds one that can't be sent.
pub(super) fn read(file: &Path) -> Result<Option<Reproducer>, CliError> {
    // What can't be read is said by those who read anything else.
    let Ok(text) = std::fs::read_to_string(file) else {
        return Ok(None);
    };
    let (family, _) = REPRODUCER_SCHEMA
        .split_once('/')
        .expect("a schema has a version");
    let is_one = serde_json::from_str::<serde_json::Value>(&text)
        .ok()
        .and_then(|value| Some(value.get("schema")?.as_str()?.starts_with(family)))
        .unwrap_or(false);
    if !is_one {
        return Ok(None);
    }
    Reproducer::parse(&text).map(Some).map_err(|error| {
        CliError::Usage(format!(
            "replay {}: {error} (give a file of a run's reproducers/ folder)",
            file.display()
        ))
    })
}

/// Tries it and tells what came of it.
///
/// # Errors
/// [`CliError::Preflight`] where the target can't be tested at all.
pub(super) async fn run(
    reproducer: Reproducer,
    rounds: Option<NonZeroU32>,
    target: &Target,
    palette: Palette,
) -> Result<ExitCode, CliError> {
    let setting = Preflight::fly(&target.setting, &Observers::new())
        .await?
        .setting;
    let rounds = rounds.unwrap_or(ROUNDS).get();
    let tried = replay(&setting, &reproducer, rounds).await;
    // Fewer rounds than were asked for show nothing by having held.
    let exit = match &tried {
        Tried { failed: 1.., .. } => ExitCode::Money,
        Tried { undecided: 1.., .. }
        | Tried {
            stopped: Some(_), ..
        } => ExitCode::NoVerdict,
        _ => ExitCode::Success,
    };
    let replayed = ReplayedRounds {
        url: setting.caller.endpoint.url().to_owned(),
        seed: setting.seed,
        rounds: tried.rounds,
        failed: tried.failed,
        undecided: tried.undecided,
        shows: tried.shows,
        stopped: tried.stopped,
        reproducer,
    };
    // A closed pipe is no failure of the replay.
    let mut out = std::io::stdout().lock();
    let _ = replayed.write(palette, &mut out).and_then(|()| out.flush());
    Ok(exit)
}
