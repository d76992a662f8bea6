//! The rules about JSON.

use std::collections::BTreeSet;

use rand::RngExt;

use crate::audit::Money;
use crate::conformance::probe::{Probe, Reply};
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::generate::mutate::json::{self as mutate, Large};
use crate::verdict::Level;

use super::damage::random_damage;
use super::large::{deep_nesting, endure};

pub(in crate::conformance::rules) const RULES: &[Rule] = &[
    Rule {
        id: "json.broken-syntax",
        title: "A document with a trailing comma, a comment, false white space, or quotes and commas amiss is refused.",
        explanation: "The refund page's own samples have such slips of typesetting; as requests they are no JSON. Each slip stands once in the signed value, signed as it stands, and once beside it.",
        clauses: &["envelope.request"],
        level: Level::Should,
        catches: &[
            "json-comments-taken",
            "json-commas-forgiven",
            "json-quotes-forgiven",
        ],
        turn: Turn::Together,
        attempt: |probe| Box::pin(probe.turn_each_away(mutate::broken_syntax)),
    },
    Rule {
        id: "json.broken-numbers",
        title: "An amount that is no JSON number is refused.",
        explanation: "NaN, leading zeros, signs, hexadecimal, half a fraction, separators, digits of other scripts: a lenient reader would take some of them for money.",
        clauses: &["envelope.request", "refund.amount"],
        level: Level::Should,
        catches: &["json-numbers-forgiven"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(probe.turn_each_away(mutate::broken_numbers)),
    },
    Rule {
        id: "json.broken-text",
        title: "Bytes that are no UTF-8, and characters that JSON forbids in strings, are refused.",
        explanation: "Invalid, overlong and cut-short UTF-8, raw control characters, escapes that are none; each in the signed value, signed as it stands, and beside it.",
        clauses: &["transport.content-type"],
        level: Level::Should,
        catches: &[
            "json-control-characters-taken",
            "json-escapes-forgiven",
            "json-utf-8-repaired",
        ],
        turn: Turn::Together,
        attempt: |probe| Box::pin(probe.turn_each_away(mutate::broken_text)),
    },
    Rule {
        id: "json.deep-nesting",
        title: "A document that nests deep is refused or read in time, and others are still answered.",
        explanation: "10,000 and 100,000 levels of arrays and objects, closed and not; after each a refund on a new connection. What becomes of 64 and 512 levels is observed.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &["json-nesting-crashes"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(deep_nesting(probe)),
    },
    Rule {
        id: "json.long-values",
        title: "Very long numbers, long texts and floods of members are refused or read in time, and others are still answered.",
        explanation: "Numbers of 100,000 digits, texts of a megabyte, 100,000 members; after each a refund on a new connection. A gateway that limits bodies refuses them unread.",
        clauses: &["server.limits"],
        level: Level::Hardening,
        catches: &["json-number-hangs"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(endure(probe, &Large::LONG)),
    },
    Rule {
        id: "json.look-alike-members",
        title: "What a gateway takes a member for whose name looks like orderAmount is observed; the answer says what moved.",
        explanation: "Other case, a blank, a letter of another alphabet, the names that mean something to a language, two names that are one after normalisation; each beside the right orderAmount.",
        clauses: &["envelope.unknown-members", "refund.amount"],
        level: Level::Observed,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(look_alike_members(probe)),
    },
    Rule {
        id: "json.not-one-document",
        title: "A body that is not exactly one JSON object is refused.",
        explanation: "Nothing, two documents, garbage before or behind one, a byte order mark, UTF-16, UTF-32, a form, XML.",
        clauses: &["envelope.request", "transport.content-type"],
        level: Level::Should,
        catches: &["json-behind-ignored", "json-mark-skipped"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(probe.turn_each_away(mutate::not_one_document)),
    },
    Rule {
        id: "json.random-damage",
        title: "A valid request that was damaged so that it is no JSON any more is refused.",
        explanation: "Bytes and tokens are inserted, taken out, replaced, doubled and swapped as the seed has it, in the signed value or around it. A recogniser of its own says whether what came of it is still JSON; only what is none is sent. A failure is shrunk against the gateway.",
        clauses: &["envelope.request", "transport.content-type"],
        level: Level::Should,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(random_damage(probe)),
    },
    Rule {
        id: "json.spellings-of-text",
        title: "A text is the same text in every spelling, and any white space may stand between tokens.",
        explanation: "Escapes of letters, slashes, quotes and backslashes in texts and names; CR, LF and TAB between tokens; each signed as it is sent.",
        clauses: &["signature.raw-text", "refund.operator-id"],
        level: Level::Must,
        catches: &["json-escapes-refused"],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(async { probe.judge_each(mutate::spellings_of_text).await.map(drop) })
        },
    },
    Rule {
        id: "json.surrogates",
        title: "What a gateway does with half a surrogate pair, or an escaped NUL, is observed.",
        explanation: "JSON's grammar has them and no Unicode text does. Refused or taken, exactly the amount moves that was asked for.",
        clauses: &["transport.content-type"],
        level: Level::Observed,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(surrogates(probe)),
    },
    Rule {
        id: "json.texts-accepted",
        title: "A free text holds any Unicode character, raw or escaped.",
        explanation: "Characters of two, three and four bytes and the line separators as operatorId. Whether delete characters and code points that are no characters are taken is left to gateways.",
        clauses: &["transport.content-type", "refund.operator-id"],
        level: Level::Should,
        catches: &["json-text-refused"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(async { probe.judge_each(mutate::texts).await.map(drop) }),
    },
    Rule {
        id: "json.truncated",
        title: "A valid request cut off anywhere is refused, and no money moves.",
        explanation: "Places are drawn by the seed; the first and the last bytes are always among them.",
        clauses: &["envelope.request"],
        level: Level::Must,
        catches: &["json-ending-added"],
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

async fn look_alike_members(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(200_000).await?;
    let mut refunded = 0_i64;
    let (mut refused, mut heeded) = (Vec::new(), Vec::new());
    let mutations = probe.fresh_mutations(&order.number, 100, mutate::look_alike_members);
    let count = mutations.len();
    for mutation in mutations {
        let reply = probe
            .send(
                format!("a request with {}", mutation.label),
                &mutation.document,
            )
            .await;
        if !reply.took_effect() {
            probe.expect_turned_away(&reply, &[])?;
            refused.push(mutation.label);
            continue;
        }
        let said = said_amount(&reply)?;
        refunded = refunded.saturating_add(said);
        if said != 100 {
            heeded.push(format!("{}, as {said}", mutation.label));
        }
    }
    probe
        .confirm_rest(&order, order.paid.minor_units().saturating_sub(refunded))
        .await?;
    let mut seen = format!("{} of {count} are taken", count - refused.len());
    for (verb, labels) in [("refused", refused), ("heeded", heeded)] {
        if !labels.is_empty() {
            seen = format!("{seen}; {verb}: {}", labels.join(", "));
        }
    }
    Err(Stop::Observed(seen))
}

/// The amount that an acceptance names.
fn said_amount(reply: &Reply) -> Result<i64, Stop> {
    if reply.evidence.money != Money::Yes {
        return Err(Stop::Inconclusive(format!(
            "{}: an answer was lost, so that it can't be told which amount was refunded",
            reply.label
        )));
    }
    reply
        .amount_said()
        .ok_or_else(|| Stop::failed("the answer does not say what was refunded", reply))
}

async fn surrogates(probe: &mut Probe) -> Result<(), Stop> {
    let seen = probe.observe_each(mutate::surrogates).await?;
    Err(Stop::Observed(seen))
}
