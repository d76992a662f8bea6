//! `recoup history`: a recorded history in another form.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::audit::{BinaryWriter, Form, HistoryError, HistoryReader, Record, TextWriter};
use crate::protocol::OrderNo;
use crate::verdict::ExitCode;

use super::audit::{history_file, open};
use super::error::CliError;

/// Write a recorded history in another form.
#[derive(Debug, Clone, Args)]
pub struct HistoryArgs {
    /// A history file, or the folder of a run that holds one
    #[arg(value_name = "FILE")]
    pub history: PathBuf,

    /// The form to write
    #[arg(long, value_enum)]
    pub format: Format,

    /// Where it goes [default: stdout]
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// The form of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text: one JSON object a line.
    Ndjson,
    /// Records of a fixed size, in checked blocks.
    Binary,
}

/// Orders that records name before they are declared, as text allows.
type Early = HashMap<OrderNo, Record<'static>>;

impl HistoryArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// [`CliError`] where the history is broken, of which nothing is written,
    /// or the other form can't be written.
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let file = history_file(&self.history)?;
        if let Some(output) = &self.output {
            refuse_itself(&file, output)?;
        }
        // Twice: what is broken at its end is known before anything is written.
        let early = check(&file)?;
        let written = match &self.output {
            None => self.write(&file, early, io::stdout().lock()),
            Some(path) => File::create(path)
                .map_err(Failure::Output)
                .and_then(|out| self.write(&file, early, out)),
        };
        match written {
            Ok(()) => Ok(ExitCode::Success),
            Err(Failure::Command(error)) => Err(error),
            Err(Failure::Output(error)) => Err(CliError::Output {
                what: self
                    .output
                    .map_or_else(|| "stdout".to_owned(), |path| path.display().to_string()),
                error,
            }),
        }
    }

    fn write(&self, file: &Path, early: Early, out: impl Write) -> Result<(), Failure> {
        let out = BufWriter::with_capacity(1 << 20, out);
        let reader = reader(file)?;
        match self.format {
            Format::Ndjson => {
                let mut writer = TextWriter::new(out, reader.terms())?;
                for record in reader {
                    writer.write(&record.map_err(|error| broken(file, &error))?)?;
                }
                writer.finish()?;
            }
            Format::Binary => write_binary(file, reader, early, out)?,
        }
        Ok(())
    }
}

/// Writes the binary form, where an order stands before its first record.
fn write_binary(
    file: &Path,
    reader: HistoryReader<BufReader<File>>,
    mut early: Early,
    out: impl Write,
) -> Result<(), Failure> {
    let mut writer = BinaryWriter::new(out, reader.terms())?;
    for record in reader {
        let record = record.map_err(|error| broken(file, &error))?;
        match &record {
            Record::Order(order) if writer.knows(&order.order) => continue,
            Record::Order(_) => {}
            Record::Refund(_) | Record::Query(_) => {
                if let Some(order) = early.remove(order_of(&record)) {
                    writer.write(&order)?;
                }
            }
        }
        writer.write(&record)?;
    }
    writer.finish()?;
    Ok(())
}

/// Reads all of a history, and keeps the orders that are used too early.
fn check(file: &Path) -> Result<Early, CliError> {
    let reader = reader(file)?;
    if matches!(reader, HistoryReader::Binary(_)) {
        for record in reader {
            record.map_err(|error| broken(file, &error))?;
        }
        return Ok(Early::new());
    }
    let mut is_declared: HashMap<OrderNo, bool> = HashMap::new();
    let mut early = Early::new();
    for record in reader {
        let record = record.map_err(|error| broken(file, &error))?;
        let order = order_of(&record);
        if matches!(record, Record::Order(_)) {
            if is_declared.insert(order.clone(), true) == Some(false) {
                early.insert(order.clone(), record);
            }
        } else if !is_declared.contains_key(order) {
            is_declared.insert(order.clone(), false);
        }
    }
    Ok(early)
}

fn order_of<'a>(record: &'a Record<'_>) -> &'a OrderNo {
    match record {
        Record::Order(record) => &record.order,
        Record::Refund(record) => &record.order,
        Record::Query(record) => &record.order,
    }
}

fn reader(file: &Path) -> Result<HistoryReader<BufReader<File>>, CliError> {
    HistoryReader::new(open("convert", file)?).map_err(|error| broken(file, &error))
}

fn broken(file: &Path, error: &HistoryError) -> CliError {
    CliError::History(format!(
        "convert {}: {error} ({})",
        file.display(),
        error.hint()
    ))
}

/// A file can't be read while it is written anew.
fn refuse_itself(file: &Path, output: &Path) -> Result<(), CliError> {
    let is_one = match (file.canonicalize(), output.canonicalize()) {
        (Ok(file), Ok(output)) => file == output,
        _ => false,
    };
    if is_one {
        return Err(CliError::Usage(format!(
            "write {}: it is the history itself (name another file with --output)",
            output.display()
        )));
    }
    Ok(())
}

/// Reading and writing fail differently.
enum Failure {
    Command(CliError),
    Output(io::Error),
}

impl From<CliError> for Failure {
    fn from(error: CliError) -> Self {
        Self::Command(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// The name of a run's history, of a form.
pub(super) fn name_in_a_folder(form: Form) -> String {
    format!("history.{}", form.ending())
}
