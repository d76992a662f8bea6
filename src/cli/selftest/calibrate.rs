//! `recoup selftest --calibrate`: how short a race may be and still be seen on
//! this host.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::SelftestArgs;
use crate::audit::power::{at_least_once, fit, wilson};
use crate::cli::error::CliError;
use crate::cli::interrupt;
use crate::cli::run::{End, Reporting, interrupted};
use crate::cli::target::in_process_setting;
use crate::conformance::Stop;
use crate::conformance::duels::{Duels, fire_duels};
use crate::conformance::raced::{CONTENDERS, DUELS};
use crate::gateway::{ChosenFault, Fault, Settings};
use crate::protocol::Timestamp;
use crate::report::Redactor;
use crate::verdict::{CalibratedWindow, Calibration, Event, ExitCode, Observers, WINDOWS_MICROS};

/// The gateway that is known to race.
const FAULT: Fault = Fault::CheckThenAct;
/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The calibration of a host, in the folder of all its reports.
pub(in crate::cli) const FILE: &str = "calibration.json";

/// Measures, and leaves what was found for later runs on this host.
pub(super) async fn run(args: &SelftestArgs) -> Result<ExitCode, CliError> {
    let cancel = interrupt::token();
    let started = Timestamp::now();
    let seed = args.seed.unwrap_or_else(rand::random);
    let reporting = Reporting::start("selftest", started, &args.output, Redactor::new(Vec::new()))?;
    let observers = std::sync::Arc::clone(&reporting.observers);
    observers.emit(&Event::Started(super::plan(seed, started)));
    let windows = if args.windows.is_empty() {
        WINDOWS_MICROS.to_vec()
    } else {
        args.windows.clone()
    };
    let bench = Bench {
        duels: args.duels.get(),
        seed,
        cancel: &cancel,
    };
    let end = match bench.measure(&windows).await? {
        Ok(mut calibration) => {
            calibration.measured = started.to_string();
            observers.emit(&Event::Calibrated(Box::new(calibration.clone())));
            keep(&calibration, &args.output.report, &observers);
            end_of(&calibration)
        }
        Err(end) => end,
    };
    reporting.end(&end)
}

/// What is measured with.
struct Bench<'a> {
    duels: u32,
    seed: u64,
    cancel: &'a CancellationToken,
}

impl Bench<'_> {
    /// Fires duels at the right gateway, and at one for each window.
    async fn measure(&self, windows: &[u64]) -> Result<Result<Calibration, End>, CliError> {
        let right = match self.duels_with(None).await? {
            Ok(duels) => duels,
            Err(end) => return Ok(Err(end)),
        };
        let mut measured: Vec<CalibratedWindow> = Vec::with_capacity(windows.len());
        for micros in windows {
            let duels = match self.duels_with(Some(*micros)).await? {
                Ok(duels) => duels,
                Err(end) => return Ok(Err(end)),
            };
            measured.push(window(*micros, duels));
        }
        #[expect(clippy::cast_precision_loss, reason = "windows are below 2⁵² µs")]
        let seen: Vec<_> = measured
            .iter()
            .map(|window| (window.micros as f64, window.volleys, window.seen))
            .collect();
        let contenders = u32::try_from(CONTENDERS).expect("they are few");
        Ok(Ok(Calibration {
            fault: FAULT.name().to_owned(),
            measured: String::new(),
            contenders,
            release: right.release.to_owned(),
            gate_volleys: DUELS,
            spread_micros: fit(contenders, &seen),
            windows: measured,
            right_volleys: right.fired,
            right_alarms: right.seen,
        }))
    }

    /// Duels with a gateway of its own: with the fault open for so long, or the
    /// right one.
    async fn duels_with(&self, micros: Option<u64>) -> Result<Result<Duels, End>, CliError> {
        let faults = micros.map(|micros| ChosenFault {
            fault: FAULT,
            window: Duration::from_micros(micros),
        });
        let gateway = crate::gateway::start(Settings {
            faults: faults.into_iter().collect(),
            ..Settings::default()
        })
        .await?;
        let setting = in_process_setting(&gateway, self.seed, 1, TIMEOUT)?;
        let duels = tokio::select! {
            duels = fire_duels(&setting, self.duels) => duels.map_err(|stop| stopped(&stop)),
            () = self.cancel.cancelled() => Err(interrupted()),
        };
        gateway.stop().await;
        Ok(duels)
    }
}

fn stopped(stop: &Stop) -> End {
    let reason = match stop {
        Stop::Inconclusive(reason) | Stop::Blocked(reason, _) => reason.clone(),
        other => format!("{other:?}"),
    };
    End::new(
        ExitCode::NoVerdict,
        format!("the calibration could not be measured: {reason}"),
    )
}

fn window(micros: u64, duels: Duels) -> CalibratedWindow {
    let (low, high) = wilson(duels.seen, duels.fired);
    let rate = f64::from(duels.seen) / f64::from(duels.fired.max(1));
    CalibratedWindow {
        micros,
        volleys: duels.fired,
        seen: duels.seen,
        low,
        high,
        gate_probability: at_least_once(rate, u64::from(DUELS)),
    }
}

/// Leaves the calibration where later runs find it.
fn keep(calibration: &Calibration, reports: &Path, observers: &Observers) {
    let file = reports.join(FILE);
    let written = serde_json::to_vec_pretty(calibration)
        .map_err(std::io::Error::from)
        .and_then(|text| {
            let mut out = std::fs::File::create(&file)?;
            out.write_all(&text)?;
            out.write_all(b"\n")
        });
    if let Err(error) = written {
        observers.emit(&Event::Notice(format!(
            "failed to keep the calibration in {}: {error} (later runs go without)",
            file.display()
        )));
    }
}

/// The calibration that was measured on this host, if it was.
pub(in crate::cli) fn kept(reports: &Path) -> Option<Calibration> {
    let text = std::fs::read(reports.join(FILE)).ok()?;
    serde_json::from_slice(&text).ok()
}

/// A race of the right gateway is a false alarm.
fn end_of(calibration: &Calibration) -> End {
    match calibration.right_alarms {
        0 => End::new(
            ExitCode::Success,
            "the detection of races is calibrated for this host",
        ),
        alarms => End::new(
            ExitCode::RuleFailed,
            format!("{alarms} duels with the right gateway look like races"),
        ),
    }
}
