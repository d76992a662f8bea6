//! Progress in lines: where stderr is no terminal, for those who asked for it.

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::figures;
use super::progress::{alarm_line, load_line};
use super::redact::Redactor;
use super::shown;
use crate::verdict::{Event, Observer, Verdict};

/// How often a line is written.
const EVERY: Duration = Duration::from_secs(10);

/// An observer that writes a line every ten seconds, and one for each phase
/// and each of the first alarms.
pub struct Lines {
    redactor: Redactor,
    every: Duration,
    state: Mutex<State>,
}

struct State {
    out: Box<dyn Write + Send>,
    written: Option<Instant>,
    rules: usize,
    finished_rules: usize,
    failed_rules: usize,
    alarms: u64,
}

impl Lines {
    /// Writes to stderr.
    pub fn on_stderr(redactor: Redactor) -> Self {
        Self::to(Box::new(std::io::stderr()), EVERY, redactor)
    }

    fn to(out: Box<dyn Write + Send>, every: Duration, redactor: Redactor) -> Self {
        Self {
            redactor,
            every,
            state: Mutex::new(State {
                out,
                written: None,
                rules: 0,
                finished_rules: 0,
                failed_rules: 0,
                alarms: 0,
            }),
        }
    }
}

impl State {
    fn say(&mut self, line: &str) {
        // Progress that can't be written is no reason to end a run.
        let _ = writeln!(self.out, "recoup: {line}").and_then(|()| self.out.flush());
        self.written = Some(Instant::now());
    }

    fn is_due(&self, every: Duration) -> bool {
        self.written
            .is_none_or(|written| written.elapsed() >= every)
    }
}

impl Observer for Lines {
    fn observe(&self, event: &Event) {
        let event = self.redactor.event(event);
        let state = &mut *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = state.is_due(self.every);
        match &*event {
            Event::CheckStarted { rules } => {
                state.rules = *rules;
                state.say(&format!("rules: 0/{rules}"));
            }
            Event::RuleFinished(outcome) => {
                state.finished_rules += 1;
                state.failed_rules +=
                    usize::from(matches!(outcome.verdict, Verdict::Fail | Verdict::Error));
                if is_due {
                    state.say(&format!(
                        "rules: {}/{} · {} failed",
                        state.finished_rules, state.rules, state.failed_rules
                    ));
                }
            }
            Event::LoadStarted { scenario, seconds } => {
                state.say(&format!(
                    "load: {} begins, {seconds:.0} s",
                    shown::line(scenario)
                ));
            }
            Event::LoadProgress(progress) if is_due => {
                state.say(&format!("load: {}", load_line(progress)));
            }
            Event::DrainProgress { done, total } if is_due => {
                state.say(&format!(
                    "drain: {} of {}",
                    figures::count(*done),
                    figures::counted(*total, "order")
                ));
            }
            Event::Alarm(violation) => {
                state.alarms += 1;
                if let Some(line) = alarm_line(state.alarms, violation) {
                    state.say(&format!("ALARM {line}"));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::verdict::LoadProgress;
    use std::sync::Arc;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What is written of a load that tells its progress three times.
    fn written(every: Duration) -> String {
        let paper = Paper::default();
        let redactor = Redactor::new(vec![sample::SECRET.as_bytes().to_vec()]);
        let lines = Lines::to(Box::new(paper.clone()), every, redactor);
        lines.observe(&Event::LoadStarted {
            scenario: format!("soak {}", sample::SECRET),
            seconds: 60.0,
        });
        for second in [1.0, 2.0, 3.0] {
            lines.observe(&Event::LoadProgress(LoadProgress {
                elapsed_seconds: second,
                total_seconds: 60.0,
                ..LoadProgress::default()
            }));
        }
        lines.observe(&Event::Alarm(Box::new(sample::violation())));
        let bytes = paper.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_line_comes_when_it_is_due_and_an_alarm_at_once() {
        let seldom = written(Duration::from_secs(3_600));
        assert_eq!(seldom.lines().count(), 2, "{seldom}");
        assert!(seldom.starts_with("recoup: load: soak [sign key] begins, 60 s\n"));
        assert!(seldom.contains("recoup: ALARM I1"), "{seldom}");
        let often = written(Duration::ZERO);
        assert_eq!(often.matches("s left").count(), 3, "{often}");
    }
}
