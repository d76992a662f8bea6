//! What the machines of one load measured, put together.

use std::collections::BTreeMap;

use super::measured::Measured;
use super::statistics::Part;
use crate::protocol::Timestamp;
use crate::verdict::{Shard, TimelinePoint};

/// Of how much of the time all machines must have been at work together for
/// their figures to be those of one load.
const TOGETHER: f64 = 0.5;

/// What one machine measured, and what its run is called in messages.
#[derive(Debug, Clone)]
pub struct ShardRun {
    /// The run: its folder.
    pub name: String,
    /// What it measured.
    pub measured: Measured,
}

/// The figures of a whole load.
#[derive(Debug, Clone)]
pub struct Merged {
    /// What all machines measured together.
    pub measured: Measured,
    /// How many seconds each began to measure after the first one, in the order
    /// of the runs.
    pub delays: Vec<f64>,
}

/// Why runs are not the shards of one load.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There is none.
    #[error("merge no runs: name the folder of each shard's run")]
    Nothing,
    /// A run was no part of anything.
    #[error("merge {run}: it is the run of a whole load, and no shard of one (see load --shard)")]
    NoShard {
        /// The run.
        run: String,
    },
    /// Two runs are not of one load.
    #[error("merge {}: its {what} is {}, and that of {} is {}{cure}", runs[1], values[1], runs[0], values[0])]
    Differ {
        /// In what they differ.
        what: &'static str,
        /// The runs.
        runs: Box<[String; 2]>,
        /// What each has.
        values: Box<[String; 2]>,
        /// What can be done about it.
        cure: &'static str,
    },
    /// One shard was run twice.
    #[error("merge {} with {}: both are shard {shard} (name one run of each shard)", runs[0], runs[1])]
    Twice {
        /// The shard.
        shard: Shard,
        /// The runs.
        runs: [String; 2],
    },
    /// Some shards are not there.
    #[error("merge {given} of {count} shards: {} missing (name the run of every shard)", missing_text(.missing))]
    Missing {
        /// How many are there.
        given: usize,
        /// How many there should be.
        count: u32,
        /// Those that are not, as many as a line holds.
        missing: Vec<Shard>,
    },
    /// A run does not say when it was.
    #[error("merge {run}: it began to measure at {time:?}, which is no time")]
    Time {
        /// The run.
        run: String,
        /// What it says.
        time: String,
    },
}

fn missing_text(missing: &[Shard]) -> String {
    /// More are not named.
    const NAMED: usize = 8;
    let mut names: Vec<String> = missing.iter().take(NAMED).map(Shard::to_string).collect();
    if missing.len() > NAMED {
        names.push(format!("{} more", missing.len() - NAMED));
    }
    let verb = if missing.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names.join(", "))
}

/// Puts together what all the shards of a load measured. Histograms, counts and
/// errors are added up: the figures are just those of all samples. The time is
/// that from the first machine's beginning to the last one's end, so that a
/// rate is never overstated.
///
/// # Errors
/// [`MergeError`] where the runs are not all the shards of one load.
pub fn merge(runs: &[ShardRun]) -> Result<Merged, MergeError> {
    let first = runs.first().ok_or(MergeError::Nothing)?;
    for run in runs {
        check_same(first, run)?;
    }
    check_complete(runs)?;
    let times: Vec<Timestamp> = runs.iter().map(began).collect::<Result<_, _>>()?;
    let start = times.iter().copied().min().expect("there is a first run");
    let windows: Vec<(f64, f64)> = runs
        .iter()
        .zip(&times)
        .map(|(run, time)| {
            #[expect(clippy::cast_precision_loss, reason = "no run is 285 years long")]
            let delay = time.micros_since(start) as f64 / 1e6;
            (delay, delay + run.measured.about.seconds)
        })
        .collect();
    let mut all = first.measured.clone();
    all.timeline = timeline(runs, &windows);
    all.about.shard = None;
    all.about.measured_from = start.exact();
    all.about.seconds = windows.iter().fold(0.0, |end, (_, to)| to.max(end));
    for run in &runs[1..] {
        add(&mut all, &run.measured);
    }
    all.interrupted = said(runs, |measured| measured.interrupted.as_deref());
    all.aborted = said(runs, |measured| measured.aborted.as_deref());
    all.inconclusive = said(runs, |measured| measured.inconclusive.as_deref());
    if all.interrupted.is_none() && all.aborted.is_none() {
        all.inconclusive = all.inconclusive.or_else(|| apart(&windows));
    }
    Ok(Merged {
        measured: all,
        delays: windows.into_iter().map(|(delay, _)| delay).collect(),
    })
}

/// When a run began to measure.
fn began(run: &ShardRun) -> Result<Timestamp, MergeError> {
    let time = &run.measured.about.measured_from;
    Timestamp::parse_exact(time).map_err(|_| MergeError::Time {
        run: run.name.clone(),
        time: time.clone(),
    })
}

/// Whether a run can be of the same load as the first.
fn check_same(first: &ShardRun, run: &ShardRun) -> Result<(), MergeError> {
    let both = traits(first)?.into_iter().zip(traits(run)?);
    let mut different = both.filter(|(one, other)| one.value != other.value);
    match different.next() {
        None => Ok(()),
        Some((one, other)) => Err(MergeError::Differ {
            what: one.what,
            runs: Box::new([first.name.clone(), run.name.clone()]),
            values: Box::new([one.value, other.value]),
            cure: one.cure,
        }),
    }
}

/// Something that all shards of a load have in common.
struct Trait {
    what: &'static str,
    value: String,
    /// What can be done where it differs.
    cure: &'static str,
}

fn traits(run: &ShardRun) -> Result<[Trait; 7], MergeError> {
    let about = &run.measured.about;
    let shard = about.shard.ok_or_else(|| MergeError::NoShard {
        run: run.name.clone(),
    })?;
    let of = |what, value: &dyn ToString, cure| Trait {
        what,
        value: value.to_string(),
        cure,
    };
    Ok([
        of("number of shards", &shard.count(), ""),
        of(
            "version of recoup",
            &about.version,
            " (run all shards with the same)",
        ),
        of("scenario", &about.scenario, ""),
        of(
            "scenario's settings",
            &about.settings,
            " (run all shards with the same scenario file and the same flags)",
        ),
        of("seed", &about.seed, " (give all shards the same --seed)"),
        of("partner", &about.partner, ""),
        of("profile", &about.profile, ""),
    ])
}

/// Whether each shard is there once.
fn check_complete(runs: &[ShardRun]) -> Result<(), MergeError> {
    let mut by_shard: BTreeMap<Shard, &str> = BTreeMap::new();
    let mut count = 0;
    for run in runs {
        let shard = run.measured.about.shard.expect("it was just looked for");
        count = shard.count();
        if let Some(before) = by_shard.insert(shard, &run.name) {
            return Err(MergeError::Twice {
                shard,
                runs: [before.to_owned(), run.name.clone()],
            });
        }
    }
    let missing: Vec<Shard> = (0..count)
        .filter_map(|index| Shard::new(index, count).ok())
        .filter(|shard| !by_shard.contains_key(shard))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(MergeError::Missing {
        given: runs.len(),
        count,
        missing,
    })
}

fn add(all: &mut Measured, one: &Measured) {
    add_part(&mut all.all, &one.all);
    for (kind, part) in &one.by_kind {
        add_part(all.by_kind.entry(*kind).or_default(), part);
    }
    all.service.merge(&one.service);
    all.lag.merge(&one.lag);
    for (failure, count) in &one.errors {
        *all.errors.entry(failure.clone()).or_default() += count;
    }
    let (about, other) = (&mut all.about, &one.about);
    about.users += other.users;
    about.target_rate = about
        .target_rate
        .zip(other.target_rate)
        .map(|(one, other)| one + other);
    about.in_process |= other.in_process;
    about.operations += other.operations;
    if !about.target.split(", ").any(|known| known == other.target) {
        about.target = format!("{}, {}", about.target, other.target);
    }
}

fn add_part(all: &mut Part, one: &Part) {
    all.requests += one.requests;
    all.failed += one.failed;
    all.unknown += one.unknown;
    all.latency.merge(&one.latency);
}

/// Second by second, from the first machine's beginning. The percentiles of a
/// second are those of the machine that had the worst: those of all machines
/// together are no more.
fn timeline(runs: &[ShardRun], windows: &[(f64, f64)]) -> Vec<TimelinePoint> {
    let mut seconds: BTreeMap<u64, TimelinePoint> = BTreeMap::new();
    for (run, (delay, _)) in runs.iter().zip(windows) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a delay is positive and short"
        )]
        let delay = delay.round() as u64;
        for point in &run.measured.timeline {
            let second = point.second + delay;
            let sum = seconds.entry(second).or_insert(TimelinePoint {
                second,
                ..TimelinePoint::default()
            });
            sum.requests += point.requests;
            sum.failed += point.failed;
            sum.p50 = sum.p50.max(point.p50);
            sum.p99 = sum.p99.max(point.p99);
        }
    }
    seconds.into_values().collect()
}

/// What some of the machines say, each with its shard.
fn said(runs: &[ShardRun], what: impl Fn(&Measured) -> Option<&str>) -> Option<String> {
    let sayings: Vec<String> = runs
        .iter()
        .filter_map(|run| {
            let shard = run.measured.about.shard?;
            Some(format!("shard {shard}: {}", what(&run.measured)?))
        })
        .collect();
    (!sayings.is_empty()).then(|| sayings.join("; "))
}

/// Why machines that were at work at different times show nothing together.
fn apart(windows: &[(f64, f64)]) -> Option<String> {
    let last_begin = windows
        .iter()
        .fold(0.0_f64, |last, (from, _)| from.max(last));
    let first_end = windows
        .iter()
        .fold(f64::INFINITY, |first, (_, to)| to.min(first));
    let whole = windows.iter().fold(0.0_f64, |end, (_, to)| to.max(end));
    let together = (first_end - last_begin).max(0.0);
    (together < whole * TOGETHER).then(|| {
        format!(
            "the shards measured together for only {together:.1} of {whole:.1} s (start them at one time: --start-at)"
        )
    })
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
