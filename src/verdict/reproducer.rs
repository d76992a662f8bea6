//! The least traffic that shows a violation, for a gateway to be tried with
//! again: which refunds of one fresh order, and which of them at once.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::audit::Timing;
use super::certificate::Claim;

/// The version of the form that reproducers are written in.
pub const REPRODUCER_SCHEMA: &str = "recoup.reproducer/1";

/// Requests that are named one by one in a text; of more only their number.
const MOST_NAMED: usize = 6;

/// Traffic that shows a violation, and how often it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reproducer {
    /// [`REPRODUCER_SCHEMA`].
    pub schema: String,
    /// The invariant's id: `I1`.
    pub invariant: String,
    /// In which way it is broken.
    pub claim: Claim,
    /// Whether it needs concurrency to show.
    pub timing: Timing,
    /// What was paid and what is sent, for each round anew.
    #[serde(flatten)]
    pub traffic: Traffic,
    /// Rounds that showed it.
    pub failed: u32,
    /// Rounds that were tried; 0 where it was not, and the traffic is what was
    /// recorded.
    pub rounds: u32,
    /// What a round showed, as arithmetic where it is some: `5008 + 5004 > 10000`.
    pub shows: String,
    /// The order that it was found with.
    pub found_with: String,
    /// The seed of the run that found it; 0 where none sent anything.
    #[serde(default)]
    pub seed: u64,
}

/// What one round does with a fresh order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Traffic {
    /// What is paid for the order, in minor units.
    pub paid: i64,
    /// What is sent of it, one after the other.
    pub volleys: Vec<Volley>,
}

/// Requests that leave together; of a single one, a request that nothing else
/// is at the same time as.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Volley {
    /// How they leave.
    pub release: ReleaseForm,
    /// What is asked, in the order of leaving.
    pub requests: Vec<VolleyRequest>,
}

/// How the requests of a volley leave. Over real networks last bytes can come
/// closer together than whole requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseForm {
    /// Each in one write.
    Whole,
    /// All but the last byte of each first, and when the gateway is at work on
    /// all of them, the last bytes.
    LastByte,
}

impl ReleaseForm {
    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::LastByte => "last-byte",
        }
    }

    /// The other way.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Whole => Self::LastByte,
            Self::LastByte => Self::Whole,
        }
    }
}

/// One request of a volley.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(
    tag = "ask",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum VolleyRequest {
    /// A refund.
    Refund {
        /// Which number it has. The same one again is a retry.
        number: u32,
        /// Its amount, in minor units.
        amount: i64,
        /// How much later than the first of the volley it leaves, in
        /// microseconds.
        #[serde(default, skip_serializing_if = "is_zero")]
        after_micros: u64,
        /// Whether its connection is closed as soon as all have left, and its
        /// answer never read.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        abandoned: bool,
    },
    /// A query of the order.
    Query {
        /// How much later than the first of the volley it leaves, in
        /// microseconds.
        #[serde(default, skip_serializing_if = "is_zero")]
        after_micros: u64,
    },
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Where a run has put a violation's reproducer, and what it comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reproduction {
    /// Its file within the run's folder.
    pub file: String,
    /// The command that tries it again.
    pub command: String,
    /// What it sends, in words.
    pub traffic: String,
    /// Rounds that showed the violation.
    pub failed: u32,
    /// Rounds that were tried; 0 where it was not, and the traffic is what was
    /// recorded.
    pub rounds: u32,
}

/// Why a text is no reproducer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReproducerError {
    /// It has another form.
    #[error("it is no reproducer: {0}")]
    Form(String),
    /// It asks for what can't be sent.
    #[error("{0}")]
    Content(&'static str),
}

impl Reproducer {
    /// Reads one.
    ///
    /// # Errors
    /// [`ReproducerError`] where the text is none, or asks for what can't be
    /// sent.
    pub fn parse(text: &str) -> Result<Self, ReproducerError> {
        let read: Self =
            serde_json::from_str(text).map_err(|error| ReproducerError::Form(error.to_string()))?;
        if read.schema != REPRODUCER_SCHEMA {
            let reason = format!("its schema is {:?}, not {REPRODUCER_SCHEMA:?}", read.schema);
            return Err(ReproducerError::Form(reason));
        }
        read.traffic.check()?;
        Ok(read)
    }

    /// Its file's text.
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("its keys are strings");
        text.push('\n');
        text
    }

    /// How often it showed the violation, in words.
    pub fn share(&self) -> String {
        share(self.failed, self.rounds)
    }
}

/// How often rounds failed, in words.
pub fn share(failed: u32, rounds: u32) -> String {
    match rounds {
        0 => "not tried".to_owned(),
        _ => format!("fails {failed} of {rounds} rounds"),
    }
}

impl Traffic {
    /// More requests than this are no round of one order.
    pub const MOST_REQUESTS: usize = 256;

    /// The same, with the last bytes of volleys held back that can be.
    #[must_use]
    pub fn by_last_byte(&self) -> Self {
        let mut traffic = self.clone();
        for volley in &mut traffic.volleys {
            if volley.requests.len() > 1 && volley.can_be_held() {
                volley.release = ReleaseForm::LastByte;
            }
        }
        traffic
    }

    /// Whether it holds anything back.
    pub fn has_held(&self) -> bool {
        let mut volleys = self.volleys.iter();
        volleys.any(|volley| volley.release == ReleaseForm::LastByte)
    }

    /// How many requests a round sends.
    pub fn len(&self) -> usize {
        self.volleys
            .iter()
            .map(|volley| volley.requests.len())
            .sum()
    }

    /// Whether it sends nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The most requests of a volley.
    pub fn width(&self) -> usize {
        let widths = self.volleys.iter().map(|volley| volley.requests.len());
        widths.max().unwrap_or(0)
    }

    fn check(&self) -> Result<(), ReproducerError> {
        if self.paid < 1 {
            return Err(ReproducerError::Content("paid has to be at least 1"));
        }
        if self.is_empty() {
            return Err(ReproducerError::Content("its volleys hold no request"));
        }
        if self.len() > Self::MOST_REQUESTS {
            return Err(ReproducerError::Content(
                "its volleys hold more than 256 requests",
            ));
        }
        Ok(())
    }
}

impl fmt::Display for Traffic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let volleys: Vec<String> = self.volleys.iter().map(ToString::to_string).collect();
        write!(
            formatter,
            "{} on an order of {}",
            volleys.join(", then "),
            self.paid
        )
    }
}

impl fmt::Display for Volley {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests = &self.requests;
        if let [single] = &requests[..] {
            return write!(formatter, "{single}");
        }
        let count = requests.len();
        if count > MOST_NAMED {
            return write!(formatter, "{count} requests at once");
        }
        let named: Vec<String> = requests.iter().map(ToString::to_string).collect();
        write!(formatter, "{count} requests at once ({})", named.join(", "))
    }
}

impl fmt::Display for VolleyRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refund { number, amount, .. } => {
                write!(formatter, "refund {amount} as number {number}")?;
            }
            Self::Query { .. } => write!(formatter, "query")?,
        }
        match self.after_micros() {
            0 => Ok(()),
            micros => write!(formatter, " after {micros} µs"),
        }
    }
}

/// Whether requests leave apart and are waited for, each of which leaves late or
/// not, and is abandoned or not. Nothing of such is held back: the answer to one
/// may come before the next has left.
pub fn leave_apart(requests: impl Iterator<Item = (bool, bool)>) -> bool {
    let (mut is_late, mut is_abandoned) = (false, false);
    for (late, abandoned) in requests {
        is_late |= late;
        is_abandoned |= abandoned;
    }
    is_late && !is_abandoned
}

impl Volley {
    /// Whether last bytes can be held back.
    pub fn can_be_held(&self) -> bool {
        let requests = self.requests.iter();
        !leave_apart(requests.map(|request| (request.after_micros() > 0, request.is_abandoned())))
    }
}

impl VolleyRequest {
    /// How much later than the first of its volley it leaves, in microseconds.
    pub const fn after_micros(&self) -> u64 {
        match self {
            Self::Refund { after_micros, .. } | Self::Query { after_micros } => *after_micros,
        }
    }

    /// Whether nobody waits for its answer.
    const fn is_abandoned(&self) -> bool {
        matches!(
            self,
            Self::Refund {
                abandoned: true,
                ..
            }
        )
    }

    /// The same, leaving with the first.
    #[must_use]
    pub const fn at_once(mut self) -> Self {
        match &mut self {
            Self::Refund { after_micros, .. } | Self::Query { after_micros } => *after_micros = 0,
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn duel() -> Reproducer {
        let refund = |number, amount, after_micros| VolleyRequest::Refund {
            number,
            amount,
            after_micros,
            abandoned: false,
        };
        Reproducer {
            schema: REPRODUCER_SCHEMA.to_owned(),
            invariant: "I1".to_owned(),
            claim: Claim::OverRefund,
            timing: Timing::ConcurrencyOnly,
            traffic: Traffic {
                paid: 10_000,
                volleys: vec![
                    Volley {
                        release: ReleaseForm::Whole,
                        requests: vec![VolleyRequest::Query { after_micros: 0 }],
                    },
                    Volley {
                        release: ReleaseForm::LastByte,
                        requests: vec![refund(1, 5_008, 0), refund(2, 5_004, 250)],
                    },
                ],
            },
            failed: 31,
            rounds: 40,
            shows: "5008 + 5004 > 10000".to_owned(),
            found_with: "o1".to_owned(),
            seed: u64::MAX,
        }
    }

    #[test]
    fn what_leaves_apart_is_held_only_where_some_of_it_is_abandoned() {
        let held = |after_micros, abandoned| {
            let mut traffic = duel().traffic;
            traffic.volleys[1].release = ReleaseForm::Whole;
            if let VolleyRequest::Refund {
                after_micros: after,
                abandoned: is_abandoned,
                ..
            } = &mut traffic.volleys[1].requests[1]
            {
                (*after, *is_abandoned) = (after_micros, abandoned);
            }
            let held = traffic.by_last_byte();
            assert_eq!(held.volleys[0].release, ReleaseForm::Whole);
            held.has_held()
        };
        assert!(held(0, false));
        assert!(!held(250, false));
        assert!(held(250, true));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let text = duel().text();
        assert_eq!(Reproducer::parse(&text), Ok(duel()));
        assert!(text.contains(r#""paid": 10000"#), "{text}");
        assert!(text.contains(r#""ask": "refund""#), "{text}");
        assert!(text.contains(r#""afterMicros": 250"#), "{text}");
    }

    #[test]
    fn its_words_say_what_is_sent_and_how_often_it_failed() {
        assert_eq!(
            duel().traffic.to_string(),
            "query, then 2 requests at once (refund 5008 as number 1, \
             refund 5004 as number 2 after 250 µs) on an order of 10000"
        );
        assert_eq!(duel().share(), "fails 31 of 40 rounds");
        assert_eq!(share(0, 0), "not tried");
    }

    #[test]
    fn what_can_not_be_sent_is_no_reproducer() {
        let text = duel().text();
        for (this, by, reason) in [
            ("recoup.reproducer/1", "recoup.exchange/1", "its schema is"),
            (r#""paid": 10000"#, r#""paid": 0"#, "at least 1"),
            (r#""ask": "refund""#, r#""ask": "pay""#, "pay"),
            (r#""failed": 31,"#, "", "failed"),
        ] {
            let error = Reproducer::parse(&text.replace(this, by)).unwrap_err();
            assert!(error.to_string().contains(reason), "{by}: {error}");
        }
        let mut empty = duel();
        empty.traffic.volleys.clear();
        assert!(Reproducer::parse(&empty.text()).is_err());
    }
}
