//! From a violation to its reproducer, and from a reproducer to rounds.

use std::time::Duration;

use super::rounds::{Limits, Rounds, Sought};
use super::search::{Tried, search};
use crate::audit::History;
use crate::audit::witness::exhibit::find;
use crate::audit::witness::traffic;
use crate::conformance::probe::{Probe, Setting};
use crate::verdict::{Reproducer, Traffic, Violation};

/// The name that rounds are noted under.
const NAME: &str = "reproducer";
/// How often the least traffic is tried in the end, to say how often it fails.
const MEASURED_ROUNDS: u32 = 40;
/// How long that may take.
const MEASURED_WITHIN: Duration = Duration::from_secs(5);
/// A year: rounds that were asked for are all tried.
const NO_LIMIT: Duration = Duration::from_secs(365 * 86_400);

/// Tries a violation of an order of `history` again on fresh orders, makes its
/// reproducer as small as the limits let it, and counts how often it fails. Where
/// it does not fail again, its reproducer says so, and where no round can be had
/// it stays what it was.
pub async fn reproduce(
    setting: &Setting,
    history: &History,
    violation: &mut Violation,
    limits: Limits,
) {
    let Some(index) = find(history, &violation.order) else {
        return;
    };
    let order = &history.orders[index];
    let sought = Sought::like(violation);
    let mut starts = traffic::starts(order, violation);
    // The history does not tell how volleys left.
    let held: Vec<Traffic> = starts.iter().map(Traffic::by_last_byte).collect();
    starts.extend(held.into_iter().filter(Traffic::has_held));
    let exhibit = violation.exhibit.as_mut();
    let Some(reproducer) = exhibit.and_then(|exhibit| exhibit.reproducer.as_mut()) else {
        return;
    };
    reproducer.seed = setting.seed;
    // The rounds of each violation have numbers of their own.
    let scope = format!("{NAME} of {}", reproducer.found_with);
    let probe = Probe::in_scope(setting.clone(), NAME, &scope);
    let Ok(mut rounds) = Rounds::open(probe, &starts, sought, limits).await else {
        return;
    };
    let mut tried = Tried::default();
    if let Some((least, showed)) = search(&mut rounds, &starts).await {
        reproducer.traffic = least;
        // That much is known, whatever becomes of measuring it.
        note(reproducer, &showed);
        tried = showed;
    }
    rounds.renew(Limits {
        time: MEASURED_WITHIN,
        rounds: MEASURED_ROUNDS,
    });
    let mut measured = rounds.measure(&reproducer.traffic, MEASURED_ROUNDS).await;
    if measured.failed == 0 {
        measured.add(tried);
    }
    note(reproducer, &measured);
}

/// Notes what came of a reproducer's rounds; nothing where there were none.
fn note(reproducer: &mut Reproducer, tried: &Tried) {
    if tried.rounds == 0 {
        return;
    }
    reproducer.failed = tried.failed;
    reproducer.rounds = tried.rounds;
    if let Some(shows) = &tried.shows {
        reproducer.shows.clone_from(shows);
    }
}

/// Tries a reproducer for so many rounds, or until one can't be had. Whatever is
/// about money counts.
pub async fn replay(setting: &Setting, reproducer: &Reproducer, rounds: u32) -> Tried {
    let traffic = std::slice::from_ref(&reproducer.traffic);
    let limits = Limits {
        time: NO_LIMIT,
        rounds,
    };
    let probe = Probe::new(setting.clone(), NAME);
    match Rounds::open(probe, traffic, Sought::MONEY, limits).await {
        Ok(mut trying) => trying.measure(&reproducer.traffic, rounds).await,
        Err(stop) => Tried::stopped_by(&stop),
    }
}
