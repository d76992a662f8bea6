//! Variants of which requests are taken.

use std::borrow::Cow;

use super::catalogue::{Variant, Variants};
use crate::gateway::refusal::Refusal;
use crate::protocol::{Api, Code, Direction, Envelope, Object, Signature};

/// The document as it is read: where upper-case signatures are taken, with its
/// signature in lower case. What is signed is untouched.
pub(in crate::gateway) fn as_read<'d>(variants: &Variants, document: &'d [u8]) -> Cow<'d, [u8]> {
    let is_upper_case = |digits: &str| {
        let mut digits_used = digits.bytes();
        digits.len() == Signature::LENGTH
            && digits_used.all(|digit| matches!(digit, b'0'..=b'9' | b'A'..=b'F'))
    };
    if variants.has(Variant::UpperCaseTaken)
        && let Ok(envelope) = Envelope::parse(document, Direction::Request)
        && is_upper_case(&envelope.signature)
    {
        let signature = envelope.signature.to_lowercase();
        let lowered = format!(
            r#"{{"request":{},"signature":"{signature}"}}"#,
            envelope.raw
        );
        return lowered.into_bytes().into();
    }
    document.into()
}

/// Refuses a document with a member that no table lists, where members are
/// taken strictly. It was read and believed before.
///
/// # Errors
/// The [`Refusal`] names the part that has such a member.
pub(in crate::gateway) fn check_members(
    variants: &Variants,
    api: Api,
    document: &[u8],
) -> Result<(), Refusal> {
    if !variants.has(Variant::StrictMembers) {
        return Ok(());
    }
    match part_with_unknown_member(api, document) {
        None => Ok(()),
        Some(part) => Err(Refusal::new(
            Code::PARAMETER_ILLEGITIMATE,
            format!("the {part} has an unknown member"),
        )),
    }
}

fn part_with_unknown_member(api: Api, document: &[u8]) -> Option<&'static str> {
    const ENVELOPE: &[&str] = &["request", "signature"];
    const REQUEST: &[&str] = &["header", "body"];
    const HEADER: &[&str] = &[
        "version",
        "partnerNo",
        "reqMsgId",
        "requestTime",
        "reqTime",
        "signType",
    ];
    let envelope = Object::parse(std::str::from_utf8(document).ok()?).ok()?;
    let request = Object::parse(envelope.get("request")?).ok()?;
    let header = Object::parse(request.get("header")?).ok()?;
    let body = Object::parse(request.get("body")?).ok()?;
    [
        ("envelope", &envelope, ENVELOPE),
        ("request", &request, REQUEST),
        ("header", &header, HEADER),
        ("body", &body, members_of(api)),
    ]
    .into_iter()
    .find(|(_, object, known)| object.names().any(|name| !known.contains(&name)))
    .map(|(part, _, _)| part)
}

/// The members of a call's body.
const fn members_of(api: Api) -> &'static [&'static str] {
    match api {
        Api::Refund => &[
            "partnerOrderNo",
            "refundNo",
            "orderAmount",
            "operatorId",
            "terminalNo",
        ],
        Api::Query => &["storeNo", "partnerOrderNo", "orderNo"],
        Api::Pay => &[
            "storeNo",
            "partnerOrderNo",
            "barcode",
            "orderAmount",
            "orderTitle",
            "operatorId",
            "terminalNo",
            "notifyUrl",
        ],
        Api::Qrcode | Api::Create | Api::CreateOnline => &[
            "storeNo",
            "partnerOrderNo",
            "wallet",
            "orderAmount",
            "currency",
            "goodsAmount",
            "goodsExtraAmount",
            "orderTitle",
            "operatorId",
            "terminalNo",
            "notifyUrl",
            "returnUrl",
        ],
    }
}
