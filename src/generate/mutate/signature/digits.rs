//! The right signature with its digits changed, cut, dressed up or left out.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::generate::draft::string_token;
use crate::generate::mutate::wrapped;
use crate::generate::mutation::Mutation;
use crate::protocol::{SignKey, Signature};

use super::{ABSENT, claimed, of};

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
    let mut mutations: Vec<Mutation> = [63, 62, 32, 16, 8, 2, 1]
        .into_iter()
        .map(|length| {
            claimed(
                format!("the signature cut to {length} digits"),
                value,
                &text[..length],
            )
        })
        .collect();
    for (label, signature) in [
        (
            "the first digit of the signature gone",
            text[1..].to_owned(),
        ),
        ("a digit behind the signature", format!("{text}0")),
        ("a digit before the signature", format!("0{text}")),
        ("the signature twice in a row", format!("{text}{text}")),
        ("junk behind the signature", format!("{text}.junk")),
        (
            "a NUL and junk behind the signature",
            format!("{text}\0junk"),
        ),
        ("a wildcard for the signature", "%".to_owned()),
        ("a star for the signature", "*".to_owned()),
    ] {
        mutations.push(claimed(label, value, &signature));
    }
    mutations
}

/// No signature, a JSON value that is none, or the right one in a container.
pub fn no_signature(value: &str, key: &SignKey) -> Vec<Mutation> {
    let good = string_token(of(value, key).as_str());
    let mut mutations: Vec<Mutation> = [
        ("null for a signature", "null".to_owned()),
        ("an empty signature", "\"\"".to_owned()),
        ("a blank for a signature", "\" \"".to_owned()),
        ("a number for a signature", "8".to_owned()),
        ("zero for a signature", "0".to_owned()),
        ("true for a signature", "true".to_owned()),
        ("false for a signature", "false".to_owned()),
        ("an array for a signature", "[]".to_owned()),
        ("an object for a signature", "{}".to_owned()),
        ("the word null for a signature", "\"null\"".to_owned()),
        ("the signature in an array", format!("[{good}]")),
        (
            "the signature in an object",
            format!("{{\"signature\":{good}}}"),
        ),
    ]
    .into_iter()
    .map(|(label, token)| Mutation::refused(label, wrapped(value, &token), ABSENT))
    .collect();
    for (label, document) in [
        ("no signature member", format!("{{\"request\":{value}}}")),
        (
            "the signature named Signature",
            format!("{{\"request\":{value},\"Signature\":{good}}}"),
        ),
        (
            "the signature named sign",
            format!("{{\"request\":{value},\"sign\":{good}}}"),
        ),
        (
            "the signature in the request",
            format!(
                "{{\"request\":{},\"signature\":{good}}}}}",
                &value[..value.len() - 1]
            ),
        ),
    ] {
        mutations.push(Mutation::refused(label, document, ABSENT));
    }
    mutations
}

/// The right digest in another spelling.
pub fn other_encodings(value: &str, key: &SignKey) -> Vec<Mutation> {
    let good = of(value, key);
    let text = good.as_str();
    let digest = hex::decode(text).expect("64 hexadecimal digits");
    let backwards: String = text.chars().rev().collect();
    let pairs: Vec<&str> = (0..digest.len())
        .map(|place| &text[2 * place..2 * place + 2])
        .collect();
    let wide: String = text
        .chars()
        .map(|digit| char::from_u32(u32::from(digit) + 0xfee0).unwrap_or(digit))
        .collect();
    let raw: String = digest.iter().copied().map(char::from).collect();
    [
        ("0x before the signature", format!("0x{text}")),
        ("sha256= before the signature", format!("sha256={text}")),
        ("SHA256: before the signature", format!("SHA256:{text}")),
        ("a space before the signature", format!(" {text}")),
        ("a space behind the signature", format!("{text} ")),
        ("a tab before the signature", format!("\t{text}")),
        ("a newline behind the signature", format!("{text}\n")),
        (
            "a carriage return and a newline behind the signature",
            format!("{text}\r\n"),
        ),
        ("a NUL behind the signature", format!("{text}\0")),
        (
            "a byte order mark before the signature",
            format!("\u{feff}{text}"),
        ),
        ("quotes in the signature", format!("\"{text}\"")),
        ("the signature in base64", STANDARD.encode(&digest)),
        (
            "the signature in base64url",
            URL_SAFE_NO_PAD.encode(&digest),
        ),
        ("the signature's digits in base64", STANDARD.encode(text)),
        ("the signature's bytes as they are", raw),
        ("colons between the signature's bytes", pairs.join(":")),
        ("spaces between the signature's bytes", pairs.join(" ")),
        ("the signature backwards", backwards),
        ("the signature in full-width digits", wide),
        ("a signature of zeros", "0".repeat(64)),
        ("a signature of fs", "f".repeat(64)),
        (
            "a signature that looks like zero to the power of something",
            format!("0e{}", "1".repeat(62)),
        ),
    ]
    .into_iter()
    .map(|(label, signature)| claimed(label, value, &signature))
    .collect()
}

/// Upper-case digits: an open point.
pub fn upper_case(value: &str, key: &SignKey) -> Mutation {
    let text = of(value, key).as_str().to_uppercase();
    Mutation::open(
        "upper-case digits in the signature",
        wrapped(value, &string_token(&text)),
    )
}
