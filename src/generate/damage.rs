//! Random damage of a valid message: bytes and tokens inserted, taken out,
//! replaced, doubled and swapped.
//!
//! A [`Damage`] is a plan and no document, so that a gateway can be shown the
//! same damage of message after message, each under numbers of its own, and so
//! that proptest can shrink it: to fewer blows, nearer to the start. Whether a
//! damaged document is still JSON is for [`super::oracle`] to say.
//!
//! ```
//! use proptest::strategy::{Strategy, ValueTree};
//! use proptest::test_runner::TestRunner;
//! use recoup::generate::oracle::{JsonClass, class_of};
//! use recoup::generate::damage;
//! use recoup::protocol::SignKey;
//!
//! let key = SignKey::new("123456").unwrap();
//! let value = r#"{"header":{"partnerNo":"10001"},"body":{"orderAmount":100}}"#;
//! let mut runner = TestRunner::deterministic();
//! let drawn = damage().new_tree(&mut runner).unwrap().current();
//! let document = drawn.of(value, &key);
//! if let JsonClass::Invalid { at, reason } = class_of(&document) {
//!     // This is what your gateway must refuse.
//!     println!("{drawn}: {reason} at byte {at}");
//! }
//! ```

use std::fmt;
use std::ops::Range;

use proptest::prelude::*;

use crate::protocol::SignKey;

use super::mutate::sealed;

/// One plan of what to do to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// What is hit.
    pub layer: Layer,
    /// One blow after the other; an empty list does nothing.
    pub blows: Vec<Blow>,
}

/// What is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layer {
    /// The signed value, which is signed as it then stands.
    Value,
    /// The whole document, whose signature stays what it was.
    Envelope,
}

/// One change. Places are counted from the start and wrap around, so that a
/// plan fits a text of any length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blow {
    /// Bytes put in before the byte at this place.
    Insert(usize, Vec<u8>),
    /// As many bytes taken out from this place on.
    Remove(usize, usize),
    /// The byte at this place replaced.
    Replace(usize, u8),
    /// The token of this number written twice.
    Double(usize),
    /// The token of this number taken out.
    Drop(usize),
    /// Two tokens exchanged.
    Swap(usize, usize),
}

impl Damage {
    /// The document that comes of a message with this `value`.
    pub fn of(&self, value: &str, key: &SignKey) -> Vec<u8> {
        match self.layer {
            Layer::Value => sealed(self.inflict(value.as_bytes().to_vec()), key),
            Layer::Envelope => self.inflict(sealed(value, key)),
        }
    }

    fn inflict(&self, text: Vec<u8>) -> Vec<u8> {
        self.blows
            .iter()
            .fold(text, |text, blow| blow.fall_on(text))
    }
}

impl Blow {
    fn fall_on(&self, mut text: Vec<u8>) -> Vec<u8> {
        if text.is_empty() {
            return text;
        }
        match self {
            Self::Insert(at, bytes) => {
                let at = at % (text.len() + 1);
                text.splice(at..at, bytes.iter().copied());
            }
            Self::Remove(at, count) => {
                let at = at % text.len();
                let end = at.saturating_add(*count).min(text.len());
                text.drain(at..end);
            }
            Self::Replace(at, byte) => {
                let at = at % text.len();
                text[at] = *byte;
            }
            Self::Double(place) => {
                let token = token(&text, *place);
                let copy = text[token.clone()].to_vec();
                text.splice(token.end..token.end, copy);
            }
            Self::Drop(place) => {
                text.drain(token(&text, *place));
            }
            Self::Swap(one, other) => return swapped(&text, *one, *other),
        }
        text
    }
}

fn swapped(text: &[u8], one: usize, other: usize) -> Vec<u8> {
    let (one, other) = (token(text, one), token(text, other));
    let (first, second) = if one.start <= other.start {
        (one, other)
    } else {
        (other, one)
    };
    if first == second {
        return text.to_vec();
    }
    [
        &text[..first.start],
        &text[second.clone()],
        &text[first.end..second.start],
        &text[first],
        &text[second.end..],
    ]
    .concat()
}

/// The token of this number, in a text that may be no JSON any more.
fn token(text: &[u8], place: usize) -> Range<usize> {
    let tokens = tokens(text);
    tokens[place % tokens.len()].clone()
}

/// The text cut into strings, words and numbers, runs of white space, and
/// single bytes of anything else.
fn tokens(text: &[u8]) -> Vec<Range<usize>> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-._".contains(byte);
    let mut tokens = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let rest = &text[start..];
        let run = |is_part: fn(&u8) -> bool| rest.iter().take_while(|byte| is_part(byte)).count();
        let length = match rest[0] {
            b'"' => string_length(rest),
            byte if byte.is_ascii_whitespace() => run(u8::is_ascii_whitespace),
            byte if is_word(&byte) => rest.iter().take_while(|byte| is_word(byte)).count(),
            _ => 1,
        };
        tokens.push(start..start + length);
        start += length;
    }
    tokens
}

/// How long the string is that `text` starts with; all of it where it has no
/// end.
fn string_length(text: &[u8]) -> usize {
    let mut is_escaped = false;
    for (place, byte) in text.iter().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return place + 1,
            _ => {}
        }
    }
    text.len()
}

/// Strategy for one to three blows.
pub fn damage() -> impl Strategy<Value = Damage, Tree: Send> {
    (
        prop_oneof![Just(Layer::Value), Just(Layer::Envelope)],
        proptest::collection::vec(blows(), 1..4),
    )
        .prop_map(|(layer, blows)| Damage { layer, blows })
}

fn blows() -> impl Strategy<Value = Blow, Tree: Send> {
    // A message is a few hundred bytes and a few dozen tokens long.
    let byte_place = || 0_usize..512;
    let token_place = || 0_usize..96;
    prop_oneof![
        3 => (byte_place(), fragments()).prop_map(|(at, bytes)| Blow::Insert(at, bytes)),
        2 => (byte_place(), 1_usize..16).prop_map(|(at, count)| Blow::Remove(at, count)),
        2 => (byte_place(), any::<u8>()).prop_map(|(at, byte)| Blow::Replace(at, byte)),
        2 => token_place().prop_map(Blow::Double),
        2 => token_place().prop_map(Blow::Drop),
        1 => (token_place(), token_place()).prop_map(|(one, other)| Blow::Swap(one, other)),
    ]
}

/// What is put in: mostly what means something to a lenient reader.
fn fragments() -> impl Strategy<Value = Vec<u8>, Tree: Send> {
    const TELLING: &[&[u8]] = &[
        b",",
        b":",
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"",
        b"'",
        b"\\",
        b"0",
        b"-",
        b"+",
        b".",
        b"e",
        b"\0",
        b"\t",
        b"\n",
        b"\x0b",
        b"\x0c",
        b"\x7f",
        b"\xff",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"\xc2\xa0",
        b"/**/",
        b"//\n",
        b"#\n",
        b"\\x41",
        b"\\u12",
        b"\\ud800",
        b"NaN",
        b"null",
        b"\"a\":1,",
        b"{}",
        b"[]",
    ];
    prop_oneof![
        4 => proptest::sample::select(TELLING).prop_map(<[u8]>::to_vec),
        1 => proptest::collection::vec(any::<u8>(), 1..4),
    ]
}

impl fmt::Display for Damage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layer = match self.layer {
            Layer::Value => "the signed value",
            Layer::Envelope => "the document",
        };
        write!(formatter, "{layer} damaged: ")?;
        if self.blows.is_empty() {
            return formatter.write_str("nothing");
        }
        for (index, blow) in self.blows.iter().enumerate() {
            if index > 0 {
                formatter.write_str(", ")?;
            }
            blow.fmt(formatter)?;
        }
        Ok(())
    }
}

impl fmt::Display for Blow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Insert(at, bytes) => {
                write!(
                    formatter,
                    "`{}` put in at byte {at}",
                    String::from_utf8_lossy(bytes).escape_debug()
                )
            }
            Self::Remove(at, count) => write!(formatter, "{count} bytes gone at byte {at}"),
            Self::Replace(at, byte) => {
                write!(formatter, "byte {at} replaced by 0x{byte:02x}")
            }
            Self::Double(place) => write!(formatter, "token {place} doubled"),
            Self::Drop(place) => write!(formatter, "token {place} gone"),
            Self::Swap(one, other) => write!(formatter, "tokens {one} and {other} swapped"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::oracle::{JsonClass, class_of};
    use super::*;
    use crate::protocol::{Direction, Envelope};

    const VALUE: &str = r#"{"header":{"partnerNo":"10001"},"body":{"orderAmount":100}}"#;

    fn key() -> SignKey {
        SignKey::new("123456").unwrap()
    }

    fn value_after(blow: Blow) -> String {
        let text = blow.fall_on(br#"{"a" : 100}"#.to_vec());
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn every_blow_does_what_it_says() {
        for (blow, expected) in [
            (Blow::Insert(1, b",".to_vec()), r#"{,"a" : 100}"#),
            (Blow::Remove(5, 2), r#"{"a" 100}"#),
            (Blow::Replace(7, b'0'), r#"{"a" : 000}"#),
            (Blow::Double(1), r#"{"a""a" : 100}"#),
            (Blow::Drop(3), r#"{"a"  100}"#),
            (Blow::Swap(1, 5), r#"{100 : "a"}"#),
            (Blow::Swap(5, 1), r#"{100 : "a"}"#),
            (Blow::Swap(2, 2), r#"{"a" : 100}"#),
            // Places wrap around: there are seven tokens.
            (Blow::Double(8), r#"{"a""a" : 100}"#),
        ] {
            let shown = blow.to_string();
            assert_eq!(value_after(blow), expected, "{shown}");
        }
    }

    proptest! {
        #[test]
        fn a_damaged_value_is_signed_as_it_then_stands(damage in damage()) {
            let document = damage.of(VALUE, &key());
            let stands = damage.layer == Layer::Value
                && class_of(&damage.inflict(VALUE.as_bytes().to_vec())) == JsonClass::Valid;
            if stands {
                let envelope = Envelope::parse(&document, Direction::Request).unwrap();
                prop_assert_eq!(envelope.verify(&key()), Ok(()));
            }
        }

        #[test]
        fn a_document_that_the_oracle_calls_invalid_holds_no_envelope(damage in damage()) {
            let document = damage.of(VALUE, &key());
            if matches!(class_of(&document), JsonClass::Invalid { .. }) {
                prop_assert!(Envelope::parse(&document, Direction::Request).is_err(), "{}", damage);
            }
        }
    }
}
