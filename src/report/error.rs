//! Why a report could not be written.

use std::io;
use std::path::{Path, PathBuf};

/// A file of the report that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", file.display())]
pub struct ReportError {
    /// The file or folder.
    pub file: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl ReportError {
    /// The same with its file; made for `map_err`.
    pub(crate) fn at(file: &Path) -> impl FnOnce(io::Error) -> Self {
        let file = file.to_owned();
        move |source| Self { file, source }
    }

    /// What can be done about it, where something can.
    pub fn hint(&self) -> Option<&'static str> {
        use io::ErrorKind as Kind;
        match self.source.kind() {
            Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => {
                Some("free some space, or write elsewhere with --report DIR")
            }
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => {
                Some("choose a folder that can be written to with --report DIR")
            }
            Kind::NotFound => Some("the folder has gone while the run went on; run again"),
            Kind::NotADirectory | Kind::AlreadyExists | Kind::IsADirectory => {
                Some("something else has this name; choose another folder with --report DIR")
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_file_and_the_cure() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let error = ReportError::at(Path::new("reports/x/report.json"))(full);
        assert!(error.to_string().starts_with("reports/x/report.json: "));
        assert!(error.hint().unwrap().contains("--report DIR"));
    }
}
