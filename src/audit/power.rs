//! How likely volleys are to show a race.
//!
//! The model: the `k` requests of a volley reach the gateway's check at times
//! that are spread evenly and independently over `J`. A race shows where two
//! of them are less than the window `w` apart. The chance of that is
//! `1 − (1 − (k−1)·w/J)^k`, and after `N` volleys `1 − (1 − p)^N`. What `J` is
//! has to be measured: it is no property of the sender alone.

use crate::verdict::{Power, WINDOWS_MICROS, WindowPower};

/// The two-sided 95 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// The chance that a volley of `contenders`, spread over `spread`, shows a race
/// of this window; both in the same unit.
#[must_use]
pub fn chance(contenders: u32, window: f64, spread: f64) -> f64 {
    let rivals = f64::from(contenders.saturating_sub(1));
    let apart = 1.0 - rivals * window / spread;
    if spread <= 0.0 || apart <= 0.0 {
        return if contenders > 1 { 1.0 } else { 0.0 };
    }
    1.0 - apart.powf(f64::from(contenders))
}

/// The chance that one of `volleys` shows what each shows with `chance`.
#[must_use]
pub fn at_least_once(chance: f64, volleys: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "nobody fires 2⁵² volleys")]
    let volleys = volleys as f64;
    1.0 - (1.0 - chance.clamp(0.0, 1.0)).powf(volleys)
}

/// The shortest window that `volleys` without a finding exclude with 95 %:
/// after `N` of them what each shows has a chance of at most `3/N`.
#[must_use]
pub fn excluded(contenders: u32, spread: f64, volleys: u64) -> Option<f64> {
    if contenders < 2 || volleys <= 3 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "nobody fires 2⁵² volleys")]
    let at_most = 3.0 / volleys as f64;
    let apart = (1.0 - at_most).powf(1.0 / f64::from(contenders));
    Some(spread * (1.0 - apart) / f64::from(contenders - 1))
}

/// What `volleys` of `contenders` that reach the check over `spread`
/// microseconds could have shown.
#[must_use]
pub fn power(volleys: u64, contenders: u32, spread_micros: f64, assumption: String) -> Power {
    let windows = WINDOWS_MICROS.map(|micros| {
        #[expect(clippy::cast_precision_loss, reason = "a few milliseconds at most")]
        let per_volley = chance(contenders, micros as f64, spread_micros);
        WindowPower {
            micros,
            per_volley,
            probability: at_least_once(per_volley, volleys),
        }
    });
    Power {
        volleys,
        contenders,
        spread_micros,
        assumption,
        windows: windows.to_vec(),
        excluded_micros: excluded(contenders, spread_micros, volleys),
    }
}

/// The 95 % interval of a rate of which `seen` of `all` were seen, by Wilson.
#[must_use]
pub fn wilson(seen: u32, all: u32) -> (f64, f64) {
    if all == 0 {
        return (0.0, 1.0);
    }
    let (all, seen) = (f64::from(all), f64::from(seen));
    let rate = seen / all;
    let square = Z * Z;
    let middle = rate + square / (2.0 * all);
    let half = Z * (rate * (1.0 - rate) / all + square / (4.0 * all * all)).sqrt();
    let scale = 1.0 + square / all;
    let (low, high) = ((middle - half) / scale, (middle + half) / scale);
    (low.max(0.0), high.min(1.0))
}

/// What was seen of one window: its length, and of how many volleys how many
/// showed it.
pub type Seen = (f64, u32, u32);

/// The spread that makes what was seen likeliest. `None` where it is not
/// bounded: where nothing was seen, or everything.
#[must_use]
pub fn fit(contenders: u32, seen: &[Seen]) -> Option<f64> {
    let any = seen.iter().any(|(_, _, seen)| *seen > 0);
    let missed = seen.iter().any(|(_, volleys, seen)| seen < volleys);
    if !any || !missed || contenders < 2 {
        return None;
    }
    // The logarithm of the likelihood has one peak in the logarithm of the
    // spread: three thirds at a time.
    let (mut low, mut high) = (-7.0_f64, 20.0_f64);
    for _ in 0..200 {
        let third = (high - low) / 3.0;
        let (one, other) = (low + third, high - third);
        if likelihood(contenders, seen, one.exp()) < likelihood(contenders, seen, other.exp()) {
            low = one;
        } else {
            high = other;
        }
    }
    Some(low.midpoint(high).exp())
}

/// The logarithm of the likelihood of what was seen under a spread.
fn likelihood(contenders: u32, seen: &[Seen], spread: f64) -> f64 {
    // What the model holds for impossible happens on a real machine.
    const LEAST: f64 = 1e-6;
    seen.iter()
        .map(|(window, volleys, seen)| {
            let chance = chance(contenders, *window, spread).clamp(LEAST, 1.0 - LEAST);
            let missed = f64::from(volleys - seen);
            f64::from(*seen) * chance.ln() + missed * (1.0 - chance).ln()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(one: f64, other: f64) -> bool {
        (one - other).abs() < 0.001
    }

    #[test]
    fn the_chance_of_a_volley_is_that_of_two_arrivals_within_the_window() {
        assert!(close(chance(8, 0.01, 1.0), 0.440));
        assert!(close(chance(16, 0.001, 1.0), 0.215));
        assert!(close(chance(2, 1.0, 2.0), 0.75));
        assert!(close(chance(8, 1.0, 2.0), 1.0));
        assert!(close(chance(1, 1.0, 2.0), 0.0));
        assert!(close(at_least_once(0.5, 3), 0.875));
    }

    #[test]
    fn clean_volleys_exclude_a_window_and_a_few_of_them_none() {
        let window = excluded(8, 140.0, 1_000).unwrap();
        assert!((window - 0.0075).abs() < 0.0001, "{window}");
        assert_eq!(excluded(8, 140.0, 3), None);
        let seen = power(1_000, 8, 140.0, String::new());
        let micros: Vec<u64> = seen.windows.iter().map(|window| window.micros).collect();
        assert_eq!(micros, [1, 10, 100, 1_000]);
        assert!(close(seen.windows[3].probability, 1.0));
    }

    #[test]
    fn the_interval_of_a_rate_is_wilsons() {
        let (low, high) = wilson(5, 10);
        assert!(close(low, 0.2366) && close(high, 0.7634), "{low} {high}");
        let (low, high) = wilson(0, 20);
        assert!(close(low, 0.0) && close(high, 0.1611), "{low} {high}");
        assert_eq!(wilson(0, 0), (0.0, 1.0));
    }

    #[test]
    fn the_spread_is_found_again_that_the_rates_were_made_of() {
        let made = |window: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a count of at most ten thousand"
            )]
            let seen = (chance(8, window, 500.0) * 10_000.0).round() as u32;
            (window, 10_000, seen)
        };
        let spread = fit(8, &[made(1.0), made(10.0), made(100.0)]).unwrap();
        assert!((spread - 500.0).abs() < 10.0, "{spread}");
        assert_eq!(fit(8, &[(1.0, 10, 0)]), None);
        assert_eq!(fit(8, &[(1.0, 10, 10)]), None);
    }
}
