//! Envelopes and headers that are read too kindly, or too strictly.

use super::cut;
use super::faulty::Intake;
use super::message::{Believed, Claim, Message, last, sealed, set, text_of, token_of};
use crate::gateway::fault::Fault;
use crate::gateway::partner::{Partner, Partners};
use crate::gateway::refusal::Refusal;
use crate::protocol::header::{SIGN_TYPE, VERSION};
use crate::protocol::object::members;
use crate::protocol::{Code, MessageId, PartnerNo, Timestamp, signature};

/// A header's member that a fault does not look at, and what it could have
/// said; `None` for any other fault.
pub(super) fn unchecked_member(fault: Fault) -> Option<(&'static [&'static str], String)> {
    Some(match fault {
        Fault::VersionUnchecked => (&["version"], token_of(VERSION)),
        Fault::TimeUnchecked => (
            &["requestTime", "reqTime"],
            token_of(&Timestamp::now().to_string()),
        ),
        Fault::MessageIdUnchecked => (&["reqMsgId"], "\"\"".to_owned()),
        _ => return None,
    })
}

/// A believed request whose member of these names says something valid.
pub(super) fn with_valid_member(
    document: &[u8],
    partners: &Partners,
    (names, valid): (&[&str], String),
) -> Option<Vec<u8>> {
    let mut believed = Believed::of(document, partners)?;
    let header = &mut believed.message.header;
    let token = header
        .iter()
        .find(|(name, _)| names.contains(&name.as_str()));
    if token.is_some_and(|(name, token)| is_valid(name, token)) {
        return None;
    }
    header.retain(|(name, _)| !names.contains(&name.as_str()));
    set(header, names[0], valid);
    Some(believed.sealed())
}

fn is_valid(name: &str, token: &str) -> bool {
    text_of(token).is_some_and(|text| match name {
        "version" => text == VERSION,
        "reqMsgId" => MessageId::new(text).is_ok(),
        _ => Timestamp::parse(&text).is_ok(),
    })
}

/// A request that switches its verification off.
pub(super) fn sign_type_none(document: &[u8], partners: &Partners) -> Option<Vec<u8>> {
    let claim = Claim::of(document)?;
    let partner = claim.partner(partners)?;
    let mut message = Message::of(claim.raw)?;
    let sign_type = message.header.iter().find(|(name, _)| name == "signType")?;
    let is_none = text_of(&sign_type.1)?.eq_ignore_ascii_case("none");
    set(&mut message.header, "signType", token_of(SIGN_TYPE));
    is_none.then(|| message.sealed(&partner.key))
}

/// A request of nobody, which the first partner's key signed.
pub(super) fn of_unknown_partner(document: &[u8], partners: &Partners) -> Option<Vec<u8>> {
    let claim = Claim::of(document)?;
    let mut message = Message::of(claim.raw)?;
    let named = message
        .header
        .iter()
        .find(|(name, _)| name == "partnerNo")?;
    let named = text_of(&named.1)?;
    if partners.get(&named).is_some() || PartnerNo::new(named).is_err() {
        return None;
    }
    let first = partners.first();
    claim.holds(&first.key).then_some(())?;
    set(
        &mut message.header,
        "partnerNo",
        token_of(first.no.as_str()),
    );
    Some(message.sealed(&first.key))
}

/// A request that the claimed signature does not hold for, where it holds for
/// any text that follows the word.
pub(super) fn decoy(document: &[u8], partners: &Partners) -> Option<Vec<u8>> {
    let claim = Claim::of(document)?;
    let partner = claim.partner(partners)?;
    let holds =
        |raw: &str| signature::verify(raw.as_bytes(), &claim.signature, &partner.key).is_ok();
    cut::every_request(std::str::from_utf8(document).ok()?)
        .any(holds)
        .then(|| sealed(claim.raw, &partner.key))
}

/// The last of two requests, where the signature holds for the first.
pub(super) fn last_of_two(document: &[u8], partners: &Partners) -> Option<Vec<u8>> {
    let claim = Claim::of_last(document)?;
    let partner = claim.partner(partners)?;
    let members = members(std::str::from_utf8(document).ok()?)?;
    let mut requests = members.iter().filter(|(name, _)| name == "request");
    let (_, first) = requests.next()?;
    requests.next()?;
    signature::verify(first.as_bytes(), &claim.signature, &partner.key)
        .is_ok()
        .then(|| sealed(claim.raw, &partner.key))
}

/// A request with its parts put right, where its signature holds.
pub(super) fn with_parts(document: &[u8], partners: &Partners) -> Option<Vec<u8>> {
    let claim = Claim::of(document)?;
    let request = members(claim.raw)?;
    let parts: Vec<Vec<(String, String)>> = ["header", "body"]
        .into_iter()
        .filter_map(|name| Message::part(unwrapped(last(&request, name)?)))
        .collect();
    let names_partner =
        |part: &&Vec<(String, String)>| part.iter().any(|(name, _)| name == "partnerNo");
    let header = parts.iter().find(names_partner);
    let body = parts.iter().find(|part| !names_partner(part))?.clone();
    let partner = match header {
        None => partners.first(),
        Some(header) => {
            let named = header.iter().find(|(name, _)| name == "partnerNo")?;
            partners.get(&text_of(&named.1)?)?
        }
    };
    claim.holds(&partner.key).then_some(())?;
    let message = Message {
        header: header.cloned().unwrap_or_else(|| invented(partner)),
        body,
    };
    Some(message.sealed(&partner.key))
}

/// What is in an array of one.
fn unwrapped(token: &str) -> &str {
    match serde_json::from_str::<Vec<&serde_json::value::RawValue>>(token) {
        Ok(items) if items.len() == 1 => items[0].get(),
        _ => token,
    }
}

fn invented(partner: &Partner) -> Vec<(String, String)> {
    let time = Timestamp::now().to_string();
    [
        ("requestTime", time.as_str()),
        ("partnerNo", partner.no.as_str()),
        ("signType", SIGN_TYPE),
        ("version", VERSION),
        ("reqMsgId", ""),
    ]
    .into_iter()
    .map(|(name, text)| (name.to_owned(), token_of(text)))
    .collect()
}

/// Every name that a request can have.
const NAMES: [&str; 21] = [
    "request",
    "signature",
    "header",
    "body",
    "version",
    "partnerNo",
    "reqMsgId",
    "requestTime",
    "reqTime",
    "signType",
    "partnerOrderNo",
    "refundNo",
    "orderAmount",
    "operatorId",
    "terminalNo",
    "storeNo",
    "barcode",
    "orderTitle",
    "notifyUrl",
    "orderNo",
    "wallet",
];

/// A request whose names are in the right case, where its signature holds.
pub(super) fn with_folded_names(document: &[u8], partners: &Partners) -> Option<Vec<u8>> {
    let envelope = folded(std::str::from_utf8(document).ok()?)?;
    let named = |part: &[(String, String)], name: &str| {
        let member = part.iter().find(|(known, _)| known == name)?;
        Some(member.1.clone())
    };
    let raw = named(&envelope, "request")?;
    let request = folded(&raw)?;
    let message = Message {
        header: folded(&named(&request, "header")?)?,
        body: folded(&named(&request, "body")?)?,
    };
    let partner = partners.get(&text_of(&named(&message.header, "partnerNo")?)?)?;
    let claim = Claim {
        raw: &raw,
        signature: text_of(&named(&envelope, "signature")?)?,
    };
    claim
        .holds(&partner.key)
        .then(|| message.sealed(&partner.key))
}

/// The members of an object, each known name in its right case and once.
fn folded(raw: &str) -> Option<Vec<(String, String)>> {
    let mut kept = Vec::new();
    for (name, token) in Message::part(raw)? {
        let known = NAMES.iter().find(|known| known.eq_ignore_ascii_case(&name));
        set(&mut kept, known.copied().unwrap_or(&name), token);
    }
    Some(kept)
}

/// Refuses a signature that stands before its request.
pub(super) fn request_first(document: &[u8]) -> Intake {
    let text = std::str::from_utf8(document).unwrap_or_default();
    let names: Vec<_> = members(text).unwrap_or_default();
    let place = |wanted: &str| names.iter().position(|(name, _)| name == wanted);
    match (place("signature"), place("request")) {
        (Some(signature), Some(request)) if signature < request => {
            Intake::Refused(Refusal::of(Code::SIGNATURE_INVALID))
        }
        _ => Intake::AsItIs,
    }
}
