//! Is what is no JSON turned away, with no effect?

use std::collections::BTreeSet;

use rand::RngExt;

use crate::conformance::probe::Probe;
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::generate::mutate::json as mutate;
use crate::verdict::Level;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "json.broken-syntax",
        title: "A document with a trailing comma, a comment, or quotes and commas amiss is refused.",
        explanation: "The refund page's own samples have such slips of typesetting; as requests they are no JSON.",
        clauses: &["envelope.request"],
        level: Level::Should,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(probe.turn_each_away(mutate::broken_syntax)),
    },
    Rule {
        id: "json.broken-numbers",
        title: "An amount that is no JSON number is refused.",
        explanation: "NaN, leading zeros, signs, hexadecimal, half a fraction: a lenient reader would take some of them for money.",
        clauses: &["envelope.request", "refund.amount"],
        level: Level::Should,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(probe.turn_each_away(mutate::broken_numbers)),
    },
    Rule {
        id: "json.broken-text",
        title: "Bytes that are no UTF-8, and characters that JSON forbids in strings, are refused.",
        explanation: "Invalid, overlong and cut-short UTF-8, raw control characters, escapes that are none; each signed as it stands.",
        clauses: &["transport.content-type"],
        level: Level::Should,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(probe.turn_each_away(mutate::broken_text)),
    },
    Rule {
        id: "json.not-one-document",
        title: "A body that is not exactly one JSON object is refused.",
        explanation: "Nothing, two documents, garbage behind one, a byte order mark, UTF-16, a form.",
        clauses: &["envelope.request", "transport.content-type"],
        level: Level::Should,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(probe.turn_each_away(mutate::not_one_document)),
    },
    Rule {
        id: "json.truncated",
        title: "A valid request cut off anywhere is refused, and no money moves.",
        explanation: "Places are drawn by the seed; the first and the last bytes are always among them.",
        clauses: &["envelope.request"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(truncated(probe)),
    },
];

async fn truncated(probe: &mut Probe) -> Result<(), Stop> {
    let mut random = probe.random();
    let places = probe.cases();
    // Drawn once, as shares of the length: each document has its own.
    let shares: Vec<f64> = (0..places).map(|_| random.random()).collect();
    probe
        .turn_each_away(move |value, key| {
            let mut all = mutate::truncations(value, key);
            let last = all.len() - 1;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                clippy::cast_sign_loss,
                reason = "a share of a few hundred bytes"
            )]
            let chosen: BTreeSet<usize> = shares
                .iter()
                .map(|share| (share * last as f64) as usize)
                .chain([0, last])
                .collect();
            let mut place = 0..;
            all.retain(|_| place.next().is_some_and(|place| chosen.contains(&place)));
            all
        })
        .await
}
