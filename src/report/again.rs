//! The commands that show a failure again, as a person would type them.

use std::path::Path;

use super::collected::Report;
use super::script::{curl_line, word};
use crate::verdict::{ExchangeEvidence, Reproducer, Reproduction, RuleOutcome, RunPlan};

/// The commands that send one request again.
pub(crate) struct Sending {
    /// By curl, which writes the framing itself.
    pub(crate) curl: String,
    /// By recoup, which sends the recorded bytes.
    pub(crate) replay: String,
}

/// The exchange that shows a failure: the last, which the verdict was given on.
pub(crate) fn telling(outcome: &RuleOutcome) -> Option<&ExchangeEvidence> {
    outcome.evidence.last()
}

/// The seed that the failure follows from; for a target that stays, with the
/// clock as well.
pub(crate) fn seed_line(outcome: &RuleOutcome, report: &Report) -> Option<String> {
    let seed = outcome.detail.failing_seed?;
    let plan = &report.plan;
    // In-process the clock is always the same, and the target always new.
    Some(if plan.in_process {
        seed.to_string()
    } else {
        let clock = word(&plan.clock);
        format!("{seed} (the same bytes, once the gateway has forgotten them: --clock {clock})")
    })
}

/// How often it failed of the times that it was tried.
pub(crate) fn reproduced(outcome: &RuleOutcome) -> Option<String> {
    outcome.detail.failing_seed?;
    let again = outcome.detail.reproduced?;
    let remark = if again.failed == 1 && again.attempts > 1 {
        ": it did not fail again, and stays a failure"
    } else {
        ""
    };
    Some(format!("{} of {}{remark}", again.failed, again.attempts))
}

/// The command that tries the rule again with the same seed.
pub(crate) fn rule(outcome: &RuleOutcome, report: &Report) -> Option<String> {
    let seed = outcome.detail.failing_seed?;
    let id = word(&outcome.id);
    let target = target(report);
    Some(format!("recoup check --only {id} --seed {seed}{target}"))
}

/// What that command takes beside what it names. What a run was given is not
/// kept, keys least of all.
pub(crate) fn beside(report: &Report) -> Option<&'static str> {
    (!report.plan.in_process).then_some("with the run's other flags")
}

/// The traffic that showed again what a rule proved, where some did.
pub(crate) fn proof(outcome: &RuleOutcome) -> Option<&Reproduction> {
    let proof = outcome.detail.proof.as_ref()?;
    let reproducer = proof.violation.reproducer.as_ref()?;
    (reproducer.failed > 0).then_some(reproducer)
}

/// The commands that send this request again, once its files are written.
pub(crate) fn exchange(exchange: &ExchangeEvidence, report: &Report) -> Option<Sending> {
    let stem = exchange.file.as_ref()?;
    let folder = report.folder.as_deref().unwrap_or(Path::new(""));
    let file = |ending: &str| {
        let path = folder.join("exchanges").join(format!("{stem}.{ending}"));
        word(&path.to_string_lossy())
    };
    let curl = curl_line(exchange, &file("body")).unwrap_or_else(|| format!("sh {}", file("sh")));
    let replay = format!("recoup replay {}{}", file("json"), target(report));
    Some(Sending { curl, replay })
}

/// The command that tries a reproducer again, with the seed of its run.
pub(crate) fn reproducer(file: &Path, reproducer: &Reproducer, plan: &RunPlan) -> String {
    let file = word(&file.to_string_lossy());
    // A run that sends nothing has read files, and no gateway's URL.
    if plan.clock.is_empty() {
        return format!("recoup replay {file} --target URL");
    }
    let target = target_of(plan);
    format!("recoup replay {file}{target} --seed {}", reproducer.seed)
}

fn target(report: &Report) -> String {
    target_of(&report.plan)
}

/// The flag that names the target; none for a gateway of the run's own.
fn target_of(plan: &RunPlan) -> String {
    if plan.in_process {
        String::new()
    } else {
        format!(" --target {}", word(&plan.target))
    }
}
