//! A folder for parts of a history, gone when it is dropped.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::audit::history::HistoryError;

/// A folder of our own below the system's for temporary files.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Creates it.
    ///
    /// # Errors
    /// [`HistoryError::Parts`] where it can't be.
    pub(super) fn create() -> Result<Self, HistoryError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let above = std::env::temp_dir();
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("recoup-audit-{}-{number}", std::process::id());
            let path = above.join(name);
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                // One that was left behind by a process that was killed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(parts_failed(&above, error)),
            }
        }
    }

    /// The file of a part.
    pub(super) fn part(&self, part: usize) -> PathBuf {
        self.0.join(part.to_string())
    }

    /// An error about a file in it.
    pub(super) fn failed(&self, error: io::Error) -> HistoryError {
        parts_failed(&self.0, error)
    }
}

fn parts_failed(folder: &Path, error: io::Error) -> HistoryError {
    HistoryError::Parts {
        folder: folder.display().to_string(),
        error,
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What can't be removed is the system's to clean up.
        let _ = fs::remove_dir_all(&self.0);
    }
}
