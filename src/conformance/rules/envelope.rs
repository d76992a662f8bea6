//! Is what is verified the very request that is applied?

use crate::audit::Money;
use crate::conformance::probe::{Probe, Reply};
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::generate::mutate::{envelope as mutate, sealed};
use crate::generate::{Draft, Mutation, Part};
use crate::protocol::{Direction, Envelope, RefundNo, SignKey};
use crate::verdict::Level;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "envelope.request-missing",
        title: "An envelope without a request object is refused.",
        explanation: "No request, a request of another name or type, an envelope in an array or in an envelope.",
        clauses: &["envelope.request"],
        level: Level::Must,
        catches: &["member-names-folded"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(probe.turn_each_away(mutate::request_missing)),
    },
    Rule {
        id: "envelope.part-missing",
        title: "A request without header or body is refused.",
        explanation: "Missing, null, an array, swapped, or empty; each signed as it stands.",
        clauses: &["envelope.request"],
        level: Level::Must,
        catches: &["parts-unchecked"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(probe.turn_each_away(mutate::part_missing)),
    },
    Rule {
        id: "envelope.duplicate-request-member",
        title: "With two request members, what is verified is what is applied.",
        explanation: "One is signed, the other asks for more; also with an escaped name. Refusing is right, and so is applying the signed one; applying the other is theft.",
        clauses: &["envelope.duplicate-members", "signature.raw-text"],
        level: Level::Must,
        catches: &["first-request-verified"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(duplicate_request_member(probe)),
    },
    Rule {
        id: "envelope.decoy-request",
        title: "A signed request elsewhere in the document does not vouch for an unsigned one.",
        explanation: "A verifier that cuts text out of the document instead of parsing it verifies the decoy and applies the other.",
        clauses: &["envelope.request", "signature.raw-text"],
        level: Level::Must,
        catches: &["decoy-believed", "signature-unchecked"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(decoy_request(probe)),
    },
    Rule {
        id: "envelope.confusing-text",
        title: "A valid request whose text looks like an envelope is accepted.",
        explanation: "An operatorId with quotes, braces and the words of the envelope, properly escaped.",
        clauses: &["envelope.request", "refund.operator-id"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(async { probe.judge_each(mutate::confusing_texts).await.map(drop) })
        },
    },
    Rule {
        id: "envelope.layout-accepted",
        title: "A request envelope in another layout is accepted.",
        explanation: "The signature first, white space around the value and not signed with it, an escaped letter in a name: JSON like any other.",
        clauses: &["envelope.request", "signature.raw-text"],
        level: Level::Must,
        catches: &["signature-first-refused"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(async { probe.judge_each(mutate::layouts).await.map(drop) }),
    },
    Rule {
        id: "envelope.duplicate-amount",
        title: "What a gateway does with two amounts in one body is observed; the answer says what moved.",
        explanation: "100 and 5000, in either order, signed as they stand, of an order that holds both and of one that holds the smaller alone; 100 and -5000. Refusing is right; so is taking one, if the answer names the one that was taken. To check the one and refund the other is money lost.",
        clauses: &["envelope.duplicate-members", "refund.total"],
        level: Level::Observed,
        catches: &["amount-twice-mixed"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(duplicate_amount(probe)),
    },
    Rule {
        id: "envelope.unknown-members",
        title: "Whether unknown members are taken is observed; they never change what is refunded.",
        explanation: "amount, refundAmount, paid, status, currency and their like in the body, orderAmount in the header, beside the two and beside the request: taken or refused, exactly the orderAmount of the body moves.",
        clauses: &["envelope.unknown-members", "refund.amount"],
        level: Level::Observed,
        catches: &["unknown-member-trusted"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(unknown_members(probe)),
    },
    Rule {
        id: "envelope.version",
        title: "A request of another version than 1.0, or of none, is refused.",
        explanation: "Missing, null, empty, older, newer, too long, and of another type; each signed as it stands.",
        clauses: &["header.version"],
        level: Level::Should,
        catches: &["version-unchecked"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(async { probe.judge_each(mutate::versions).await.map(drop) }),
    },
    Rule {
        id: "envelope.partner-unknown",
        title: "A request of a partner who is nobody is refused.",
        explanation: "A number that nobody has, none at all, wildcards and other types, signed with a known partner's key and without any: there is no key that such a request could be signed with.",
        clauses: &["header.partner-no", "signature.definition"],
        level: Level::Must,
        catches: &["partner-unknown-served"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(partner_unknown(probe)),
    },
    Rule {
        id: "envelope.message-id",
        title: "A message id that is no text, or is longer than any source allows, is refused.",
        explanation: "Numbers, booleans, arrays, and texts of more than 36 characters. What becomes of an empty one, of none and of a UUID is observed: the sources disagree.",
        clauses: &["header.message-id"],
        level: Level::Should,
        catches: &["message-id-unchecked"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(observed(probe, mutate::message_ids)),
    },
    Rule {
        id: "envelope.time",
        title: "A request without a time, or with one that is none, is refused.",
        explanation: "No date-time, no offset, a 30th of February, a number. What becomes of times of another century, of a leap second and of two times is observed.",
        clauses: &["header.time"],
        level: Level::Should,
        catches: &["time-unchecked"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(observed(probe, mutate::times)),
    },
    Rule {
        id: "envelope.sign-type",
        title: "Another signType does not switch the signature off.",
        explanation: "NONE, an empty one, null, MD5 and others, each with an empty, a wrong and no signature: all are refused. What becomes of another signType with a signature that holds is observed.",
        clauses: &["header.sign-type", "signature.definition"],
        level: Level::Must,
        catches: &["sign-type-none"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(sign_type(probe)),
    },
    Rule {
        id: "envelope.sign-type-optional",
        title: "A request without signType is accepted: SHA256 is the default.",
        explanation: "The header without its one optional member.",
        clauses: &["header.sign-type"],
        level: Level::Should,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| {
            Box::pin(async { probe.judge_each(mutate::sign_type_absent).await.map(drop) })
        },
    },
    Rule {
        id: "envelope.response-as-request",
        title: "A gateway's own signed answer is no request.",
        explanation: "Both ways one key signs, so an answer's signature holds for whoever sends it back. As it was given and under the name of a request it is refused, and nothing moves.",
        clauses: &["envelope.request", "refund.refund-no"],
        level: Level::Must,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(response_as_request(probe)),
    },
];

/// A value that nobody signed and that asks for more.
fn evil(number: &RefundNo, value: &str) -> String {
    Draft::of(value)
        .expect("the value is valid")
        .with(Part::Body, "refundNo", format!("\"{number}\""))
        .with(Part::Body, "orderAmount", "7000")
        .text()
}

async fn duplicate_request_member(probe: &mut Probe) -> Result<(), Stop> {
    let number = probe.refund_number();
    probe
        .judge_each(|value, key| mutate::two_requests(value, &evil(&number, value), key))
        .await
        .map(drop)
}

async fn decoy_request(probe: &mut Probe) -> Result<(), Stop> {
    let number = probe.refund_number();
    probe
        .judge_each(|value, key| mutate::decoys(value, &evil(&number, value), key))
        .await
        .map(drop)
}

async fn duplicate_amount(probe: &mut Probe) -> Result<(), Stop> {
    let mut seen = Vec::new();
    for (paid, first, second) in [
        (10_000, 100, 5_000),
        (10_000, 5_000, 100),
        (1_000, 100, 5_000),
        (1_000, 5_000, 100),
        (1_000, 100, -5_000),
    ] {
        let order = probe.paid(paid).await?;
        let paid = order.paid.minor_units();
        let draft = Draft::of(&probe.value(&order.number, 100)).expect("the value is valid");
        let text = draft
            .without(Part::Body, "orderAmount")
            .with_last(Part::Body, "orderAmount", first.to_string())
            .with_last(Part::Body, "orderAmount", second.to_string())
            .text();
        let label =
            format!("a request with the amounts {first} and {second} of an order of {paid}");
        let document = sealed(text, &probe.caller().partner.key);
        let reply = probe.send(label, &document).await;
        let refunded = if reply.evidence.money == Money::Yes {
            let said = amount_said(&reply)?;
            if said <= 0 || said > paid {
                return Err(Stop::money(
                    format!("{}: the answer says that {said} was refunded", reply.label),
                    [&reply],
                ));
            }
            seen.push(format!("of {first} and {second} it takes {said}"));
            said
        } else if reply.took_effect() {
            return Err(hidden(&reply));
        } else {
            probe.expect_turned_away(&reply, &[])?;
            seen.push(format!("{first} and {second} are refused"));
            0
        };
        probe.confirm_rest(&order, paid - refunded).await?;
    }
    seen.dedup();
    Err(Stop::Observed(seen.join(", ")))
}

/// An answer was lost, and the next one tells no amount.
fn hidden(reply: &Reply) -> Stop {
    Stop::Inconclusive(format!(
        "{}: an answer was lost, so that it can't be told which amount was refunded",
        reply.label
    ))
}

/// What an acceptance says was refunded.
fn amount_said(reply: &Reply) -> Result<i64, Stop> {
    reply
        .amount_said()
        .ok_or_else(|| Stop::failed("the answer does not say what was refunded", reply))
}

async fn unknown_members(probe: &mut Probe) -> Result<(), Stop> {
    const ASKED: i64 = 100;
    let order = probe.paid(50_000).await?;
    let mut rest = order.paid.minor_units();
    let (mut taken, mut refused) = (0, Vec::new());
    for mutation in probe.fresh_mutations(&order.number, ASKED, mutate::unknown_members) {
        let label = format!("a request of {ASKED} with {}", mutation.label);
        let reply = probe.send(label, &mutation.document).await;
        if !reply.took_effect() {
            probe.expect_turned_away(&reply, &[])?;
            refused.push(mutation.label);
            continue;
        }
        if reply.evidence.money == Money::Yes {
            let said = amount_said(&reply)?;
            if said != ASKED {
                return Err(Stop::money(
                    format!("{}: the answer says that {said} was refunded", reply.label),
                    [&reply],
                ));
            }
        }
        taken += 1;
        rest -= ASKED;
    }
    probe.confirm_rest(&order, rest).await?;
    Err(Stop::Observed(match (taken, refused.len()) {
        (_, 0) => "unknown members are taken, and change nothing".to_owned(),
        (0, _) => "unknown members are refused".to_owned(),
        _ => format!("refused: {}; others are taken", refused.join(", ")),
    }))
}

async fn partner_unknown(probe: &mut Probe) -> Result<(), Stop> {
    // 15 characters that no partner has: those of a number of this run.
    let number = probe.caller().numbers.message();
    let stranger: String = number.as_str().chars().rev().take(14).collect();
    let stranger = format!("z{stranger}");
    probe
        .turn_each_away(|value, key| mutate::partners_unknown(value, &stranger, key))
        .await
}

async fn observed(
    probe: &mut Probe,
    make: fn(&str, &SignKey) -> Vec<Mutation>,
) -> Result<(), Stop> {
    let seen = probe.observe_each(make).await?;
    Err(Stop::Observed(seen))
}

async fn sign_type(probe: &mut Probe) -> Result<(), Stop> {
    probe.turn_each_away(mutate::unsigned_sign_types).await?;
    observed(probe, mutate::other_sign_types).await
}

async fn response_as_request(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let reply = probe.refund(&order.number, 100).await;
    probe.expect_accepted(&reply)?;
    let response = reply
        .exchange
        .body()
        .and_then(|body| Envelope::parse(body, Direction::Response).ok())
        .map(|envelope| envelope.raw.to_owned())
        .ok_or_else(|| Stop::Inconclusive("there is no answer to show again".to_owned()))?;
    let key = probe.caller().partner.key.clone();
    for mutation in mutate::response_as_request(&response, &key) {
        let label = format!("a request with {}", mutation.label);
        let reply = probe.send(label, &mutation.document).await;
        probe.expect_turned_away(&reply, mutation.fitting_codes)?;
    }
    probe
        .confirm_nothing_else_moved(&order, order.paid.minor_units() - 100)
        .await
}
