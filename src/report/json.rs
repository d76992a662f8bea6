//! `report.json`: the report for programs. Its members are a contract,
//! described by `docs/report.schema.json`.

use std::io::{self, Write};

use serde::Serialize;

use super::collected::{PreflightStep, Report};
use super::power;
use crate::verdict::{
    AuditSummary, Calibration, Dialect, DialectChange, DialectPoint, ExitCode, LoadSummary, Power,
    Races, RuleOutcome, RunVerdict, Violation,
};

/// The version of the schema that is written.
pub const SCHEMA: &str = "recoup.report/1";

/// Writes the report as one JSON object, indented, with a final line end.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &Document::of(report))?;
    writeln!(out)
}

/// Members are only ever added: others script against these.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema: &'static str,
    command: &'a str,
    verdict: RunVerdict,
    exit_code: ExitCode,
    reason: &'a str,
    version: &'a str,
    started: &'a str,
    seed: u64,
    clock: &'a str,
    target: &'a str,
    in_process: bool,
    partner: &'a str,
    profile: &'a str,
    preflight: &'a [PreflightStep],
    rules: &'a [RuleOutcome],
    dialect: Option<DialectSection<'a>>,
    races: Option<RacesSection<'a>>,
    calibration: Option<&'a Calibration>,
    load: Option<&'a LoadSummary>,
    audit: Option<Audit<'a>>,
    alarms: &'a [Violation],
    notices: &'a [String],
}

#[derive(Serialize)]
struct DialectSection<'a> {
    points: &'a [DialectPoint],
    signs: Option<&'a str>,
    verifies: Option<&'a str>,
    #[serde(rename = "comparedWith")]
    compared_with: &'a [String],
    changed: &'a [DialectChange],
}

impl<'a> DialectSection<'a> {
    fn of(dialect: &'a Dialect) -> Self {
        Self {
            points: &dialect.points,
            signs: dialect.signs(),
            verifies: dialect.verifies(),
            compared_with: &dialect.compared_with,
            changed: &dialect.changed,
        }
    }
}

#[derive(Serialize)]
struct RacesSection<'a> {
    #[serde(flatten)]
    races: &'a Races,
    power: Option<Power>,
}

#[derive(Serialize)]
struct Audit<'a> {
    #[serde(flatten)]
    summary: &'a AuditSummary,
    power: AuditPower,
}

/// What can be said about the power of the audit to detect a race: how often
/// the traffic stood where one could show, and for a load how likely that was.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuditPower {
    overlapping_pairs: u64,
    exact_rest: u64,
    note: String,
    detection: Option<Power>,
}

impl<'a> Document<'a> {
    fn of(report: &'a Report) -> Self {
        let plan = &report.plan;
        Self {
            schema: SCHEMA,
            command: &plan.command,
            verdict: report.verdict(),
            exit_code: report.exit,
            reason: &report.reason,
            version: &plan.version,
            started: &plan.started,
            seed: plan.seed,
            clock: &plan.clock,
            target: &plan.target,
            in_process: plan.in_process,
            partner: &plan.partner,
            profile: &plan.profile,
            preflight: &report.preflight,
            rules: &report.rules,
            dialect: report.dialect.as_ref().map(DialectSection::of),
            races: report.races.as_ref().map(|races| RacesSection {
                races,
                power: power::of_races(races, report.calibration.as_ref()),
            }),
            calibration: report.calibration.as_ref(),
            load: report.load.as_ref(),
            audit: report
                .audit
                .as_ref()
                .map(|audit| Audit::of(audit, power::of_load(report))),
            alarms: &report.alarms,
            notices: &report.notices,
        }
    }
}

/// What is said in the place of a likelihood.
pub(super) const NO_POWER: &str = "nothing is known of how the requests came to meet";

impl<'a> Audit<'a> {
    fn of(summary: &'a AuditSummary, detection: Option<Power>) -> Self {
        let note = match &detection {
            Some(power) => format!("provided {}", power.assumption),
            None => NO_POWER.to_owned(),
        };
        Self {
            summary,
            power: AuditPower {
                overlapping_pairs: summary.exposure.overlapping_pairs,
                exact_rest: summary.exposure.exact_rest_acceptances,
                note,
                detection,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::block::to_text;
    use crate::report::sample;
    use serde_json::{Value, json};

    fn written(report: &Report) -> Value {
        serde_json::from_str(&to_text(|out| write(report, out))).unwrap()
    }

    fn schema() -> Value {
        serde_json::from_str(include_str!("../../docs/report.schema.json")).unwrap()
    }

    /// The schema with every object closed, so that a member which it does not
    /// describe is an error.
    fn closed(schema: Value) -> Value {
        match schema {
            Value::Object(mut members) => {
                if members.contains_key("properties") {
                    members.insert("additionalProperties".into(), json!(false));
                }
                Value::Object(
                    members
                        .into_iter()
                        .map(|(name, value)| (name, closed(value)))
                        .collect(),
                )
            }
            Value::Array(items) => items.into_iter().map(closed).collect(),
            other => other,
        }
    }

    fn faults(schema: &Value, report: &Value) -> Vec<String> {
        let validator = jsonschema::draft202012::new(schema).unwrap();
        validator
            .iter_errors(report)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    }

    #[test]
    fn the_schema_describes_every_member_of_every_report() {
        let schema = closed(schema());
        for report in [
            sample::failed(),
            sample::green(),
            sample::interrupted(),
            sample::minimal(),
        ] {
            assert_eq!(faults(&schema, &written(&report)), [""; 0]);
        }
    }

    #[test]
    fn the_schema_refuses_what_breaks_the_contract() {
        let whole = written(&sample::failed());
        for (pointer, wrong) in [
            ("/schema", json!("recoup.report/2")),
            ("/verdict", json!("passed")),
            ("/exitCode", json!(6)),
            ("/seed", json!("42")),
            ("/rules/0/verdict", json!("ok")),
            ("/rules/0/evidence", json!(null)),
            ("/load/latency/unit", json!("ms")),
            ("/load/rate", json!(null)),
            ("/audit/violations/0/severity", json!("bad")),
            ("/audit/violations/0/witness/0/sent", json!(-1)),
        ] {
            let mut broken = whole.clone();
            *broken.pointer_mut(pointer).unwrap() = wrong;
            assert!(!faults(&schema(), &broken).is_empty(), "{pointer}");
        }
    }

    #[test]
    fn the_schema_requires_the_stable_members() {
        let whole = written(&sample::failed());
        for name in [
            "schema", "command", "verdict", "exitCode", "seed", "target", "rules", "load", "audit",
        ] {
            let mut broken = whole.clone();
            broken.as_object_mut().unwrap().remove(name).unwrap();
            assert!(!faults(&schema(), &broken).is_empty(), "{name}");
        }
    }

    #[test]
    fn a_failed_report_is_written_as_before() {
        sample::snapshot("json_failed", &to_text(|out| write(&sample::failed(), out)));
    }

    #[test]
    fn a_green_report_is_written_as_before() {
        sample::snapshot("json_green", &to_text(|out| write(&sample::green(), out)));
    }
}
