//! `exchanges/`: the bytes behind each failure, and how to send them again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::error::ReportError;
use super::recorded::About;
use super::script::curl_script;
use crate::verdict::{ExchangeEvidence, RuleOutcome, RunPlan, Verdict};

/// The folder's name in a run's folder.
const FOLDER: &str = "exchanges";

/// Writes the exchanges of every rule that did not pass, and notes in each
/// what its files are called. Makes no folder where there are none.
///
/// # Errors
/// The first file that could not be written.
pub(crate) fn write(
    run: &Path,
    plan: &RunPlan,
    rules: &mut [RuleOutcome],
) -> Result<(), ReportError> {
    let folder = run.join(FOLDER);
    // Counted by stem, so that one rule met twice (in a merged report) does
    // not overwrite itself.
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    for outcome in rules {
        if outcome.verdict == Verdict::Pass || outcome.evidence.is_empty() {
            continue;
        }
        fs::create_dir_all(&folder).map_err(ReportError::at(&folder))?;
        let name = file_name(&outcome.id);
        for exchange in &mut outcome.evidence {
            let number = numbers.entry(name.clone()).or_default();
            *number += 1;
            let stem = format!("{name}-{number}");
            let seed = outcome.detail.failing_seed.unwrap_or(plan.seed);
            let about = About::of(exchange, &outcome.id, seed, plan, &stem);
            write_one(&folder, &stem, exchange, &about)?;
            exchange.file = Some(stem);
        }
    }
    Ok(())
}

fn write_one(
    folder: &Path,
    stem: &str,
    exchange: &ExchangeEvidence,
    about: &About,
) -> Result<(), ReportError> {
    let about = about.text();
    let script = curl_script(exchange, stem);
    for (ending, bytes) in [
        ("request", exchange.sent.as_slice()),
        ("body", exchange.sent_body()),
        ("response", exchange.received.as_slice()),
        ("sh", script.as_slice()),
        ("json", about.as_bytes()),
    ] {
        let file = folder.join(format!("{stem}.{ending}"));
        fs::write(&file, bytes).map_err(ReportError::at(&file))?;
    }
    Ok(())
}

/// The rule's id as a file name. Ids of the catalogue are names already; one
/// that was read from a file of someone else need not be.
pub(super) fn file_name(id: &str) -> String {
    let name: String = id
        .chars()
        .map(|character| match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' => character,
            _ => '_',
        })
        .take(100)
        .collect();
    match name.strip_prefix(['.', '-']) {
        Some(rest) => format!("_{rest}"),
        None if name.is_empty() => "_".to_owned(),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{RecordedExchange, sample};

    #[test]
    fn the_files_hold_the_very_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let mut outcome = sample::outcome("json.trailing-comma", Verdict::Fail);
        outcome.evidence = vec![ExchangeEvidence {
            sent: b"POST / HTTP/1.1\r\n\r\n\xff\x00,".to_vec(),
            received: b"\x00\xff".to_vec(),
            body_start: 19,
            ..ExchangeEvidence::default()
        }];
        let mut rules = [outcome.clone(), outcome];
        let plan = sample::green().plan;
        write(folder.path(), &plan, &mut rules).unwrap();
        assert_eq!(
            rules[1].evidence[0].file.as_deref(),
            Some("json.trailing-comma-2")
        );
        let read = |ending: &str| {
            let name = format!("exchanges/json.trailing-comma-1.{ending}");
            fs::read(folder.path().join(name)).unwrap()
        };
        assert_eq!(read("request"), b"POST / HTTP/1.1\r\n\r\n\xff\x00,");
        assert_eq!(read("body"), b"\xff\x00,");
        assert_eq!(read("response"), b"\x00\xff");
        assert!(read("sh").starts_with(b"#!/bin/sh\n"));
        let stem = folder.path().join("exchanges/json.trailing-comma-1");
        let recorded = RecordedExchange::read(&stem).unwrap();
        assert_eq!(recorded.sent[recorded.body_start..], *b"\xff\x00,");
        assert_eq!(recorded.received, b"\x00\xff");
        assert_eq!(recorded.about.rule, "json.trailing-comma");
    }

    #[test]
    fn what_passed_leaves_no_files() {
        let folder = tempfile::tempdir().unwrap();
        let mut outcome = sample::outcome("json.order", Verdict::Pass);
        outcome.evidence = vec![ExchangeEvidence::default()];
        let plan = sample::green().plan;
        write(folder.path(), &plan, &mut [outcome]).unwrap();
        assert!(!folder.path().join(FOLDER).exists());
    }

    #[test]
    fn an_id_can_not_lead_out_of_the_folder() {
        assert_eq!(
            file_name("../../etc/passwd"),
            "_./.._etc_passwd".replace('/', "_")
        );
        assert_eq!(file_name(""), "_");
        assert_eq!(file_name("json.trailing-comma"), "json.trailing-comma");
    }
}
