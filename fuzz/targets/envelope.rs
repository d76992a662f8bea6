//! Documents of any bytes: reading and verifying them never panics, and the
//! short ways through JSON come to the same as `serde_json` does.

#![no_main]

use std::borrow::Cow;
use std::str;

use libfuzzer_sys::fuzz_target;
use recoup::protocol::answer::Answer;
use recoup::protocol::object::{self, ObjectError};
use recoup::protocol::one_pass::PlainAnswer;
use recoup::protocol::{
    Direction, Envelope, Object, PaymentRequest, QueryRequest, RefundRequest, RequestHeader,
    SignKey, signature,
};
use sha2::{Digest, Sha256};

fuzz_target!(|document: &[u8]| {
    for direction in [Direction::Request, Direction::Response] {
        envelope_is_what_the_parser_finds(document, direction);
    }
    if let Ok(text) = str::from_utf8(document) {
        object_is_what_the_parser_finds(text);
        messages_are_read_without_a_panic(text);
    }
    answer_is_read_alike_both_ways(document);
    signature_is_the_hash_and_nothing_else(document);
});

/// The members of an object, by `serde_json` alone: names decoded.
fn parsed(text: &str) -> Option<Vec<(Cow<'_, str>, &str)>> {
    object::members(text)
}

fn object_is_what_the_parser_finds(text: &str) {
    let expected = parsed(text);
    match (Object::parse(text), expected) {
        (Ok(object), Some(expected)) => {
            let names: Vec<&str> = object.names().collect();
            let expected_names: Vec<&str> = expected.iter().map(|(name, _)| &**name).collect();
            assert_eq!(names, expected_names);
            for (name, value) in expected {
                assert_eq!(object.get(&name), Some(value));
            }
        }
        (Err(ObjectError::Duplicate(name)), Some(expected)) => {
            assert!(expected.iter().filter(|(other, _)| *other == name).count() > 1);
        }
        (Err(ObjectError::NotJson(_) | ObjectError::NotAnObject), None) => {}
        (found, expected) => panic!("{found:?}, and the parser finds {expected:?}"),
    }
}

fn envelope_is_what_the_parser_finds(document: &[u8], direction: Direction) {
    let expected = str::from_utf8(document).ok().and_then(|text| {
        let members = parsed(text)?;
        let mut names: Vec<&str> = members.iter().map(|(name, _)| &**name).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return None;
        }
        let of = |wanted: &str| {
            members
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, v)| *v)
        };
        let raw = of(direction.member())?;
        let claimed: String = serde_json::from_str(of("signature")?).ok()?;
        Some((raw, claimed))
    });
    let found = Envelope::parse(document, direction).ok();
    let texts = found
        .as_ref()
        .map(|one| (one.raw, one.signature.to_string()));
    assert_eq!(texts, expected);
    let Some(envelope) = found else { return };
    let member = direction.member();
    let compact = format!(
        "{{\"{member}\":{},\"signature\":\"{}\"}}",
        envelope.raw, envelope.signature
    );
    assert_eq!(envelope.is_compact, document == compact.as_bytes());
    let key = key();
    assert_eq!(
        envelope.verify(&key).is_ok(),
        *envelope.signature == hash(envelope.raw.as_bytes(), &key)
    );
}

fn answer_is_read_alike_both_ways(document: &[u8]) {
    let Some(plain) = PlainAnswer::read(document) else {
        return;
    };
    let envelope = Envelope::parse(document, Direction::Response).expect("the long way takes it");
    assert_eq!(plain.raw, envelope.raw);
    assert_eq!(plain.signature, envelope.signature);
    let answer = Answer::read(envelope.raw).expect("the long way takes it");
    assert_eq!(format!("{:?}", plain.answer), format!("{answer:?}"));
}

fn messages_are_read_without_a_panic(text: &str) {
    let Ok(object) = Object::parse(text) else {
        return;
    };
    let _ = RequestHeader::read(&object);
    let _ = PaymentRequest::read(&object);
    let _ = QueryRequest::read(&object);
    if let Ok(refund) = RefundRequest::read(&object) {
        let token = object.get("orderAmount").expect("a refund has an amount");
        let amount: i64 = token
            .parse()
            .expect("an amount is a whole number that fits");
        assert_eq!(refund.order_amount.minor_units(), amount);
    }
    let _ = Answer::read(text);
}

fn signature_is_the_hash_and_nothing_else(document: &[u8]) {
    let key = key();
    let signed = signature::sign(document, &key);
    assert_eq!(signed.as_str(), hash(document, &key));
    assert!(signature::verify(document, signed.as_str(), &key).is_ok());
    // The document as the claim itself, and one digit that differs.
    if let Ok(text) = str::from_utf8(document) {
        let holds = signature::verify(b"", text, &key).is_ok();
        assert_eq!(holds, text == hash(b"", &key));
    }
    if let Some(first) = document.first() {
        let place = usize::from(*first) % signed.as_str().len();
        let mut digits = signed.as_str().to_owned();
        let other = if digits.as_bytes()[place] == b'0' {
            "1"
        } else {
            "0"
        };
        digits.replace_range(place..=place, other);
        assert!(signature::verify(document, &digits, &key).is_err());
    }
}

fn key() -> SignKey {
    SignKey::new("123456").expect("six digits are a key")
}

fn hash(raw: &[u8], key: &SignKey) -> String {
    hex::encode(
        Sha256::new()
            .chain_update(raw)
            .chain_update(key.expose())
            .finalize(),
    )
}
