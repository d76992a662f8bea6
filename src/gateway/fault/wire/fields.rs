//! Members of a body that are read too kindly, or too strictly. Each function
//! makes of a believed message the one that the right gateway is to read;
//! `None` where it need not be changed.

use sha2::{Digest, Sha256};

use super::faulty::Intake;
use super::message::{Believed, Message, set, text_of, token_of};
use crate::gateway::calls::Gateway;
use crate::gateway::fault::Fault;
use crate::gateway::order::OrderName;
use crate::gateway::refusal::Refusal;
use crate::protocol::{Amount, Code, OrderNo};

/// The texts of a body and their limits in characters.
const TEXTS: [(&str, usize); 9] = [
    ("partnerOrderNo", 32),
    ("refundNo", 32),
    ("operatorId", 20),
    ("terminalNo", 20),
    ("storeNo", 15),
    ("barcode", 20),
    ("orderTitle", 100),
    ("notifyUrl", 200),
    ("orderNo", 32),
];

/// How a fault reads a body; `None` for any other fault.
pub(super) fn reading_of(fault: Fault) -> Option<fn(&Message) -> Option<Message>> {
    Some(match fault {
        Fault::TypesCoerced => coerced,
        Fault::FractionRounded => rounded,
        Fault::LengthUnchecked => shortened,
        Fault::ControlCharactersDropped => without_control_characters,
        Fault::UnknownMemberTrusted => overridden,
        Fault::AmountTwiceMixed => last_amount,
        _ => return None,
    })
}

fn limit_of(name: &str) -> Option<usize> {
    let text = TEXTS.iter().find(|(text, _)| *text == name);
    text.map(|(_, limit)| *limit)
}

/// The message with each body's token as `change` has it.
fn changed(message: &Message, change: impl Fn(&str, &str) -> Option<String>) -> Option<Message> {
    let mut copy = message.clone();
    let mut is_changed = false;
    for (name, token) in &mut copy.body {
        if let Some(other) = change(name, token) {
            *token = other;
            is_changed = true;
        }
    }
    is_changed.then_some(copy)
}

fn coerced(message: &Message) -> Option<Message> {
    changed(message, |name, token| {
        let inner = token
            .strip_prefix('[')
            .and_then(|token| token.strip_suffix(']'));
        let value = inner.map_or(token, str::trim);
        let converted = match value.as_bytes().first()? {
            b'"' if name == "orderAmount" => text_of(value)
                .filter(|text| Amount::from_token(text).is_ok())
                .unwrap_or_else(|| value.to_owned()),
            b't' if name == "orderAmount" => "1".to_owned(),
            b'-' | b'0'..=b'9' | b't' | b'f' if limit_of(name).is_some() => token_of(value),
            _ => value.to_owned(),
        };
        (converted != token).then_some(converted)
    })
}

fn rounded(message: &Message) -> Option<Message> {
    changed(message, |name, token| {
        let number = token.trim_matches('"');
        if name != "orderAmount" || !number.contains(['.', ',', 'e', 'E']) {
            return None;
        }
        let number: f64 = number.replace(',', "").parse().ok()?;
        let whole = format!("{:.0}", number.round());
        Amount::from_token(&whole).ok().map(|_| whole)
    })
}

/// Longer numbers get a stand-in, which is another for each of them; longer
/// texts lose their end.
fn shortened(message: &Message) -> Option<Message> {
    changed(message, |name, token| {
        let limit = limit_of(name)?;
        let text = text_of(token).filter(|text| text.chars().count() > limit)?;
        let short: String = if name.ends_with("No") {
            hex::encode(Sha256::digest(text))[..limit.min(32)].to_owned()
        } else {
            text.chars().take(limit).collect()
        };
        Some(token_of(&short))
    })
}

fn without_control_characters(message: &Message) -> Option<Message> {
    changed(message, |name, token| {
        limit_of(name)?;
        let text = text_of(token)?;
        let kept: String = text.chars().filter(|c| !c.is_control()).collect();
        (kept != text).then(|| token_of(&kept))
    })
}

fn overridden(message: &Message) -> Option<Message> {
    let trusted = message.token("amount")?;
    Amount::from_token(trusted).ok()?;
    let mut copy = message.clone();
    set(&mut copy.body, "orderAmount", trusted);
    Some(copy)
}

/// The first of several amounts.
pub(super) fn first_of_amounts(message: &Message) -> Option<Amount> {
    let amounts = message
        .body
        .iter()
        .filter(|(name, _)| name == "orderAmount");
    let tokens: Vec<&String> = amounts.map(|(_, token)| token).collect();
    match tokens[..] {
        [first, _, ..] => Amount::from_token(first).ok(),
        _ => None,
    }
}

fn last_amount(message: &Message) -> Option<Message> {
    first_of_amounts(message).filter(|first| first.is_positive())?;
    let last = message.token("orderAmount")?.to_owned();
    let mut copy = message.clone();
    set(&mut copy.body, "orderAmount", last);
    Some(copy)
}

/// Refuses texts as long as their limit.
pub(super) fn shorter_than_limit(message: &Message) -> Intake {
    let is_full = |(name, token): &(String, String)| {
        let length = text_of(token).map(|text| text.chars().count());
        length.is_some() && length == limit_of(name)
    };
    if message.body.iter().any(is_full) {
        return Intake::Refused(Refusal::of(Code::PARAMETER_ILLEGITIMATE));
    }
    Intake::AsItIs
}

/// Refuses optional texts that are empty.
pub(super) fn nothing_empty(message: &Message) -> Intake {
    let is_empty = |name| matches!(message.token(name), Some("\"\"" | "null"));
    if ["operatorId", "terminalNo"].into_iter().any(is_empty) {
        return Intake::Refused(Refusal::of(Code::PARAMETER_EMPTY));
    }
    Intake::AsItIs
}

/// A refund with what is missing made up.
pub(super) async fn with_inventions(gateway: &Gateway, refund: &Believed<'_>) -> Option<Message> {
    let mut message = refund.message.clone();
    let has_number = message.token("refundNo").is_some();
    let has_amount = message.token("orderAmount").is_some();
    if has_number && has_amount {
        return None;
    }
    if !has_number {
        set(&mut message.body, "refundNo", invented_number());
    }
    if !has_amount {
        let order = OrderNo::new(message.text("partnerOrderNo")?).ok()?;
        let partner = refund.partner.no.clone();
        let found = gateway.store.find(partner, OrderName::Number(order)).await;
        let order = found.ok()??;
        let rest = order.paid()?.checked_sub(order.refunded)?;
        set(&mut message.body, "orderAmount", rest.to_string());
    }
    Some(message)
}

/// A refund with what is empty given a meaning; `latest` is the partner's
/// latest order.
pub(super) fn with_meanings(message: &Message, latest: Option<&OrderNo>) -> Option<Message> {
    let is_empty = |name| matches!(message.token(name), Some("\"\"" | "null"));
    let mut copy = message.clone();
    let meanings = [
        (
            "partnerOrderNo",
            latest.map(|order| token_of(order.as_str())),
        ),
        ("refundNo", Some(invented_number())),
        ("orderAmount", Some("1".to_owned())),
    ];
    let mut is_changed = false;
    for (name, meaning) in meanings {
        if let Some(meaning) = meaning.filter(|_| is_empty(name)) {
            set(&mut copy.body, name, meaning);
            is_changed = true;
        }
    }
    is_changed.then_some(copy)
}

fn invented_number() -> String {
    token_of(&hex::encode(rand::random::<[u8; 16]>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(amount: &str) -> Message {
        let raw = format!(r#"{{"header":{{}},"body":{{"refundNo":7,"orderAmount":{amount}}}}}"#);
        Message::of(&raw).unwrap()
    }

    #[test]
    fn amounts_are_coerced_and_rounded() {
        let read = |read: fn(&Message) -> Option<Message>, amount| {
            read(&body(amount)).map(|message| message.token("orderAmount").unwrap().to_owned())
        };
        assert_eq!(read(coerced, "\"100\"").unwrap(), "100");
        assert_eq!(read(coerced, "[100]").unwrap(), "100");
        assert_eq!(read(coerced, "true").unwrap(), "1");
        assert_eq!(
            coerced(&body("1")).unwrap().token("refundNo"),
            Some("\"7\"")
        );
        assert_eq!(read(rounded, "100.5").unwrap(), "101");
        assert_eq!(read(rounded, "\"1,000\"").unwrap(), "1000");
        assert_eq!(read(rounded, "1e400"), None);
        assert_eq!(read(rounded, "100"), None);
    }
}
