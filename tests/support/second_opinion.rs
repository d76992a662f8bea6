//! SHA-256 by somebody else: `openssl` and `python3`, whichever are installed.
//!
//! A signature that our own code makes and our own code takes proves little.
//! Here the digest comes from implementations that share nothing with ours.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

/// What each implementation is called with, before the names of the files.
/// Both print one line a file that begins with its digest.
const OPENSSL: &[&str] = &["openssl", "dgst", "-sha256", "-r"];
const PYTHON: &[&str] = &["python3", "-I", "-S", "-c", PYTHON_PROGRAM];
const PYTHON_PROGRAM: &str = "\
import hashlib, sys
for name in sys.argv[1:]:
    with open(name, 'rb') as file:
        print(hashlib.sha256(file.read()).hexdigest())
";

/// The SHA-256 digest of each input, in lowercase hex. Every implementation
/// that is installed is asked once for all inputs, and they must agree.
///
/// # Panics
/// Where none is installed: without a second opinion the test proves nothing,
/// so it must not pass.
pub(crate) fn sha256(inputs: &[Vec<u8>]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temp folder can be made");
    let names: Vec<String> = (0..inputs.len()).map(|index| index.to_string()).collect();
    for (name, input) in names.iter().zip(inputs) {
        fs::write(folder.path().join(name), input).expect("the temp folder takes a file");
    }
    let opinions: Vec<Vec<String>> = [OPENSSL, PYTHON]
        .iter()
        .filter_map(|command| ask(command, &names, folder.path()))
        .collect();
    let first = opinions
        .first()
        .expect("this test needs a second SHA-256: install openssl or python3 and put it on PATH");
    for other in &opinions {
        assert_eq!(other, first, "openssl and python3 disagree");
    }
    first.clone()
}

/// The digests that `command` prints; `None` where it is not installed.
fn ask(command: &[&str], names: &[String], folder: &Path) -> Option<Vec<String>> {
    let (program, arguments) = command.split_first().expect("a command has a program");
    let output = match Command::new(program)
        .args(arguments)
        .args(names)
        .current_dir(folder)
        .output()
    {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        Err(error) => panic!("failed to run {program}: {error}"),
    };
    assert!(
        output.status.success(),
        "{program} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let printed = String::from_utf8(output.stdout).expect("digests are printed in ASCII");
    let digests: Vec<String> = printed
        .lines()
        .map(|line| line.chars().take(64).collect())
        .collect();
    assert_eq!(
        digests.len(),
        names.len(),
        "{program} prints one digest a file"
    );
    Some(digests)
}
