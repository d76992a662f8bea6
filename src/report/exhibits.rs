//! `certificates/`, `pictures/` and `reproducers/`: what each violation is shown
//! with.

use std::fs;
use std::path::Path;

use super::again;
use super::error::ReportError;
use super::exchanges::file_name;
use super::picture::{self, Place};
use crate::verdict::{AuditSummary, Exhibit, Reproducer, Reproduction, RunPlan, Violation};

const CERTIFICATES: &str = "certificates";
const PICTURES: &str = "pictures";
const REPRODUCERS: &str = "reproducers";

/// Writes the certificate of every violation that one history bears out, the
/// pictures there are and the reproducer of the gravest violation of each claim,
/// and notes in each what its files are called. Makes no folder where there are
/// no violations.
///
/// # Errors
/// The first file that could not be written.
pub(crate) fn write(
    run: &Path,
    plan: &RunPlan,
    audit: &mut AuditSummary,
) -> Result<(), ReportError> {
    let digits = audit.violations.len().to_string().len().max(2);
    for (violation, number) in audit.to_reproduce().into_iter().zip(1_u64..) {
        let exhibit = violation.exhibit.as_ref();
        if let Some(reproducer) = exhibit.and_then(|exhibit| exhibit.reproducer.as_ref()) {
            let (invariant, order) = (&violation.invariant, &violation.order);
            let stem = file_name(&format!("{number:02}-{invariant}-{order}"));
            violation.reproducer = Some(reproduction(run, plan, &stem, reproducer)?);
        }
    }
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

fn reproduction(
    run: &Path,
    plan: &RunPlan,
    stem: &str,
    reproducer: &Reproducer,
) -> Result<Reproduction, ReportError> {
    let file = put(
        run,
        REPRODUCERS,
        &format!("{stem}.json"),
        &reproducer.text(),
    )?;
    Ok(Reproduction {
        command: again::reproducer(&run.join(&file), reproducer, plan),
        file,
        traffic: reproducer.traffic.to_string(),
        failed: reproducer.failed,
        rounds: reproducer.rounds,
    })
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
