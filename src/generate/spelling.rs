//! Every JSON spelling of one value: white space, member order, escapes.
//!
//! A gateway verifies the text on the wire, so each of these is as good as the
//! compact one, provided that it is the one that was signed (clause
//! `signature.raw-text`).
//!
//! ```
//! use proptest::strategy::{Strategy, ValueTree};
//! use proptest::test_runner::TestRunner;
//! use recoup::generate::mutate::sealed;
//! use recoup::generate::{Spelling, spellings};
//! use recoup::protocol::SignKey;
//!
//! let value = serde_json::json!({"header": {"version": "1.0"}, "body": {"orderAmount": 100}});
//! assert_eq!(
//!     Spelling::compact().write(&value),
//!     r#"{"body":{"orderAmount":100},"header":{"version":"1.0"}}"#
//! );
//!
//! let mut runner = TestRunner::deterministic();
//! let spelling = spellings().new_tree(&mut runner).unwrap().current();
//! // Signed as it is spelled: your gateway must take it.
//! let document = sealed(spelling.write(&value), &SignKey::new("123456").unwrap());
//! # assert!(!document.is_empty());
//! ```

use std::fmt;

use proptest::prelude::*;
use serde_json::Value;

/// One way to write a JSON value. The simplest, to which proptest shrinks, is
/// compact, in the order given, with no escape that is not needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spelling {
    /// White space put between tokens, drawn in turn; empty for none.
    pub spaces: Vec<&'static str>,
    /// By how many places the members of each object are rotated.
    pub rotation: usize,
    /// How strings are written.
    pub escapes: Escapes,
}

impl fmt::Display for Spelling {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spaces = match self.spaces.iter().all(|space| space.is_empty()) {
            true => "no white space",
            false => "white space between tokens",
        };
        let order = match self.rotation {
            0 => "members in order",
            _ => "members in another order",
        };
        let escapes = match self.escapes {
            Escapes::Needed => "no needless escapes",
            Escapes::Php => "escapes as PHP writes them",
            Escapes::All => "every character escaped",
        };
        write!(formatter, "{spaces}, {order}, {escapes}")
    }
}

/// How strings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Escapes {
    /// Only what JSON demands.
    Needed,
    /// `/` as `\/` and everything outside ASCII as `\uXXXX`, as PHP's
    /// `json_encode` does.
    Php,
    /// Every character as `\uXXXX`.
    All,
}

impl Spelling {
    /// The compact spelling.
    pub const fn compact() -> Self {
        Self {
            spaces: Vec::new(),
            rotation: 0,
            escapes: Escapes::Needed,
        }
    }

    /// Writes `value` this way. Numbers are whole in this protocol and have
    /// one spelling.
    pub fn write(&self, value: &Value) -> String {
        let mut writer = Writer {
            spelling: self,
            drawn: 0,
            out: String::new(),
        };
        writer.value(value);
        writer.out
    }
}

/// Strategy for every spelling.
pub fn spellings() -> impl Strategy<Value = Spelling, Tree: Send> {
    let space = prop_oneof![
        Just(""),
        Just(" "),
        Just("\n"),
        Just("\t"),
        Just("\r\n"),
        Just("    "),
    ];
    (
        proptest::collection::vec(space, 0..6),
        0_usize..5,
        prop_oneof![
            Just(Escapes::Needed),
            Just(Escapes::Php),
            Just(Escapes::All)
        ],
    )
        .prop_map(|(spaces, rotation, escapes)| Spelling {
            spaces,
            rotation,
            escapes,
        })
}

struct Writer<'a> {
    spelling: &'a Spelling,
    drawn: usize,
    out: String,
}

impl Writer<'_> {
    fn space(&mut self) {
        if let Some(space) = self.spelling.spaces.get(
            self.drawn
                .checked_rem(self.spelling.spaces.len())
                .unwrap_or_default(),
        ) {
            self.out.push_str(space);
            self.drawn += 1;
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                let rotation = self
                    .spelling
                    .rotation
                    .checked_rem(members.len())
                    .unwrap_or_default();
                members.rotate_left(rotation);
                self.sequence('{', '}', members, |writer, (name, value)| {
                    writer.string(name);
                    writer.space();
                    writer.out.push(':');
                    writer.space();
                    writer.value(value);
                });
            }
            Value::Array(items) => {
                self.sequence('[', ']', items.iter().collect(), Self::value);
            }
            Value::String(text) => self.string(text),
            other => self.out.push_str(&other.to_string()),
        }
    }

    fn sequence<T>(&mut self, open: char, close: char, items: Vec<T>, write: fn(&mut Self, T)) {
        self.out.push(open);
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.space();
            write(self, item);
            self.space();
        }
        self.out.push(close);
    }

    fn string(&mut self, text: &str) {
        match self.spelling.escapes {
            Escapes::Needed => self.out.push_str(&Value::from(text).to_string()),
            Escapes::Php => {
                for character in Value::from(text).to_string().chars() {
                    match character {
                        '/' => self.out.push_str("\\/"),
                        character if character.is_ascii() => self.out.push(character),
                        character => self.escape(character),
                    }
                }
            }
            Escapes::All => {
                self.out.push('"');
                for character in text.chars() {
                    self.escape(character);
                }
                self.out.push('"');
            }
        }
    }

    fn escape(&mut self, character: char) {
        use std::fmt::Write;
        for unit in character.encode_utf16(&mut [0; 2]) {
            write!(self.out, "\\u{unit:04x}").expect("a string takes every character");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest! {
        #[test]
        fn every_spelling_is_the_same_value(spelling in spellings()) {
            let value = serde_json::json!({
                "header": {"version": "1.0", "partnerNo": "10001"},
                "body": {"operatorId": "a/b é 𝄞 \"", "orderAmount": 100, "list": [1, "x"]}
            });
            let text = spelling.write(&value);
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        }
    }

    #[test]
    fn php_writes_slashes_and_everything_outside_ascii_as_escapes() {
        let spelling = Spelling {
            escapes: Escapes::Php,
            ..Spelling::compact()
        };
        assert_eq!(
            spelling.write(&Value::from("a/é𝄞")),
            r#""a\/\u00e9\ud834\udd1e""#
        );
    }
}
