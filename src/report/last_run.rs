//! The run before this one, from the reports that it left.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::folder::RunFolder;

/// How far back is looked: what is older says little about what has changed.
const LOOKS: usize = 10;

/// What the last run against the same target says about its dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRun {
    /// When it started, RFC 3339.
    pub started: String,
    /// The answers by point, as far as it had any.
    pub answers: BTreeMap<String, String>,
}

impl LastRun {
    /// The newest run beside `folder` that observed a dialect of this target:
    /// of the same URL, or, for the reference gateway, in-process as well.
    /// Reports that can't be read are passed over: they are somebody's files,
    /// and nothing rests on them.
    pub fn find(folder: &RunFolder, target: &str, in_process: bool) -> Option<Self> {
        runs_beside(folder.path())
            .into_iter()
            .take(LOOKS)
            .filter_map(|run| Written::read(&run.join("report.json")))
            .filter(|run| run.in_process == in_process && (in_process || run.target == target))
            .find_map(Written::last_run)
    }
}

/// The folders of the checks and gates beside `folder`, the newest first.
fn runs_beside(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.parent().and_then(|dir| fs::read_dir(dir).ok());
    let mut runs: Vec<((String, u32), PathBuf)> = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path != folder)
        .filter_map(|path| Some((age(path.file_name()?.to_str()?)?, path)))
        .collect();
    runs.sort();
    runs.into_iter().rev().map(|(_, path)| path).collect()
}

/// Time and number of a folder `<time>-check` or `<time>-check-<number>`.
fn age(name: &str) -> Option<(String, u32)> {
    let mut parts = name.split('-');
    let time = parts.next().filter(|time| time.len() == 16)?;
    let _ = parts
        .next()
        .filter(|command| matches!(*command, "check" | "gate"))?;
    let number = parts.next().map_or(Ok(1), str::parse).ok()?;
    Some((time.to_owned(), number))
}

/// As much of `report.json` as is asked for here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    started: String,
    target: String,
    in_process: bool,
    #[serde(default)]
    dialect: Option<WrittenDialect>,
}

#[derive(Deserialize)]
struct WrittenDialect {
    points: Vec<WrittenPoint>,
}

#[derive(Deserialize)]
struct WrittenPoint {
    point: String,
    answer: Option<String>,
}

impl Written {
    fn read(file: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(file).ok()?).ok()
    }

    fn last_run(self) -> Option<LastRun> {
        let answers = self
            .dialect?
            .points
            .into_iter()
            .filter_map(|point| Some((point.point, point.answer?)));
        Some(LastRun {
            answers: answers.collect(),
            started: self.started,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    const TIME: &str = "20260102T030405Z";

    fn folder(dir: &Path, command: &str) -> RunFolder {
        RunFolder::create(dir, command, TIME)
            .unwrap()
            .with_step_summary(None)
    }

    #[test]
    fn the_newest_run_of_the_same_target_that_knows_a_dialect_is_found() {
        let dir = tempfile::tempdir().unwrap();
        for (command, report) in [
            ("gate", sample::failed()),
            // In-process, of no dialect, and none that can be read.
            ("gate", sample::green()),
            ("load", sample::interrupted()),
        ] {
            folder(dir.path(), command)
                .write(&mut report.clone())
                .unwrap();
        }
        folder(dir.path(), "gate");
        let mine = folder(dir.path(), "gate");
        let target = sample::failed().plan.target;
        let last = LastRun::find(&mine, &target, false).unwrap();
        assert_eq!(last.started, "2026-01-02T03:04:05+00:00");
        assert_eq!(last.answers, sample::dialect().answers());
        assert!(LastRun::find(&mine, "http://127.0.0.1:1", true).is_some());
        assert_eq!(LastRun::find(&mine, "http://127.0.0.1:1", false), None);
    }

    #[test]
    fn the_tenth_run_of_a_second_is_newer_than_the_ninth() {
        assert!(age("20260102T030405Z-check-10") > age("20260102T030405Z-check-9"));
        assert!(age("20260102T030406Z-gate") > age("20260102T030405Z-check-9"));
        for name in ["latest", "README.md", "20260102T030405Z-load", "check"] {
            assert_eq!(age(name), None, "{name}");
        }
    }
}
