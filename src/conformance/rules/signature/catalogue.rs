//! The rules about signatures.

use proptest::strategy::{Strategy, ValueTree};

use crate::conformance::probe::Probe;
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::conformance::shrink::Shrinking;
use crate::generate::mutate::{sealed, signature as mutate};
use crate::generate::{Spelling, spellings};
use crate::protocol::SignKey;
use crate::protocol::signature::sign;
use crate::target::PaidOrder;
use crate::verdict::Level;

use super::forged::{after_a_valid_one, before_content, in_http_header, large_request};

pub(in crate::conformance::rules) const RULES: &[Rule] = &[
    Rule {
        id: "signature.other-spelling-accepted",
        title: "A request in any JSON spelling is accepted if that spelling is what was signed.",
        explanation: "White space, member order and escapes are drawn by a strategy; the text is signed as it is sent. A gateway that verifies a re-serialised copy refuses these.",
        clauses: &["signature.raw-text"],
        level: Level::Must,
        catches: &["signature-reserialised"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(other_spelling_accepted(probe)),
    },
    Rule {
        id: "signature.other-spelling-signed",
        title: "A signature over another spelling than the one that was sent is refused.",
        explanation: "The compact spelling is signed and an indented or escaped one sent, and the other way round. Accepting it means that a copy was verified and not what is on the wire.",
        clauses: &["signature.raw-text"],
        level: Level::Must,
        catches: &["signature-reserialised", "signature-unchecked"],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(async {
                probe
                    .judge_each(mutate::other_spelling_signed)
                    .await
                    .map(drop)
            })
        },
    },
    Rule {
        id: "signature.changed-after-signing",
        title: "A request that was changed after it was signed is refused, and no money moves.",
        explanation: "Amount, numbers, members, white space, member order, escapes, accents and line ends are changed under the old signature; then the drain asks whether anything was refunded.",
        clauses: &["signature.definition", "signature.raw-text"],
        level: Level::Must,
        catches: &[
            "effect-before-signature",
            "signature-unchecked",
            "signature-reserialised",
        ],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(async {
                probe
                    .judge_each(mutate::changed_after_signing)
                    .await
                    .map(drop)
            })
        },
    },
    Rule {
        id: "signature.flipped-digit",
        title: "A signature with any one digit changed is refused.",
        explanation: "Each of the 64 digits is changed in turn: a verifier that compares a prefix lets some of them pass.",
        clauses: &["signature.definition"],
        level: Level::Must,
        catches: &["effect-before-signature", "signature-unchecked"],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(async { probe.judge_each(mutate::flipped_digits).await.map(drop) })
        },
    },
    Rule {
        id: "signature.other-length",
        title: "A signature that is cut short or made longer is refused.",
        explanation: "63, 62, 32, 16, 8, 2 and 1 digits, more than 64, and wildcards for all of them.",
        clauses: &["signature.definition"],
        level: Level::Must,
        catches: &["signature-prefix", "signature-unchecked"],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(async { probe.judge_each(mutate::other_lengths).await.map(drop) })
        },
    },
    Rule {
        id: "signature.missing",
        title: "A request without a signature, or with a JSON value that is none, is refused.",
        explanation: "No member, null, an empty string, a number, true, an array, an object; the right one in an array, under another name, or in the request.",
        clauses: &["envelope.request", "signature.definition"],
        level: Level::Must,
        catches: &["signature-optional"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(async { probe.judge_each(mutate::no_signature).await.map(drop) }),
    },
    Rule {
        id: "signature.other-key",
        title: "A signature under another key, or without any, is refused.",
        explanation: "No key at all (a plain hash that anybody can make), another key, and the key with a newline, a blank, quotes, in hexadecimal or cut short: what careless key files make of it.",
        clauses: &["signature.definition"],
        level: Level::Must,
        catches: &["signature-key-optional", "signature-unchecked"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(async { probe.judge_each(mutate::other_keys).await.map(drop) }),
    },
    Rule {
        id: "signature.other-construction",
        title: "A signature made by another recipe is refused.",
        explanation: "The key hashed first, separators before it, HMAC, SHA-256 twice, the other SHA-2 hashes, and hashes over other parts of the document.",
        clauses: &["signature.definition"],
        level: Level::Must,
        catches: &["signature-any-recipe", "signature-unchecked"],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(async {
                probe
                    .judge_each(mutate::other_constructions)
                    .await
                    .map(drop)
            })
        },
    },
    Rule {
        id: "signature.other-encoding",
        title: "The right digest in another encoding is refused.",
        explanation: "0x, blanks, a mark or quotes around it, base64, colons, full-width digits, and the constants that a careless comparison takes.",
        clauses: &["signature.definition"],
        level: Level::Must,
        catches: &["signature-trimmed", "signature-unchecked"],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(async { probe.judge_each(mutate::other_encodings).await.map(drop) })
        },
    },
    Rule {
        id: "signature.of-another-request",
        title: "The signature of another valid request is refused.",
        explanation: "Two valid requests of one partner with their signatures exchanged.",
        clauses: &["signature.definition"],
        level: Level::Must,
        catches: &["signature-unchecked"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(of_another_request(probe)),
    },
    Rule {
        id: "signature.after-a-valid-one",
        title: "A valid request vouches for no later one.",
        explanation: "After a refund that was accepted: its signature, its message id, or both, on a request of another refund; its message id with no signature; its text with a fresh time. A gateway that remembers what it verified believes some of them.",
        clauses: &["signature.definition", "signature.raw-text"],
        level: Level::Must,
        catches: &[
            "request-remembered",
            "signature-of-pair",
            "signature-unchecked",
        ],
        turn: Turn::Together,
        attempt: |probe| Box::pin(after_a_valid_one(probe)),
    },
    Rule {
        id: "signature.before-content",
        title: "A forged request is told that it is forged, and nothing about orders or refunds.",
        explanation: "Forged refunds of an order, of an unknown one, of more than was paid, and under a number that is taken. Different answers would tell somebody without the key which orders there are, and what is left of them.",
        clauses: &["signature.definition", "codes.list"],
        level: Level::Hardening,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(before_content(probe)),
    },
    Rule {
        id: "signature.in-http-header",
        title: "A signature in an HTTP header is none.",
        explanation: "The right one as signature, X-Signature, Sign and Authorization, with no signature and with a wrong one in the document.",
        clauses: &["envelope.request", "signature.definition"],
        level: Level::Must,
        catches: &["signature-optional"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(in_http_header(probe)),
    },
    Rule {
        id: "signature.large-request",
        title: "The signature of a large request is verified to its end.",
        explanation: "30,000 and 1,000,000 spaces stand before the amount. Well signed it may be taken, refused or closed upon; with the amount changed after signing it is refused.",
        clauses: &["signature.definition", "signature.raw-text"],
        level: Level::Must,
        catches: &["signature-unchecked"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(large_request(probe)),
    },
    Rule {
        id: "signature.twice",
        title: "Two wrong signatures are no right one.",
        explanation: "Two signature members, both wrong or empty, are refused. Where one of the two is right either reading conforms, and exactly the amount moves that was asked for.",
        clauses: &["envelope.duplicate-members", "signature.definition"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(async { probe.judge_each(mutate::twice).await.map(drop) }),
    },
    Rule {
        id: "signature.upper-case",
        title: "Whether upper-case digits are taken is observed.",
        explanation: "The sources say lowercase; whether a gateway is strict about it is its own affair.",
        clauses: &["signature.upper-case"],
        level: Level::Observed,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(upper_case(probe)),
    },
];

async fn other_spelling_accepted(probe: &mut Probe) -> Result<(), Stop> {
    let cases = probe.cases();
    let total = i64::try_from(cases).unwrap_or(i64::MAX);
    // Shrinking may take some more.
    let order = probe.paid(total.saturating_add(1_000)).await?;
    let mut runner = probe.strategy_runner();
    let key = probe.caller().partner.key.clone();
    for _ in 0..cases {
        let tree = spellings()
            .new_tree(&mut runner)
            .map_err(|reason| Stop::Inconclusive(reason.to_string()))?;
        let Err(stop) = spelled(probe, &order, &key, &tree.current()).await else {
            continue;
        };
        let mut shrinking = Shrinking::from(tree, stop);
        while let Some(simpler) = shrinking.candidate() {
            shrinking.tell(spelled(probe, &order, &key, &simpler).await);
        }
        return Err(shrinking.end());
    }
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units() - total)
        .await
}

async fn spelled(
    probe: &mut Probe,
    order: &PaidOrder,
    key: &SignKey,
    spelling: &Spelling,
) -> Result<(), Stop> {
    let value = probe.value(&order.number, 1);
    let parsed = serde_json::from_str(&value).expect("the value is valid");
    let document = sealed(spelling.write(&parsed), key);
    let reply = probe
        .send(format!("a request spelled with {spelling}"), &document)
        .await;
    probe.expect_accepted(&reply)
}

async fn of_another_request(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(10_000).await?;
    let (one, other) = (
        probe.value(&order.number, 100),
        probe.value(&order.number, 100),
    );
    let signature = sign(one.as_bytes(), &probe.caller().partner.key);
    let document = format!("{{\"request\":{other},\"signature\":\"{signature}\"}}");
    let reply = probe
        .send("a request with another's signature", document.as_bytes())
        .await;
    probe.expect_refused(&reply, &[8])?;
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units())
        .await
}

async fn upper_case(probe: &mut Probe) -> Result<(), Stop> {
    let accepted = probe
        .judge_each(|value, key| vec![mutate::upper_case(value, key)])
        .await?;
    Err(Stop::Observed(
        if accepted == 1 {
            "upper-case signatures are accepted"
        } else {
            "upper-case signatures are refused"
        }
        .to_owned(),
    ))
}
