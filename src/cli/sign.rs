//! `recoup sign` and `recoup verify`: stdin to stdout.

use std::io::{Read, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::protocol::envelope::seal_raw;
use crate::protocol::explain::{Explanation, explain};
use crate::protocol::{Direction, Envelope, SignKey};
use crate::verdict::ExitCode;

use super::error::CliError;
use super::target::read_key;

/// More than any message of the protocol, so that a wrong file is not read
/// into memory without end.
const LARGEST: u64 = 64 << 20;

/// Which key to use, and which way the message goes.
#[derive(Debug, Clone, Args)]
pub struct KeyArgs {
    /// A file that holds the sign key; without it RECOUP_SIGN_KEY is used
    #[arg(long, value_name = "FILE")]
    pub sign_key_file: Option<PathBuf>,

    /// Which way the message goes
    #[arg(long, value_enum, default_value = "request")]
    pub direction: Way,
}

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// From a partner to the gateway.
    Request,
    /// From the gateway to a partner.
    Response,
}

/// Sign: a bare request value on stdin, the signed envelope on stdout, the
/// value's bytes untouched.
#[derive(Debug, Clone, Args)]
pub struct SignArgs {
    /// With which key.
    #[command(flatten)]
    pub key: KeyArgs,
}

/// Verify: an envelope on stdin; `valid`, or the reason why not, on stdout.
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// With which key.
    #[command(flatten)]
    pub key: KeyArgs,

    /// Where the signature does not hold, tell what it does match
    #[arg(long)]
    pub explain: bool,
}

impl KeyArgs {
    fn key(&self) -> Result<SignKey, CliError> {
        read_key(
            "RECOUP_SIGN_KEY",
            self.sign_key_file.as_deref(),
            "--sign-key-file",
        )?
        .ok_or_else(|| {
            CliError::Usage(
                "find the sign key: set RECOUP_SIGN_KEY or give --sign-key-file".to_owned(),
            )
        })
    }

    const fn direction(&self) -> Direction {
        match self.direction {
            Way::Request => Direction::Request,
            Way::Response => Direction::Response,
        }
    }
}

impl SignArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// [`CliError::Usage`] where there is no key, or stdin is no JSON value.
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let key = self.key.key()?;
        let input = read_stdin()?;
        // A newline at the end is an editor's; within the value nothing is touched.
        let value = input.trim_ascii();
        if let Err(error) = serde_json::from_slice::<&serde_json::value::RawValue>(value) {
            return Err(CliError::Usage(format!(
                "sign what is on stdin: it is not one JSON value ({error})"
            )));
        }
        let mut document = Vec::with_capacity(value.len() + 128);
        seal_raw(self.key.direction(), value, &key, &mut document);
        document.push(b'\n');
        write_stdout(&document)?;
        Ok(ExitCode::Success)
    }
}

impl VerifyArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// [`CliError::Usage`] where there is no key, or stdin can't be read.
    pub(super) fn run(self) -> Result<ExitCode, CliError> {
        let key = self.key.key()?;
        let input = read_stdin()?;
        let (exit, said) = match Envelope::parse(&input, self.key.direction()) {
            Err(error) => (ExitCode::RuleFailed, format!("invalid: {error}")),
            Ok(envelope) => match envelope.verify(&key) {
                Ok(()) => (ExitCode::Success, "valid".to_owned()),
                Err(error) => {
                    let matched = match explain(&envelope, &key) {
                        _ if !self.explain => String::new(),
                        Some(Explanation(what)) => format!("; it matches {what}"),
                        None => "; it matches nothing that is known: another key, or a text that was changed".to_owned(),
                    };
                    (ExitCode::RuleFailed, format!("invalid: {error}{matched}"))
                }
            },
        };
        write_stdout(format!("{said}\n").as_bytes())?;
        Ok(exit)
    }
}

fn read_stdin() -> Result<Vec<u8>, CliError> {
    let mut input = Vec::new();
    std::io::stdin()
        .lock()
        .take(LARGEST)
        .read_to_end(&mut input)
        .map_err(|error| CliError::Usage(format!("read stdin: {error}")))?;
    Ok(input)
}

fn write_stdout(bytes: &[u8]) -> Result<(), CliError> {
    std::io::stdout()
        .lock()
        .write_all(bytes)
        .map_err(|error| CliError::Output {
            what: "stdout".to_owned(),
            error,
        })
}
