//! Refusals: their HTTP status, and what is refused below the protocol.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::SignatureState;
use crate::conformance::probe::Reply;
use crate::generate::mutate::http::RawRequest;
use crate::protocol::{Api, Direction, Envelope, OrderNo};
use crate::target::Ending;
use crate::verdict::DialectPoint;

use super::interview::{Interview, left_open, point};
use super::reaction::{Reaction, Refusal, brief};
use super::topic::{Question, Silence, Topic};

const METHOD: &str = "refusal-of-method";
const PATH: &str = "refusal-of-path";
const CONTENT_TYPE: &str = "refusal-of-content-type";

/// Refusals of kinds that no other topic meets. They answer no point of their
/// own, but [`http_status`] hears them.
pub(super) const TOPIC: Topic = Topic {
    name: "dialect.refusals",
    questions: &[],
    ask: |interview| Box::pin(ask(interview)),
};

/// Requests that are wrong below the envelope.
pub(super) const BELOW: Topic = Topic {
    name: "dialect.below",
    questions: &[
        question(METHOD, "How is a PUT instead of a POST refused?"),
        question(PATH, "How is a path that is no call's refused?"),
        question(
            CONTENT_TYPE,
            "How is the Content-Type text/plain refused, where it is?",
        ),
    ],
    ask: |interview| Box::pin(below(interview)),
};

const HTTP_STATUS: Question = question(
    "refusal-status",
    "Which HTTP status do refusals in the words of the protocol have?",
);

const fn question(point: &'static str, text: &'static str) -> Question {
    Question { point, text }
}

async fn ask(interview: &mut Interview) -> Result<(), Silence> {
    let unknown = interview.probe().caller().numbers.order();
    let number = interview.probe().refund_number();
    let _ = interview
        .refund("a refund of an unknown order", &unknown, &number, 1)
        .await?;
    let mut document = interview
        .probe()
        .caller()
        .sealed_raw(interview.probe().value(&unknown, 1).as_bytes());
    document.pop();
    let _ = interview
        .send("a refund whose document is cut short", &document)
        .await?;
    Ok(())
}

/// The HTTP status of all refusals that were heard.
pub(super) fn http_status(heard: &[Reply]) -> DialectPoint {
    let mut seen: BTreeMap<u16, BTreeSet<i64>> = BTreeMap::new();
    for reply in heard {
        if let (Reaction::Refused(Refusal::Code(code)), Some(status)) =
            (Reaction::of(reply), reply.exchange.status())
        {
            seen.entry(status).or_default().insert(code.0);
        }
    }
    let statuses: Vec<String> = seen.keys().map(u16::to_string).collect();
    let each: Vec<String> = seen
        .iter()
        .map(|(status, codes)| {
            let codes: Vec<String> = codes.iter().map(i64::to_string).collect();
            format!("{status} with code {}", codes.join(", "))
        })
        .collect();
    match statuses.is_empty() {
        true => point(&HTTP_STATUS, None, "nothing was refused".to_owned()),
        false => point(&HTTP_STATUS, Some(statuses.join(",")), each.join("; ")),
    }
}

async fn below(interview: &mut Interview) -> Result<(), Silence> {
    let order = interview.paid(100).await?.number;
    let mut put = request(interview, &order);
    put.method = "PUT".to_owned();
    look(interview, METHOD, "the method PUT", &put).await?;
    let mut elsewhere = request(interview, &order);
    elsewhere.target.push('s');
    let label = format!("the path {}", elsewhere.target);
    look(interview, PATH, &label, &elsewhere).await?;
    let plain = request(interview, &order)
        .without("content-type")
        .with("Content-Type: text/plain");
    look(
        interview,
        CONTENT_TYPE,
        "the Content-Type text/plain",
        &plain,
    )
    .await
}

/// A valid refund of 1 under a fresh number, as a request.
fn request(interview: &Interview, order: &OrderNo) -> RawRequest {
    let probe = interview.probe();
    let caller = probe.caller();
    let document = caller.sealed_raw(probe.value(order, 1).as_bytes());
    let target = caller.endpoint.request_target(Api::Refund.path());
    caller.endpoint.headers().fold(
        RawRequest::post(caller.endpoint.authority(), target, document),
        |request, (name, value)| request.with(format!("{name}: {value}")),
    )
}

/// Sends a request and notes how it is refused; again where the gateway may
/// have been busy, since a dropped connection is an answer only if it stays
/// the same.
async fn look(
    interview: &mut Interview,
    point: &'static str,
    label: &str,
    request: &RawRequest,
) -> Result<(), Silence> {
    const ATTEMPTS: u32 = 3;
    for _ in 0..ATTEMPTS {
        let reply = interview.send_bytes(label, &request.bytes()).await?;
        let is_taken = Reaction::of(&reply) == Reaction::Taken;
        match (reply.exchange.status(), &reply.exchange.ending) {
            _ if is_taken => interview.note(point, "taken", "the refund was made"),
            (Some(429 | 500 | 502..=504), _) => {
                interview.note_silence(point, left_open(&brief(&reply)));
                continue;
            }
            (Some(status), _) => {
                let signed = signed(&reply);
                let code = reply.evidence.code;
                let note = code.map_or_else(String::new, |code| format!("with code {}", code.0));
                interview.note(point, format!("{status}-{signed}"), note);
            }
            (None, Ending::Closed(0) | Ending::Reset) => {
                interview.note(point, "closed", "the connection, without an answer");
                continue;
            }
            (None, ending) => interview.note_silence(point, left_open(&ending.to_string())),
        }
        break;
    }
    Ok(())
}

/// Whether an answer is signed so that it holds.
fn signed(reply: &Reply) -> &'static str {
    let body = reply.exchange.body().unwrap_or_default();
    match Envelope::parse(body, Direction::Response) {
        _ if reply.evidence.signature == SignatureState::Valid => "signed",
        Ok(envelope) if !envelope.signature.is_empty() => "ill-signed",
        _ => "unsigned",
    }
}
