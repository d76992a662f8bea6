//! Progress on stderr, while the run goes on.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::block::violation_heading;
use super::figures;
use super::palette::{Palette, Tone};
use super::redact::Redactor;
use super::shown;
use crate::verdict::{Event, LoadProgress, Observer, Verdict, Violation};

/// Alarms that are printed; the ones after that are counted.
const ALARM_LIMIT: u64 = 10;
const BAR: &str = "{prefix:<6} [{bar:24}] {msg}";

/// An observer that draws one bar for the phase that is under way, on stderr
/// and only where that is a terminal, so that a log is never filled with bars.
pub struct Progress {
    screen: MultiProgress,
    palette: Palette,
    redactor: Redactor,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    bar: Option<(Phase, ProgressBar)>,
    failed_rules: u64,
    alarms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Rules,
    Load,
    Drain,
}

impl Progress {
    /// Draws on stderr where that is a terminal; `quiet` draws nothing at all.
    pub fn new(quiet: bool, palette: Palette, redactor: Redactor) -> Self {
        let target = if quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        Self::on(target, palette, redactor)
    }

    fn on(target: ProgressDrawTarget, palette: Palette, redactor: Redactor) -> Self {
        Self {
            screen: MultiProgress::with_draw_target(target),
            palette,
            redactor,
            state: Mutex::default(),
        }
    }

    /// The bar of the phase, begun where another one is on the screen.
    fn bar<'state>(
        &self,
        state: &'state mut State,
        phase: Phase,
        length: u64,
    ) -> &'state ProgressBar {
        if state.bar.as_ref().is_none_or(|(drawn, _)| *drawn != phase) {
            self.clear(state);
        }
        let (_, bar) = state.bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template(BAR).expect("the template is well-formed");
            let bar = ProgressBar::new(length)
                .with_style(style.progress_chars("=> "))
                .with_prefix(phase.word());
            (phase, self.screen.add(bar))
        });
        bar
    }

    fn clear(&self, state: &mut State) {
        if let Some((_, bar)) = state.bar.take() {
            bar.finish_and_clear();
            self.screen.remove(&bar);
        }
    }

    fn alarm(&self, state: &mut State, violation: &Violation) {
        state.alarms += 1;
        let Some(text) = alarm_line(state.alarms, violation) else {
            return;
        };
        let word = self.palette.paint(Tone::Bad, "ALARM");
        // Progress that can't be drawn is no reason to end a run.
        let _ = self.screen.println(format!("{word}  {text}"));
    }
}

impl Observer for Progress {
    fn observe(&self, event: &Event) {
        if self.screen.is_hidden() {
            return;
        }
        let event = self.redactor.event(event);
        let state = &mut *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &*event {
            Event::CheckStarted { rules } => {
                self.bar(state, Phase::Rules, *rules as u64).tick();
            }
            Event::RuleFinished(outcome) => {
                state.failed_rules +=
                    u64::from(matches!(outcome.verdict, Verdict::Fail | Verdict::Error));
                let failed = state.failed_rules;
                let bar = self.bar(state, Phase::Rules, 0);
                bar.inc(1);
                bar.set_message(format!(
                    "{}/{} · {failed} failed · {}",
                    bar.position(),
                    bar.length().unwrap_or_default(),
                    shown::line(&outcome.id)
                ));
            }
            Event::LoadStarted { seconds, .. } => {
                self.bar(state, Phase::Load, millis(*seconds)).tick();
            }
            Event::LoadProgress(progress) => {
                let bar = self.bar(state, Phase::Load, millis(progress.total_seconds));
                bar.set_message(load_line(progress));
                bar.set_position(millis(progress.elapsed_seconds));
            }
            Event::DrainProgress { done, total } => {
                let bar = self.bar(state, Phase::Drain, *total);
                bar.set_length(*total);
                bar.set_message(format!(
                    "{} of {}",
                    figures::count(*done),
                    figures::counted(*total, "order")
                ));
                bar.set_position(*done);
            }
            Event::Alarm(violation) => self.alarm(state, violation),
            Event::LoadFinished(_) | Event::AuditFinished(_) | Event::Finished { .. } => {
                self.clear(state);
            }
            Event::Started(_)
            | Event::Preflight { .. }
            | Event::RacesFinished(_)
            | Event::Calibrated(_)
            | Event::DialectObserved(_)
            | Event::Notice(_) => {}
        }
    }
}

impl Phase {
    const fn word(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Load => "load",
            Self::Drain => "drain",
        }
    }
}

/// The n-th alarm in one line; `None` where it is only counted.
pub(super) fn alarm_line(count: u64, violation: &Violation) -> Option<String> {
    match count {
        ..=ALARM_LIMIT => Some(format!(
            "{}  {} · {}",
            violation.invariant,
            violation_heading(violation),
            shown::line(&violation.message)
        )),
        over if over == ALARM_LIMIT + 1 => Some("further alarms are counted only".to_owned()),
        _ => None,
    }
}

/// What the load is doing now, in one line.
pub(super) fn load_line(progress: &LoadProgress) -> String {
    let left = (progress.total_seconds - progress.elapsed_seconds).max(0.0);
    let stage = progress
        .stage
        .as_ref()
        .map_or_else(String::new, |stage| format!("{} · ", shown::line(stage)));
    format!(
        "{stage}{} · p50 {} · p99 {} · {} failed · {} unknown · {} · {left:.0} s left",
        figures::rate(progress.rate),
        figures::micros(progress.p50),
        figures::micros(progress.p99),
        figures::count(progress.failed),
        figures::count(progress.unknown),
        figures::counted(progress.alarms, "alarm"),
    )
}

/// Bars count whole numbers, so seconds are drawn in milliseconds.
fn millis(seconds: f64) -> u64 {
    let duration = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use indicatif::TermLike;
    use std::io;
    use std::sync::Arc;

    /// A terminal that keeps everything that was ever written to it.
    #[derive(Debug, Clone, Default)]
    struct Paper(Arc<Mutex<String>>);

    impl Paper {
        fn text(&self) -> String {
            self.0.lock().unwrap().clone()
        }
    }

    impl TermLike for Paper {
        fn width(&self) -> u16 {
            200
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)?;
            self.write_str("\n")
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    fn progress_on(paper: &Paper, redactor: Redactor) -> Progress {
        let target = ProgressDrawTarget::term_like(Box::new(paper.clone()));
        Progress::on(target, Palette::None, redactor)
    }

    #[test]
    fn an_alarm_is_printed_in_words_and_without_the_key() {
        let paper = Paper::default();
        let redactor = Redactor::new(vec![sample::SECRET.as_bytes().to_vec()]);
        let progress = progress_on(&paper, redactor);
        let mut violation = sample::violation();
        violation.message = format!("1003 > 1000 \u{1b}[2J {}", sample::SECRET);
        progress.observe(&Event::Alarm(Box::new(violation)));
        let text = paper.text();
        assert!(text.contains("ALARM  I1  money lost"), "{text}");
        assert!(text.contains("1003 > 1000 ␛[2J [sign key]"), "{text}");
    }

    #[test]
    fn only_the_first_alarms_are_printed() {
        let paper = Paper::default();
        let progress = progress_on(&paper, Redactor::default());
        for _ in 0..100 {
            progress.observe(&Event::Alarm(Box::new(sample::violation())));
        }
        let text = paper.text();
        assert_eq!(text.matches("money lost").count(), 10, "{text}");
        assert_eq!(text.matches("counted only").count(), 1, "{text}");
    }

    #[test]
    fn the_load_line_shows_rate_latency_and_what_went_wrong() {
        let line = load_line(&LoadProgress {
            stage: Some("peak".into()),
            elapsed_seconds: 12.4,
            total_seconds: 33.0,
            requests: 12_000,
            failed: 2,
            rate: 983.3,
            p50: 420,
            p99: 1_240,
            unknown: 3,
            alarms: 1,
            ..LoadProgress::default()
        });
        assert_eq!(
            line,
            "peak · 983.3/s · p50 420 µs · p99 1.24 ms · 2 failed · 3 unknown · 1 alarm · 21 s left"
        );
    }

    #[test]
    fn each_phase_has_its_own_bar() {
        let progress = progress_on(&Paper::default(), Redactor::default());
        for (event, phase) in [
            (Event::CheckStarted { rules: 2 }, Some(Phase::Rules)),
            (
                Event::LoadProgress(LoadProgress::default()),
                Some(Phase::Load),
            ),
            (
                Event::DrainProgress { done: 1, total: 9 },
                Some(Phase::Drain),
            ),
            (sample::finished(), None),
        ] {
            progress.observe(&event);
            let state = progress.state.lock().unwrap();
            assert_eq!(state.bar.as_ref().map(|(phase, _)| *phase), phase);
        }
    }

    #[test]
    fn quiet_draws_nothing() {
        let progress = Progress::new(true, Palette::None, Redactor::default());
        progress.observe(&Event::CheckStarted { rules: 2 });
        assert!(progress.state.lock().unwrap().bar.is_none());
    }
}
