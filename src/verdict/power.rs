//! How likely the traffic of a run was to show a race.

use serde::{Deserialize, Serialize};

use super::audit::Exposure;

/// The windows that reports speak of, in microseconds.
pub const WINDOWS_MICROS: [u64; 4] = [1, 10, 100, 1_000];

/// What the races of a check came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Races {
    /// How the requests of a volley left: `whole`, each in one write, or
    /// `last-byte`, all last bytes once the rest of all was there.
    pub release: &'static str,
    /// Why that way.
    pub reason: String,
    /// How many requests a volley had when that was measured.
    pub contenders: u32,
    /// From the first answer to the last of a harmless volley, by each way of
    /// release, in microseconds, the median; `None` where none was answered.
    pub whole_spread_micros: Option<u64>,
    /// The same, where the last bytes were held back.
    pub last_byte_spread_micros: Option<u64>,
    /// How long such a request took, the median, in microseconds.
    pub service_micros: u64,
    /// Volleys that were fired.
    pub volleys: u64,
    /// Duels among them, of `contenders` requests each: any two that are
    /// accepted are too much.
    pub duels: u64,
    /// What they could have shown.
    pub exposure: Exposure,
}

/// The likelihood of having seen a race, which holds under its assumption
/// alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Power {
    /// Volleys that could have shown one.
    pub volleys: u64,
    /// How many requests each had at least.
    pub contenders: u32,
    /// Over how long their requests reach the gateway's check, in microseconds.
    pub spread_micros: f64,
    /// What is taken to be so, in words.
    pub assumption: String,
    /// By the length of the race's window.
    pub windows: Vec<WindowPower>,
    /// The shortest window that would have been seen with 95 %, in
    /// microseconds; `None` where there were too few volleys for any.
    pub excluded_micros: Option<f64>,
}

/// The likelihood of having seen a race with a window of this length.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WindowPower {
    /// From the check to the booking, in microseconds.
    pub micros: u64,
    /// That one volley shows it, from 0 to 1.
    pub per_volley: f64,
    /// That one of all does, from 0 to 1.
    pub probability: f64,
}

/// What volleys showed of a gateway that is known to race, on one host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Calibration {
    /// The fault that it was measured with.
    pub fault: String,
    /// When, RFC 3339.
    pub measured: String,
    /// How many requests each volley had.
    pub contenders: u32,
    /// How the requests left.
    pub release: String,
    /// How many decisive volleys a gate fires in its default setting, which
    /// `gateProbability` is about.
    pub gate_volleys: u32,
    /// By the length of the window.
    pub windows: Vec<CalibratedWindow>,
    /// Over how long the requests of a volley reach the check, as fitted to
    /// what was seen, in microseconds; `None` where every window was seen
    /// always, or never.
    pub spread_micros: Option<f64>,
    /// Volleys fired at the right gateway.
    pub right_volleys: u32,
    /// Those of them that looked like a race: each is a defect of recoup.
    pub right_alarms: u32,
}

/// What was seen of one window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CalibratedWindow {
    /// From the check to the booking, in microseconds.
    pub micros: u64,
    /// Volleys fired.
    pub volleys: u32,
    /// Those that showed the race.
    pub seen: u32,
    /// The 95 % interval of the rate, by Wilson.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// What follows for a default gate: that at least one of its volleys shows
    /// it.
    pub gate_probability: f64,
}
