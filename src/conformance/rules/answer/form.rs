//! The form of one answer: its header, its members, its signature.

use std::borrow::Cow;

use crate::conformance::probe::{Probe, Reply};
use crate::conformance::rule::Stop;
use crate::generate::{JsonClass, Liberty, class_of};
use crate::protocol::header::{SIGN_TYPE, VERSION};
use crate::protocol::signature::verify;
use crate::protocol::{Answer, Direction, Envelope, Reading, Signature, Timestamp};

use super::catalogue::refusals;

/// An acceptance, and refusals of well-signed requests, whose partner is known.
async fn replies(probe: &mut Probe) -> Result<Vec<Reply>, Stop> {
    let order = probe.paid(1_000).await?;
    let accepted = probe.refund(&order.number, 10).await;
    probe.expect_accepted(&accepted)?;
    let unknown = probe.caller().numbers.order();
    let refused = probe.refund(&unknown, 10).await;
    let exceeding = probe
        .refund(&order.number, order.paid.minor_units() + 1)
        .await;
    Ok(vec![accepted, refused, exceeding])
}

pub(super) async fn header(probe: &mut Probe) -> Result<(), Stop> {
    let mut looked_at = 0;
    for reply in replies(probe).await? {
        let Some(answer) = reply.answer() else {
            continue;
        };
        looked_at += 1;
        let wrong = header_flaws(&answer, probe.caller().partner.number.as_str());
        if !wrong.is_empty() {
            return Err(Stop::failed(
                format!(
                    "{}: missing in the answer's header, or not as documented: {}",
                    reply.label,
                    wrong.join(", ")
                ),
                &reply,
            ));
        }
    }
    match looked_at {
        0 => Err(Stop::Inconclusive(
            "no answer has a header to look at".to_owned(),
        )),
        _ => Ok(()),
    }
}

/// What is wrong with an answer's header.
fn header_flaws(answer: &Answer<'_>, partner: &str) -> Vec<&'static str> {
    const LONGEST_ID: usize = 36;
    let sign_type = match &answer.sign_type {
        Reading::Absent => true,
        Reading::Value(text) => text == SIGN_TYPE,
        Reading::Wrong => false,
    };
    let is_time = |text: &str| Timestamp::parse_exact(text).is_ok() && text.contains('T');
    let is_id = |text: &str| text.chars().count() <= LONGEST_ID;
    [
        (
            "partnerNo",
            said(&answer.partner_no, |text| text == partner),
        ),
        ("version", said(&answer.version, |text| text == VERSION)),
        ("signType", sign_type),
        ("respTime", said(&answer.time, is_time)),
        ("reqMsgId (or respMsgId)", said(&answer.message_id, is_id)),
    ]
    .into_iter()
    .filter(|(_, holds)| !holds)
    .map(|(name, _)| name)
    .collect()
}

fn said(reading: &Reading<Cow<'_, str>>, is_right: impl Fn(&str) -> bool) -> bool {
    reading.value().is_some_and(|text| is_right(text))
}

pub(super) async fn duplicate_members(probe: &mut Probe) -> Result<(), Stop> {
    for reply in answers(probe).await? {
        let Some(body) = reply.exchange.body() else {
            continue;
        };
        if class_of(body) == JsonClass::ImplementationDefined(Liberty::DuplicateMembers) {
            return Err(Stop::failed(
                format!(
                    "{}: the answer has two members of one name, so that two readers can read two answers",
                    reply.label
                ),
                &reply,
            ));
        }
    }
    Ok(())
}

/// An answer to a refund that should be accepted, and one refusal of each
/// kind, whatever they are like.
async fn answers(probe: &mut Probe) -> Result<Vec<Reply>, Stop> {
    let order = probe.paid(1_000).await?;
    let mut all = vec![probe.refund(&order.number, 10).await];
    all.extend(refusals(probe).await?.into_iter().map(|(reply, _)| reply));
    Ok(all)
}

pub(super) async fn signature_form(probe: &mut Probe) -> Result<(), Stop> {
    let mut looked_at = 0;
    for reply in answers(probe).await? {
        let envelope = reply
            .exchange
            .body()
            .and_then(|body| Envelope::parse(body, Direction::Response).ok());
        let Some(envelope) = envelope else { continue };
        looked_at += 1;
        let digits = envelope.signature.as_ref();
        if digits.is_empty() {
            // Not signed at all: whether it should be is asked elsewhere.
            continue;
        }
        let is_formed = digits.len() == Signature::LENGTH
            && digits
                .bytes()
                .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        if is_formed {
            continue;
        }
        let lower = digits.to_ascii_lowercase();
        let key = &probe.caller().partner.key;
        let hint = if verify(envelope.raw.as_bytes(), &lower, key).is_ok() {
            "; in lower case it would hold"
        } else {
            ""
        };
        return Err(Stop::failed(
            format!(
                "{}: the answer's signature is not 64 lower-case hexadecimal digits{hint}",
                reply.label
            ),
            &reply,
        ));
    }
    match looked_at {
        0 => Err(Stop::Inconclusive(
            "no answer has a signature to look at".to_owned(),
        )),
        _ => Ok(()),
    }
}
