//! The life of one order: a refund, its repetitions, and the end of the money.

use std::time::Duration;

use crate::audit::Money;
use crate::conformance::probe::Reply;
use crate::protocol::{Direction, Envelope, Object, OrderNo, RefundNo};

use super::interview::{Interview, left_open};
use super::reaction::{Reaction, Refusal, brief};
use super::topic::{Question, Silence, Topic};

const LAYOUT: &str = "answer-layout";
const ID_NAME: &str = "answer-message-id";
const ID_REPEATED: &str = "message-id-repeated";
const STATUS: &str = "refund-status";
const DUPLICATE: &str = "duplicate-number";
const OTHER_AMOUNT: &str = "duplicate-other-amount";
const BLANKS: &str = "surrounding-blanks";
const FAILURE_MEMBERS: &str = "failure-members";
const REFUSED_NUMBER: &str = "refused-number";
const EXHAUSTED: &str = "exhausted-code";

pub(super) const TOPIC: Topic = Topic {
    name: "dialect.refunding",
    questions: &[
        question(
            LAYOUT,
            "How is the envelope of an answer laid out: compact with the response first, as a deployed client needs it, or otherwise?",
        ),
        question(ID_NAME, "What does an answer call its message id?"),
        question(ID_REPEATED, "Is it the reqMsgId of the request?"),
        question(
            STATUS,
            "Which status does an accepted refund have, and does a 0 become another when it is asked for again?",
        ),
        question(
            DUPLICATE,
            "How is a repeated refund number of the same order and amount answered?",
        ),
        question(
            OTHER_AMOUNT,
            "Which code does a repeated refund number with another amount get?",
        ),
        question(
            BLANKS,
            "Is a refund number with a blank behind it another number?",
        ),
        question(
            FAILURE_MEMBERS,
            "Which of orderAmount, status and currency does a failure have?",
        ),
        question(
            REFUSED_NUMBER,
            "Can the number of a refused refund be used again?",
        ),
        question(
            EXHAUSTED,
            "Which code does a refund get once all is refunded?",
        ),
    ],
    ask: |interview| Box::pin(ask(interview)),
};

const fn question(point: &'static str, text: &'static str) -> Question {
    Question { point, text }
}

async fn ask(interview: &mut Interview) -> Result<(), Silence> {
    let order = interview.paid(1_000).await?;
    let paid = order.paid.minor_units();
    let order = order.number;
    let number = interview.probe().refund_number();
    let first = interview
        .refund("a plain refund of 100", &order, &number, 100)
        .await?;
    if !first.took_effect() {
        return Err(Silence(format!(
            "a plain refund was not accepted ({})",
            brief(&first)
        )));
    }
    let mut refunded = 100;
    note_form(interview, &first);
    let again = interview
        .refund("the same refund again", &order, &number, 100)
        .await?;
    note_duplicate(interview, &again);
    note_status(interview, &first, again, &order, &number).await?;
    refunded += other_amount(interview, &order, &number).await?;
    refunded += blanks(interview, &order, &number).await?;
    refunded += refused_number(interview, &order, paid).await?;
    exhausted(interview, &order, paid - refunded).await
}

/// Envelope and header of an acceptance.
fn note_form(interview: &mut Interview, reply: &Reply) {
    let Some(envelope) = reply
        .exchange
        .body()
        .and_then(|body| Envelope::parse(body, Direction::Response).ok())
    else {
        return;
    };
    let layout = if envelope.is_compact {
        "compact"
    } else {
        "other"
    };
    interview.note(LAYOUT, layout, "");
    let Ok(header) = Object::parse(envelope.raw)
        .and_then(|response| Object::parse(response.get("header").unwrap_or_default()))
    else {
        return;
    };
    let names: Vec<&str> = ["reqMsgId", "respMsgId"]
        .into_iter()
        .filter(|name| header.get(name).is_some())
        .collect();
    let Some(name) = names.first() else {
        interview.note(ID_NAME, "none", "");
        interview.note_silence(ID_REPEATED, "answers have no message id");
        return;
    };
    let asked = message_id(&reply.exchange.sent[reply.exchange.body_start..]);
    let is_repeated = asked.is_some() && asked.as_deref() == header.get(name);
    interview.note(ID_NAME, names.join(","), "");
    interview.note(
        ID_REPEATED,
        if is_repeated { "repeated" } else { "own" },
        "",
    );
}

/// The token of a request's message id.
fn message_id(document: &[u8]) -> Option<String> {
    let envelope = Envelope::parse(document, Direction::Request).ok()?;
    let header = Object::parse(envelope.raw).ok()?.object("header").ok()?;
    header.get("reqMsgId").map(str::to_owned)
}

fn note_duplicate(interview: &mut Interview, again: &Reply) {
    match (again.evidence.money, Reaction::of(again)) {
        (Money::Yes, _) => interview.note(DUPLICATE, "replay", "the first answer again"),
        (_, Reaction::Refused(refusal)) if refusal.word() == "31" => {
            interview.note(DUPLICATE, "refuse", refusal.phrase());
        }
        (_, Reaction::Refused(refusal)) => {
            interview.note(
                DUPLICATE,
                format!("refuse-{}", refusal.word()),
                refusal.phrase(),
            );
        }
        // A 31 after an answer that was lost on the way: it was this very
        // request that was taken.
        (_, Reaction::Taken) => interview.note(DUPLICATE, "refuse", "with code 31"),
        (_, Reaction::Open(what)) => interview.note_silence(DUPLICATE, left_open(&what)),
    }
}

/// The status of the first answer, and what a 0 becomes in a while.
async fn note_status(
    interview: &mut Interview,
    first: &Reply,
    mut again: Reply,
    order: &OrderNo,
    number: &RefundNo,
) -> Result<(), Silence> {
    const LOOKS: u32 = 5;
    let Some(status) = first
        .evidence
        .status
        .filter(|_| first.evidence.money == Money::Yes)
    else {
        return Ok(());
    };
    if status != 0 {
        interview.note(STATUS, status.to_string(), "from the first answer on");
        return Ok(());
    }
    let mut note = "and still 0 when it is asked for again";
    for look in 0..LOOKS {
        match (again.evidence.money, again.evidence.status) {
            (Money::Yes, Some(0)) if look + 1 < LOOKS => {
                tokio::time::sleep(Duration::from_millis(20)).await;
                again = interview
                    .refund("the same refund again, for its status", order, number, 100)
                    .await?;
            }
            (Money::Yes, Some(0)) => {}
            (_, Some(1)) => {
                note = "and 1 when it is asked for again";
                break;
            }
            (_, Some(2)) => {
                note = "and 2 when it is asked for again: it failed after all";
                break;
            }
            _ => {
                note = "and a repeated number does not tell what becomes of it";
                break;
            }
        }
    }
    // How soon it is settled is a matter of time and no word to compare by.
    interview.note(STATUS, "0", note);
    Ok(())
}

/// What was refunded by asking for another amount under a used number.
async fn other_amount(
    interview: &mut Interview,
    order: &OrderNo,
    number: &RefundNo,
) -> Result<i64, Silence> {
    let reply = interview
        .refund("a used number with another amount", order, number, 50)
        .await?;
    match Reaction::of(&reply) {
        Reaction::Taken if reply.amount_said() == Some(100) => {
            interview.note(OTHER_AMOUNT, "replay", "the first answer again");
        }
        Reaction::Taken => {
            interview.note(OTHER_AMOUNT, "refunded", "a second refund under one number");
            return Ok(50);
        }
        Reaction::Refused(refusal) => interview.note(OTHER_AMOUNT, refusal.word(), ""),
        Reaction::Open(what) => interview.note_silence(OTHER_AMOUNT, left_open(&what)),
    }
    Ok(0)
}

/// What was refunded under a used number with a blank behind it. The amount is
/// another one, so that an answer tells whether it is the first one's.
async fn blanks(
    interview: &mut Interview,
    order: &OrderNo,
    number: &RefundNo,
) -> Result<i64, Silence> {
    let blank = RefundNo::new(format!("{number} ")).expect("24 characters are within 32");
    let reply = interview
        .refund("a used number with a blank behind it", order, &blank, 30)
        .await?;
    match Reaction::of(&reply) {
        Reaction::Taken if reply.amount_said() == Some(100) => {
            interview.note(BLANKS, "trimmed", "it is the number without the blank");
        }
        Reaction::Taken => {
            interview.note(BLANKS, "kept", "it is a number of its own");
            return Ok(30);
        }
        Reaction::Refused(refusal) if refusal.word() == "31" => {
            interview.note(BLANKS, "trimmed", refusal.phrase());
        }
        Reaction::Refused(refusal) => interview.note(BLANKS, "refused", refusal.phrase()),
        Reaction::Open(what) => interview.note_silence(BLANKS, left_open(&what)),
    }
    Ok(0)
}

/// What was refunded under a number that was refused before.
async fn refused_number(
    interview: &mut Interview,
    order: &OrderNo,
    paid: i64,
) -> Result<i64, Silence> {
    let number = interview.probe().refund_number();
    let over = interview
        .refund("one more than was paid", order, &number, paid + 1)
        .await?;
    let Reaction::Refused(refusal) = Reaction::of(&over) else {
        let reason = format!("one more than was paid was not refused ({})", brief(&over));
        interview.note_silence(FAILURE_MEMBERS, reason.clone());
        interview.note_silence(REFUSED_NUMBER, reason);
        return Ok(0);
    };
    note_failure_members(interview, &over, refusal);
    let reply = interview
        .refund(
            "a refused number with an amount that fits",
            order,
            &number,
            10,
        )
        .await?;
    match Reaction::of(&reply) {
        Reaction::Taken => {
            interview.note(REFUSED_NUMBER, "free", "");
            return Ok(10);
        }
        Reaction::Refused(refusal) => {
            interview.note(REFUSED_NUMBER, "used-up", refusal.phrase());
        }
        Reaction::Open(what) => interview.note_silence(REFUSED_NUMBER, left_open(&what)),
    }
    Ok(0)
}

fn note_failure_members(interview: &mut Interview, over: &Reply, refusal: Refusal) {
    let Some(answer) = over.answer() else {
        let reason = format!("the refusal {} is no response", refusal.phrase());
        return interview.note_silence(FAILURE_MEMBERS, reason);
    };
    let members = [
        ("orderAmount", answer.order_amount.is_absent()),
        ("status", answer.status.is_absent()),
        ("currency", answer.currency.is_absent()),
    ];
    let there: Vec<&str> = members
        .into_iter()
        .filter(|(_, is_absent)| !is_absent)
        .map(|(name, _)| name)
        .collect();
    let word = if there.is_empty() {
        "none".to_owned()
    } else {
        there.join(",")
    };
    interview.note(FAILURE_MEMBERS, word, "");
}

async fn exhausted(interview: &mut Interview, order: &OrderNo, rest: i64) -> Result<(), Silence> {
    let number = interview.probe().refund_number();
    let whole = interview
        .refund("all that is left", order, &number, rest)
        .await?;
    if !whole.took_effect() {
        doubt_replay(interview, order, rest).await?;
        let reason = format!("what was left was not refunded ({})", brief(&whole));
        return Err(Silence(reason));
    }
    let number = interview.probe().refund_number();
    let more = interview
        .refund("one more when all is refunded", order, &number, 1)
        .await?;
    match Reaction::of(&more) {
        Reaction::Taken => interview.note(EXHAUSTED, "refunded", "more than was paid"),
        Reaction::Refused(refusal) => interview.note(EXHAUSTED, refusal.word(), ""),
        Reaction::Open(what) => interview.note_silence(EXHAUSTED, left_open(&what)),
    }
    Ok(())
}

/// What is left is not what it should be. Where it is less by the amount of
/// the repeated refund, that one was no replay.
async fn doubt_replay(
    interview: &mut Interview,
    order: &OrderNo,
    rest: i64,
) -> Result<(), Silence> {
    let number = interview.probe().refund_number();
    let less = interview
        .refund("100 less than should be left", order, &number, rest - 100)
        .await?;
    if less.took_effect() && interview.noted(DUPLICATE) == Some("replay") {
        interview.note(DUPLICATE, "refunded", "a second refund under one number");
    }
    Ok(())
}
