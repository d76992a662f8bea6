//! A run's folder: where its files are put, and how they get there whole.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::collected::Report;
use super::error::ReportError;
use super::{exchanges, exhibits, html, json, junit, markdown};
use crate::load::{Measured, measured};

/// The name that always leads to the newest run.
const LATEST: &str = "latest";
/// Folders of one command in one second before something must be wrong.
const MOST_OF_ONE_NAME: u32 = 10_000;

/// The folder of one run.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
    step_summary: Option<PathBuf>,
}

type Writer = fn(&Report, &mut dyn Write) -> io::Result<()>;

const FILES: [(&str, Writer); 4] = [
    ("report.json", json::write),
    ("report.html", html::write),
    ("junit.xml", junit::write),
    ("summary.md", markdown::write),
];

impl RunFolder {
    /// Makes `DIR/<timestamp>-<command>/`, or the same with `-2` and so on
    /// where that is taken; `timestamp` is a compact one, `20180725T100605Z`.
    ///
    /// Call it early: a run that can't keep its report should not start.
    ///
    /// # Errors
    /// The folder can't be made.
    pub fn create(dir: &Path, command: &str, timestamp: &str) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let name = format!("{timestamp}-{command}");
        for number in 1..=MOST_OF_ONE_NAME {
            let path = match number {
                1 => dir.join(&name),
                _ => dir.join(format!("{name}-{number}")),
            };
            match fs::create_dir(&path) {
                Ok(()) => {
                    let step_summary = env::var_os("GITHUB_STEP_SUMMARY")
                        .filter(|file| !file.is_empty())
                        .map(PathBuf::from);
                    return Ok(Self { path, step_summary });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the run's history goes, by the ending of its form: `bin`.
    pub fn history_path(&self, ending: &str) -> PathBuf {
        self.path.join("history").with_extension(ending)
    }

    /// The same with another file to append the summary to than the one that
    /// `GITHUB_STEP_SUMMARY` names, or with none.
    #[must_use]
    pub fn with_step_summary(self, file: Option<PathBuf>) -> Self {
        Self {
            step_summary: file,
            ..self
        }
    }

    /// Writes every file of the report, then leads `latest` here and appends
    /// the step summary. Notes in `report` where its files are.
    ///
    /// One file that fails does not keep the others from being written. Called
    /// again, it replaces the files, but the step summary gets a second copy.
    ///
    /// # Errors
    /// The first file that could not be written.
    pub fn write(&self, report: &mut Report) -> Result<(), ReportError> {
        let mut first_error = exchanges::write(&self.path, &report.plan, &mut report.rules);
        let proofs = exhibits::write_proofs(&self.path, &report.plan, &mut report.rules);
        first_error = first_error.and(proofs);
        if let Some(audit) = &mut report.audit {
            first_error = first_error.and(exhibits::write(&self.path, &report.plan, audit));
        }
        report.folder = Some(self.path.clone());
        for (name, write) in FILES {
            let written = self.write_file(name, |out| write(report, out));
            first_error = first_error.and(written);
        }
        first_error = first_error.and(self.lead_latest_here());
        if let Some(file) = &self.step_summary {
            let appended = append(file, report).map_err(ReportError::at(file));
            first_error = first_error.and(appended);
        }
        first_error
    }

    /// Writes all that a load measured, for a merge with the runs of other
    /// machines and for tools that want more than percentiles.
    ///
    /// # Errors
    /// The file that could not be written.
    pub fn write_histograms(&self, measured: &Measured) -> Result<(), ReportError> {
        self.write_file(measured::FILE, |out| measured.write(out))
    }

    /// Writes a file under another name and renames it: who watches the folder
    /// never reads half a report.
    fn write_file(
        &self,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), ReportError> {
        let file = self.path.join(name);
        let partial = self.path.join(format!(".{name}.partial"));
        let written = fs::File::create(&partial).and_then(|opened| {
            let mut out = BufWriter::new(opened);
            write(&mut out)?;
            out.flush()?;
            fs::rename(&partial, &file)
        });
        written.map_err(|error| {
            // The disk may be full; what is half written helps nobody.
            let _ = fs::remove_file(&partial);
            ReportError::at(&file)(error)
        })
    }

    fn lead_latest_here(&self) -> Result<(), ReportError> {
        let (Some(dir), Some(name)) = (self.path.parent(), self.path.file_name()) else {
            return Ok(());
        };
        let latest = dir.join(LATEST);
        let mut partial = name.to_owned();
        partial.push(".latest");
        let partial = dir.join(partial);
        link(Path::new(name), &partial)
            .or_else(|_| fs::write(&partial, format!("{}\n", name.to_string_lossy())))
            .and_then(|()| fs::rename(&partial, &latest))
            .map_err(|error| {
                let _ = fs::remove_file(&partial);
                ReportError::at(&latest)(error)
            })
    }
}

fn append(file: &Path, report: &Report) -> io::Result<()> {
    let opened = OpenOptions::new().append(true).create(true).open(file)?;
    let mut out = BufWriter::new(opened);
    markdown::write(report, &mut out)?;
    out.flush()
}

#[cfg(unix)]
fn link(to: &Path, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(to, at)
}

#[cfg(windows)]
fn link(to: &Path, at: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_dir(to, at)
}

#[cfg(not(any(unix, windows)))]
fn link(_to: &Path, _at: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::report::{Palette, terminal};

    const TIME: &str = "20260102T030405Z";

    fn folder_in(dir: &Path) -> RunFolder {
        RunFolder::create(dir, "gate", TIME)
            .unwrap()
            .with_step_summary(None)
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn every_file(dir: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        entries
            .flat_map(|path| match path.is_dir() {
                true => every_file(&path),
                false => vec![path],
            })
            .collect()
    }

    #[test]
    fn a_run_leaves_all_its_files_and_nothing_half_written() {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder_in(dir.path());
        let mut report = sample::failed();
        folder.write(&mut report).unwrap();
        assert_eq!(
            names(folder.path()),
            [
                "certificates",
                "exchanges",
                "junit.xml",
                "pictures",
                "proofs",
                "report.html",
                "report.json",
                "reproducers",
                "summary.md"
            ]
        );
        assert_eq!(report.folder.as_deref(), Some(folder.path()));
        assert_eq!(
            names(&folder.path().join("pictures")),
            ["01-I1-o17.svg", "02-I3-o_4_.svg"]
        );
        let certificate = folder.path().join("certificates/02-I3-o_4_.json");
        let certificate = fs::read_to_string(certificate).unwrap();
        assert!(certificate.contains("runs/[sign key]/history.ndjson"));
        let second = &report.violations()[1];
        let files = [&second.certificate, &second.picture].map(|file| file.as_deref().unwrap());
        assert_eq!(
            files,
            ["certificates/02-I3-o_4_.json", "pictures/02-I3-o_4_.svg"]
        );
        assert_eq!(
            names(&folder.path().join("reproducers")),
            ["01-I1-o17.json", "02-I3-o_4_.json"]
        );
        let reproducer = second.reproducer.as_ref().unwrap();
        assert_eq!(reproducer.file, "reproducers/02-I3-o_4_.json");
        assert_eq!((reproducer.failed, reproducer.rounds), (31, 40));
        assert!(reproducer.command.contains("02-I3-o_4_.json --target "));
        let proofs = folder.path().join("proofs/refunding.total");
        assert_eq!(
            names(&proofs),
            [
                "certificate.json",
                "history.ndjson",
                "picture.svg",
                "reproducer.json"
            ]
        );
        let certificate = fs::read_to_string(proofs.join("certificate.json")).unwrap();
        let history = proofs.join("history.ndjson");
        assert!(certificate.contains(history.to_str().unwrap()));
        assert_eq!(
            folder.history_path("ndjson"),
            folder.path().join("history.ndjson")
        );
    }

    #[test]
    fn two_runs_in_one_second_get_two_folders() {
        let dir = tempfile::tempdir().unwrap();
        folder_in(dir.path());
        folder_in(dir.path());
        let third = folder_in(dir.path());
        assert!(third.path().ends_with("20260102T030405Z-gate-3"));
    }

    #[test]
    fn latest_leads_to_the_newest_run() {
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            folder_in(dir.path()).write(&mut sample::green()).unwrap();
        }
        let latest = dir.path().join("latest");
        if cfg!(unix) {
            let to = fs::read_link(&latest).unwrap();
            assert_eq!(to, Path::new("20260102T030405Z-gate-2"));
            assert!(latest.join("report.json").is_file());
        }
        assert_eq!(names(dir.path()).len(), 3, "{:?}", names(dir.path()));
    }

    #[test]
    fn the_summary_is_appended_to_the_step_summary() {
        let dir = tempfile::tempdir().unwrap();
        let summary = dir.path().join("step.md");
        fs::write(&summary, "before\n").unwrap();
        let folder = folder_in(dir.path()).with_step_summary(Some(summary.clone()));
        folder.write(&mut sample::green()).unwrap();
        let text = fs::read_to_string(&summary).unwrap();
        assert!(text.starts_with("before\n## recoup gate: pass\n"), "{text}");
    }

    #[test]
    fn one_file_that_can_not_be_written_is_named_and_the_others_are_there() {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder_in(dir.path());
        fs::create_dir(folder.path().join("report.json")).unwrap();
        let error = folder.write(&mut sample::green()).unwrap_err();
        assert!(error.file.ends_with("report.json"), "{error}");
        assert!(folder.path().join("report.html").is_file());
        assert!(!folder.path().join(".report.json.partial").exists());
    }

    #[test]
    fn no_file_and_no_screen_holds_the_sign_key() {
        let dir = tempfile::tempdir().unwrap();
        let summary = dir.path().join("step.md");
        let folder = folder_in(dir.path()).with_step_summary(Some(summary));
        let mut report = sample::failed();
        folder.write(&mut report).unwrap();
        let mut screen = Vec::new();
        terminal::write(&report, Palette::Ansi, &mut screen).unwrap();
        fs::write(dir.path().join("screen"), screen).unwrap();

        let holds = |file: &Path, text: &str| {
            let bytes = fs::read(file).unwrap();
            bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        };
        let mut files_with_placeholder = 0;
        for file in every_file(dir.path()) {
            assert!(!holds(&file, sample::SECRET), "{}", file.display());
            files_with_placeholder += usize::from(holds(&file, "[sign key]"));
        }
        // The sample does carry the key, in what every writer shows.
        assert!(files_with_placeholder >= 6, "{files_with_placeholder}");
    }
}
