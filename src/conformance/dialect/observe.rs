//! All topics, asked side by side, and what they amount to.

use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt, StreamExt};

use crate::conformance::probe::{Reply, Setting};
use crate::verdict::{Dialect, DialectPoint};

use super::interview::{Interview, Protocol, point};
use super::topic::Topic;
use super::{answer_signature, refunding, refusals, request_signature, requests};

/// Every topic, the longest first.
static TOPICS: [Topic; 7] = [
    refunding::TOPIC,
    requests::TOPIC,
    requests::VALUES,
    requests::AMOUNTS,
    refusals::TOPIC,
    refusals::BELOW,
    request_signature::TOPIC,
];

/// Finds out what the target of `setting` does where the protocol is silent,
/// with about forty requests, `jobs` topics at once. What can't be found out
/// is among the points all the same, with the reason.
pub async fn observe(setting: &Setting, jobs: usize) -> Dialect {
    let protocols: Vec<Protocol> = futures_util::stream::iter(&TOPICS)
        .map(|topic| interview(setting.clone(), topic))
        .buffered(jobs.max(1))
        .collect()
        .await;
    let (points, heard): (Vec<Vec<DialectPoint>>, Vec<Vec<Reply>>) = protocols
        .into_iter()
        .map(|protocol| (protocol.points, protocol.heard))
        .unzip();
    let (mut points, heard) = (points.concat(), heard.concat());
    points.extend(answer_signature::points(
        &heard,
        &setting.caller.partner.key,
    ));
    points.push(refusals::http_status(&heard));
    Dialect::new(points)
}

/// One topic. A crash of ours costs its points and nothing else.
async fn interview(setting: Setting, topic: &'static Topic) -> Protocol {
    AssertUnwindSafe(Interview::about(setting, topic))
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Protocol {
            points: topic
                .questions
                .iter()
                .map(|question| point(question, None, "the question itself crashed".to_owned()))
                .collect(),
            heard: Vec::new(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_point_is_asked_about_once_and_in_a_whole_question() {
        let mut seen = BTreeSet::new();
        for question in TOPICS.iter().flat_map(|topic| topic.questions) {
            assert!(seen.insert(question.point), "{}", question.point);
            assert!(question.text.ends_with('?'), "{}", question.point);
            assert!(
                question
                    .point
                    .bytes()
                    .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')),
                "{}",
                question.point
            );
        }
        assert!(seen.len() >= 20);
    }

    #[test]
    fn the_manual_lists_every_point() {
        let manual = include_str!("../../../docs/reports.md");
        for question in TOPICS.iter().flat_map(|topic| topic.questions) {
            let name = format!("`{}`", question.point);
            assert!(manual.contains(&name), "{name} is not in docs/reports.md");
        }
    }
}
