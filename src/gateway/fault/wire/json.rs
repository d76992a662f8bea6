//! What is no JSON and read all the same, and JSON that is not.

use serde_json::value::RawValue;

use super::cut;
use super::faulty::Intake;
use super::message::{Claim, Message, sealed, text_of};
use super::repair;
use super::tokens::{Token, tokens};
use crate::gateway::fault::Fault;
use crate::gateway::partner::Partners;
use crate::gateway::refusal::Refusal;
use crate::protocol::Code;

/// Makes JSON of what is none, or something else that is none.
pub(super) type Repair = fn(&[u8]) -> Vec<u8>;

/// How a fault makes JSON of what is none; `None` for any other fault.
pub(super) fn repair_of(fault: Fault) -> Option<Repair> {
    Some(match fault {
        Fault::JsonCommentsTaken => repair::comments,
        Fault::JsonCommasForgiven => repair::commas,
        Fault::JsonQuotesForgiven => repair::quotes,
        Fault::JsonNumbersForgiven => repair::numbers,
        Fault::JsonEscapesForgiven => repair::escapes,
        Fault::JsonControlCharactersTaken => repair::control_characters,
        Fault::JsonUtf8Repaired => repair::utf_8,
        Fault::JsonBehindIgnored => repair::behind,
        Fault::JsonMarkSkipped => repair::mark,
        Fault::JsonEndingAdded => repair::ending,
        _ => return None,
    })
}

/// A document that is no JSON, repaired, where its signature holds for the
/// text as it was sent.
pub(super) fn repaired(document: &[u8], partners: &Partners, repair: Repair) -> Option<Vec<u8>> {
    if serde_json::from_slice::<&RawValue>(document).is_ok() {
        return None;
    }
    let mended = repair(document);
    let raw = Claim::of(&mended)?.raw;
    let partner = cut::believed(document, partners).or_else(|| {
        // Damage behind the signed text can keep it from being cut, and the
        // repair leaves it as it was sent.
        let is_as_sent = cut::find(document, raw.as_bytes()).is_some();
        cut::believed(&mended, partners).filter(|_| is_as_sent)
    })?;
    Some(sealed(raw, &partner.key))
}

/// Refuses escapes that need not be.
pub(super) fn without_escapes(document: &[u8]) -> Intake {
    let is_escaped = |(token, _): &(Token<'_>, usize)| match token {
        Token::Text(text) => {
            let needless = |pair: &[u8]| matches!(pair, [b'\\', b'u' | b'/']);
            let text = String::from_utf8_lossy(text).replace("\\\\", "");
            text.as_bytes().windows(2).any(needless)
        }
        _ => false,
    };
    if tokens(document).iter().any(is_escaped) {
        return Intake::Refused(Refusal::of(Code::NOT_JSON));
    }
    Intake::AsItIs
}

/// Refuses characters that few texts have.
pub(super) fn without_rare_characters(document: &[u8]) -> Intake {
    let is_rare = |c: char| matches!(c, '\u{7f}' | '\u{2028}' | '\u{2029}' | '\u{10000}'..);
    let message = Claim::of(document).and_then(|claim| Message::of(claim.raw));
    let texts = message.into_iter().flat_map(|message| message.body);
    for text in texts.filter_map(|(_, token)| text_of(&token)) {
        if text.contains(is_rare) {
            return Intake::Refused(Refusal::of(Code::NOT_JSON));
        }
    }
    Intake::AsItIs
}
