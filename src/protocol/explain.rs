//! What a signature that does not hold *does* match: the slips that people
//! make when they sign, tried one after the other.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::envelope::Envelope;
use super::rewriting::Rewriting;
use super::signature::{SignKey, Signature, sign};

/// Something that a signature can have been made over, or by, instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation(pub String);

/// Finds what the signature of `envelope` matches under `key`; `None` where it
/// is nothing that is known. Case and surrounding blanks are looked past here,
/// and said.
pub fn explain(envelope: &Envelope<'_>, key: &SignKey) -> Option<Explanation> {
    let claimed = envelope.signature.trim();
    let lower = claimed.to_ascii_lowercase();
    let (what, _) = candidates(envelope.raw, key)
        .into_iter()
        .find(|(_, signature)| *signature == lower)?;
    let mut text = what;
    if claimed != envelope.signature {
        text += ", with blanks around the signature";
    }
    if claimed != lower {
        text += ", in upper case";
    }
    Some(Explanation(text))
}

/// Every slip that is known, with the signature that it makes.
fn candidates(raw: &str, key: &SignKey) -> Vec<(String, String)> {
    let mut found = vec![("the raw text".to_owned(), signed(raw, key))];
    let mut push = |what: &str, signature: String| found.push((what.to_owned(), signature));
    for rewriting in Rewriting::ALL {
        if let Some(text) = rewriting.of(raw) {
            let what = format!("the value re-serialised: {}", rewriting.description);
            push(&what, signed(&text, key));
        }
    }
    if let Ok(value) = serde_json::from_str::<Value>(raw) {
        for part in ["header", "body"] {
            if let Some(part_value) = value.get(part) {
                push(
                    &format!("the {part} alone"),
                    signed(&part_value.to_string(), key),
                );
            }
        }
    }
    let squeezed: String = raw
        .chars()
        .filter(|character| !character.is_whitespace())
        .collect();
    push("the text without its white space", signed(&squeezed, key));
    push("the text and a newline", signed(&format!("{raw}\n"), key));
    push(
        "the text with \\/ for /",
        signed(&raw.replace('/', "\\/"), key),
    );
    push(
        "the text with / for \\/",
        signed(&raw.replace("\\/", "/"), key),
    );
    push(
        "the text without its braces",
        signed(raw.trim_matches(['{', '}']), key),
    );
    let secret = key.expose();
    push("the raw text without any key", hashed(&[raw.as_bytes()]));
    push("the key before the text", hashed(&[secret, raw.as_bytes()]));
    push(
        "the text, the key and a newline",
        hashed(&[raw.as_bytes(), secret, b"\n"]),
    );
    let once = Sha256::new()
        .chain_update(raw)
        .chain_update(secret)
        .finalize();
    push("the digest hashed once more", hashed(&[&once]));
    found
}

fn signed(text: &str, key: &SignKey) -> String {
    let signature: Signature = sign(text.as_bytes(), key);
    signature.as_str().to_owned()
}

fn hashed(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
    }
    hex::encode(digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Direction;

    fn explained(raw: &str, signature: &str) -> Option<String> {
        let key = SignKey::new("123456").unwrap();
        let document = format!("{{\"request\":{raw},\"signature\":\"{signature}\"}}");
        let envelope = Envelope::parse(document.as_bytes(), Direction::Request).unwrap();
        explain(&envelope, &key).map(|Explanation(text)| text)
    }

    #[test]
    fn a_reserialised_text_a_missing_key_and_upper_case_are_recognised() {
        let key = SignKey::new("123456").unwrap();
        let raw = "{ \"b\": 1, \"a\": 2 }";
        let sorted = signed("{\"a\":2,\"b\":1}", &key);
        assert!(explained(raw, &sorted).unwrap().contains("sorted"));
        let bare = hashed(&[raw.as_bytes()]);
        assert!(explained(raw, &bare).unwrap().contains("without any key"));
        let upper = signed(raw, &key).to_uppercase();
        assert!(explained(raw, &upper).unwrap().contains("upper case"));
        assert_eq!(explained(raw, &"0".repeat(64)), None);
    }
}
