//! What the gateway counts of its work, and how it tells it: the text format
//! of Prometheus.
//!
//! Counting is adding to an atomic number; nobody waits for anybody.

use std::fmt::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::protocol::code::Effect;
use crate::protocol::{Api, Code};

/// What a request asks for: a call, or what is none.
const CALLS: [Option<Api>; 7] = [
    Some(Api::Pay),
    Some(Api::Query),
    Some(Api::Qrcode),
    Some(Api::Create),
    Some(Api::CreateOnline),
    Some(Api::Refund),
    None,
];
/// Codes that have a counter of their own: all that are documented are below.
const CODES: usize = 64;
/// Upper ends of the latency's buckets, in microseconds.
const BUCKETS: [u64; 14] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 10_000_000,
];

/// The counters of one gateway.
#[derive(Debug)]
pub(super) struct Metrics {
    started: SystemTime,
    calls: [Call; CALLS.len()],
    waiting: AtomicU64,
    turned_away: AtomicU64,
    connections: AtomicU64,
    accepted: AtomicU64,
    handshakes_failed: AtomicU64,
}

/// The counters of one call.
#[derive(Debug)]
struct Call {
    /// Answers by code; the last are those of any other code, or of none.
    codes: [AtomicU64; CODES + 1],
    /// Answers by latency, each in its own bucket alone.
    buckets: [AtomicU64; BUCKETS.len() + 1],
    /// The sum of all latencies, in microseconds.
    sum: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            started: SystemTime::now(),
            calls: std::array::from_fn(|_| Call {
                codes: std::array::from_fn(|_| AtomicU64::new(0)),
                buckets: std::array::from_fn(|_| AtomicU64::new(0)),
                sum: AtomicU64::new(0),
            }),
            waiting: AtomicU64::new(0),
            turned_away: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            handshakes_failed: AtomicU64::new(0),
        }
    }
}

/// Something that is counted for as long as it lasts.
#[derive(Debug)]
pub(super) struct Counted {
    metrics: Arc<Metrics>,
    gauge: fn(&Metrics) -> &AtomicU64,
}

impl Drop for Counted {
    fn drop(&mut self) {
        (self.gauge)(&self.metrics).fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    /// Counts an answer, and how long after its request it was ready. What is
    /// no call has `None`, and so has an answer without a code.
    pub(super) fn answered(&self, api: Option<Api>, code: Option<Code>, latency: Duration) {
        let place = api.map_or(CALLS.len() - 1, |api| match api {
            Api::Pay => 0,
            Api::Query => 1,
            Api::Qrcode => 2,
            Api::Create => 3,
            Api::CreateOnline => 4,
            Api::Refund => 5,
        });
        let call = &self.calls[place];
        let code = code.and_then(|code| usize::try_from(code.0).ok());
        add_one(&call.codes[code.unwrap_or(CODES).min(CODES)]);
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        add_one(&call.buckets[BUCKETS.partition_point(|end| *end < micros)]);
        call.sum.fetch_add(micros, Ordering::Relaxed);
    }

    /// A place among the calls that wait for the store; `None`, and counted,
    /// where `most` have one.
    pub(super) fn wait(self: &Arc<Self>, most: usize) -> Option<Counted> {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let place = Counted {
            metrics: Arc::clone(self),
            gauge: |metrics| &metrics.waiting,
        };
        if before < most as u64 {
            return Some(place);
        }
        add_one(&self.turned_away);
        None
    }

    /// Counts a connection, which is open until what is given back is dropped.
    pub(super) fn connected(self: &Arc<Self>) -> Counted {
        add_one(&self.accepted);
        add_one(&self.connections);
        Counted {
            metrics: Arc::clone(self),
            gauge: |metrics| &metrics.connections,
        }
    }

    /// Counts a caller that did not come to speak TLS.
    pub(super) fn handshake_failed(&self) {
        add_one(&self.handshakes_failed);
    }

    /// How many requests were answered so far.
    pub(super) fn answers(&self) -> u64 {
        let codes = self.calls.iter().flat_map(|call| &call.codes);
        codes.map(read).sum()
    }

    /// All of it as text.
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(8 * 1024);
        self.write(&mut text).expect("a text takes every character");
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        describe(
            out,
            "requests_total",
            "counter",
            "Answers by call and code; \"other\" is no call of the API, or no documented code.",
        )?;
        for (call, counted) in CALLS.iter().zip(&self.calls) {
            for (code, count) in counted.codes.iter().enumerate() {
                let count = read(count);
                if count > 0 {
                    let call = name_of(*call);
                    let code = name_of_code(code);
                    writeln!(
                        out,
                        "recoup_requests_total{{call=\"{call}\",code=\"{code}\"}} {count}"
                    )?;
                }
            }
        }
        self.write_refunds(out)?;
        describe(
            out,
            "request_duration_seconds",
            "histogram",
            "From a request's last byte to its answer, by call.",
        )?;
        for (call, counted) in CALLS.iter().zip(&self.calls) {
            counted.write_latency(name_of(*call), out)?;
        }
        for (name, kind, help, value) in [
            (
                "calls_waiting",
                "gauge",
                "Calls that wait for the store.",
                &self.waiting,
            ),
            (
                "calls_turned_away_total",
                "counter",
                "Calls that were answered as busy, since too many were waiting.",
                &self.turned_away,
            ),
            (
                "connections",
                "gauge",
                "Connections that are open.",
                &self.connections,
            ),
            (
                "connections_total",
                "counter",
                "Connections that were accepted.",
                &self.accepted,
            ),
            (
                "tls_handshakes_failed_total",
                "counter",
                "Connections that did not come to speak TLS.",
                &self.handshakes_failed,
            ),
        ] {
            describe(out, name, kind, help)?;
            writeln!(out, "recoup_{name} {}", read(value))?;
        }
        describe(
            out,
            "start_time_seconds",
            "gauge",
            "When the gateway started, since 1970.",
        )?;
        let started = self.started.duration_since(UNIX_EPOCH).unwrap_or_default();
        writeln!(out, "recoup_start_time_seconds {}", started.as_secs())?;
        describe(out, "build_info", "gauge", "Which recoup it is.")?;
        writeln!(
            out,
            "recoup_build_info{{version=\"{}\"}} 1",
            env!("CARGO_PKG_VERSION")
        )
    }

    fn write_refunds(&self, out: &mut String) -> fmt::Result {
        let [.., refunds, _] = &self.calls;
        describe(
            out,
            "refunds_total",
            "counter",
            "Refunds by what their answer says of the money; a repeated one is accepted again.",
        )?;
        for (outcome, effect) in [
            ("accepted", Effect::Happened),
            ("refused", Effect::None),
            ("unknown", Effect::Unknown),
        ] {
            let counts = refunds.codes.iter().zip(0_i64..);
            let count: u64 = counts
                .filter(|(_, code)| Code(*code).effect() == effect)
                .map(|(count, _)| read(count))
                .sum();
            writeln!(out, "recoup_refunds_total{{outcome=\"{outcome}\"}} {count}")?;
        }
        Ok(())
    }
}

impl Call {
    fn write_latency(&self, call: &str, out: &mut String) -> fmt::Result {
        const NAME: &str = "recoup_request_duration_seconds";
        // Read once, so that the sum of the buckets is the count, whatever is
        // answered meanwhile.
        let counts = self.buckets.each_ref().map(read);
        let mut up_to = 0;
        for (end, count) in BUCKETS.iter().zip(counts) {
            up_to += count;
            let end = Seconds(*end);
            writeln!(out, "{NAME}_bucket{{call=\"{call}\",le=\"{end}\"}} {up_to}")?;
        }
        let count: u64 = counts.iter().sum();
        let sum = Seconds(read(&self.sum));
        writeln!(out, "{NAME}_bucket{{call=\"{call}\",le=\"+Inf\"}} {count}")?;
        writeln!(out, "{NAME}_sum{{call=\"{call}\"}} {sum}")?;
        writeln!(out, "{NAME}_count{{call=\"{call}\"}} {count}")
    }
}

/// Microseconds, shown as seconds.
struct Seconds(u64);

impl fmt::Display for Seconds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 1_000_000, self.0 % 1_000_000);
        let digits = format!("{whole}.{part:06}");
        formatter.write_str(digits.trim_end_matches('0').trim_end_matches('.'))
    }
}

fn describe(out: &mut String, name: &str, kind: &str, help: &str) -> fmt::Result {
    writeln!(
        out,
        "# HELP recoup_{name} {help}\n# TYPE recoup_{name} {kind}"
    )
}

fn name_of(call: Option<Api>) -> &'static str {
    call.map_or("other", Api::name)
}

fn name_of_code(code: usize) -> String {
    if code < CODES {
        code.to_string()
    } else {
        "other".to_owned()
    }
}

fn add_one(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_code_has_a_counter_of_its_own() {
        for code in Code::DOCUMENTED {
            assert!(usize::try_from(code.0).unwrap() < CODES, "{code}");
        }
    }

    #[test]
    fn answers_are_counted_by_call_code_outcome_and_latency() {
        let metrics = Metrics::default();
        let refund = Some(Api::Refund);
        let answered = |api, code, micros| {
            metrics.answered(api, code, Duration::from_micros(micros));
        };
        answered(refund, Some(Code::SUCCESS), 250);
        answered(refund, Some(Code::SUCCESS), 251);
        answered(refund, Some(Code::REFUND_EXCEEDS), 2_000_000);
        answered(refund, Some(Code(777)), 60_000_000);
        answered(None, Some(Code::ILLEGAL_REQUEST), 1);
        answered(Some(Api::Query), None, 1);
        let text = metrics.text();
        for line in [
            "recoup_requests_total{call=\"refund\",code=\"1\"} 2",
            "recoup_requests_total{call=\"refund\",code=\"35\"} 1",
            "recoup_requests_total{call=\"refund\",code=\"other\"} 1",
            "recoup_requests_total{call=\"other\",code=\"3\"} 1",
            "recoup_requests_total{call=\"query\",code=\"other\"} 1",
            "recoup_refunds_total{outcome=\"accepted\"} 2",
            "recoup_refunds_total{outcome=\"refused\"} 1",
            "recoup_refunds_total{outcome=\"unknown\"} 1",
            "recoup_request_duration_seconds_bucket{call=\"refund\",le=\"0.00025\"} 1",
            "recoup_request_duration_seconds_bucket{call=\"refund\",le=\"0.0005\"} 2",
            "recoup_request_duration_seconds_bucket{call=\"refund\",le=\"10\"} 3",
            "recoup_request_duration_seconds_bucket{call=\"refund\",le=\"+Inf\"} 4",
            "recoup_request_duration_seconds_sum{call=\"refund\"} 62.000501",
            "recoup_request_duration_seconds_count{call=\"refund\"} 4",
        ] {
            assert!(text.lines().any(|one| one == line), "{line}\n{text}");
        }
        assert_eq!(metrics.answers(), 6);
    }

    #[test]
    fn a_place_is_free_again_when_its_call_has_gone() {
        let metrics = Arc::new(Metrics::default());
        let first = metrics.wait(1);
        assert!(first.is_some());
        assert!(metrics.wait(1).is_none());
        drop(first);
        assert!(metrics.wait(1).is_some());
        assert!(
            metrics
                .text()
                .contains("recoup_calls_turned_away_total 1\n")
        );
        assert!(metrics.text().contains("recoup_calls_waiting 0\n"));
    }
}
