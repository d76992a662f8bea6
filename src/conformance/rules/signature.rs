//! Is the signature verified, over the bytes on the wire, in every way that a
//! forger would try?

use crate::conformance::probe::Probe;
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::generate::mutate::{sealed, signature as mutate};
use crate::generate::{Spelling, spellings};
use crate::protocol::SignKey;
use crate::target::PaidOrder;
use crate::verdict::Level;

pub(super) const RULES: &[Rule] = &[
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
        explanation: "The compact spelling is signed and an indented one sent, and the other way round. Accepting it means that a copy was verified and not what is on the wire.",
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
        explanation: "Amount, refund number, white space, member order and escapes are changed under the old signature; then the drain asks whether anything was refunded.",
        clauses: &["signature.definition", "signature.raw-text"],
        level: Level::Must,
        catches: &["signature-unchecked", "signature-reserialised"],
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
        catches: &["signature-unchecked"],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(async { probe.judge_each(mutate::flipped_digits).await.map(drop) })
        },
    },
    Rule {
        id: "signature.other-length",
        title: "A signature that is cut short or made longer is refused.",
        explanation: "63, 62, 32, 16, 8 and 1 digits, and more than 64.",
        clauses: &["signature.definition"],
        level: Level::Must,
        catches: &["signature-unchecked"],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(async { probe.judge_each(mutate::other_lengths).await.map(drop) })
        },
    },
    Rule {
        id: "signature.missing",
        title: "A request without a signature, or with a JSON value that is none, is refused.",
        explanation: "No member, null, an empty string, a number, true, an array, an object.",
        clauses: &["envelope.request", "signature.definition"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(async {
                probe
                    .judge_each(|value, _| mutate::no_signature(value))
                    .await
                    .map(drop)
            })
        },
    },
    Rule {
        id: "signature.other-key",
        title: "A signature under another key, or without any, is refused.",
        explanation: "No key at all (a plain hash that anybody can make), another key, the key with a newline behind it.",
        clauses: &["signature.definition"],
        level: Level::Must,
        catches: &["signature-unchecked"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(async { probe.judge_each(mutate::other_keys).await.map(drop) }),
    },
    Rule {
        id: "signature.other-construction",
        title: "A signature made by another recipe is refused.",
        explanation: "The key hashed first, HMAC, SHA-256 twice, SHA-512, and hashes over other parts of the envelope.",
        clauses: &["signature.definition"],
        level: Level::Must,
        catches: &["signature-unchecked"],
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
        explanation: "0x, blanks around it, base64, and the constants that a careless comparison takes.",
        clauses: &["signature.definition"],
        level: Level::Must,
        catches: &["signature-unchecked"],
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
    use proptest::strategy::{Strategy, ValueTree};

    let cases = probe.cases();
    let total = i64::try_from(cases).unwrap_or(i64::MAX);
    let order = probe.paid(total.saturating_mul(2)).await?;
    let mut runner = probe.strategy_runner();
    let key = probe.caller().partner.key.clone();
    for _ in 0..cases {
        let mut tree = spellings()
            .new_tree(&mut runner)
            .map_err(|reason| Stop::Inconclusive(reason.to_string()))?;
        let mut failure = match spelled(probe, &order, &key, &tree.current()).await {
            Ok(()) => continue,
            Err(stop) => stop,
        };
        // Shrink against the live target, for a bounded number of requests:
        // the simplest spelling that is still refused tells more.
        let mut simpler = tree.simplify();
        for _ in 0..32 {
            if !simpler {
                break;
            }
            simpler = match spelled(probe, &order, &key, &tree.current()).await {
                Err(stop @ Stop::Failed(_)) => {
                    failure = stop;
                    tree.simplify()
                }
                Ok(()) | Err(_) => tree.complicate(),
            };
        }
        return Err(failure);
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
    use crate::protocol::signature::sign;

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
