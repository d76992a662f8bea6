//! What the traffic of a run could have shown of races, in words and figures.
//! A likelihood is never printed without what it takes for granted.

use super::collected::Report;
use super::figures;
use crate::audit::power::power;
use crate::verdict::{Calibration, Power, Races, ReleaseForm, Released, WindowPower};

/// The power of the volleys of a check. Over how long their requests reach the
/// gateway's check is what a calibration on this host found, or what the answers
/// to harmless volleys suggest, whichever is longer.
pub(super) fn of_races(races: &Races, calibration: Option<&Calibration>) -> Option<Power> {
    let spreads = [races.whole_spread_micros, races.last_byte_spread_micros];
    let measured = spreads.into_iter().flatten().min()?.max(1) as f64;
    let calibrated = calibration
        .and_then(|calibration| Some((calibration.spread_micros?, &calibration.measured)))
        .filter(|(spread, _)| *spread >= measured);
    let (spread, from) = match calibrated {
        Some((spread, when)) => (
            spread,
            format!("as the calibration of {when} found on this host"),
        ),
        None => (
            measured,
            format!(
                "as the answers to harmless volleys did{}",
                if calibration.is_some() {
                    ", which is more than in the calibration"
                } else {
                    " (not calibrated: see recoup selftest --calibrate)"
                }
            ),
        ),
    };
    let assumption = format!(
        "that the {} requests of a duel reach the gateway's check spread evenly over {}, {from}",
        races.contenders,
        spread_of(spread)
    );
    Some(power(races.duels, races.contenders, spread, assumption))
}

/// The power of the decisive volleys of a load, of two requests each.
pub(super) fn of_load(report: &Report) -> Option<Power> {
    let (audit, load) = (report.audit.as_ref()?, report.load.as_ref()?);
    let spread = load.service_time.p50.max(1) as f64;
    let assumption = format!(
        "that two requests that decide reach the gateway's check spread evenly over {}, the median service time of the load",
        spread_of(spread)
    );
    Some(power(
        audit.exposure.decisive_volleys,
        2,
        spread,
        assumption,
    ))
}

/// What would have been seen, and what that takes for granted: two lines.
pub(super) fn lines(power: &Power) -> [String; 2] {
    let windows: Vec<String> = power
        .windows
        .iter()
        .map(|window| {
            format!(
                "{} {}",
                figures::micros(window.micros),
                percent(window.probability)
            )
        })
        .collect();
    let excluded = power.excluded_micros.map_or_else(String::new, |window| {
        format!("; with 95 % one of {}", spread_of(window))
    });
    [
        format!(
            "a race would have been seen with a window of {}{excluded} ({} of {} requests)",
            windows.join(", "),
            figures::counted(power.volleys, "volley"),
            power.contenders,
        ),
        format!("provided {}", power.assumption),
    ]
}

/// How the volleys of a check left, and why.
pub(super) fn release(races: &Races) -> String {
    let way = match races.release {
        "whole" => "each request in one write",
        _ => "last bytes held back",
    };
    format!("{way}: {}", races.reason)
}

/// How the volleys of a load left, and why.
pub(super) fn released(released: &Released) -> String {
    let way = match released.form {
        ReleaseForm::Whole => "each request in one write",
        ReleaseForm::LastByte => "last bytes held back",
    };
    format!(
        "{way}: the answers to {} harmless requests came within {} in one write, and within {} with the last bytes held back",
        released.contenders,
        figures::micros(released.whole_spread_micros),
        figures::micros(released.last_byte_spread_micros)
    )
}

/// What a calibration saw of one window: the cells of a table.
pub(super) fn calibrated(calibration: &Calibration) -> Vec<[String; 5]> {
    calibration
        .windows
        .iter()
        .map(|window| {
            let rate = f64::from(window.seen) / f64::from(window.volleys.max(1));
            [
                figures::micros(window.micros),
                format!("{} of {}", window.seen, window.volleys),
                percent(rate),
                format!("{} to {}", percent(window.low), percent(window.high)),
                percent(window.gate_probability),
            ]
        })
        .collect()
}

/// What else a calibration found: a sentence each.
pub(super) fn findings(calibration: &Calibration) -> [String; 2] {
    let fitted = calibration.spread_micros.map_or_else(
        || "no spread can be fitted: each window was always seen, or none ever".to_owned(),
        |spread| {
            format!(
                "fitted: the {} requests of a duel reach the check spread over {}",
                calibration.contenders,
                spread_of(spread)
            )
        },
    );
    let right = format!(
        "the right gateway: {} of {} alarmed",
        calibration.right_alarms,
        figures::counted(u64::from(calibration.right_volleys), "duel"),
    );
    [fitted, right]
}

/// The window's likelihood as a person reads it; what is not certain never
/// reads as such.
fn percent(share: f64) -> String {
    match share * 100.0 {
        percent if percent > 99.9 && share < 1.0 => "> 99.9 %".to_owned(),
        percent if percent > 0.0 && percent < 0.1 => "< 0.1 %".to_owned(),
        percent => format!("{percent:.1} %"),
    }
}

/// A time in microseconds, with a fraction where it is short.
fn spread_of(micros: f64) -> String {
    if micros < 0.01 {
        "less than 0.01 µs".to_owned()
    } else if micros < 10.0 {
        format!("{micros:.2} µs")
    } else {
        figures::micros(micros.round() as u64)
    }
}

/// A window's row in tables: its length, and the likelihood after one volley
/// and after all.
pub(super) fn row(window: &WindowPower) -> [String; 3] {
    [
        figures::micros(window.micros),
        percent(window.per_volley),
        percent(window.probability),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Exposure;

    fn races() -> Races {
        Races {
            release: "whole",
            reason: "it is".to_owned(),
            contenders: 8,
            whole_spread_micros: Some(100),
            last_byte_spread_micros: Some(150),
            service_micros: 200,
            volleys: 200,
            duels: 24,
            exposure: Exposure::default(),
        }
    }

    fn calibration(spread_micros: Option<f64>) -> Calibration {
        Calibration {
            fault: "check-then-act".to_owned(),
            measured: "2026-01-01T00:00:00+00:00".to_owned(),
            contenders: 8,
            release: "whole".to_owned(),
            gate_volleys: 24,
            windows: Vec::new(),
            spread_micros,
            right_volleys: 10,
            right_alarms: 0,
        }
    }

    #[test]
    fn the_longer_of_two_spreads_counts_and_the_assumption_says_which() {
        let measured = of_races(&races(), None).unwrap();
        assert!((measured.spread_micros - 100.0).abs() < f64::EPSILON);
        assert!(measured.assumption.contains("not calibrated"));
        let calibrated = of_races(&races(), Some(&calibration(Some(5_000.0)))).unwrap();
        assert!((calibrated.spread_micros - 5_000.0).abs() < f64::EPSILON);
        assert!(calibrated.assumption.contains("2026-01-01"));
        let shorter = of_races(&races(), Some(&calibration(Some(5.0)))).unwrap();
        assert!((shorter.spread_micros - 100.0).abs() < f64::EPSILON);
        let [seen, provided] = lines(&measured);
        assert!(seen.contains("window of 1 µs "), "{seen}");
        assert!(provided.starts_with("provided that the 8 requests"));
    }

    #[test]
    fn what_is_not_certain_never_reads_as_certain_or_impossible() {
        assert_eq!(percent(0.999_9), "> 99.9 %");
        assert_eq!(percent(1.0), "100.0 %");
        assert_eq!(percent(0.000_1), "< 0.1 %");
        assert_eq!(percent(0.0), "0.0 %");
        assert_eq!(spread_of(0.0075), "less than 0.01 µs");
    }
}
