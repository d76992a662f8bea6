//! `certificates/`, `pictures/` and `reproducers/`: what each violation of the
//! audit is shown with; and `proofs/`, the same of those that rules found, each
//! with its history.

use std::fs;
use std::path::Path;

use super::again;
use super::error::ReportError;
use super::exchanges::file_name;
use super::picture::{self, Place};
use crate::verdict::{
    AuditSummary, Exhibit, Proof, Reproducer, Reproduction, RuleOutcome, RunPlan, Verdict,
    Violation,
};

const CERTIFICATES: &str = "certificates";
const PICTURES: &str = "pictures";
const REPRODUCERS: &str = "reproducers";
const PROOFS: &str = "proofs";

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
            let file = (REPRODUCERS, format!("{stem}.json"));
            violation.reproducer = Some(reproduction(run, plan, file, reproducer)?);
        }
    }
    for (violation, number) in audit.violations.iter_mut().zip(1_u64..) {
        let Some(exhibit) = violation.exhibit.clone() else {
            continue;
        };
        let (invariant, order) = (&violation.invariant, &violation.order);
        let stem = file_name(&format!("{number:0digits$}-{invariant}-{order}"));
        if exhibit.history.is_some() {
            let file = (CERTIFICATES, format!("{stem}.json"));
            violation.certificate = Some(certificate(run, file, &exhibit)?);
        }
        let file = (PICTURES, format!("{stem}.svg"));
        violation.picture = picture(run, file, violation, &exhibit)?;
    }
    Ok(())
}

/// Writes, for every rule that proved a violation, the history that bears it
/// out, and what it is shown with, into a folder of the rule's. Makes none where
/// there is nothing to prove.
///
/// # Errors
/// The first file that could not be written.
pub(crate) fn write_proofs(
    run: &Path,
    plan: &RunPlan,
    rules: &mut [RuleOutcome],
) -> Result<(), ReportError> {
    for outcome in rules {
        if outcome.verdict == Verdict::Pass {
            continue;
        }
        if let Some(proof) = &mut outcome.detail.proof {
            let folder = format!("{PROOFS}/{}", file_name(&outcome.id));
            write_proof(run, plan, &folder, proof)?;
        }
    }
    Ok(())
}

fn write_proof(
    run: &Path,
    plan: &RunPlan,
    folder: &str,
    proof: &mut Proof,
) -> Result<(), ReportError> {
    let file = |name: &str| (folder, name.to_owned());
    let history = put(run, file("history.ndjson"), &proof.recorded)?;
    let violation = &mut proof.violation;
    if let Some(exhibit) = &mut violation.exhibit {
        exhibit.certificate.history = run.join(&history).display().to_string();
    }
    proof.history = Some(history);
    let Some(exhibit) = violation.exhibit.clone() else {
        return Ok(());
    };
    violation.certificate = Some(certificate(run, file("certificate.json"), &exhibit)?);
    violation.picture = picture(run, file("picture.svg"), violation, &exhibit)?;
    if let Some(reproducer) = &exhibit.reproducer {
        let file = file("reproducer.json");
        violation.reproducer = Some(reproduction(run, plan, file, reproducer)?);
    }
    Ok(())
}

/// A folder of the run, and the name of a file in it.
type File<'a> = (&'a str, String);

fn certificate(run: &Path, file: File<'_>, exhibit: &Exhibit) -> Result<String, ReportError> {
    let mut text = serde_json::to_string_pretty(&exhibit.certificate)
        .expect("a certificate has string keys and numbers that JSON has");
    text.push('\n');
    put(run, file, text.as_bytes())
}

fn reproduction(
    run: &Path,
    plan: &RunPlan,
    file: File<'_>,
    reproducer: &Reproducer,
) -> Result<Reproduction, ReportError> {
    let file = put(run, file, reproducer.text().as_bytes())?;
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
    file: File<'_>,
    violation: &Violation,
    exhibit: &Exhibit,
) -> Result<Option<String>, ReportError> {
    let Some(scene) = &exhibit.scene else {
        return Ok(None);
    };
    let svg = picture::svg(violation, scene, Place::File);
    put(run, file, svg.as_bytes()).map(Some)
}

/// Writes a file, and gives its path within the run.
fn put(run: &Path, (folder, name): File<'_>, bytes: &[u8]) -> Result<String, ReportError> {
    let within = run.join(folder);
    fs::create_dir_all(&within).map_err(ReportError::at(&within))?;
    let file = within.join(&name);
    fs::write(&file, bytes).map_err(ReportError::at(&file))?;
    Ok(format!("{folder}/{name}"))
}
