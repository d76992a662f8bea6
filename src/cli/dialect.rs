//! The dialect in a run: observed, compared with what was known, and saved.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::conformance::dialect::{learned, observe};
use crate::protocol::Profile;
use crate::report::LastRun;
use crate::verdict::{Dialect, Event, ExitCode};

use super::error::CliError;
use super::run::{End, Run};

/// The first line of a profile that recoup wrote, and may write anew.
const MARK: &str =
    "# Saved by recoup --save-profile, which may write it anew; without this line it does not.";

/// What becomes of the dialect.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Dialect")]
pub struct DialectArgs {
    /// Save what was found out about the open points of the protocol as a
    /// profile; an older one of recoup's own is replaced
    #[arg(long, value_name = "FILE")]
    pub save_profile: Option<PathBuf>,
}

impl DialectArgs {
    /// Looks whether the profile may be written where it should go, before
    /// anything is sent.
    ///
    /// # Errors
    /// [`CliError::Usage`] where something stands there that recoup did not write.
    pub(super) fn look_at_file(&self) -> Result<(), CliError> {
        let Some(file) = &self.save_profile else {
            return Ok(());
        };
        let fail = |reason: &str| {
            Err(CliError::Usage(format!(
                "save a profile as {}: {reason}",
                file.display()
            )))
        };
        match fs::read(file) {
            Ok(bytes) if bytes.starts_with(MARK.as_bytes()) => Ok(()),
            Ok(_) => fail(
                "there is a file that recoup did not write (give another name to --save-profile, or move that file away)",
            ),
            Err(error) if error.kind() == ErrorKind::NotFound && folder_of(file).is_dir() => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fail("its folder is not there (make it, or give another name to --save-profile)")
            }
            Err(error) => fail(&format!("{error} (give another name to --save-profile)")),
        }
    }

    /// Whether the dialect is to be observed in a run of all rules, or of some.
    pub(super) const fn is_wanted(&self, all_rules: bool) -> bool {
        all_rules || self.save_profile.is_some()
    }

    /// Says that there is no profile, where one was asked for.
    pub(super) fn give_up(&self, run: &Run, reason: &str) {
        if self.save_profile.is_some() {
            let notice = format!("no profile was saved, because {reason}");
            run.observers.emit(&Event::Notice(notice));
        }
    }

    /// Observes the dialect, says what has changed, and saves the profile.
    ///
    /// # Errors
    /// The run's end, where the profile can't be written.
    pub(super) async fn observe(&self, run: &Run, jobs: usize) -> Result<(), End> {
        let mut dialect = tokio::select! {
            dialect = observe(&run.setting, jobs) => dialect,
            () = run.cancel.cancelled() => {
                self.give_up(run, "the run was interrupted");
                return Ok(());
            }
        };
        compare(&mut dialect, run);
        run.observers
            .emit(&Event::DialectObserved(Box::new(dialect.clone())));
        let Some(file) = &self.save_profile else {
            return Ok(());
        };
        if dialect.answers().is_empty() {
            self.give_up(run, "nothing was observed");
            return Ok(());
        }
        let profile = Profile {
            name: name_of(file),
            ..learned(&run.setting.caller.profile, &dialect)
        };
        save(file, &profile, run).map_err(|error| {
            End::new(
                ExitCode::NoVerdict,
                format!(
                    "failed to save the profile {}: {error} (choose another place with --save-profile)",
                    file.display()
                ),
            )
        })?;
        run.observers.emit(&Event::Notice(format!(
            "what was observed is saved as a profile: --profile {}",
            file.display()
        )));
        Ok(())
    }
}

/// Notes what differs from the profile that the run was given, and from the
/// last run.
fn compare(dialect: &mut Dialect, run: &Run) {
    let profile = &run.setting.caller.profile;
    let since = format!("the profile {} was saved", profile.name);
    dialect.compare(&profile.observed, &since);
    let target = run.setting.caller.endpoint.url();
    if let Some(last) = LastRun::find(run.folder(), target, run.is_in_process()) {
        dialect.compare(&last.answers, &format!("the run of {}", last.started));
    }
}

/// A profile is called like its file.
fn name_of(file: &Path) -> String {
    file.file_stem()
        .map_or_else(|| "saved".into(), |stem| stem.to_string_lossy())
        .into_owned()
}

/// Writes the file as a whole or not at all.
fn save(file: &Path, profile: &Profile, run: &Run) -> std::io::Result<()> {
    let text = format!(
        "{MARK}\n# Target: {}\n\n{}",
        run.setting.caller.endpoint.url(),
        profile.to_toml()
    );
    let partial = folder_of(file).join(format!(".{}.partial", name_of(file)));
    let written = fs::File::create(&partial)
        .and_then(|mut opened| opened.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&partial, file));
    if written.is_err() {
        // What is half written helps nobody.
        let _ = fs::remove_file(&partial);
    }
    written
}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}
