//! What a run said, folded into one value that every writer reads.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::figures;
use super::redact::Redactor;
use crate::verdict::{
    AuditSummary, Calibration, Dialect, Event, ExitCode, LoadProgress, LoadSummary, Observer,
    Races, RuleOutcome, RunPlan, RunVerdict, Severity, Verdict, Violation,
};

/// A step of the pre-flight and what it found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreflightStep {
    /// What was looked at.
    pub step: String,
    /// Whether the run could go on.
    pub passed: bool,
    /// What was found.
    pub finding: String,
}

/// A run from its start to its exit code, free of secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What the run set out to do.
    pub plan: RunPlan,
    /// The pre-flight, in the order in which it went.
    pub preflight: Vec<PreflightStep>,
    /// Every rule that got a verdict, sorted by id.
    pub rules: Vec<RuleOutcome>,
    /// What the gateway does where the protocol is silent, where that was
    /// looked at.
    pub dialect: Option<Dialect>,
    /// What the races of the check came to, where there were any.
    pub races: Option<Races>,
    /// What volleys show of a gateway that races, where that was measured.
    pub calibration: Option<Calibration>,
    /// What the load measured, where there was one and it came to its end.
    pub load: Option<LoadSummary>,
    /// Invariants that were seen broken while the load went on.
    pub alarms: Vec<Violation>,
    /// What the audit found, where there was one.
    pub audit: Option<AuditSummary>,
    /// What the operator should know that is no verdict.
    pub notices: Vec<String>,
    /// The exit code.
    pub exit: ExitCode,
    /// Why that one, in one line.
    pub reason: String,
    /// The folder that the report was written to, once it was.
    pub folder: Option<PathBuf>,
}

impl Report {
    /// The verdict on the run.
    pub const fn verdict(&self) -> RunVerdict {
        self.exit.verdict()
    }

    /// Every violation: the audit's, or the alarms where no audit came.
    pub fn violations(&self) -> &[Violation] {
        self.audit
            .as_ref()
            .map_or(&self.alarms, |audit| &audit.violations)
    }

    /// The outcomes with this verdict, by id.
    pub fn rules_with(&self, verdict: Verdict) -> impl Iterator<Item = &RuleOutcome> {
        self.rules
            .iter()
            .filter(move |outcome| outcome.verdict == verdict)
    }

    /// The outcomes that someone has to look at, gravest first: what failed
    /// (money before the rest), crashed, was blocked, stayed open, or warned;
    /// of each what binds most.
    pub fn noteworthy(&self) -> Vec<&RuleOutcome> {
        const GRAVEST_FIRST: [Verdict; 5] = [
            Verdict::Fail,
            Verdict::Error,
            Verdict::Blocked,
            Verdict::Inconclusive,
            Verdict::Warn,
        ];
        let mut outcomes: Vec<_> = GRAVEST_FIRST
            .into_iter()
            .flat_map(|verdict| self.rules_with(verdict))
            .collect();
        let rank = |verdict| GRAVEST_FIRST.iter().position(|known| *known == verdict);
        outcomes.sort_by_key(|outcome| {
            let is_money = outcome.verdict == Verdict::Fail && outcome.is_money;
            (!is_money, rank(outcome.verdict), outcome.level)
        });
        outcomes
    }

    /// The outcomes by area, the part of the id before the dot.
    pub fn areas(&self) -> BTreeMap<&str, Vec<&RuleOutcome>> {
        let mut areas: BTreeMap<&str, Vec<&RuleOutcome>> = BTreeMap::new();
        for outcome in &self.rules {
            let area = outcome.id.split('.').next().unwrap_or(&outcome.id);
            areas.entry(area).or_default().push(outcome);
        }
        areas
    }

    /// Skipped rules by the reason for it.
    pub fn skipped_by_reason(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for outcome in self.rules_with(Verdict::Skip) {
            reasons
                .entry(&outcome.message)
                .or_default()
                .push(&outcome.id);
        }
        reasons
    }
}

/// An observer that keeps everything that a report tells.
///
/// It can be asked for the report at any time: one that is taken before the
/// run said how it ended (a crash, a signal) is a report too, with the verdict
/// inconclusive, unless money was already seen to be lost.
pub struct Collector {
    redactor: Redactor,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    plan: Option<RunPlan>,
    preflight: Vec<PreflightStep>,
    rules_planned: Option<usize>,
    rules: Vec<RuleOutcome>,
    dialect: Option<Dialect>,
    races: Option<Races>,
    calibration: Option<Calibration>,
    load_started: Option<(String, f64)>,
    progress: Option<LoadProgress>,
    load: Option<LoadSummary>,
    alarms: Vec<Violation>,
    audit: Option<AuditSummary>,
    notices: Vec<String>,
    end: Option<(ExitCode, String)>,
}

impl Collector {
    /// One that has heard nothing yet and will keep no secret it hears.
    pub fn new(redactor: Redactor) -> Self {
        Self {
            redactor,
            heard: Mutex::default(),
        }
    }

    /// The report on what was heard so far.
    pub fn report(&self) -> Report {
        // A panic elsewhere while the lock was held leaves a list one entry
        // short at worst, and a crash is when a report is needed most.
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rules = heard.rules.clone();
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        let (exit, reason) = heard.end.clone().unwrap_or_else(|| heard.end_unsaid());
        let mut notices = heard.notices.clone();
        notices.extend(heard.left_undone());
        Report {
            plan: heard.plan.clone().unwrap_or_else(no_plan),
            preflight: heard.preflight.clone(),
            rules,
            dialect: heard.dialect.clone(),
            races: heard.races.clone(),
            calibration: heard.calibration.clone(),
            load: heard.load.clone(),
            alarms: heard.alarms.clone(),
            audit: heard.audit.clone(),
            notices,
            exit,
            reason,
            folder: None,
        }
    }
}

impl Observer for Collector {
    fn observe(&self, event: &Event) {
        let event = self.redactor.event(event).into_owned();
        self.heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(event);
    }
}

impl Heard {
    fn take(&mut self, event: Event) {
        match event {
            Event::Started(plan) => self.plan = Some(plan),
            Event::Preflight {
                step,
                passed,
                finding,
            } => self.preflight.push(PreflightStep {
                step,
                passed,
                finding,
            }),
            Event::CheckStarted { rules } => self.rules_planned = Some(rules),
            Event::RuleFinished(outcome) => self.rules.push(*outcome),
            Event::RacesFinished(races) => self.races = Some(*races),
            Event::Calibrated(calibration) => self.calibration = Some(*calibration),
            Event::DialectObserved(dialect) => self.dialect = Some(*dialect),
            Event::LoadStarted { scenario, seconds } => {
                self.load_started = Some((scenario, seconds));
            }
            Event::LoadProgress(progress) => self.progress = Some(progress),
            Event::Alarm(violation) => self.alarms.push(*violation),
            Event::LoadFinished(load) => self.load = Some(*load),
            Event::DrainProgress { .. } => {}
            Event::AuditFinished(audit) => self.audit = Some(*audit),
            Event::Notice(text) => self.notices.push(text),
            Event::Finished { exit, reason } => self.end = Some((exit, reason)),
        }
    }

    /// How a run ended that did not say so itself.
    fn end_unsaid(&self) -> (ExitCode, String) {
        if self.money_was_lost() {
            let reason = "a refund invariant was violated, and the run did not finish";
            (ExitCode::Money, reason.to_owned())
        } else {
            (ExitCode::NoVerdict, "the run did not finish".to_owned())
        }
    }

    fn money_was_lost(&self) -> bool {
        let by_rule = self
            .rules
            .iter()
            .any(|outcome| outcome.is_money && outcome.verdict == Verdict::Fail);
        let by_audit = self.audit.iter().any(|audit| {
            let mut violations = audit.violations.iter();
            violations.any(|violation| violation.severity != Severity::Protocol)
        });
        by_rule || by_audit || !self.alarms.is_empty()
    }

    /// What was started and gave no result, in words.
    fn left_undone(&self) -> Vec<String> {
        let mut undone = Vec::new();
        if let Some(planned) = self.rules_planned
            && self.rules.len() < planned
        {
            undone.push(format!(
                "{} of {planned} rules got a verdict before the check ended",
                self.rules.len()
            ));
        }
        if let (Some((scenario, seconds)), None) = (&self.load_started, &self.load) {
            let progress = self.progress.clone().unwrap_or_default();
            undone.push(format!(
                "the load `{scenario}` gave no result: it was at {:.1} of {seconds:.1} s with {}",
                progress.elapsed_seconds,
                figures::counted(progress.requests, "request"),
            ));
        }
        undone
    }
}

/// Stands in for the plan of a run that ended before it had one.
fn no_plan() -> RunPlan {
    RunPlan {
        command: "recoup".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        target: String::new(),
        in_process: false,
        partner: String::new(),
        profile: String::new(),
        seed: 0,
        clock: String::new(),
        started: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn report_of(events: &[Event]) -> Report {
        let collector = Collector::new(Redactor::default());
        for event in events {
            collector.observe(event);
        }
        collector.report()
    }

    #[test]
    fn a_run_that_never_said_how_it_ended_has_no_verdict() {
        let report = report_of(&[Event::CheckStarted { rules: 3 }]);
        assert_eq!(report.exit, ExitCode::NoVerdict);
        assert_eq!(report.verdict(), RunVerdict::Inconclusive);
        assert_eq!(report.reason, "the run did not finish");
        assert_eq!(
            report.notices,
            ["0 of 3 rules got a verdict before the check ended"]
        );
    }

    #[test]
    fn an_alarm_counts_even_where_the_run_did_not_finish() {
        let alarm = Event::Alarm(Box::new(sample::violation()));
        let report = report_of(&[alarm]);
        assert_eq!(report.exit, ExitCode::Money);
        assert_eq!(report.violations().len(), 1);
    }

    #[test]
    fn a_failed_rule_about_money_counts_even_where_the_run_did_not_finish() {
        let mut outcome = sample::outcome("refunding.total", Verdict::Fail);
        outcome.is_money = true;
        let unfinished = report_of(&[Event::RuleFinished(Box::new(outcome.clone()))]);
        assert_eq!(unfinished.exit, ExitCode::Money);
        outcome.verdict = Verdict::Pass;
        let unfinished = report_of(&[Event::RuleFinished(Box::new(outcome))]);
        assert_eq!(unfinished.exit, ExitCode::NoVerdict);
    }

    #[test]
    fn a_protocol_violation_alone_is_not_money() {
        let mut audit = sample::audit();
        audit.violations.truncate(1);
        audit.violations[0].severity = Severity::Protocol;
        let report = report_of(&[Event::AuditFinished(Box::new(audit))]);
        assert_eq!(report.exit, ExitCode::NoVerdict);
    }

    #[test]
    fn rules_come_out_sorted_whatever_the_order_they_finished_in() {
        let finished = |id| Event::RuleFinished(Box::new(sample::outcome(id, Verdict::Pass)));
        let report = report_of(&[finished("json.b"), finished("answer.z"), finished("json.a")]);
        let ids: Vec<_> = report.rules.iter().map(|rule| rule.id.as_str()).collect();
        assert_eq!(ids, ["answer.z", "json.a", "json.b"]);
        assert_eq!(
            report.areas().keys().collect::<Vec<_>>(),
            [&"answer", &"json"]
        );
    }

    #[test]
    fn a_load_that_was_cut_off_says_how_far_it_came() {
        let report = report_of(&[
            Event::LoadStarted {
                scenario: "sustained".into(),
                seconds: 33.0,
            },
            Event::LoadProgress(LoadProgress {
                elapsed_seconds: 12.3,
                requests: 1_200,
                ..LoadProgress::default()
            }),
        ]);
        assert_eq!(
            report.notices,
            ["the load `sustained` gave no result: it was at 12.3 of 33.0 s with 1,200 requests"]
        );
    }

    #[test]
    fn failures_about_money_stand_first() {
        let report = sample::failed();
        let ids: Vec<_> = report
            .noteworthy()
            .iter()
            .map(|outcome| (outcome.verdict, outcome.is_money))
            .collect();
        assert_eq!(ids[0], (Verdict::Fail, true));
        assert_eq!(ids.last(), Some(&(Verdict::Warn, false)));
    }
}
