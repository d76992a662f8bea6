//! How a run stands, in the text format of Prometheus.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Write};
use std::sync::{Mutex, PoisonError};

use super::redact::Redactor;
use crate::verdict::{Event, KindProgress, LatencyCounts, LoadProgress, Observer, Shard, Verdict};

/// An observer that keeps what a run's events say of how it stands, for whoever
/// asks meanwhile. What it knows of the load comes once a second, so that
/// nobody who sends requests ever waits for it.
pub struct LiveMetrics {
    redactor: Redactor,
    /// What tells this run's figures from another's, as labels.
    labels: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    is_loading: bool,
    rules: BTreeMap<&'static str, u64>,
    load: LoadProgress,
    /// Alarms that were told, also after the traffic.
    alarms: u64,
    /// Orders that were drained after the traffic.
    drained: u64,
    exit: Option<u8>,
}

impl LiveMetrics {
    /// Nothing yet, of a run of `command` with this scenario, or of a shard of it.
    pub fn new(command: &str, scenario: &str, shard: Option<Shard>, redactor: Redactor) -> Self {
        let mut scenario = scenario.to_owned();
        redactor.text(&mut scenario);
        let mut labels = format!(
            "command=\"{command}\",scenario=\"{}\"",
            LabelValue(&scenario)
        );
        if let Some(shard) = shard {
            write!(labels, ",shard=\"{shard}\"").expect("a text takes every character");
        }
        Self {
            redactor,
            labels,
            state: Mutex::default(),
        }
    }

    /// All of it as text.
    pub fn text(&self) -> String {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut page = Page {
            text: String::with_capacity(8 * 1024),
            labels: &self.labels,
        };
        page.write(&state).expect("a text takes every character");
        page.text
    }
}

impl Observer for LiveMetrics {
    fn observe(&self, event: &Event) {
        let event = self.redactor.event(event);
        let state = &mut *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &*event {
            Event::RuleFinished(outcome) => {
                *state.rules.entry(outcome.verdict.word()).or_default() += 1;
            }
            Event::LoadStarted { seconds, .. } => {
                state.is_loading = true;
                state.load.total_seconds = *seconds;
            }
            Event::LoadProgress(progress) => state.load = progress.clone(),
            Event::LoadFinished(_) => {
                state.is_loading = false;
                state.load.users = 0;
                state.load.rate = 0.0;
                state.load.target_rate = state.load.target_rate.map(|_| 0.0);
            }
            Event::Alarm(_) => state.alarms += 1,
            Event::DrainProgress { done, .. } => state.drained = *done,
            Event::Finished { exit, .. } => state.exit = Some(exit.number()),
            _ => {}
        }
    }
}

/// What is answered.
struct Page<'labels> {
    text: String,
    labels: &'labels str,
}

impl Page<'_> {
    fn write(&mut self, state: &State) -> fmt::Result {
        let load = &state.load;
        self.describe("run_info", "gauge", "Which run it is, by which recoup.")?;
        self.line("run_info", &[("version", &env!("CARGO_PKG_VERSION"))], &1)?;
        self.describe(
            "rules_finished_total",
            "counter",
            "Rules that have their verdict.",
        )?;
        for verdict in Verdict::ALL.map(Verdict::word) {
            let count = state.rules.get(verdict).copied().unwrap_or_default();
            self.line("rules_finished_total", &[("verdict", &verdict)], &count)?;
        }
        self.write_kinds(load)?;
        self.write_latency(&load.latency)?;
        self.describe(
            "load_interval_latency_seconds",
            "gauge",
            "Percentiles of the latency in the last second.",
        )?;
        for (quantile, micros) in [("0.5", load.p50), ("0.99", load.p99)] {
            self.line(
                "load_interval_latency_seconds",
                &[("quantile", &quantile)],
                &Seconds(micros),
            )?;
        }
        self.describe(
            "load_generator_lag_seconds",
            "gauge",
            "The generator's own lag in the last second: where it is high, it is the bottleneck.",
        )?;
        self.line(
            "load_generator_lag_seconds",
            &[("quantile", &"0.99")],
            &Seconds(load.lag_p99),
        )?;
        self.write_gauges(state)?;
        for (name, help, value) in [
            (
                "load_alarms_total",
                "Violations of a refund invariant that were seen while the run went on.",
                load.alarms.max(state.alarms),
            ),
            (
                "load_orders_settled_total",
                "Orders that were over and whose rest the gateway was asked for.",
                load.settled + state.drained,
            ),
        ] {
            self.describe(name, "counter", help)?;
            self.line(name, &[], &value)?;
        }
        Ok(())
    }

    fn write_kinds(&mut self, load: &LoadProgress) -> fmt::Result {
        type Figure = fn(&KindProgress) -> u64;
        let figures: [(&str, &str, Figure); 3] = [
            (
                "load_requests_total",
                "Requests that were measured, by kind of traffic; without the warm-up.",
                |kind| kind.requests,
            ),
            ("load_failures_total", "Failed ones among them.", |kind| {
                kind.failed
            }),
            (
                "load_unknown_outcomes_total",
                "Those among them after which nobody knows whether money moved.",
                |kind| kind.unknown,
            ),
        ];
        for (name, help, figure) in figures {
            self.describe(name, "counter", help)?;
            for (kind, counts) in &load.by_kind {
                self.line(name, &[("kind", kind)], &figure(counts))?;
            }
        }
        Ok(())
    }

    fn write_latency(&mut self, latency: &LatencyCounts) -> fmt::Result {
        self.describe(
            "load_latency_seconds",
            "histogram",
            "From when a request was due to its answer's last byte.",
        )?;
        let mut up_to = 0;
        for (end, count) in LatencyCounts::ENDS.iter().zip(latency.buckets) {
            up_to += count;
            let end = Seconds(*end);
            self.line("load_latency_seconds_bucket", &[("le", &end)], &up_to)?;
        }
        let count: u64 = latency.buckets.iter().sum();
        self.line("load_latency_seconds_bucket", &[("le", &"+Inf")], &count)?;
        self.line("load_latency_seconds_sum", &[], &Seconds(latency.sum))?;
        self.line("load_latency_seconds_count", &[], &count)
    }

    fn write_gauges(&mut self, state: &State) -> fmt::Result {
        let load = &state.load;
        let target = load.target_rate.map(|rate| rate.to_string());
        let gauges = [
            (
                "load_running",
                "Whether the traffic goes on.",
                Some(u8::from(state.is_loading).to_string()),
            ),
            (
                "load_requests_per_second",
                "Requests in the last second.",
                Some(load.rate.to_string()),
            ),
            (
                "load_target_requests_per_second",
                "Arrivals per second that are asked for now; absent in the closed model.",
                target,
            ),
            (
                "load_users",
                "Users that take part now, each with one connection.",
                Some(load.users.to_string()),
            ),
            (
                "load_elapsed_seconds",
                "For how long the traffic goes on.",
                Some(load.elapsed_seconds.to_string()),
            ),
            (
                "load_planned_seconds",
                "How long it is to take, the warm-up included.",
                Some(load.total_seconds.to_string()),
            ),
            (
                "run_exit_code",
                "How the run ended; absent until it has.",
                state.exit.map(|exit| exit.to_string()),
            ),
        ];
        for (name, help, value) in gauges {
            self.describe(name, "gauge", help)?;
            if let Some(value) = value {
                self.line(name, &[], &value)?;
            }
        }
        Ok(())
    }

    fn describe(&mut self, name: &str, kind: &str, help: &str) -> fmt::Result {
        writeln!(
            self.text,
            "# HELP recoup_{name} {help}\n# TYPE recoup_{name} {kind}"
        )
    }

    fn line(
        &mut self,
        name: &str,
        labels: &[(&str, &dyn Display)],
        value: &dyn Display,
    ) -> fmt::Result {
        write!(self.text, "recoup_{name}{{{}", self.labels)?;
        for (label, text) in labels {
            write!(self.text, ",{label}=\"{text}\"")?;
        }
        writeln!(self.text, "}} {value}")
    }
}

/// Microseconds, shown as seconds.
struct Seconds(u64);

impl Display for Seconds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 1_000_000, self.0 % 1_000_000);
        let digits = format!("{whole}.{part:06}");
        formatter.write_str(digits.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// A text as it stands between the quotes of a label.
struct LabelValue<'text>(&'text str);

impl Display for LabelValue<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '\\' => formatter.write_str(r"\\")?,
                '"' => formatter.write_str("\\\"")?,
                '\n' => formatter.write_str(r"\n")?,
                other => formatter.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::verdict::ExitCode;

    fn progress() -> LoadProgress {
        let mut latency = LatencyCounts::default();
        for micros in [100, 101, 70_000_000] {
            latency.add(micros, 1);
        }
        let partial = KindProgress {
            requests: 3,
            failed: 1,
            unknown: 1,
        };
        LoadProgress {
            requests: 3,
            rate: 2.5,
            p99: 1_500,
            users: 7,
            settled: 2,
            by_kind: BTreeMap::from([("partial", partial)]),
            latency,
            ..LoadProgress::default()
        }
    }

    fn has(metrics: &LiveMetrics, line: &str) {
        let text = metrics.text();
        assert!(text.lines().any(|one| one == line), "{line}\n{text}");
    }

    #[test]
    fn a_load_is_told_with_its_scenario_its_shard_and_its_kinds() {
        let shard = Shard::new(1, 3).unwrap();
        let metrics = LiveMetrics::new("load", "a \"b\"\\", Some(shard), Redactor::default());
        metrics.observe(&Event::LoadStarted {
            scenario: "a".into(),
            seconds: 33.0,
        });
        metrics.observe(&Event::LoadProgress(progress()));
        let labels = r#"command="load",scenario="a \"b\"\\",shard="1/3""#;
        for (name, more, value) in [
            ("load_requests_total", r#",kind="partial""#, "3"),
            ("load_failures_total", r#",kind="partial""#, "1"),
            ("load_unknown_outcomes_total", r#",kind="partial""#, "1"),
            ("load_latency_seconds_bucket", r#",le="0.0001""#, "1"),
            ("load_latency_seconds_bucket", r#",le="60""#, "2"),
            ("load_latency_seconds_bucket", r#",le="+Inf""#, "3"),
            ("load_latency_seconds_sum", "", "70.000201"),
            (
                "load_interval_latency_seconds",
                r#",quantile="0.99""#,
                "0.0015",
            ),
            ("load_requests_per_second", "", "2.5"),
            ("load_running", "", "1"),
            ("load_users", "", "7"),
        ] {
            has(
                &metrics,
                &format!("recoup_{name}{{{labels}{more}}} {value}"),
            );
        }
        // What is not asked for is not 0.
        let absent = "recoup_load_target_requests_per_second{";
        assert!(!metrics.text().contains(absent));
    }

    #[test]
    fn after_the_traffic_alarms_and_settled_orders_go_on() {
        let metrics = LiveMetrics::new("gate", "x", None, Redactor::default());
        metrics.observe(&Event::LoadProgress(progress()));
        metrics.observe(&Event::LoadFinished(Box::default()));
        metrics.observe(&Event::DrainProgress { done: 5, total: 9 });
        metrics.observe(&Event::Alarm(Box::new(sample::violation())));
        metrics.observe(&Event::Finished {
            exit: ExitCode::Money,
            reason: String::new(),
        });
        for (name, value) in [
            ("load_users", "0"),
            ("load_orders_settled_total", "7"),
            ("load_alarms_total", "1"),
            ("run_exit_code", "5"),
        ] {
            let labels = r#"command="gate",scenario="x""#;
            has(&metrics, &format!("recoup_{name}{{{labels}}} {value}"));
        }
    }

    #[test]
    fn a_sign_key_in_a_scenario_s_name_is_not_told() {
        let redactor = Redactor::new(vec![sample::SECRET.as_bytes().to_vec()]);
        let metrics = LiveMetrics::new("load", sample::SECRET, None, redactor);
        assert!(!metrics.text().contains(sample::SECRET));
    }
}
