//! Signatures that are wrong, or right over something else.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256, Sha512};

use crate::protocol::signature::sign;
use crate::protocol::{SignKey, Signature};

use super::super::draft::{Draft, Part, string_token};
use super::super::mutation::Mutation;
use super::wrapped;

/// The signature is invalid, and nothing more specific is.
const INVALID: &[i64] = &[8];
/// Nothing was given, or something that is no signature.
const ABSENT: &[i64] = &[4, 5, 8, 3];

fn of(value: &str, key: &SignKey) -> Signature {
    sign(value.as_bytes(), key)
}

fn claimed(label: impl Into<String>, value: &str, signature: &str) -> Mutation {
    Mutation::refused(label, wrapped(value, &string_token(signature)), INVALID)
}

/// One digit of the signature changed, at each of the 64 places.
pub fn flipped_digits(value: &str, key: &SignKey) -> Vec<Mutation> {
    let good = of(value, key);
    (0..Signature::LENGTH)
        .map(|place| {
            let mut digits = good.as_str().to_owned().into_bytes();
            digits[place] = if digits[place] == b'0' { b'1' } else { b'0' };
            let text = String::from_utf8(digits).expect("digits are ASCII");
            claimed(
                format!("digit {} of the signature changed", place + 1),
                value,
                &text,
            )
        })
        .collect()
}

/// The signature cut short or made longer.
pub fn other_lengths(value: &str, key: &SignKey) -> Vec<Mutation> {
    let good = of(value, key);
    let text = good.as_str();
    let mut mutations: Vec<Mutation> = [63, 62, 32, 16, 8, 1]
        .into_iter()
        .map(|length| {
            claimed(
                format!("the signature cut to {length} digits"),
                value,
                &text[..length],
            )
        })
        .collect();
    mutations.push(claimed(
        "a digit behind the signature",
        value,
        &format!("{text}0"),
    ));
    mutations.push(claimed(
        "the signature twice in a row",
        value,
        &format!("{text}{text}"),
    ));
    mutations.push(claimed(
        "junk behind the signature",
        value,
        &format!("{text}.junk"),
    ));
    mutations
}

/// No signature, or a JSON value that is none.
pub fn no_signature(value: &str) -> Vec<Mutation> {
    let mut mutations: Vec<Mutation> = [
        ("null for a signature", "null"),
        ("an empty signature", "\"\""),
        ("a number for a signature", "8"),
        ("true for a signature", "true"),
        ("an array for a signature", "[]"),
        ("an object for a signature", "{}"),
    ]
    .into_iter()
    .map(|(label, token)| Mutation::refused(label, wrapped(value, token), ABSENT))
    .collect();
    mutations.push(Mutation::refused(
        "no signature member",
        format!("{{\"request\":{value}}}"),
        ABSENT,
    ));
    mutations
}

/// Signatures under another key.
pub fn other_keys(value: &str, key: &SignKey) -> Vec<Mutation> {
    let with_key = |bytes: Vec<u8>| {
        let key = SignKey::new(bytes).expect("none of these is empty");
        of(value, &key).as_str().to_owned()
    };
    let plain = hex::encode(Sha256::digest(value));
    let mut newline = key.expose().to_vec();
    newline.push(b'\n');
    let reversed: Vec<u8> = key.expose().iter().rev().map(|byte| byte ^ 1).collect();
    vec![
        claimed("a signature without any key", value, &plain),
        claimed("a signature under another key", value, &with_key(reversed)),
        claimed(
            "a signature under the key and a newline",
            value,
            &with_key(newline),
        ),
    ]
}

/// Signatures by another recipe over the right text and key.
pub fn other_constructions(value: &str, key: &SignKey) -> Vec<Mutation> {
    let secret = key.expose();
    let key_first = hex::encode(
        Sha256::new()
            .chain_update(secret)
            .chain_update(value)
            .finalize(),
    );
    let text_and_key = || {
        Sha256::new()
            .chain_update(value)
            .chain_update(secret)
            .finalize()
    };
    let double = hex::encode(Sha256::digest(text_and_key()));
    let long = hex::encode(
        Sha512::new()
            .chain_update(value)
            .chain_update(secret)
            .finalize(),
    );
    let mac = Hmac::<Sha256>::new_from_slice(secret)
        .expect("HMAC takes keys of any length")
        .chain_update(value)
        .finalize()
        .into_bytes();
    let draft = Draft::of(value).expect("the value is valid");
    let body = of(&draft.part_text(Part::Body), key);
    let header = of(&draft.part_text(Part::Header), key);
    let whole = of(&format!("{{\"request\":{value}}}"), key);
    let named = of(&format!("\"request\":{value}"), key);
    let inner = of(&value[1..value.len() - 1], key);
    vec![
        claimed("the key hashed first", value, &key_first),
        claimed("HMAC-SHA256", value, &hex::encode(mac)),
        claimed("SHA-256 applied twice", value, &double),
        claimed("SHA-512", value, &long),
        claimed(
            "SHA-512 cut to 64 digits",
            value,
            &long[..Signature::LENGTH],
        ),
        claimed("the body alone signed", value, body.as_str()),
        claimed("the header alone signed", value, header.as_str()),
        claimed("the envelope signed", value, whole.as_str()),
        claimed("the member's name signed with it", value, named.as_str()),
        claimed("the value signed without its braces", value, inner.as_str()),
    ]
}

/// The right digest in another spelling.
pub fn other_encodings(value: &str, key: &SignKey) -> Vec<Mutation> {
    let good = of(value, key);
    let text = good.as_str();
    let digest = hex::decode(text).expect("64 hexadecimal digits");
    vec![
        claimed("0x before the signature", value, &format!("0x{text}")),
        claimed("a space before the signature", value, &format!(" {text}")),
        claimed("a space behind the signature", value, &format!("{text} ")),
        claimed(
            "a newline behind the signature",
            value,
            &format!("{text}\n"),
        ),
        claimed("the signature in base64", value, &STANDARD.encode(&digest)),
        claimed(
            "the signature in base64url",
            value,
            &URL_SAFE_NO_PAD.encode(&digest),
        ),
        claimed("a signature of zeros", value, &"0".repeat(64)),
        claimed("a signature of fs", value, &"f".repeat(64)),
    ]
}

/// Changes of the value after it was signed: the signature is that of `value`.
pub fn changed_after_signing(value: &str, key: &SignKey) -> Vec<Mutation> {
    let good = of(value, key);
    let draft = Draft::of(value).expect("the value is valid");
    let token = |name| {
        draft
            .members(Part::Body)
            .iter()
            .find(|(member, _)| member == name)
            .map_or("", |(_, token)| token.as_str())
    };
    let amount = token("orderAmount");
    let refund = token("refundNo").trim_matches('"');
    let changed = |label: &str, text: String| claimed(label, &text, good.as_str());
    let with_amount = |token: String| draft.clone().with(Part::Body, "orderAmount", token).text();
    vec![
        changed(
            "the amount changed after signing",
            with_amount(format!("{amount}0")),
        ),
        changed(
            "the amount written as an exponent after signing",
            with_amount(format!("{amount}e0")),
        ),
        changed(
            "the amount written as a fraction after signing",
            with_amount(format!("{amount}.0")),
        ),
        changed(
            "the refund number changed after signing",
            draft
                .clone()
                .with(Part::Body, "refundNo", string_token(&format!("{refund}x")))
                .text(),
        ),
        changed(
            "a member added after signing",
            draft
                .clone()
                .with_last(Part::Body, "operatorId", "\"1\"")
                .text(),
        ),
        changed("a space added after signing", value.replacen(':', ": ", 1)),
        changed(
            "a newline added after signing",
            value.replacen(',', ",\n", 1),
        ),
        changed(
            "the members reordered after signing",
            format!(
                "{{\"body\":{},\"header\":{}}}",
                draft.part_text(Part::Body),
                draft.part_text(Part::Header)
            ),
        ),
        changed(
            "a letter escaped after signing",
            value.replacen("\"body\"", "\"\\u0062ody\"", 1),
        ),
    ]
}

/// Signatures over another spelling of the value than the one that is sent.
pub fn other_spelling_signed(value: &str, key: &SignKey) -> Vec<Mutation> {
    let parsed: serde_json::Value = serde_json::from_str(value).expect("the value is valid");
    let pretty = serde_json::to_string_pretty(&parsed).expect("it has string keys");
    let sorted = parsed.to_string();
    let spaced = value.replace("\":", "\": ");
    vec![
        claimed(
            "the compact spelling signed and an indented one sent",
            &pretty,
            of(&sorted, key).as_str(),
        ),
        claimed(
            "the compact spelling signed and a spaced one sent",
            &spaced,
            of(value, key).as_str(),
        ),
        claimed(
            "the indented spelling signed and the compact one sent",
            value,
            of(&pretty, key).as_str(),
        ),
        Mutation::refused(
            "the white space around the value signed with it",
            format!(
                "{{\"request\": {value} ,\"signature\":\"{}\"}}",
                of(&format!(" {value} "), key)
            ),
            INVALID,
        ),
    ]
}

/// Upper-case digits: an open point.
pub fn upper_case(value: &str, key: &SignKey) -> Mutation {
    let text = of(value, key).as_str().to_uppercase();
    Mutation::open(
        "upper-case digits in the signature",
        wrapped(value, &string_token(&text)),
    )
}

#[cfg(test)]
mod tests {
    use super::super::super::mutation::Expected;
    use super::*;
    use crate::protocol::{Direction, Envelope};

    const VALUE: &str = r#"{"header":{"partnerNo":"10001","version":"1.0"},"body":{"partnerOrderNo":"o","refundNo":"r","orderAmount":100}}"#;

    #[test]
    fn no_mutation_that_must_be_refused_carries_a_signature_that_holds() {
        let key = SignKey::new("123456").unwrap();
        let mutations: Vec<Mutation> = [
            flipped_digits(VALUE, &key),
            other_lengths(VALUE, &key),
            no_signature(VALUE),
            other_keys(VALUE, &key),
            other_constructions(VALUE, &key),
            other_encodings(VALUE, &key),
            changed_after_signing(VALUE, &key),
            other_spelling_signed(VALUE, &key),
        ]
        .concat();
        assert!(mutations.len() > 100);
        for mutation in mutations {
            assert_eq!(mutation.expected, Expected::Refused);
            let holds = Envelope::parse(&mutation.document, Direction::Request)
                .is_ok_and(|envelope| envelope.verify(&key).is_ok());
            assert!(!holds, "{}", mutation.label);
        }
    }
}
