//! What the races of a run share: the way of release that is the better one
//! here, and what their volleys came to.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::audit::Recorder;
use crate::audit::judge::exposure;
use crate::verdict::{Exposure, Races, ReleaseForm, Released};

use super::probe::{Probe, Reply, Setting};
use super::volley::{Contenders, Shot};

/// How many requests a volley has: enough to race, few enough that they
/// arrive together.
pub const CONTENDERS: usize = 8;
/// How many duels a check fires.
pub const DUELS: u32 = 24;
/// How many harmless volleys are fired by each way of release.
const VOLLEYS: usize = 9;
/// Fewer than this by one way say nothing: the first may still be warming up.
const FEWEST_VOLLEYS: usize = 3;
/// How long a load waits for that.
const MEASURED_WITHIN: Duration = Duration::from_secs(5);
/// So many times closer together last bytes have to bring answers for a load to
/// hold requests back: it costs a user time.
const WORTH_HOLDING: u32 = 2;

/// What the races of a run share.
#[derive(Debug, Default)]
pub struct Raced {
    choice: OnceCell<Choice>,
    counts: Mutex<Counts>,
}

/// What volleys came to.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    volleys: u64,
    duels: u64,
    exposure: Exposure,
}

/// What harmless volleys showed of the way to the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Choice {
    /// How many requests a volley had.
    pub contenders: u32,
    /// From the first answer to the last, the median, where each request left
    /// in one write.
    pub whole: Option<Duration>,
    /// The same where the last bytes were held back.
    pub last_byte: Option<Duration>,
    /// How long a request took, the median.
    pub service: Duration,
}

impl Choice {
    /// The way that brings answers closer together; where nothing is known,
    /// the simpler one.
    #[must_use]
    pub fn release(&self) -> ReleaseForm {
        match (self.whole, self.last_byte) {
            (Some(whole), Some(last_byte)) if last_byte < whole => ReleaseForm::LastByte,
            _ => ReleaseForm::Whole,
        }
    }

    /// The way of a load's volleys; `None` where nothing is known.
    #[must_use]
    pub fn in_load(&self) -> Option<Released> {
        let (whole, last_byte) = self.whole.zip(self.last_byte)?;
        let is_worth_it = last_byte.saturating_mul(WORTH_HOLDING) < whole;
        Some(Released {
            form: if is_worth_it {
                ReleaseForm::LastByte
            } else {
                ReleaseForm::Whole
            },
            contenders: self.contenders,
            whole_spread_micros: micros(whole),
            last_byte_spread_micros: micros(last_byte),
        })
    }

    /// Why that one.
    fn reason(&self) -> String {
        match (self.whole, self.last_byte) {
            (Some(whole), Some(last_byte)) => format!(
                "the answers to {} harmless requests came within {} µs where each left in one write, and within {} µs where the last bytes were held back",
                self.contenders,
                micros(whole),
                micros(last_byte)
            ),
            _ => "harmless volleys were not answered, so nothing could be compared".to_owned(),
        }
    }
}

impl Raced {
    /// What harmless volleys show, measured once a run: refunds of an order that
    /// nobody has paid for, as many as a duel has, whichever race comes first.
    pub async fn choice(&self, probe: &mut Probe) -> Choice {
        *self.choice.get_or_init(|| measure(probe, None)).await
    }

    /// The same from what can be measured within `time`.
    async fn choice_within(&self, time: Duration, probe: &mut Probe) -> Choice {
        *self.choice.get_or_init(|| measure(probe, Some(time))).await
    }

    /// The median service time of a harmless request; zero before the choice.
    #[must_use]
    pub fn service(&self) -> Duration {
        self.choice
            .get()
            .map_or(Duration::ZERO, |choice| choice.service)
    }

    /// Adds what volleys came to, of which so many were duels.
    pub fn add(&self, volleys: u64, duels: u64, more: &Exposure) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.volleys += volleys;
        counts.duels += duels;
        exposure::add(&mut counts.exposure, more);
    }

    /// What the races came to; `None` where there were none.
    #[must_use]
    pub fn races(&self) -> Option<Races> {
        let choice = self.choice.get()?;
        let counts = *self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Races {
            release: choice.release().name(),
            reason: choice.reason(),
            contenders: choice.contenders,
            whole_spread_micros: choice.whole.map(micros),
            last_byte_spread_micros: choice.last_byte.map(micros),
            service_micros: micros(choice.service),
            volleys: counts.volleys,
            duels: counts.duels,
            exposure: counts.exposure,
        })
    }
}

/// How the volleys of a load leave that is run as `setting` says: by what the
/// run has measured, or measures now. `None` where nothing can be measured in
/// time.
pub async fn release_in_load(setting: &Setting) -> Option<Released> {
    let mut probe = Probe::new(setting.clone(), "release");
    let raced = probe.raced();
    let choice = raced.choice_within(MEASURED_WITHIN, &mut probe).await;
    choice.in_load()
}

/// What harmless volleys show; where there is a limit, those within it.
async fn measure(probe: &mut Probe, within: Option<Duration>) -> Choice {
    let mut measured = Measured::default();
    let Some(time) = within else {
        measured.gather(probe).await;
        return measured.choice();
    };
    // What was gathered by then counts, where it is a few volleys.
    let _ = timeout(time, measured.gather(probe)).await;
    if measured.last_byte.len() < FEWEST_VOLLEYS {
        return Choice::default();
    }
    measured.choice()
}

/// What harmless volleys showed so far.
#[derive(Debug, Default)]
struct Measured {
    whole: Vec<Duration>,
    last_byte: Vec<Duration>,
    services: Vec<Duration>,
}

impl Measured {
    /// Fires harmless volleys, by both ways in turn. A target that does not
    /// answer them all is not waited for again.
    async fn gather(&mut self, probe: &mut Probe) {
        let Ok(mut contenders) = Contenders::open(probe, CONTENDERS).await else {
            return;
        };
        let recorder = Recorder::new(&probe.caller().profile.clone(), None);
        for volley in 0..VOLLEYS * 2 {
            let (release, spreads) = match volley % 2 {
                0 => (ReleaseForm::Whole, &mut self.whole),
                _ => (ReleaseForm::LastByte, &mut self.last_byte),
            };
            let order = probe.caller().numbers.order();
            let shots: Vec<Shot> = (0..CONTENDERS)
                .map(|_| Shot::of(&order, probe.refund_number(), 1))
                .collect();
            let landed = contenders.fire(probe, &recorder, &shots, release).await;
            let Some(spread) = landed.as_deref().ok().and_then(spread) else {
                return;
            };
            spreads.push(spread);
            if release == ReleaseForm::Whole {
                let replies = landed.iter().flatten();
                self.services
                    .extend(replies.map(|reply| reply.exchange.took));
            }
        }
    }

    fn choice(self) -> Choice {
        Choice {
            contenders: u32::try_from(CONTENDERS).unwrap_or(u32::MAX),
            whole: median(self.whole),
            last_byte: median(self.last_byte),
            service: median(self.services).unwrap_or_default(),
        }
    }
}

/// From the first answer to the last; `None` where one is missing.
fn spread(replies: &[Reply]) -> Option<Duration> {
    if replies.iter().any(|reply| reply.exchange.answer.is_none()) {
        return None;
    }
    let ends = || {
        let exchanges = replies.iter().map(|reply| &reply.exchange);
        exchanges.map(|exchange| exchange.started + exchange.took)
    };
    Some(ends().max()?.duration_since(ends().min()?))
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_whose_answers_come_closer_together_is_chosen_and_the_simpler_one_without_any() {
        let choice = |whole, last_byte| Choice {
            contenders: 8,
            whole: Some(Duration::from_micros(whole)),
            last_byte: Some(Duration::from_micros(last_byte)),
            service: Duration::ZERO,
        };
        assert_eq!(choice(100, 90).release(), ReleaseForm::LastByte);
        assert_eq!(choice(90, 100).release(), ReleaseForm::Whole);
        assert!(choice(90, 100).reason().contains("within 90 µs"));
        assert_eq!(Choice::default().release(), ReleaseForm::Whole);
        // A load holds nothing back for less than half of the spread.
        let in_load = |choice: Choice| choice.in_load().map(|released| released.form);
        assert_eq!(in_load(choice(100, 50)), Some(ReleaseForm::Whole));
        assert_eq!(in_load(choice(100, 49)), Some(ReleaseForm::LastByte));
        assert_eq!(in_load(Choice::default()), None);
        assert_eq!(Raced::default().races(), None);
    }
}
