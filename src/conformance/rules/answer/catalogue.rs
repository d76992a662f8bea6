//! The rules about answers.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::SignatureState;
use crate::conformance::probe::{Probe, Reply};
use crate::conformance::rule::{Rule, Stop, Turn};
use crate::generate::mutate::{field, signature};
use crate::protocol::{Code, Direction, Envelope, Reading, RefundStatus};
use crate::verdict::Level;

use super::form::{duplicate_members, header, signature_form};

pub(in crate::conformance::rules) const RULES: &[Rule] = &[
    Rule {
        id: "answer.signed",
        title: "Every answer is signed over its own raw text, failures included.",
        explanation: "An accepted refund, and refusals for a bad signature, an unknown order, an amount that exceeds, a missing and a wrong field. A caller can't believe a refusal that anybody could have written.",
        clauses: &["signature.response", "envelope.response"],
        level: Level::Must,
        catches: &[
            "error-signature-absent",
            "error-signed-with-other-key",
            "error-unsigned",
            "refusals-as-html",
            "server-error-page",
        ],
        turn: Turn::Together,
        attempt: |probe| Box::pin(signed(probe)),
    },
    Rule {
        id: "answer.members",
        title: "An accepted refund is answered with code, msg, orderAmount, status and currency of the right types.",
        explanation: "The status is one of 0, 1, 2; the amount is a whole number; the currency is the order's.",
        clauses: &["refund.response"],
        level: Level::Must,
        catches: &[
            "amount-as-fraction",
            "amount-as-text",
            "currency-of-another",
            "status-out-of-range",
        ],
        turn: Turn::Together,
        attempt: |probe| Box::pin(members(probe)),
    },
    Rule {
        id: "answer.amount",
        title: "The answer's orderAmount is the amount that was refunded.",
        explanation: "Several amounts, each its own, so that an answer that belongs to another refund shows.",
        clauses: &["refund.response"],
        level: Level::Must,
        catches: &["answer-amount-of-order", "float-amount"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(amount(probe)),
    },
    Rule {
        id: "answer.content-type",
        title: "Answers are application/json in UTF-8.",
        explanation: "The header of an acceptance and of a refusal.",
        clauses: &["transport.content-type"],
        level: Level::Should,
        catches: &["content-type-html"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(content_type(probe)),
    },
    Rule {
        id: "answer.code",
        title: "A refusal's code names what was wrong.",
        explanation: "One defect a request: signature 8, order 30, amount 35, a missing member 4, a wrong one 5, no JSON 6.",
        clauses: &["codes.list"],
        level: Level::Should,
        catches: &["code-mixed-up", "undocumented-code"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(code(probe)),
    },
    Rule {
        id: "answer.layout",
        title: "Whether a deployed client can verify the answers is observed.",
        explanation: "One published client cuts the text between the words response and signature, so it needs the compact envelope, response first.",
        clauses: &["envelope.layout"],
        level: Level::Observed,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(layout(probe)),
    },
    Rule {
        id: "answer.refusal-status",
        title: "The HTTP status of refusals is observed.",
        explanation: "One refusal of each kind. Any 2xx or 4xx conforms; callers who look at the status before the code want to know.",
        clauses: &["transport.status"],
        level: Level::Observed,
        catches: &[],
        turn: Turn::Together,
        attempt: |probe| Box::pin(refusal_status(probe)),
    },
    Rule {
        id: "answer.header",
        title: "An answer's header names version, partner, sign type, a time with offset and a message id.",
        explanation: "Of an acceptance, and of refusals of an unknown order and of too much. The message id is called reqMsgId or respMsgId; whose it is is not judged.",
        clauses: &[
            "header.message-id",
            "header.partner-no",
            "header.time",
            "header.version",
        ],
        level: Level::Must,
        catches: &["time-without-offset"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(header(probe)),
    },
    Rule {
        id: "answer.duplicate-members",
        title: "No object of an answer has two members of one name.",
        explanation: "An acceptance and one refusal of each kind, read by a recogniser that keeps both. Which of two amounts a caller's library takes is chance.",
        clauses: &["transport.content-type", "envelope.duplicate-members"],
        level: Level::Should,
        catches: &["member-twice"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(duplicate_members(probe)),
    },
    Rule {
        id: "answer.signature-form",
        title: "An answer's signature is 64 lower-case hexadecimal digits.",
        explanation: "An acceptance and one refusal of each kind. A caller who compares texts does not take upper-case digits.",
        clauses: &["signature.definition", "signature.response"],
        level: Level::Must,
        catches: &["answer-signature-upper-case"],
        turn: Turn::Together,
        attempt: |probe| Box::pin(signature_form(probe)),
    },
];

/// One refusal of each kind, each request with exactly one defect.
pub(super) async fn refusals(probe: &mut Probe) -> Result<Vec<(Reply, i64)>, Stop> {
    let order = probe.paid(1_000).await?;
    let key = probe.caller().partner.key.clone();
    let value = probe.value(&order.number, 10);
    let flipped = signature::flipped_digits(&value, &key).swap_remove(0);
    let missing = field::missing(&value, &key).swap_remove(1);
    let wrong = field::wrong_type(&value, &key).swap_remove(0);
    let broken = {
        let mut document = probe.caller().sealed_raw(value.as_bytes());
        document.pop();
        document
    };
    let mut replies = Vec::new();
    for (label, document, code) in [
        ("a refund with a wrong signature", flipped.document, 8),
        ("a refund without a number", missing.document, 4),
        ("a refund with a number for an order", wrong.document, 5),
        ("a refund whose document is cut short", broken, 6),
    ] {
        replies.push((probe.send(label, &document).await, code));
    }
    let unknown = probe.caller().numbers.order();
    let none = probe.refund(&unknown, 10).await;
    let exceeding = probe
        .refund(&order.number, order.paid.minor_units() + 1)
        .await;
    replies.push((none, Code::ORDER_UNKNOWN.0));
    replies.push((exceeding, Code::REFUND_EXCEEDS.0));
    Ok(replies)
}

async fn refusal_status(probe: &mut Probe) -> Result<(), Stop> {
    let mut statuses: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for (reply, expected) in refusals(probe).await? {
        let status = reply
            .exchange
            .status()
            .map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        let code = reply.code().map_or(expected, |code| code.0);
        statuses.entry(status).or_default().insert(code);
    }
    let told: Vec<String> = statuses
        .iter()
        .map(|(status, codes)| {
            let codes: Vec<String> = codes.iter().map(i64::to_string).collect();
            format!("{status} with code {}", codes.join(", "))
        })
        .collect();
    Err(Stop::Observed(told.join("; ")))
}

async fn signed(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let mut replies = vec![probe.refund(&order.number, 10).await];
    for (reply, code) in refusals(probe).await? {
        // What is no JSON names no partner whose key could sign the answer.
        if code != Code::NOT_JSON.0 {
            replies.push(reply);
        }
    }
    for reply in &replies {
        if reply.exchange.answer.is_none() {
            return Err(Stop::Inconclusive(format!(
                "{}: no answer ({})",
                reply.label, reply.exchange.ending
            )));
        }
        match reply.evidence.signature {
            SignatureState::Valid => {}
            SignatureState::Invalid => {
                return Err(Stop::failed(
                    format!("{}: the signature of the answer does not hold", reply.label),
                    reply,
                ));
            }
            SignatureState::Missing => {
                return Err(Stop::failed(
                    format!("{}: the answer is not signed", reply.label),
                    reply,
                ));
            }
        }
    }
    Ok(())
}

async fn members(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let reply = probe.refund(&order.number, 10).await;
    probe.expect_accepted(&reply)?;
    let answer = reply
        .answer()
        .ok_or_else(|| Stop::failed("the answer has no header and body", &reply))?;
    let mut wrong = Vec::new();
    let mut need = |name: &str, holds: bool| {
        if !holds {
            wrong.push(name.to_owned());
        }
    };
    let is_text = |reading: &Reading<_>| reading.value().is_some();
    need("body.msg", is_text(&answer.msg));
    need("body.orderAmount", answer.order_amount.value().is_some());
    need(
        "body.status",
        answer
            .status
            .value()
            .is_some_and(|status| RefundStatus::from_number(*status).is_some()),
    );
    need(
        "body.currency",
        answer
            .currency
            .value()
            .is_some_and(|text| (1..=5).contains(&text.chars().count())),
    );
    if let (Some(paid_in), Some(said)) = (&order.currency, answer.currency.value())
        && paid_in != said
    {
        wrong.push(format!("body.currency, which is {said} and was {paid_in}"));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Stop::failed(
            format!(
                "missing in the answer, or not as documented: {}",
                wrong.join(", ")
            ),
            &reply,
        ))
    }
}

async fn amount(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(20_000).await?;
    let mut asked = vec![(order, vec![1, 99, 100, 12_345])];
    // A 32-bit float rounds these; where no order is as large, the others do.
    if let Ok(large) = probe.largest_paid().await {
        asked.push((large, vec![16_777_217, 33_554_433]));
    }
    for (order, amounts) in asked {
        for amount in amounts {
            let reply = probe.refund(&order.number, amount).await;
            probe.expect_accepted(&reply)?;
            probe.expect_amount(&reply, amount)?;
        }
    }
    Ok(())
}

async fn content_type(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let unknown = probe.caller().numbers.order();
    for order in [order.number, unknown] {
        let reply = probe.refund(&order, 10).await;
        let Some(answer) = &reply.exchange.answer else {
            return Err(Stop::Inconclusive(format!(
                "no answer ({})",
                reply.exchange.ending
            )));
        };
        let said = answer.header("content-type").unwrap_or_default();
        let said = String::from_utf8_lossy(said).to_ascii_lowercase();
        let mut parts = said.split(';').map(str::trim);
        let is_json = parts.next() == Some("application/json");
        let is_utf8 = parts
            .filter_map(|part| part.strip_prefix("charset="))
            .all(|charset| matches!(charset.trim_matches('"'), "utf-8" | "utf8"));
        if !is_json || !is_utf8 {
            return Err(Stop::failed(
                format!("{}: the answer's Content-Type is {said:?}", reply.label),
                &reply,
            ));
        }
    }
    Ok(())
}

async fn code(probe: &mut Probe) -> Result<(), Stop> {
    for (reply, expected) in refusals(probe).await? {
        let code = match reply.code() {
            Some(code) => code,
            None if expected == Code::NOT_JSON.0 => continue,
            None => {
                return Err(Stop::Inconclusive(format!(
                    "{}: {}, so there is no code to judge",
                    reply.label,
                    reply.summary()
                )));
            }
        };
        let contradicts = code.0 != expected
            && !matches!(code, Code::FAILURE | Code::ILLEGAL_REQUEST)
            // A missing or wrong parameter: which of the two is a matter of taste.
            && !(matches!(code.0, 4 | 5) && matches!(expected, 4 | 5));
        if contradicts {
            return Err(Stop::failed(
                format!(
                    "{}: refused with {code}, where {} was wrong",
                    reply.label,
                    Code(expected)
                ),
                &reply,
            ));
        }
    }
    Ok(())
}

async fn layout(probe: &mut Probe) -> Result<(), Stop> {
    let order = probe.paid(1_000).await?;
    let reply = probe.refund(&order.number, 10).await;
    let is_compact = reply
        .exchange
        .body()
        .and_then(|body| Envelope::parse(body, Direction::Response).ok())
        .map(|envelope| envelope.is_compact);
    Err(match is_compact {
        Some(true) => Stop::Observed("the compact envelope, response first".to_owned()),
        Some(false) => Stop::Observed(
            "another layout than {\"response\":…,\"signature\":…}: a deployed client that cuts text can't verify it"
                .to_owned(),
        ),
        None => Stop::Inconclusive(format!("no envelope to look at: {}", reply.summary())),
    })
}
