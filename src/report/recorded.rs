//! A recorded exchange: what stands in `exchanges/` beside its bytes, so that
//! it can be sent again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::verdict::{ExchangeEvidence, RunPlan};

/// The version of the file that is written.
const SCHEMA: &str = "recoup.exchange/1";
/// The endings of the files of one exchange, of which the first names it.
const ENDINGS: [&str; 5] = [".json", ".request", ".body", ".response", ".sh"];

/// What is known about an exchange beside its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// The file's version.
    schema: String,
    /// The rule that made the exchange.
    pub rule: String,
    /// What it was for.
    pub label: String,
    /// Where it went.
    pub url: String,
    /// The seed that it followed from.
    pub seed: u64,
    /// The time that the requests of its run carried, RFC 3339; empty where
    /// that is not known.
    pub clock: String,
    /// The file with the bytes that were sent, beside this one.
    request: String,
    /// Where the body starts in them.
    body_start: usize,
    /// The file with the bytes that came back.
    response: String,
    /// How the connection ended.
    pub ending: String,
    /// What the answer amounted to; `None` where nobody asked.
    pub outcome: Option<String>,
    /// The answer in a few words.
    pub answer: Option<String>,
}

/// An exchange that a run has recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedExchange {
    /// What is known about it.
    pub about: About,
    /// Every byte that was sent.
    pub sent: Vec<u8>,
    /// Where the body starts in them.
    pub body_start: usize,
    /// Every byte that came back.
    pub received: Vec<u8>,
}

/// Why a file is no recorded exchange.
#[derive(Debug, thiserror::Error)]
pub enum RecordedError {
    /// A file of it can't be read.
    #[error("read {}: {error} (give a file of a run's exchanges/ folder)", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It says something else than an exchange.
    #[error("read {}: {reason} (give a file of a run's exchanges/ folder)", file.display())]
    Content {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl About {
    /// What is known about `exchange`, which the run of `plan` made for `rule`
    /// and whose files start with `stem`.
    pub(super) fn of(
        exchange: &ExchangeEvidence,
        rule: &str,
        seed: u64,
        plan: &RunPlan,
        stem: &str,
    ) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            rule: rule.to_owned(),
            label: exchange.label.clone(),
            url: exchange.url.clone(),
            seed,
            clock: plan.clock.clone(),
            request: format!("{stem}.request"),
            body_start: exchange.body_start,
            response: format!("{stem}.response"),
            ending: exchange.ending.clone(),
            outcome: exchange.outcome.clone(),
            answer: exchange.answer.clone(),
        }
    }

    /// The text of its file.
    pub(super) fn text(&self) -> String {
        format!(
            "{}\n",
            serde_json::to_string_pretty(self).expect("its keys are strings")
        )
    }
}

impl RecordedExchange {
    /// Reads the exchange that `path` is one of the files of.
    ///
    /// # Errors
    /// [`RecordedError`] names the file.
    pub fn read(path: &Path) -> Result<Self, RecordedError> {
        let path = description_of(path);
        let content = |reason: String| RecordedError::Content {
            file: path.clone(),
            reason,
        };
        let about: About = serde_json::from_slice(&read(&path)?)
            .map_err(|error| content(format!("it describes no exchange: {error}")))?;
        if about.schema != SCHEMA {
            return Err(content(format!("its schema is not {SCHEMA}")));
        }
        // A name, and no way out of the folder.
        let beside = |name: &str| {
            Path::new(name)
                .file_name()
                .map(|name| path.with_file_name(name))
                .ok_or_else(|| content(format!("{name:?} is no file's name")))
        };
        let sent = read(&beside(&about.request)?)?;
        let received = read(&beside(&about.response)?)?;
        if about.body_start > sent.len() {
            return Err(content("its body starts behind its end".to_owned()));
        }
        Ok(Self {
            body_start: about.body_start,
            sent,
            received,
            about,
        })
    }
}

fn read(file: &Path) -> Result<Vec<u8>, RecordedError> {
    fs::read(file).map_err(|error| RecordedError::File {
        file: file.to_owned(),
        error,
    })
}

/// The file that describes the exchange which `path` belongs to: any of its
/// files, or their common stem, will do.
fn description_of(path: &Path) -> PathBuf {
    let text = path.as_os_str().to_string_lossy();
    let stem = ENDINGS.iter().find_map(|ending| text.strip_suffix(ending));
    match stem {
        Some(stem) => PathBuf::from(format!("{stem}{}", ENDINGS[0])),
        None => PathBuf::from(format!("{text}{}", ENDINGS[0])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_of_an_exchange_names_it() {
        for name in [
            "x/json.order-1.request",
            "x/json.order-1.sh",
            "x/json.order-1",
        ] {
            assert_eq!(
                description_of(Path::new(name)),
                Path::new("x/json.order-1.json")
            );
        }
    }

    #[test]
    fn what_is_no_exchange_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.json");
        for text in ["", "{}", "{\"schema\":\"recoup.report/1\"}"] {
            fs::write(&file, text).unwrap();
            let error = RecordedExchange::read(&file).unwrap_err().to_string();
            assert!(error.contains("a.json"), "{error}");
        }
        let error = RecordedExchange::read(Path::new("none")).unwrap_err();
        assert!(error.to_string().contains("none.json"), "{error}");
    }
}
