//! The file that lists partners and where each key comes from.
//!
//! ```toml
//! [[partner]]
//! no = "20001"
//! key-env = "SHOP_ONE_KEY"
//!
//! [[partner]]
//! no = "20002"
//! key-file = "keys/shop-two"   # relative to this file
//! ```
//!
//! A key never stands in the file itself, so that the file can be committed,
//! and no error shows a line of it, in case somebody put one there.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::partner::{Partner, Partners, PartnersError};
use crate::protocol::{PartnerNo, SignKey};

/// Why a partners' file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum PartnerFileError {
    /// The file can't be read.
    #[error("can't read {}: {source}", path.display())]
    Read {
        /// The partners' file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It is no TOML, or not of this form.
    #[error("{}, line {line}: {message}", path.display())]
    Form {
        /// The partners' file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there; shows no text of the file's values.
        message: String,
    },
    /// Not exactly one source of the key.
    #[error("partner {0} needs one of key-env and key-file")]
    KeySource(PartnerNo),
    /// The environment has no such variable, or it is not Unicode.
    #[error("the key of partner {no}: the environment has no {name}")]
    Environment {
        /// Whose key.
        no: PartnerNo,
        /// The variable's name.
        name: String,
    },
    /// The key's file can't be read.
    #[error("the key of partner {no}: can't read {}: {source}", path.display())]
    KeyFile {
        /// Whose key.
        no: PartnerNo,
        /// The key's file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The key has no bytes.
    #[error("the key of partner {0} is empty")]
    EmptyKey(PartnerNo),
    /// The list as a whole can't be served.
    #[error(transparent)]
    Partners(#[from] PartnersError),
}

/// Reads the partners that `path` lists, and their keys.
///
/// # Errors
/// [`PartnerFileError`] names the partner and the place.
pub fn read(path: &Path) -> Result<Partners, PartnerFileError> {
    let text = std::fs::read_to_string(path).map_err(|source| PartnerFileError::Read {
        path: path.to_owned(),
        source,
    })?;
    let file: File = toml::from_str(&text).map_err(|error| PartnerFileError::Form {
        path: path.to_owned(),
        line: line_of(&text, error.span().map_or(0, |span| span.start)),
        message: error.message().to_owned(),
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let partners: Vec<Partner> = file
        .partner
        .into_iter()
        .map(|entry| entry.resolve(folder))
        .collect::<Result<_, _>>()?;
    Ok(Partners::new(partners)?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    partner: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Entry {
    no: PartnerNo,
    key_env: Option<String>,
    key_file: Option<PathBuf>,
}

impl Entry {
    fn resolve(self, folder: &Path) -> Result<Partner, PartnerFileError> {
        let no = self.no;
        let bytes = match (self.key_env, self.key_file) {
            (Some(name), None) => match std::env::var(&name) {
                Ok(value) => value.into_bytes(),
                Err(_) => return Err(PartnerFileError::Environment { no, name }),
            },
            (None, Some(file)) => {
                let path = folder.join(file);
                match std::fs::read(&path) {
                    Ok(bytes) => without_line_end(bytes),
                    Err(source) => return Err(PartnerFileError::KeyFile { no, path, source }),
                }
            }
            _ => return Err(PartnerFileError::KeySource(no)),
        };
        match SignKey::new(bytes) {
            Ok(key) => Ok(Partner { no, key }),
            Err(_) => Err(PartnerFileError::EmptyKey(no)),
        }
    }
}

/// Drops the one line end that an editor puts after a key, and nothing else.
fn without_line_end(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
    bytes
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("partners.toml");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn a_key_file_stands_beside_the_partners_file_and_loses_its_line_end() {
        let (folder, path) = written("[[partner]]\nno = \"20001\"\nkey-file = \"one.key\"\n");
        std::fs::write(folder.path().join("one.key"), " secret \r\n").unwrap();
        let partners = read(&path).unwrap();
        assert_eq!(partners.get("20001").unwrap().key.expose(), b" secret ");
    }

    #[test]
    fn a_key_can_come_from_the_environment() {
        // PATH is set wherever tests run; its value is as good as a key.
        let (_folder, path) = written("[[partner]]\nno = \"20001\"\nkey-env = \"PATH\"\n");
        let partners = read(&path).unwrap();
        let expected = std::env::var("PATH").unwrap();
        assert_eq!(partners.first().key.expose(), expected.as_bytes());
    }

    #[test]
    fn a_literal_key_is_refused_and_not_shown() {
        let (_folder, path) = written("[[partner]]\nno = \"20001\"\nkey = \"hunter2\"\n");
        let error = read(&path).unwrap_err();
        assert!(matches!(error, PartnerFileError::Form { line: 3, .. }));
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    #[test]
    fn what_is_wrong_is_said_with_the_partners_number() {
        for (text, said) in [
            ("", "there is no partner"),
            (
                "[[partner]]\nno = \"2\"\n",
                "partner 2 needs one of key-env and key-file",
            ),
            (
                "[[partner]]\nno = \"2\"\nkey-env = \"RECOUP_NO_SUCH_KEY\"\n",
                "the key of partner 2: the environment has no RECOUP_NO_SUCH_KEY",
            ),
        ] {
            let (_folder, path) = written(text);
            assert_eq!(read(&path).unwrap_err().to_string(), said);
        }
    }
}
