//! Signatures under another key, or by another recipe.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512, Sha512_256};

use crate::generate::draft::{Draft, Part};
use crate::generate::mutation::Mutation;
use crate::protocol::{SignKey, Signature};

use super::{claimed, of};

/// Signatures under another key.
pub fn other_keys(value: &str, key: &SignKey) -> Vec<Mutation> {
    let secret = key.expose();
    let upper = secret.to_ascii_uppercase();
    let mut keys: Vec<(&str, Vec<u8>)> = vec![
        (
            "a signature under another key",
            secret.iter().rev().map(|byte| byte ^ 1).collect(),
        ),
        (
            "a signature under the key and a newline",
            [secret, b"\n"].concat(),
        ),
        (
            "a signature under the key and a carriage return and newline",
            [secret, b"\r\n"].concat(),
        ),
        (
            "a signature under the key and a space",
            [secret, b" "].concat(),
        ),
        (
            "a signature under the key and a NUL",
            [secret, b"\0"].concat(),
        ),
        ("a signature under the key twice", [secret, secret].concat()),
        (
            "a signature under the key in quotes",
            [b"\"", secret, b"\""].concat(),
        ),
        (
            "a signature under the key in hexadecimal",
            hex::encode(secret).into_bytes(),
        ),
        ("a signature under the word null", b"null".to_vec()),
        (
            "a signature under the word undefined",
            b"undefined".to_vec(),
        ),
    ];
    if upper != secret {
        keys.push(("a signature under the key in upper case", upper));
    }
    if secret.len() > 1 {
        keys.push((
            "a signature under the key without its last byte",
            secret[..secret.len() - 1].to_vec(),
        ));
    }
    let plain = hex::encode(Sha256::digest(value));
    let mut mutations = vec![claimed("a signature without any key", value, &plain)];
    for (label, bytes) in keys {
        let other = SignKey::new(bytes).expect("none of these is empty");
        mutations.push(claimed(label, value, of(value, &other).as_str()));
    }
    mutations
}

/// Signatures made by another recipe over the right text and key.
pub fn other_constructions(value: &str, key: &SignKey) -> Vec<Mutation> {
    let secret = key.expose();
    let mut mutations = other_hashes(value, secret);
    let joined = |parts: &[&[u8]]| hex::encode(Sha256::digest(parts.concat()));
    let text = value.as_bytes();
    for (label, signature) in [
        ("the key hashed first", joined(&[secret, text])),
        (
            "the key hashed first and last",
            joined(&[secret, text, secret]),
        ),
        ("an ampersand before the key", joined(&[text, b"&", secret])),
        ("&key= before the key", joined(&[text, b"&key=", secret])),
        ("a colon before the key", joined(&[text, b":", secret])),
        ("a newline before the key", joined(&[text, b"\n", secret])),
        ("a NUL before the key", joined(&[text, b"\0", secret])),
        ("the key hashed alone", joined(&[secret])),
        ("nothing hashed", joined(&[])),
    ] {
        mutations.push(claimed(label, value, &signature));
    }
    mutations.extend(other_parts(value, key));
    mutations
}

fn other_hashes(value: &str, secret: &[u8]) -> Vec<Mutation> {
    let both = [value.as_bytes(), secret].concat();
    let once = Sha256::digest(&both);
    let once_in_hex = hex::encode(once);
    let long = hex::encode(Sha512::digest(&both));
    let mac = |key: &[u8], text: &[u8]| {
        let mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
        hex::encode(mac.chain_update(text).finalize().into_bytes())
    };
    [
        ("HMAC-SHA256", mac(secret, value.as_bytes())),
        (
            "HMAC-SHA256 with text and key exchanged",
            mac(value.as_bytes(), secret),
        ),
        ("SHA-256 applied twice", hex::encode(Sha256::digest(once))),
        (
            "SHA-256 applied to its digits",
            hex::encode(Sha256::digest(&once_in_hex)),
        ),
        (
            "SHA-256 of the text's digits and the key",
            hex::encode(
                Sha256::new()
                    .chain_update(hex::encode(Sha256::digest(value)))
                    .chain_update(secret)
                    .finalize(),
            ),
        ),
        ("SHA-512", long.clone()),
        (
            "SHA-512 cut to 64 digits",
            long[..Signature::LENGTH].to_owned(),
        ),
        ("SHA-512/256", hex::encode(Sha512_256::digest(&both))),
        ("SHA-384", hex::encode(Sha384::digest(&both))),
        ("SHA-224", hex::encode(Sha224::digest(&both))),
    ]
    .into_iter()
    .map(|(label, signature)| claimed(label, value, &signature))
    .collect()
}

/// The right recipe over another part of the document.
fn other_parts(value: &str, key: &SignKey) -> Vec<Mutation> {
    let draft = Draft::of(value).expect("the value is valid");
    let (header, body) = (draft.part_text(Part::Header), draft.part_text(Part::Body));
    let values: String = draft
        .members(Part::Body)
        .iter()
        .map(|(_, token)| token.trim_matches('"'))
        .collect();
    [
        ("the body alone signed", body.clone()),
        ("the header alone signed", header.clone()),
        (
            "header and body signed without what is between",
            format!("{header}{body}"),
        ),
        ("the envelope signed", format!("{{\"request\":{value}}}")),
        (
            "the member's name signed with it",
            format!("\"request\":{value}"),
        ),
        (
            "the value signed without its braces",
            value[1..value.len() - 1].to_owned(),
        ),
        ("the body's values signed in a row", values),
        (
            "a newline behind the value signed with it",
            format!("{value}\n"),
        ),
        (
            "a byte order mark before the value signed with it",
            format!("\u{feff}{value}"),
        ),
        (
            "the value signed as a JSON string",
            crate::generate::draft::string_token(value),
        ),
        (
            "the value signed without its double quotes",
            value.replace('"', ""),
        ),
        ("the value signed in lower case", value.to_lowercase()),
    ]
    .into_iter()
    // A value without capitals is its own lower case.
    .filter(|(_, text)| text != value)
    .map(|(label, text)| claimed(label, value, of(&text, key).as_str()))
    .collect()
}
