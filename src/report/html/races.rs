//! What races the traffic could have shown.

use std::io::{self, Write};

use super::escape::text;
use super::members;
use crate::report::collected::Report;
use crate::report::power;
use crate::verdict::{Calibration, Power, Races};

/// Writes the sections of the check's races and of a calibration, where there
/// are any.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if let Some(races) = &report.races {
        write_races(races, report, out)?;
    }
    // One that was measured earlier stands in the assumption.
    match &report.calibration {
        Some(calibration) if report.races.is_none() && report.load.is_none() => {
            write_calibration(calibration, out)
        }
        _ => Ok(()),
    }
}

fn write_races(races: &Races, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<section id=\"races\">\n<h2>Races</h2>\n<p>{} volleys, {} of them duels. Released {}.</p>",
        races.volleys,
        races.duels,
        text(&power::release(races))
    )?;
    let exposure = serde_json::to_value(races.exposure).unwrap_or_default();
    members::write(&exposure, out)?;
    if let Some(power) = power::of_races(races, report.calibration.as_ref()) {
        write_power(&power, out)?;
    }
    writeln!(out, "</section>")
}

/// Writes how likely volleys were to show a race, and what that takes for
/// granted.
pub(super) fn write_power(power: &Power, out: &mut dyn Write) -> io::Result<()> {
    let [seen, provided] = power::lines(power);
    writeln!(out, "<p>{}; {}.</p>", text(&seen), text(&provided))?;
    let header = ["Window", "Seen by one volley", "Seen by one of all"];
    table(&header, power.windows.iter().map(power::row), out)
}

fn write_calibration(calibration: &Calibration, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<section id=\"calibration\">\n<h2>Calibration</h2>\n<p class=\"quiet\">{}, {}</p>",
        text(&calibration.fault),
        text(&calibration.measured)
    )?;
    let header = ["Window", "Seen", "Rate", "95 % interval", "A default gate"];
    table(&header, power::calibrated(calibration), out)?;
    for finding in power::findings(calibration) {
        writeln!(out, "<p>{}</p>", text(&finding))?;
    }
    writeln!(out, "</section>")
}

fn table<const N: usize>(
    header: &[&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "<div class=\"scroll\"><table>\n<thead><tr>")?;
    for name in header {
        writeln!(out, "<th class=\"figure\">{name}</th>")?;
    }
    writeln!(out, "</tr></thead>\n<tbody>")?;
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| text(cell).to_string()).collect();
        writeln!(
            out,
            "<tr><td class=\"figure\">{}</td></tr>",
            cells.join("</td><td class=\"figure\">")
        )?;
    }
    writeln!(out, "</tbody></table></div>")
}
