//! `certificates/` and `pictures/`: what each violation is shown with.

use std::fs;
use std::path::Path;

use super::error::ReportError;
use super::exchanges::file_name;
use super::picture::{self, Place};
use crate::verdict::{AuditSummary, Exhibit, Violation};

const CERTIFICATES: &str = "certificates";
const PICTURES: &str = "pictures";

/// Writes the certificate of every violation that one history bears out, and the
/// pictures there are, and notes in each what its files are called. Makes no folder where there are no
/// violations.
///
/// # Errors
/// The first file that could not be written.
pub(crate) fn write(run: &Path, audit: &mut AuditSummary) -> Result<(), ReportError> {
    let digits = audit.violations.len().to_string().len().max(2);
    for (violation, number) in audit.violations.iter_mut().zip(1_u64..) {
        let Some(exhibit) = violation.exhibit.clone() else {
            continue;
        };
        let (invariant, order) = (&violation.invariant, &violation.order);
        let stem = file_name(&format!("{number:0digits$}-{invariant}-{order}"));
        if exhibit.history.is_some() {
            violation.certificate = Some(certificate(run, &stem, &exhibit)?);
        }
        violation.picture = picture(run, &stem, violation, &exhibit)?;
    }
    Ok(())
}

fn certificate(run: &Path, stem: &str, exhibit: &Exhibit) -> Result<String, ReportError> {
    let mut text = serde_json::to_string_pretty(&exhibit.certificate)
        .expect("a certificate has string keys and numbers that JSON has");
    text.push('\n');
    put(run, CERTIFICATES, &format!("{stem}.json"), &text)
}

fn picture(
    run: &Path,
    stem: &str,
    violation: &Violation,
    exhibit: &Exhibit,
) -> Result<Option<String>, ReportError> {
    let Some(scene) = &exhibit.scene else {
        return Ok(None);
    };
    let svg = picture::svg(violation, scene, Place::File);
    put(run, PICTURES, &format!("{stem}.svg"), &svg).map(Some)
}

/// Writes a file into a folder of the run, and gives its path within the run.
fn put(run: &Path, folder: &str, name: &str, text: &str) -> Result<String, ReportError> {
    let within = run.join(folder);
    fs::create_dir_all(&within).map_err(ReportError::at(&within))?;
    let file = within.join(name);
    fs::write(&file, text).map_err(ReportError::at(&file))?;
    Ok(format!("{folder}/{name}"))
}
