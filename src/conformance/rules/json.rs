//! Is what is no JSON turned away, with no effect?

use rand::seq::IndexedRandom;

use crate::conformance::probe::Probe;
use crate::conformance::rule::{Rule, Stop};
use crate::generate::Mutation;
use crate::generate::mutate::json as mutate;
use crate::protocol::SignKey;
use crate::verdict::Level;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "json.broken-syntax",
        title: "A document with a trailing comma, a comment, or quotes and commas amiss is refused.",
        explanation: "The refund page's own samples have such slips of typesetting; as requests they are no JSON.",
        clauses: &["envelope.request"],
        level: Level::Should,
        catches: &[],
        is_alone: false,
        attempt: |probe| Box::pin(garbage(probe, mutate::broken_syntax)),
    },
    Rule {
        id: "json.broken-numbers",
        title: "An amount that is no JSON number is refused.",
        explanation: "NaN, leading zeros, signs, hexadecimal, half a fraction: a lenient reader would take some of them for money.",
        clauses: &["envelope.request", "refund.amount"],
        level: Level::Should,
        catches: &[],
        is_alone: false,
        attempt: |probe| Box::pin(garbage(probe, mutate::broken_numbers)),
    },
    Rule {
        id: "json.broken-text",
        title: "Bytes that are no UTF-8, and characters that JSON forbids in strings, are refused.",
        explanation: "Invalid, overlong and cut-short UTF-8, raw control characters, escapes that are none; each signed as it stands.",
        clauses: &["transport.content-type"],
        level: Level::Should,
        catches: &[],
        is_alone: false,
        attempt: |probe| Box::pin(garbage(probe, mutate::broken_text)),
    },
    Rule {
        id: "json.not-one-document",
        title: "A body that is not exactly one JSON object is refused.",
        explanation: "Nothing, two documents, garbage behind one, a byte order mark, UTF-16, a form.",
        clauses: &["envelope.request", "transport.content-type"],
        level: Level::Should,
        catches: &[],
        is_alone: false,
        attempt: |probe| Box::pin(garbage(probe, mutate::not_one_document)),
    },
    Rule {
        id: "json.truncated",
        title: "A valid request cut off anywhere is refused, and no money moves.",
        explanation: "Places are drawn by the seed; the first and the last bytes are always among them.",
        clauses: &["envelope.request"],
        level: Level::Must,
        catches: &[],
        is_alone: false,
        attempt: |probe| Box::pin(truncated(probe)),
    },
];

async fn garbage(
    probe: &mut Probe,
    mutations: fn(&str, &SignKey) -> Vec<Mutation>,
) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let mutations = probe.fresh_mutations(&order.number, 100, mutations);
    probe.try_garbage(mutations).await?;
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units())
        .await
}

async fn truncated(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let mut all = probe.fresh_mutations(&order.number, 100, mutate::truncations);
    let last = all.pop().expect("a document has more than one byte");
    let first = all.remove(0);
    let mut chosen = vec![first, last];
    chosen.extend(all.sample(&mut probe.random(), probe.cases()).cloned());
    probe.try_garbage(chosen).await?;
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units())
        .await
}
