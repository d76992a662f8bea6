//! What the pictures of a load have in common: a frame, two scales, lines.

use std::fmt::Write as _;

/// The size of a plot in its own units; the page scales it.
pub(super) const WIDTH: f64 = 520.0;
pub(super) const HEIGHT: f64 = 230.0;
/// Room for the labels left of and below the plot, and what stays free beside.
pub(super) const LEFT: f64 = 74.0;
pub(super) const RIGHT: f64 = WIDTH - 14.0;
pub(super) const TOP: f64 = 12.0;
pub(super) const FLOOR: f64 = HEIGHT - 30.0;

/// Colours that lines are told apart by, each with its own dashes.
pub(super) const SERIES: usize = 8;

/// From values to places along one axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) least: f64,
    pub(super) most: f64,
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) is_logarithmic: bool,
}

impl Scale {
    /// Where a value is; at the end of the axis where it lies beyond.
    pub(super) fn at(self, value: f64) -> f64 {
        let place = |value: f64| {
            if self.is_logarithmic {
                value.max(f64::MIN_POSITIVE).log10()
            } else {
                value
            }
        };
        let (least, most) = (place(self.least), place(self.most));
        let share = (place(value) - least) / (most - least).max(f64::EPSILON);
        self.from + (self.to - self.from) * share.clamp(0.0, 1.0)
    }

    /// Heights for latencies in microseconds, on a logarithmic scale: on a
    /// linear one the tail hides everything else.
    pub(super) fn of_latencies(values: impl Iterator<Item = u64>) -> Self {
        let (mut least, mut most) = (u64::MAX, 1);
        for value in values {
            least = least.min(value.max(1));
            most = most.max(value);
        }
        // Display only: what is lost beyond 2⁵³ µs is 285 years in.
        let (least, most) = (least.min(most) as f64, most as f64);
        Self {
            least: round(least, false),
            most: round(most * 1.02, true),
            from: FLOOR,
            to: TOP,
            is_logarithmic: true,
        }
    }

    /// The values to label: round ones, few enough to be read.
    pub(super) fn ticks(self) -> Vec<f64> {
        if !self.is_logarithmic {
            return linear_ticks(self.most);
        }
        let decades = (self.most / self.least).log10();
        let steps: &[f64] = match decades {
            ..2.1 => &[1.0, 2.0, 5.0],
            2.1..4.1 => &[1.0, 3.0],
            _ => &[1.0],
        };
        let mut ticks = Vec::new();
        let mut decade = 10_f64.powf(self.least.log10().floor());
        while decade <= self.most {
            ticks.extend(steps.iter().map(|step| step * decade));
            decade *= 10.0;
        }
        ticks.retain(|tick| (self.least * 0.999..=self.most * 1.001).contains(tick));
        ticks
    }
}

/// The next round value below or above: 1, 2 or 5 with zeros.
fn round(value: f64, is_up: bool) -> f64 {
    let decade = 10_f64.powf(value.max(1.0).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * decade);
    let found = if is_up {
        steps.into_iter().find(|step| *step >= value)
    } else {
        steps.into_iter().rev().find(|step| *step <= value)
    };
    found.unwrap_or(decade)
}

/// Four or five round values from 0 on.
fn linear_ticks(most: f64) -> Vec<f64> {
    let step = round((most / 5.0).max(1.0), true);
    let mut ticks = vec![0.0];
    let mut next = step;
    while next <= most * 1.001 {
        ticks.push(next);
        next += step;
    }
    ticks
}

/// A picture that is being drawn.
pub(super) struct Plot {
    pub(super) body: String,
}

impl Plot {
    /// With lines and labels at the heights of `scale`.
    pub(super) fn with(scale: Scale, label: impl Fn(f64) -> String) -> Self {
        let mut plot = Self {
            body: String::new(),
        };
        for tick in scale.ticks() {
            let y = scale.at(tick);
            plot.add(format_args!(
                "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{RIGHT}\" y2=\"{y:.1}\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 8.0,
                y + 4.0,
                label(tick),
            ));
        }
        plot
    }

    pub(super) fn add(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string can't fail.
        let _ = writeln!(self.body, "{element}");
    }

    /// A label below the plot.
    pub(super) fn below(&mut self, x: f64, anchor: &str, label: &str) {
        let y = FLOOR + 20.0;
        self.add(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{label}</text>"
        ));
    }

    /// A line through points.
    pub(super) fn line(&mut self, class: &str, points: impl Iterator<Item = (f64, f64)>) {
        let mut path = String::new();
        for (x, y) in points {
            let _ = write!(path, "{x:.1},{y:.1} ");
        }
        let path = path.trim_end();
        self.add(format_args!(
            "<polyline class=\"line {class}\" points=\"{path}\"/>"
        ));
    }

    /// The picture with its title, its key and what it says in words.
    pub(super) fn figure(self, title: &str, keys: &[(String, String)], told: &str) -> String {
        let keys: String = keys
            .iter()
            .map(|(class, name)| {
                format!(
                    " <span class=\"key\"><svg viewBox=\"0 0 26 8\" aria-hidden=\"true\">\
                     <line class=\"line {class}\" x1=\"0\" y1=\"4\" x2=\"26\" y2=\"4\"/></svg> {name}</span>"
                )
            })
            .collect();
        format!(
            "<figure>\n<figcaption><strong>{title}</strong>{keys}</figcaption>\n\
             <svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n<title>{title}</title>\n\
             <desc>{told}</desc>\n{}</svg>\n</figure>\n",
            self.body
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(linear_ticks(398.0), [0.0, 100.0, 200.0, 300.0]);
        let scale = Scale::of_latencies([130, 4_200].into_iter());
        assert_eq!(
            scale.ticks(),
            [100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0]
        );
        let wide = Scale::of_latencies([1, 120_000_000].into_iter());
        assert!(wide.ticks().len() <= 10, "{:?}", wide.ticks());
        assert!((wide.at(1.0) - FLOOR).abs() < 0.1);
    }
}
