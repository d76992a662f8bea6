//! The dialect of a gateway: what it does where the protocol is silent.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// The point that tells which text the signature of a request must be over.
pub const REQUEST_SIGNATURE: &str = "request-signature";
/// The point that tells which text the signature of an answer is over.
pub const ANSWER_SIGNATURE: &str = "answer-signature";

/// What was found out about one open point of the protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DialectPoint {
    /// Its stable id: `duplicate-number`.
    pub point: &'static str,
    /// What is asked, in one sentence.
    pub question: &'static str,
    /// The answer, a stable word that runs can be compared by; `None` where it
    /// was not observed.
    pub answer: Option<String>,
    /// More about the answer, or why there is none; may be empty.
    pub note: String,
}

impl DialectPoint {
    /// The answer, or that there is none and why, for a person.
    pub fn finding(&self) -> String {
        match (&self.answer, self.note.as_str()) {
            (Some(answer), "") => answer.clone(),
            (Some(answer), note) => format!("{answer}: {note}"),
            (None, note) => format!("not observed, because {note}"),
        }
    }
}

/// A point that was answered otherwise before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DialectChange {
    /// The point's id.
    pub point: String,
    /// The earlier answer.
    pub was: String,
    /// The answer of this run.
    pub is: String,
    /// What the earlier answer is from, in words that complete "changed
    /// since …": `the run of 2026-01-02T03:04:05+00:00`.
    pub since: String,
}

impl fmt::Display for DialectChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "behaviour changed since {}: {} was {}, is {}",
            self.since, self.point, self.was, self.is
        )
    }
}

/// What a gateway does at every open point that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dialect {
    /// The points, sorted by id.
    pub points: Vec<DialectPoint>,
    /// What it was compared with at one point at least, in the words of
    /// [`DialectChange::since`].
    pub compared_with: Vec<String>,
    /// What differs from what was known before; see [`Dialect::compare`].
    pub changed: Vec<DialectChange>,
}

impl Dialect {
    /// The dialect of these points.
    pub fn new(mut points: Vec<DialectPoint>) -> Self {
        points.sort_by_key(|point| point.point);
        Self {
            points,
            ..Self::default()
        }
    }

    /// The answer at a point, where it was observed.
    pub fn answer(&self, point: &str) -> Option<&str> {
        self.find(point)?.answer.as_deref()
    }

    /// What the gateway signs, as a sentence; `None` where it was not observed.
    pub fn signs(&self) -> Option<&str> {
        self.sentence(ANSWER_SIGNATURE)
    }

    /// What the gateway verifies, as a sentence; `None` where it was not
    /// observed.
    pub fn verifies(&self) -> Option<&str> {
        self.sentence(REQUEST_SIGNATURE)
    }

    fn sentence(&self, point: &str) -> Option<&str> {
        let point = self.find(point)?;
        point.answer.as_ref().map(|_| point.note.as_str())
    }

    fn find(&self, point: &str) -> Option<&DialectPoint> {
        self.points.iter().find(|known| known.point == point)
    }

    /// Every answer by its point: what a profile keeps.
    pub fn answers(&self) -> BTreeMap<String, String> {
        let answered = self.points.iter().filter_map(|point| {
            let answer = point.answer.clone()?;
            Some((point.point.to_owned(), answer))
        });
        answered.collect()
    }

    /// Notes in what this dialect differs from `earlier` answers. A point that
    /// was not observed both times is no difference.
    pub fn compare(&mut self, earlier: &BTreeMap<String, String>, since: &str) {
        let mut is_compared = false;
        for (point, is) in self.answers() {
            let Some(was) = earlier.get(&point) else {
                continue;
            };
            is_compared = true;
            if *was != is {
                self.changed.push(DialectChange {
                    point,
                    was: was.clone(),
                    is,
                    since: since.to_owned(),
                });
            }
        }
        if is_compared {
            self.compared_with.push(since.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(point: &'static str, answer: Option<&str>, note: &str) -> DialectPoint {
        DialectPoint {
            point,
            question: "?",
            answer: answer.map(str::to_owned),
            note: note.to_owned(),
        }
    }

    #[test]
    fn only_what_was_observed_both_times_can_have_changed() {
        let mut dialect = Dialect::new(vec![
            point("c", None, "there was no order"),
            point("b", Some("refuse"), ""),
            point("a", Some("taken"), ""),
        ]);
        let earlier = [
            ("a", "taken"),
            ("b", "replay"),
            ("c", "refused"),
            ("gone", "x"),
        ]
        .map(|(point, answer)| (point.to_owned(), answer.to_owned()));
        dialect.compare(&BTreeMap::from(earlier), "the run of Monday");
        let changed: Vec<String> = dialect.changed.iter().map(ToString::to_string).collect();
        assert_eq!(
            changed,
            ["behaviour changed since the run of Monday: b was replay, is refuse"]
        );
        // Where nothing is known of it, nothing was compared.
        let other = BTreeMap::from([("c".to_owned(), "refused".to_owned())]);
        dialect.compare(&other, "the profile was written");
        assert_eq!(dialect.compared_with, ["the run of Monday"]);
    }

    #[test]
    fn a_point_without_an_answer_says_why_and_has_no_sentence() {
        let dialect = Dialect::new(vec![
            point(REQUEST_SIGNATURE, None, "no spelling was taken"),
            point(ANSWER_SIGNATURE, Some("raw"), "signs the raw text"),
        ]);
        assert_eq!(dialect.verifies(), None);
        assert_eq!(dialect.signs(), Some("signs the raw text"));
        let findings: Vec<String> = dialect.points.iter().map(DialectPoint::finding).collect();
        assert_eq!(
            findings,
            [
                "raw: signs the raw text",
                "not observed, because no spelling was taken"
            ]
        );
    }
}
