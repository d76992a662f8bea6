//! Variants of how an answer is written.

use std::fmt::Write as _;

use rand::seq::SliceRandom;
use serde::Serialize;

use super::catalogue::{Variant, Variants};
use super::document::{Document, Layout};
use crate::protocol::{SignKey, envelope, signature};

/// The most characters that a `msg` has.
const LONGEST_MSG: usize = 100;
/// What a `msg` has at its end that PHP escapes.
const ESCAPED_IN_PHP: &str = " / \u{4fe1}\u{606f} \u{1f4b4}";

/// Whether any of `variants` writes answers in another way.
pub(in crate::gateway) fn are_changed(variants: &Variants) -> bool {
    const CHANGING: [Variant; 6] = [
        Variant::ExtraMembers,
        Variant::Pretty,
        Variant::Escaped,
        Variant::SignatureFirst,
        Variant::ResponseMessageId,
        Variant::OrderShuffled,
    ];
    CHANGING.into_iter().any(|variant| variants.has(variant))
}

/// Writes a signed envelope around a response as `variants` have it to the end
/// of `out`.
pub(in crate::gateway) fn seal<H: Serialize, B: Serialize>(
    variants: &Variants,
    header: &H,
    body: &B,
    key: &SignKey,
    out: &mut Vec<u8>,
) {
    let mut response = Document::read(&envelope::value_text(header, body));
    if variants.has(Variant::ExtraMembers) {
        add_members(&mut response);
    }
    if variants.has(Variant::ResponseMessageId) {
        rename_message_id(&mut response);
    }
    if variants.has(Variant::Escaped) {
        lengthen_msg(&mut response);
    }
    if variants.has(Variant::OrderShuffled) {
        shuffle(&mut response);
    }
    out.extend_from_slice(wrap(variants, &response, key).as_bytes());
}

/// Spells the response, signs what was spelled and lays the envelope around.
fn wrap(variants: &Variants, response: &Document, key: &SignKey) -> String {
    let layout = if variants.has(Variant::Pretty) {
        Layout::Indented
    } else {
        Layout::Compact
    };
    let mut text = String::with_capacity(512);
    response.write(layout, 1, &mut text);
    if variants.has(Variant::Escaped) {
        text = escape(&text);
    }
    let signature = signature::sign(text.as_bytes(), key).to_string();
    let mut members = vec![
        ("response".to_owned(), Document::Token(text)),
        ("signature".to_owned(), Document::text(&signature)),
    ];
    if variants.has(Variant::SignatureFirst) {
        members.reverse();
    }
    let mut document = String::with_capacity(512);
    Document::Object(members).write(layout, 0, &mut document);
    document
}

/// Adds members that no table lists.
fn add_members(response: &mut Document) {
    for part in ["header", "body"] {
        let members = response.member_mut(part).and_then(Document::members_mut);
        members.into_iter().for_each(|members| {
            members.push(("serverNode".to_owned(), Document::text("a/1 \u{e9}")));
            members.push(("extension".to_owned(), Document::read("[1,2]")));
        });
    }
}

/// Names the message id as the table does.
fn rename_message_id(response: &mut Document) {
    let header = response
        .member_mut("header")
        .and_then(Document::members_mut);
    for (name, _) in header.into_iter().flatten() {
        if name == "reqMsgId" {
            "respMsgId".clone_into(name);
        }
    }
}

/// Adds characters to the msg that PHP escapes, where there is room for them.
fn lengthen_msg(response: &mut Document) {
    let msg = response
        .member_mut("body")
        .and_then(|body| body.member_mut("msg"));
    if let Some(msg) = msg
        && let Document::Token(token) = msg
        && let Ok(mut text) = serde_json::from_str::<String>(token)
        && text.chars().count() + ESCAPED_IN_PHP.chars().count() <= LONGEST_MSG
    {
        text.push_str(ESCAPED_IN_PHP);
        *msg = Document::text(&text);
    }
}

/// Puts header and body, and the members of both, in another order.
fn shuffle(document: &mut Document) {
    if let Some(members) = document.members_mut() {
        members.shuffle(&mut rand::rng());
        for (_, value) in members {
            shuffle(value);
        }
    }
}

/// Escapes slashes and all that is not ASCII: in JSON both stand in texts
/// alone.
fn escape(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len() + 64);
    for character in json.chars() {
        match character {
            '/' => escaped.push_str("\\/"),
            _ if character.is_ascii() => escaped.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(escaped, "\\u{unit:04x}").expect("a string takes every character");
                }
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_is_ascii_and_means_the_same() {
        let text = "{\"a\":\"/ \u{e9} \u{1f4b4} \\\" \"}";
        let escaped = escape(text);
        assert!(escaped.is_ascii());
        assert!(escaped.contains(r"\/ \u00e9 \ud83d\udcb4"), "{escaped}");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&escaped), read(text));
    }
}
