//! The configuration file: any flag of any command, by its name.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Command;
use toml::{Table, Value};

use super::error::CliError;

/// The file that is read where none is named.
const DEFAULT_FILE: &str = "recoup.toml";

/// Settings from a file: they stand in for flags that are given neither on the
/// command line nor in the environment.
#[derive(Debug)]
pub(super) struct ConfigFile {
    path: PathBuf,
    settings: Vec<(String, Vec<String>)>,
}

impl ConfigFile {
    /// Reads the file that the arguments or the environment name, or the one
    /// in the working folder, where there is one.
    ///
    /// # Errors
    /// [`CliError::Usage`] where it can't be read or is no such file.
    pub(super) fn find(arguments: &[OsString]) -> Result<Option<Self>, CliError> {
        let named =
            named_file(arguments).or_else(|| std::env::var_os("RECOUP_CONFIG").map(PathBuf::from));
        match named {
            Some(path) => Self::read(&path).map(Some),
            None if Path::new(DEFAULT_FILE).is_file() => {
                Self::read(Path::new(DEFAULT_FILE)).map(Some)
            }
            None => Ok(None),
        }
    }

    fn read(path: &Path) -> Result<Self, CliError> {
        let fail = |reason: String| {
            CliError::Usage(format!(
                "read the configuration {}: {reason} (see --config)",
                path.display()
            ))
        };
        let text = std::fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
        let table: Table = text
            .parse()
            .map_err(|error: toml::de::Error| fail(error.to_string().trim_end().to_owned()))?;
        let settings = table
            .into_iter()
            .map(|(name, value)| match values(value) {
                Some(values) => Ok((name, values)),
                None => Err(fail(format!(
                    "{name} is neither a text, a number, a boolean nor a list of them"
                ))),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            path: path.to_owned(),
            settings,
        })
    }

    /// Makes the settings the defaults of a command's flags.
    pub(super) fn set_defaults(&self, command: Command) -> Command {
        command.mut_args(|arg| {
            let setting = arg
                .get_long()
                .and_then(|long| self.settings.iter().find(|(name, _)| name == long));
            match setting {
                Some((_, values)) => arg.default_values(values.clone()),
                None => arg,
            }
        })
    }

    /// Refuses a setting that is no flag of any command: a slip that would
    /// otherwise change nothing, silently.
    ///
    /// # Errors
    /// [`CliError::Usage`] names it.
    pub(super) fn check(&self, command: &Command) -> Result<(), CliError> {
        for (name, _) in &self.settings {
            let is_key = name.contains("sign-key") && !name.ends_with("-file");
            let known = command
                .get_subcommands()
                .flat_map(Command::get_arguments)
                .any(|arg| arg.get_long() == Some(name));
            if !known {
                let cure = if is_key {
                    "a sign key does not belong in this file: use RECOUP_SIGN_KEY or sign-key-file"
                } else {
                    "no command has a flag of this name"
                };
                return Err(CliError::Usage(format!(
                    "use {name} in {}: {cure}",
                    self.path.display()
                )));
            }
        }
        Ok(())
    }
}

/// The value of `--config`, which has to be known before the arguments are
/// parsed.
fn named_file(arguments: &[OsString]) -> Option<PathBuf> {
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--config" {
            return rest.next().map(PathBuf::from);
        }
        if let Some(path) = argument
            .to_str()
            .and_then(|text| text.strip_prefix("--config="))
        {
            return Some(PathBuf::from(path));
        }
    }
    None
}

fn values(value: Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Integer(number) => Some(vec![number.to_string()]),
        Value::Float(number) => Some(vec![number.to_string()]),
        Value::Boolean(value) => Some(vec![value.to_string()]),
        Value::Array(items) => items
            .into_iter()
            .map(|item| values(item).filter(|values| values.len() == 1))
            .collect::<Option<Vec<_>>>()
            .map(|items| items.concat()),
        Value::Datetime(_) | Value::Table(_) => None,
    }
}
