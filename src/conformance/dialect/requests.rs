//! The form of requests: what a gateway takes that the tables don't settle.

use crate::conformance::probe::Reply;
use crate::generate::mutate::signature::upper_case;
use crate::generate::{Draft, Part};
use crate::protocol::header::TimeField;
use crate::protocol::{Amount, OrderNo};

use super::interview::{Interview, left_open};
use super::reaction::Reaction;
use super::topic::{Question, Silence, Topic};

const TIME_NAME: &str = "time-name";
const EMPTY_ID: &str = "empty-message-id";
const EMPTY_OPERATOR: &str = "empty-operator-id";
const ID_LENGTH: &str = "message-id-length";
const UNKNOWN_MEMBERS: &str = "unknown-members";
const DUPLICATE_MEMBERS: &str = "duplicate-members";
const AMOUNT_SPELLINGS: &str = "amount-spellings";
const UPPER_CASE: &str = "upper-case-signature";
const BEYOND: &str = "amount-beyond-32-bit";

/// The form of a request's members.
pub(super) const TOPIC: Topic = Topic {
    name: "dialect.requests",
    questions: &[
        question(TIME_NAME, "Which name of a request's time is taken?"),
        question(EMPTY_ID, "Is an empty reqMsgId taken?"),
        question(EMPTY_OPERATOR, "Is an empty operatorId taken?"),
        question(
            UNKNOWN_MEMBERS,
            "Is a request with a member that no table lists taken?",
        ),
        question(
            UPPER_CASE,
            "Is a signature in upper-case hexadecimal digits taken?",
        ),
    ],
    ask: |interview| Box::pin(ask(interview)),
};

/// The values of members: lengths, repetitions, other spellings.
pub(super) const VALUES: Topic = Topic {
    name: "dialect.values",
    questions: &[
        question(ID_LENGTH, "How long a reqMsgId is taken?"),
        question(DUPLICATE_MEMBERS, "Of two orderAmounts, which one counts?"),
        question(
            AMOUNT_SPELLINGS,
            "Which other spellings of the amount 100 are taken?",
        ),
    ],
    ask: |interview| Box::pin(values(interview)),
};

/// Amounts that a 32-bit integer can't hold.
pub(super) const AMOUNTS: Topic = Topic {
    name: "dialect.amounts",
    questions: &[question(
        BEYOND,
        "Is a refund of more than 2147483647 taken, where the order is as large?",
    )],
    ask: |interview| Box::pin(beyond(interview)),
};

const fn question(point: &'static str, text: &'static str) -> Question {
    Question { point, text }
}

async fn ask(interview: &mut Interview) -> Result<(), Silence> {
    let order = interview.paid(1_000).await?.number;
    time_name(interview, &order).await?;
    for (point, part, name, token) in [
        (EMPTY_ID, Part::Header, "reqMsgId", "\"\""),
        (EMPTY_OPERATOR, Part::Body, "operatorId", "\"\""),
        // What a deployed client sends.
        (UNKNOWN_MEMBERS, Part::Body, "tradeSummary", "true"),
    ] {
        let draft = interview.draft(&order, 1).with(part, name, token);
        let label = format!("a refund with {name} {token}");
        let reply = interview.send_text(&label, draft.text()).await?;
        interview.note_reaction(point, &reply);
    }
    let value = interview.probe().value(&order, 1);
    let document = upper_case(&value, &interview.probe().caller().partner.key).document;
    let reply = interview
        .send("a signature in upper case", &document)
        .await?;
    interview.note_reaction(UPPER_CASE, &reply);
    Ok(())
}

async fn values(interview: &mut Interview) -> Result<(), Silence> {
    let order = interview.paid(1_000).await?.number;
    id_length(interview, &order).await?;
    duplicate_members(interview, &order).await?;
    amount_spellings(interview, &order).await
}

async fn time_name(interview: &mut Interview, order: &OrderNo) -> Result<(), Silence> {
    let known = interview.probe().caller().profile.time_field.name();
    let mut taken = Vec::new();
    for field in [TimeField::RequestTime, TimeField::ReqTime] {
        let name = field.name();
        let draft = interview.draft(order, 1);
        let time = token_of(&draft, known);
        let draft = draft
            .without(Part::Header, known)
            .with_last(Part::Header, name, time);
        let label = format!("a refund whose time is named {name}");
        let reply = interview.send_text(&label, draft.text()).await?;
        match Reaction::of(&reply) {
            Reaction::Taken => taken.push(name),
            Reaction::Refused(_) => {}
            Reaction::Open(what) => {
                interview.note_silence(TIME_NAME, left_open(&what));
                return Ok(());
            }
        }
    }
    match taken[..] {
        [] => interview.note_silence(TIME_NAME, "neither name was taken"),
        [name] => interview.note(TIME_NAME, name, ""),
        _ => interview.note(TIME_NAME, "either", "requestTime and reqTime"),
    }
    Ok(())
}

fn token_of(draft: &Draft, name: &str) -> String {
    draft
        .members(Part::Header)
        .iter()
        .find(|(member, _)| member == name)
        .map(|(_, token)| token.clone())
        .expect("every request names its time")
}

async fn id_length(interview: &mut Interview, order: &OrderNo) -> Result<(), Silence> {
    let mut longest = "32";
    for (length, word) in [(36, "36"), (37, "37-or-more")] {
        let id = format!("\"{}\"", "d".repeat(length));
        let draft = interview.draft(order, 1).with(Part::Header, "reqMsgId", id);
        let label = format!("a refund with a reqMsgId of {length} characters");
        let reply = interview.send_text(&label, draft.text()).await?;
        match Reaction::of(&reply) {
            Reaction::Taken => longest = word,
            Reaction::Refused(_) => break,
            Reaction::Open(what) => {
                interview.note_silence(ID_LENGTH, left_open(&what));
                return Ok(());
            }
        }
    }
    interview.note(ID_LENGTH, longest, "of 32, 36 and 37 characters");
    Ok(())
}

async fn duplicate_members(interview: &mut Interview, order: &OrderNo) -> Result<(), Silence> {
    let draft = interview
        .draft(order, 3)
        .with_last(Part::Body, "orderAmount", "7");
    let reply = interview
        .send_text("a refund with the amounts 3 and 7", draft.text())
        .await?;
    match (Reaction::of(&reply), reply.amount_said()) {
        (Reaction::Taken, Some(3)) => interview.note(DUPLICATE_MEMBERS, "first", ""),
        (Reaction::Taken, Some(7)) => interview.note(DUPLICATE_MEMBERS, "last", ""),
        (Reaction::Taken, said) => {
            let said = said.map_or_else(|| "no amount".to_owned(), |amount| amount.to_string());
            interview.note(
                DUPLICATE_MEMBERS,
                "other",
                format!("of 3 and 7 the answer names {said}"),
            );
        }
        _ => interview.note_reaction(DUPLICATE_MEMBERS, &reply),
    }
    Ok(())
}

async fn amount_spellings(interview: &mut Interview, order: &OrderNo) -> Result<(), Silence> {
    const SPELLINGS: [&str; 3] = ["100.0", "1e2", "\"100\""];
    let mut taken = Vec::new();
    for token in SPELLINGS {
        let draft = interview
            .draft(order, 100)
            .with(Part::Body, "orderAmount", token);
        let label = format!("a refund of {token}");
        let reply = interview.send_text(&label, draft.text()).await?;
        match Reaction::of(&reply) {
            Reaction::Taken => taken.push(named(token, &reply)),
            Reaction::Refused(_) => {}
            Reaction::Open(what) => {
                interview.note_silence(AMOUNT_SPELLINGS, left_open(&what));
                return Ok(());
            }
        }
    }
    let word = if taken.is_empty() {
        "none".to_owned()
    } else {
        taken.join(",")
    };
    let asked = format!("of {}", SPELLINGS.join(", "));
    interview.note(AMOUNT_SPELLINGS, word, asked);
    Ok(())
}

/// The spelling, and what was made of it where that is another amount.
fn named(token: &str, reply: &Reply) -> String {
    match reply.amount_said() {
        Some(100) | None => token.to_owned(),
        Some(other) => format!("{token}={other}"),
    }
}

async fn beyond(interview: &mut Interview) -> Result<(), Silence> {
    let amount = Amount::LARGEST_COMMON.minor_units() + 1;
    let order = interview.paid(amount).await?.number;
    let number = interview.probe().refund_number();
    let label = format!("a refund of {amount}");
    let reply = interview.refund(&label, &order, &number, amount).await?;
    match (Reaction::of(&reply), reply.amount_said()) {
        (Reaction::Taken, Some(said)) if said != amount => {
            let note = format!("of {amount} the answer names {said}");
            interview.note(BEYOND, "changed", note);
        }
        _ => interview.note_reaction(BEYOND, &reply),
    }
    Ok(())
}
