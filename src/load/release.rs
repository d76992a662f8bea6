//! How the requests of a volley leave: the way that brings them closer together
//! on this way to this gateway, which the first volleys of a run show.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::verdict::{ReleaseForm, Released};

/// How many volleys leave by each way before one is chosen.
const TRIES: usize = 9;
/// Every so many-th volley leaves by the other way all the same: what brings
/// answers closer together need not bring checks closer together.
const OTHER_EVERY: u64 = 8;

/// What volleys showed, by how many requests they have.
#[derive(Debug, Default)]
pub(super) struct Releases(Mutex<BTreeMap<usize, Seen>>);

/// From the first answer to the last, by the way that the requests left.
#[derive(Debug, Default)]
struct Seen {
    whole: Vec<Duration>,
    last_byte: Vec<Duration>,
    /// How many left in all.
    volleys: u64,
}

impl Releases {
    /// How the next volley of so many requests leaves: by both ways in turn
    /// first, then by the better one.
    pub(super) fn next(&self, contenders: usize) -> ReleaseForm {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = seen.entry(contenders).or_default();
        seen.volleys += 1;
        match seen.choice() {
            Some(release) if seen.volleys.is_multiple_of(OTHER_EVERY) => release.other(),
            Some(release) => release,
            None if seen.volleys % 2 == 1 => ReleaseForm::Whole,
            None => ReleaseForm::LastByte,
        }
    }

    /// Takes note of one that was answered whole.
    pub(super) fn note(&self, contenders: usize, release: ReleaseForm, spread: Duration) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = seen.entry(contenders).or_default();
        let spreads = match release {
            ReleaseForm::Whole => &mut seen.whole,
            ReleaseForm::LastByte => &mut seen.last_byte,
        };
        if spreads.len() < TRIES {
            spreads.push(spread);
        }
    }

    /// What was chosen, for each number of requests.
    pub(super) fn chosen(&self) -> Vec<Released> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let micros = |spreads: &[Duration]| {
            let median = median(spreads)?;
            Some(u64::try_from(median.as_micros()).unwrap_or(u64::MAX))
        };
        seen.iter()
            .map(|(&contenders, seen)| Released {
                contenders: u32::try_from(contenders).unwrap_or(u32::MAX),
                volleys: seen.volleys,
                release: seen.choice(),
                whole_spread_micros: micros(&seen.whole),
                last_byte_spread_micros: micros(&seen.last_byte),
            })
            .collect()
    }
}

impl Seen {
    /// `None` as long as one of both was not seen often enough. Where nothing
    /// speaks for the other, the simpler way.
    fn choice(&self) -> Option<ReleaseForm> {
        if self.whole.len() < TRIES || self.last_byte.len() < TRIES {
            return None;
        }
        Some(if median(&self.last_byte) < median(&self.whole) {
            ReleaseForm::LastByte
        } else {
            ReleaseForm::Whole
        })
    }
}

fn median(spreads: &[Duration]) -> Option<Duration> {
    let mut spreads = spreads.to_vec();
    spreads.sort_unstable();
    spreads.get(spreads.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Volleys whose answers come within so many microseconds, up to the choice.
    fn after(whole: u64, last_byte: u64) -> Releases {
        let releases = Releases::default();
        for _ in 0..2 * TRIES {
            let release = releases.next(2);
            let spread = match release {
                ReleaseForm::Whole => whole,
                ReleaseForm::LastByte => last_byte,
            };
            releases.note(2, release, Duration::from_micros(spread));
        }
        releases
    }

    #[test]
    fn both_ways_are_tried_before_the_one_with_the_lesser_spread_is_kept() {
        for (whole, last_byte, expected) in [
            (90, 100, ReleaseForm::Whole),
            (100, 90, ReleaseForm::LastByte),
            (90, 90, ReleaseForm::Whole),
        ] {
            let releases = after(whole, last_byte);
            assert_eq!(
                releases.chosen(),
                [Released {
                    contenders: 2,
                    volleys: 18,
                    release: Some(expected),
                    whole_spread_micros: Some(whole),
                    last_byte_spread_micros: Some(last_byte),
                }]
            );
            let next: Vec<ReleaseForm> = (0..7).map(|_| releases.next(2)).collect();
            let mut usual = [expected; 7];
            usual[5] = expected.other();
            assert_eq!(next, usual, "the 24th takes the other way");
        }
    }

    #[test]
    fn volleys_of_another_size_are_tried_by_themselves() {
        let releases = after(100, 90);
        assert_eq!(releases.next(8), ReleaseForm::Whole);
        assert_eq!(releases.next(8), ReleaseForm::LastByte);
        assert_eq!(releases.chosen()[1].release, None);
    }

    #[test]
    fn volleys_that_are_never_answered_choose_nothing() {
        let releases = Releases::default();
        let ways: Vec<ReleaseForm> = (0..40).map(|_| releases.next(2)).collect();
        assert_eq!(ways[38..], [ReleaseForm::Whole, ReleaseForm::LastByte]);
    }
}
