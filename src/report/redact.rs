//! Keeping sign keys out of everything that is written or printed.
//!
//! No exchange needs to carry a key, but a gateway under test may echo one in
//! an error page, and an error of our own may quote a configuration. Events
//! pass through here before any reporter keeps or shows them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use crate::protocol::object::members;
use crate::verdict::{
    AuditSummary, Dialect, Event, ExchangeEvidence, Exhibit, LoadSummary, RuleOutcome, RunPlan,
    Violation,
};

/// Replaces secrets by `[sign key]`.
///
/// Each secret is looked for as its bytes and, where it is text that JSON
/// spells otherwise, in its JSON spellings.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Longest first, so that a key that begins with another goes as a whole.
    secrets: Vec<Vec<u8>>,
}

impl Redactor {
    /// What stands where a secret stood.
    pub const PLACEHOLDER: &[u8] = b"[sign key]";
    /// The shortest secret that is looked for, in bytes.
    pub const SHORTEST: usize = 4;

    /// One that replaces each of these secrets.
    ///
    /// Secrets of fewer than [`Self::SHORTEST`] bytes are ignored: they occur
    /// by chance in amounts and signatures, and replacing them would destroy
    /// the evidence. For the same reason a published test key, which may well
    /// be a plain number, is better not given here.
    pub fn new(secrets: Vec<Vec<u8>>) -> Self {
        let mut secrets: Vec<Vec<u8>> = secrets
            .into_iter()
            .filter(|secret| secret.len() >= Self::SHORTEST)
            .flat_map(spellings)
            .collect();
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        Self { secrets }
    }

    /// The event without secrets; borrowed where there are none to look for.
    pub fn event<'event>(&self, event: &'event Event) -> Cow<'event, Event> {
        if self.secrets.is_empty() {
            return Cow::Borrowed(event);
        }
        let mut event = event.clone();
        match &mut event {
            Event::Started(plan) => self.plan(plan),
            Event::Preflight { step, finding, .. } => {
                self.text(step);
                self.text(finding);
            }
            Event::RuleFinished(outcome) => self.rule(outcome),
            Event::DialectObserved(dialect) => self.dialect(dialect),
            Event::LoadStarted { scenario, .. } => self.text(scenario),
            Event::Alarm(violation) => self.violation(violation),
            Event::LoadFinished(load) => self.load(load),
            Event::AuditFinished(audit) => self.audit(audit),
            Event::Notice(text) => self.text(text),
            Event::Finished { reason, .. } => self.text(reason),
            Event::LoadProgress(progress) => {
                if let Some(stage) = &mut progress.stage {
                    let mut text = stage.to_string();
                    self.text(&mut text);
                    *stage = text.into();
                }
            }
            Event::CheckStarted { .. }
            | Event::RacesFinished(_)
            | Event::Calibrated(_)
            | Event::DrainProgress { .. } => {}
        }
        Cow::Owned(event)
    }

    fn plan(&self, plan: &mut RunPlan) {
        self.text(&mut plan.target);
        self.text(&mut plan.partner);
        self.text(&mut plan.profile);
    }

    fn rule(&self, outcome: &mut RuleOutcome) {
        self.text(&mut outcome.title);
        self.text(&mut outcome.message);
        let detail = &mut outcome.detail;
        for text in [
            &mut detail.expected,
            &mut detail.actual,
            &mut detail.drained,
        ] {
            text.iter_mut().for_each(|text| self.text(text));
        }
        if let Some(proof) = &mut detail.proof {
            self.violation(&mut proof.violation);
            proof.recorded = self.history(&proof.recorded);
        }
        for exchange in &mut outcome.evidence {
            self.exchange(exchange);
        }
    }

    /// Replaces them in a history's names and currencies. Its figures and words
    /// are recorded by this program; there they would stand by chance, and what
    /// is replaced would be no history any more.
    fn history(&self, recorded: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(recorded);
        text.lines()
            .flat_map(|line| [self.history_line(line), "\n".to_owned()])
            .collect::<String>()
            .into_bytes()
    }

    fn history_line(&self, line: &str) -> String {
        const NAMES: [&str; 3] = ["order", "refund", "currency"];
        let Some(members) = members(line) else {
            let mut line = line.to_owned();
            self.text(&mut line);
            return line;
        };
        let redacted: Vec<String> = members
            .into_iter()
            .map(|(name, value)| {
                let mut value = value.to_owned();
                if NAMES.contains(&name.as_ref()) {
                    self.text(&mut value);
                }
                format!("\"{name}\":{value}")
            })
            .collect();
        format!("{{{}}}", redacted.join(","))
    }

    fn dialect(&self, dialect: &mut Dialect) {
        for point in &mut dialect.points {
            point.answer.iter_mut().for_each(|text| self.text(text));
            self.text(&mut point.note);
        }
        for since in &mut dialect.compared_with {
            self.text(since);
        }
        for change in &mut dialect.changed {
            self.text(&mut change.was);
            self.text(&mut change.is);
            self.text(&mut change.since);
        }
    }

    /// Replaces them in an exchange.
    pub fn exchange(&self, exchange: &mut ExchangeEvidence) {
        self.text(&mut exchange.label);
        self.text(&mut exchange.url);
        self.text(&mut exchange.ending);
        exchange.answer.iter_mut().for_each(|text| self.text(text));
        if let Some(changed) = &mut exchange.changed {
            let (_, start) = self.bytes(&exchange.sent, changed.start);
            let (_, end) = self.bytes(&exchange.sent, changed.end);
            *changed = start..end.max(start);
        }
        (exchange.sent, exchange.body_start) = self.bytes(&exchange.sent, exchange.body_start);
        (exchange.received, _) = self.bytes(&exchange.received, 0);
    }

    fn violation(&self, violation: &mut Violation) {
        self.text(&mut violation.order);
        self.text(&mut violation.message);
        for step in &mut violation.witness {
            self.text(&mut step.refund);
            self.text(&mut step.outcome);
        }
        if let Some(exhibit) = &mut violation.exhibit {
            self.exhibit(exhibit);
        }
    }

    fn exhibit(&self, exhibit: &mut Exhibit) {
        let certificate = &mut exhibit.certificate;
        self.text(&mut certificate.order);
        self.text(&mut certificate.history);
        for record in &mut certificate.records {
            self.text(&mut record.order);
            record.refund.iter_mut().for_each(|text| self.text(text));
        }
        if let Some(reproducer) = &mut exhibit.reproducer {
            self.text(&mut reproducer.found_with);
            self.text(&mut reproducer.shows);
        }
        let Some(scene) = &mut exhibit.scene else {
            return;
        };
        self.text(&mut scene.currency);
        self.text(&mut scene.note);
        for lane in &mut scene.lanes {
            self.text(&mut lane.refund);
            lane.order.iter_mut().for_each(|text| self.text(text));
        }
    }

    fn load(&self, load: &mut LoadSummary) {
        self.text(&mut load.scenario);
        for threshold in &mut load.thresholds {
            self.text(&mut threshold.threshold);
            threshold
                .measured
                .iter_mut()
                .for_each(|text| self.text(text));
        }
        load.interrupted.iter_mut().for_each(|text| self.text(text));
        load.aborted.iter_mut().for_each(|text| self.text(text));
        load.inconclusive
            .iter_mut()
            .for_each(|text| self.text(text));
        let mut errors = BTreeMap::new();
        for (mut text, count) in std::mem::take(&mut load.errors) {
            self.text(&mut text);
            let sum: &mut u64 = errors.entry(text).or_default();
            *sum = sum.saturating_add(count);
        }
        load.errors = errors;
    }

    fn audit(&self, audit: &mut AuditSummary) {
        audit.reason.iter_mut().for_each(|text| self.text(text));
        for violation in &mut audit.violations {
            self.violation(violation);
        }
    }

    /// Replaces them in a text.
    pub fn text(&self, text: &mut String) {
        let (redacted, _) = self.bytes(text.as_bytes(), 0);
        if redacted != text.as_bytes() {
            // A secret that is no UTF-8 by itself may have cut a character.
            *text = String::from_utf8_lossy(&redacted).into_owned();
        }
    }

    /// The bytes without secrets, and where the place `mark` has moved to.
    fn bytes(&self, bytes: &[u8], mark: usize) -> (Vec<u8>, usize) {
        let mut redacted = Vec::with_capacity(bytes.len());
        let mut moved = None;
        let mut at = 0;
        while at < bytes.len() {
            if at >= mark {
                moved.get_or_insert(redacted.len());
            }
            let rest = &bytes[at..];
            match self.secrets.iter().find(|secret| rest.starts_with(secret)) {
                Some(secret) => {
                    redacted.extend_from_slice(Self::PLACEHOLDER);
                    at += secret.len();
                }
                None => {
                    redacted.push(bytes[at]);
                    at += 1;
                }
            }
        }
        let moved = moved.unwrap_or(redacted.len());
        (redacted, moved)
    }
}

/// Never shows what it looks for.
impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Redactor({} spellings)", self.secrets.len())
    }
}

/// The secret as it is, and as JSON may spell it.
fn spellings(secret: Vec<u8>) -> Vec<Vec<u8>> {
    let mut spellings = Vec::new();
    if let Ok(text) = std::str::from_utf8(&secret) {
        let quoted = serde_json::Value::from(text).to_string();
        let inner = quoted[1..quoted.len() - 1].to_owned();
        spellings.push(inner.replace('/', "\\/").into_bytes());
        spellings.push(inner.into_bytes());
    }
    spellings.push(secret);
    spellings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(secrets: &[&str], text: &str) -> String {
        let secrets = secrets.iter().map(|secret| secret.as_bytes().to_vec());
        let mut text = text.to_owned();
        Redactor::new(secrets.collect()).text(&mut text);
        text
    }

    #[test]
    fn a_history_stays_one_whatever_its_figures_hold() {
        let history = concat!(
            r#"{"schema":"recoup.history/1","duplicates":"either","lateFailure":false}"#,
            "\n",
            r#"{"type":"order","order":"o1","paid":10000,"currency":"a\"b false"}"#,
            "\n",
            r#"{"type":"refund","order":"o1","refund":"r1000","amount":1000,"sent":1,"answered":2,"outcome":"accepted","code":1}"#,
            "\n",
        );
        let redactor = Redactor::new(vec![b"1000".to_vec(), b"false".to_vec(), b"sent".to_vec()]);
        let redacted = String::from_utf8(redactor.history(history.as_bytes())).unwrap();
        let expected = history
            .replace("r1000", "r[sign key]")
            .replace(r#"\"b false"#, r#"\"b [sign key]"#);
        assert_eq!(redacted, expected);
    }

    #[test]
    fn the_longest_secret_goes_first() {
        assert_eq!(
            redacted(&["abcd", "abcdef"], "<abcdef> <abcd>"),
            "<[sign key]> <[sign key]>"
        );
    }

    #[test]
    fn a_key_is_found_in_its_json_spellings() {
        assert_eq!(
            redacted(&["a/b\"c"], r#"a/b"c a/b\"c a\/b\"c"#),
            "[sign key] [sign key] [sign key]"
        );
    }

    #[test]
    fn a_secret_of_three_bytes_is_ignored() {
        assert_eq!(redacted(&["123"], "orderAmount 1230"), "orderAmount 1230");
    }

    #[test]
    fn the_body_still_starts_where_it_did() {
        let redactor = Redactor::new(vec![b"sesame".to_vec()]);
        let mut exchange = ExchangeEvidence {
            sent: b"X: sesame\r\n\r\nbody sesame".to_vec(),
            body_start: 13,
            ..ExchangeEvidence::default()
        };
        redactor.exchange(&mut exchange);
        assert_eq!(exchange.sent_body(), b"body [sign key]");
    }

    #[test]
    fn errors_that_become_the_same_text_are_added_up() {
        let redactor = Redactor::new(vec![b"key-one".to_vec(), b"key-two".to_vec()]);
        let mut load = crate::report::sample::load();
        load.errors = BTreeMap::from([("bad key-one".into(), 2), ("bad key-two".into(), 3)]);
        redactor.load(&mut load);
        assert_eq!(load.errors, BTreeMap::from([("bad [sign key]".into(), 5)]));
    }

    #[test]
    fn its_debug_output_does_not_show_the_secret() {
        let redactor = Redactor::new(vec![b"sesame".to_vec()]);
        assert!(!format!("{redactor:?}").contains("sesame"));
    }
}
