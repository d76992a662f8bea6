//! Watches the clock of a load: tells how it goes, and ends it in time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::verdict::{Event, LoadProgress, Observer, Shard, TimelinePoint};

use super::attack::Attack;
use super::histogram::Histogram;
use super::scenario::Course;
use super::shared::Shared;
use super::statistics::{Interval, Part, Totals, timeline_point};
use super::threshold::Threshold;

/// How often figures are told.
const TICK: Duration = Duration::from_secs(1);
/// How long is waited at the end for what is due to be taken.
const LAST_CALL: Duration = Duration::from_millis(500);
/// How often goose is told to stop, until it has.
const AGAIN: Duration = Duration::from_millis(100);

/// Watches the clock.
pub(super) struct Watch {
    shared: Arc<Shared>,
    observer: Arc<dyn Observer>,
    cancel: CancellationToken,
    finished: CancellationToken,
    total: Duration,
    course: Course,
    part: Shard,
    /// The users of the whole load, where stages do not change them.
    most_users: Option<usize>,
    /// What ends the run where it is broken, and after how much measured time
    /// it may.
    abort: Option<(Vec<Threshold>, Duration)>,
    timeline: Vec<TimelinePoint>,
    progress: LoadProgress,
    /// The generator's lag up to the last tick.
    lag: Histogram,
}

/// What ended the traffic before its time.
enum Cut {
    Interrupted(&'static str),
    /// By a broken threshold, and when.
    Aborted(String),
}

/// What the watch saw.
pub(super) struct Watched {
    /// When the traffic ended.
    pub(super) ended: Instant,
    /// For how long it was measured.
    pub(super) measured: Duration,
    /// Second by second.
    pub(super) timeline: Vec<TimelinePoint>,
    /// What cut it short, other than a threshold.
    pub(super) interrupted: Option<String>,
    /// The threshold that cut it short, and when.
    pub(super) aborted: Option<String>,
}

impl Watch {
    /// A watch over `attack`; `finished` is cancelled once goose has ended.
    pub(super) fn new(attack: &Attack, shared: &Arc<Shared>, finished: CancellationToken) -> Self {
        let scenario = &attack.scenario;
        let total = scenario.total();
        Self {
            shared: Arc::clone(shared),
            observer: Arc::clone(&attack.observer),
            cancel: attack.cancel.clone(),
            finished,
            total,
            course: scenario.course(),
            part: attack.part(),
            most_users: (!scenario.changes_users()).then(|| scenario.most_users()),
            abort: scenario
                .abort_on_threshold
                .then(|| (attack.thresholds(), scenario.abort_grace)),
            timeline: Vec::new(),
            progress: LoadProgress {
                total_seconds: total.as_secs_f64(),
                ..LoadProgress::default()
            },
            lag: Histogram::new(),
        }
    }

    /// Watches until the traffic is over, and ends it.
    pub(super) async fn run(mut self) -> Watched {
        let (start, mut cut) = self.wait_for_start().await;
        let deadline = start + self.total;
        let mut tick = start + TICK;
        while cut.is_none() && Instant::now() < deadline {
            tokio::select! {
                () = self.cancel.cancelled() => cut = Some(Cut::Interrupted("interrupted")),
                () = self.finished.cancelled() => {
                    cut = Some(Cut::Interrupted("the users ended early"));
                }
                () = tokio::time::sleep_until(tick.min(deadline).into()) => {
                    self.note(start);
                    cut = self.broken(start).map(Cut::Aborted);
                    tick += TICK;
                }
            }
            if self.shared.recorder.sink_failed() {
                cut = Some(Cut::Interrupted("the history can not be written"));
            }
            if self.shared.has_no_orders_left() {
                cut = Some(Cut::Interrupted("the orders were used up"));
            }
        }
        if cut.is_none() {
            self.last_call(deadline).await;
        }
        self.shared.arrivals.end();
        let ended = match cut {
            // Nothing was due from then on.
            None if self.shared.arrivals.is_open() => deadline,
            _ => Instant::now(),
        };
        self.stop_goose().await;
        // The last answers came after the last tick.
        self.count();
        self.tell();
        let (interrupted, aborted) = match cut {
            None => (None, None),
            Some(Cut::Interrupted(what)) => (Some(what.to_owned()), None),
            Some(Cut::Aborted(what)) => (None, Some(what)),
        };
        Watched {
            ended,
            measured: ended.saturating_duration_since(start + self.shared.warmup),
            timeline: self.timeline,
            interrupted,
            aborted,
        }
    }

    /// Waits a moment for what fell due just before the end to be taken: it was
    /// not late. What is still left then is a backlog.
    async fn last_call(&self, deadline: Instant) {
        while !self.shared.arrivals.is_all_taken() && deadline.elapsed() < LAST_CALL {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// A threshold that is broken by what was measured so far, where that is to
    /// end the run. What has no samples yet may still get some.
    fn broken(&self, start: Instant) -> Option<String> {
        let (thresholds, grace) = self.abort.as_ref()?;
        let measured = start.elapsed().checked_sub(self.shared.warmup)?;
        if measured < *grace || start.elapsed() >= self.total {
            return None;
        }
        let totals = Totals::of(self.shared.statistics(), measured.as_secs_f64());
        thresholds.iter().find_map(|threshold| {
            let outcome = threshold.judge(&totals);
            let found = outcome.measured.filter(|_| !outcome.held)?;
            Some(format!(
                "{threshold} was broken by {found} after {:.0} s",
                measured.as_secs_f64()
            ))
        })
    }

    /// Waits until the first users have connected.
    async fn wait_for_start(&self) -> (Instant, Option<Cut>) {
        loop {
            if let Some(start) = self.shared.arrivals.started() {
                return (start, None);
            }
            tokio::select! {
                () = self.cancel.cancelled() => {
                    return (Instant::now(), Some(Cut::Interrupted("interrupted")));
                }
                () = self.finished.cancelled() => {
                    let what = "the users ended before they began";
                    return (Instant::now(), Some(Cut::Interrupted(what)));
                }
                () = tokio::time::sleep(Duration::from_millis(5)) => {}
            }
        }
    }

    /// Tells goose to stop until it has: its switch is reset when it starts,
    /// so that a single word could come too early.
    async fn stop_goose(&self) {
        while !self.finished.is_cancelled() {
            goose::trigger_killswitch("the planned time is over");
            tokio::select! {
                () = self.finished.cancelled() => {}
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
    }

    fn note(&mut self, start: Instant) {
        let interval = self.count();
        let elapsed = start.elapsed();
        self.progress.elapsed_seconds = elapsed.as_secs_f64();
        self.progress.alarms = self.shared.recorder.alarms();
        let leg = self.course.at(elapsed);
        self.progress.stage = leg
            .map(|leg| Arc::clone(&leg.name))
            .filter(|name| !name.is_empty());
        self.progress.p50 = interval.latency.percentile(50.0);
        self.progress.p99 = interval.latency.percentile(99.0);
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵²")]
        {
            self.progress.rate = interval.requests as f64 / TICK.as_secs_f64();
        }
        self.progress.target_rate = self
            .shared
            .arrivals
            .is_open()
            .then(|| self.part.part_of(self.course.level(elapsed)));
        self.progress.users = self.users(elapsed);
        // The interval that has just ended began a tick ago.
        if let Some(began) = elapsed.checked_sub(self.shared.warmup + TICK / 2) {
            self.timeline
                .push(timeline_point(began.as_secs(), &interval));
        }
        self.tell();
    }

    /// Takes note of what came since the last time, and gives it.
    fn count(&mut self) -> Part {
        let Interval { all, by_kind, lag } = self.shared.take_interval();
        self.progress.requests += all.requests;
        self.progress.failed += all.failed;
        self.progress.unknown += all.unknown;
        self.progress.by_kind = by_kind;
        for (micros, count) in all.latency.buckets() {
            self.progress.latency.add(micros, count);
        }
        self.progress.lag_p99 = lag.clone().since(&self.lag).percentile(99.0);
        self.lag = lag;
        self.progress.settled = self.shared.recorder.settled();
        all
    }

    /// The users of this machine that take part after so much time.
    fn users(&self, elapsed: Duration) -> usize {
        let Some(most) = self.most_users else {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a course of users is one of small positive numbers"
            )]
            let users = self.course.level(elapsed).round() as usize;
            return self.part.share(users);
        };
        self.part.share(most)
    }

    fn tell(&self) {
        self.observer
            .observe(&Event::LoadProgress(self.progress.clone()));
    }
}
