//! Answers that are wrong: in what they say, and in how it is written and
//! signed.

use std::fmt::Write;

use axum::http::{HeaderValue, StatusCode};

use super::message::{Believed, Claim};
use crate::gateway::answer::{Answer, Body};
use crate::gateway::calls::Gateway;
use crate::gateway::fault::Fault;
use crate::gateway::order::OrderName;
use crate::gateway::wire::{Reply, Sending};
use crate::protocol::refund::RefundResponse;
use crate::protocol::{
    Amount, Api, Code, Direction, Envelope, OrderNo, SignKey, Signature, envelope, signature,
};

const HTML: HeaderValue = HeaderValue::from_static("text/html;charset=UTF-8");

/// Says something wrong where the fault is in what is said.
pub(super) fn reword(fault: Fault, gateway: &Gateway, document: &[u8], answer: &mut Answer<'_>) {
    if let Some(accepted) = accepted(&mut answer.body) {
        match fault {
            Fault::StatusOutOfRange => accepted.status = Some(7),
            Fault::CurrencyOfAnother => {
                let is_dollar = accepted.currency.as_deref() == Some("USD");
                accepted.currency = Some(if is_dollar { "EUR" } else { "USD" }.to_owned());
            }
            Fault::AnswerReserialised => "success/succès".clone_into(&mut accepted.msg),
            _ => {}
        }
        return;
    }
    let partner = answer.partner;
    let Body::Refund(refusal) = &mut answer.body else {
        return;
    };
    match fault {
        Fault::UndocumentedCode => refusal.code = Code(99_999),
        Fault::CodeMixedUp => {
            refusal.code = match refusal.code {
                Code::ORDER_UNKNOWN => Code::REFUND_EXCEEDS,
                Code::REFUND_EXCEEDS => Code::ORDER_UNKNOWN,
                Code::SIGNATURE_INVALID => Code::PARAMETER_ILLEGITIMATE,
                Code::PARAMETER_ILLEGITIMATE => Code::SIGNATURE_INVALID,
                other => other,
            };
        }
        Fault::StackTraceInMessage => {
            "RefundException at com.gateway.pay.RefundService.refund(RefundService.java:214)"
                .clone_into(&mut refusal.msg);
        }
        Fault::KeyInMessage | Fault::SignatureInMessage
            if refusal.code == Code::SIGNATURE_INVALID =>
        {
            let claim = Claim::of(document);
            let key = &partner.unwrap_or_else(|| gateway.partners.first()).key;
            if let Some(claim) = claim {
                refusal.msg = if fault == Fault::KeyInMessage {
                    hashed_text(&claim, key)
                } else {
                    format!("expected {}", signature::sign(claim.raw.as_bytes(), key))
                };
            }
        }
        _ => {}
    }
}

/// The end of what a signature is made of: so much as a message holds.
fn hashed_text(claim: &Claim<'_>, key: &SignKey) -> String {
    let hashed = format!("{}{}", claim.raw, String::from_utf8_lossy(key.expose()));
    let length = hashed.chars().count();
    let end: String = hashed.chars().skip(length.saturating_sub(80)).collect();
    format!("hash of …{end} differs")
}

/// The body of an accepted refund's answer.
fn accepted(body: &mut Body) -> Option<&mut RefundResponse> {
    match body {
        Body::Refund(refund) if refund.code == Code::SUCCESS => Some(refund),
        _ => None,
    }
}

/// Makes an accepted refund's answer say `amount`.
pub(super) fn claim_amount(body: &mut Body, amount: Amount) {
    if let Some(accepted) = accepted(body) {
        accepted.order_amount = Some(amount);
    }
}

/// The amount of the order that a refund names.
pub(super) async fn amount_of_order(gateway: &Gateway, document: &[u8]) -> Option<Amount> {
    let asked = Believed::of(document, &gateway.partners)?;
    let number = OrderNo::new(asked.message.text("partnerOrderNo")?).ok()?;
    let partner = asked.partner.no.clone();
    let found = gateway.store.find(partner, OrderName::Number(number));
    Some(found.await.ok()??.amount)
}

/// Writes or signs wrongly where the fault is in the bytes.
pub(super) fn rewrite(fault: Fault, sending: &Sending<'_>, reply: &mut Reply) {
    let sealed = Sealed::of(sending, reply);
    let code = sending.answer.body.code();
    let is_refusal = code != Code::SUCCESS;
    let is_accepted_refund = !is_refusal && sending.api == Some(Api::Refund);
    let document = match fault {
        Fault::ContentTypeHtml => {
            reply.content_type = HTML;
            None
        }
        Fault::RefusalsAsHtml => {
            let is_page = match sending.api {
                Some(Api::Query) => code == Code::ORDER_UNKNOWN,
                Some(Api::Refund) => code == Code::REFUND_EXCEEDS,
                _ => false,
            };
            is_page.then(|| {
                reply.content_type = HTML;
                page("Your request can not be processed.")
            })
        }
        Fault::ServerErrorPage => is_of_wrong_type(sending).then(|| {
            reply.content_type = HTML;
            reply.status = StatusCode::INTERNAL_SERVER_ERROR;
            page("java.lang.ClassCastException<br>at com.gateway.pay.RefundService.refund(RefundService.java:214)")
        }),
        _ => sealed.and_then(|sealed| match fault {
            Fault::MessageInLatin1 => {
                let marked =
                    matches!(code, Code::PARAMETER_ILLEGITIMATE | Code::REFUND_EXCEEDS);
                marked.then(|| sealed.in_latin_1()).flatten()
            }
            Fault::AmountAsText if is_accepted_refund => sealed.with_amount(|token| format!("\"{token}\"")),
            Fault::AmountAsFraction if is_accepted_refund => {
                sealed.with_amount(|token| format!("{token}.0"))
            }
            Fault::MemberTwice if is_accepted_refund => {
                sealed.with_amount(|token| format!("{token},\"orderAmount\":{token}"))
            }
            Fault::TimeWithoutOffset => sealed.without_offset(),
            Fault::ErrorUnsigned if is_refusal => Some(sealed.signed_with("")),
            Fault::ErrorSignatureAbsent if is_refusal => {
                Some(format!("{{\"response\":{}}}", sealed.raw).into_bytes())
            }
            Fault::ErrorSignedWithOtherKey if is_refusal => {
                let other = other_key(sending.gateway, sealed.key);
                Some(sealed.signed_with(signature::sign(sealed.raw.as_bytes(), &other).as_str()))
            }
            Fault::AnswerSignatureUpperCase if is_refusal => {
                Some(sealed.signed_with(&sealed.signature().as_str().to_uppercase()))
            }
            Fault::AnswerReserialised => Some(sealed.signed_as_escaped()),
            _ => None,
        }),
    };
    if let Some(document) = document {
        reply.document = document;
    }
}

/// A refusal because of a member that has another type.
fn is_of_wrong_type(sending: &Sending<'_>) -> bool {
    match &sending.answer.body {
        Body::Refund(refusal) => {
            refusal.code == Code::PARAMETER_ILLEGITIMATE && refusal.msg.contains(" is not a")
        }
        Body::Order(_) | Body::Created(_) => false,
    }
}

fn page(text: &str) -> Vec<u8> {
    format!("<!DOCTYPE html><html><body><h1>Error</h1><p>{text}</p></body></html>").into_bytes()
}

/// Some key that is not this one.
fn other_key(gateway: &Gateway, key: &SignKey) -> SignKey {
    let mut others = gateway
        .partners
        .iter()
        .filter(|partner| partner.key != *key);
    others.next().map_or_else(
        || SignKey::new([key.expose(), b"0"].concat()).expect("a digit is not empty"),
        |other| other.key.clone(),
    )
}

/// A signed answer, taken apart.
pub(super) struct Sealed<'a> {
    raw: String,
    key: &'a SignKey,
}

impl<'a> Sealed<'a> {
    /// The answer that is about to be sent; `None` where another fault has
    /// made something else of it.
    pub(super) fn of(sending: &Sending<'a>, reply: &Reply) -> Option<Self> {
        let partner = sending.answer.partner;
        let partner = partner.unwrap_or_else(|| sending.gateway.partners.first());
        let envelope = Envelope::parse(&reply.document, Direction::Response).ok()?;
        Some(Self {
            raw: envelope.raw.to_owned(),
            key: &partner.key,
        })
    }

    /// Its right signature.
    pub(super) fn signature(&self) -> Signature {
        signature::sign(self.raw.as_bytes(), self.key)
    }

    /// The same text under this signature.
    pub(super) fn signed_with(&self, signature: &str) -> Vec<u8> {
        format!(
            "{{\"response\":{},\"signature\":\"{signature}\"}}",
            self.raw
        )
        .into_bytes()
    }

    fn resealed(&self, raw: &[u8]) -> Vec<u8> {
        let mut document = Vec::with_capacity(raw.len() + 128);
        envelope::seal_raw(Direction::Response, raw, self.key, &mut document);
        document
    }

    /// The token behind a member's name: its place and its length. The name
    /// can't stand in a text, whose quotes are escaped.
    fn token(&self, name: &str) -> Option<(usize, usize)> {
        let name = format!("\"{name}\":");
        let start = self.raw.find(&name)? + name.len();
        let rest = &self.raw[start..];
        let spaces = rest.len() - rest.trim_start().len();
        let token = rest.trim_start();
        let length = match token.strip_prefix('"') {
            Some(text) => text.find('"')? + 2,
            None => token.find([',', '}', ' ', '\n', '\r'])?,
        };
        Some((start + spaces, length))
    }

    fn with_token(&self, name: &str, change: impl FnOnce(&str) -> Vec<u8>) -> Option<Vec<u8>> {
        let (start, length) = self.token(name)?;
        let (before, rest) = self.raw.split_at(start);
        let (token, behind) = rest.split_at(length);
        let raw = [before.as_bytes(), &change(token), behind.as_bytes()].concat();
        Some(self.resealed(&raw))
    }

    fn with_amount(&self, change: impl FnOnce(&str) -> String) -> Option<Vec<u8>> {
        self.with_token("orderAmount", |token| change(token).into_bytes())
    }

    fn without_offset(&self) -> Option<Vec<u8>> {
        const WITHOUT_OFFSET: usize = "\"2018-07-25T18:06:05".len();
        self.with_token("respTime", |token| {
            format!("{}\"", &token[..WITHOUT_OFFSET.min(token.len() - 1)]).into_bytes()
        })
    }

    fn in_latin_1(&self) -> Option<Vec<u8>> {
        self.with_token("msg", |token| {
            let text = &token.as_bytes()[..token.len() - 1];
            [text, b" (refus\xe9)\""].concat()
        })
    }

    fn signed_as_escaped(&self) -> Vec<u8> {
        let mut escaped = String::with_capacity(self.raw.len());
        for character in self.raw.chars() {
            match character {
                '/' => escaped.push_str("\\/"),
                ascii if ascii.is_ascii() => escaped.push(ascii),
                other => {
                    for unit in other.encode_utf16(&mut [0; 2]) {
                        write!(escaped, "\\u{unit:04x}").expect("a string takes every character");
                    }
                }
            }
        }
        self.signed_with(signature::sign(escaped.as_bytes(), self.key).as_str())
    }
}
