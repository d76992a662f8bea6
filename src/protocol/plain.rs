//! The short way through a JSON object: its members as they stand, in one pass
//! and without a parser's help.
//!
//! Only what is plain is taken apart here. An escape in a name, deep nesting,
//! and everything that is not JSON are left to `serde_json`, which also has
//! the reasons: what is taken here it takes as well, with the same members.

use smallvec::SmallVec;

/// Nesting that no message of the protocol comes near.
const DEEPEST: usize = 16;

/// Bytes that can't stand for themselves in a string.
const ENDS_RUN: [bool; 256] = {
    let mut ends = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        ends[byte] = true;
        byte += 1;
    }
    ends[b'"' as usize] = true;
    ends[b'\\' as usize] = true;
    ends
};

/// How many bytes stand for themselves before the first that doesn't; `None`
/// where all do. Eight at a time: strings are most of a message.
fn run_length(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGHS: u64 = ONES << 7;
    // Sets the highest bit of each byte that is less than `limit`, up to the
    // first; what it sets above that one may be wrong.
    const fn below(word: u64, limit: u64) -> u64 {
        word.wrapping_sub(ONES * limit) & !word & HIGHS
    }
    let mut words = bytes.chunks_exact(8);
    let mut length = 0;
    for word in words.by_ref() {
        let word = u64::from_le_bytes(word.try_into().expect("it has eight bytes"));
        let quotes = below(word ^ (ONES * b'"' as u64), 1);
        let escapes = below(word ^ (ONES * b'\\' as u64), 1);
        let ends = below(word, 0x20) | quotes | escapes;
        if ends != 0 {
            return Some(length + ends.trailing_zeros() as usize / 8);
        }
        length += 8;
    }
    let rest = words.remainder().iter();
    let end = rest.copied().position(|byte| ENDS_RUN[usize::from(byte)])?;
    Some(length + end)
}

/// A name and the text of its value.
pub(super) type Member<'a> = (&'a str, &'a str);

/// The members of the object that `text` is; `None` where it is none, or not a
/// plain one.
pub(super) fn members(text: &str) -> Option<SmallVec<[Member<'_>; 8]>> {
    let mut scanner = Scanner::new(text);
    let mut members = SmallVec::new();
    scanner.document(|scanner| {
        scanner.object(|scanner, name| {
            let value = scanner.text_of(Scanner::value)?;
            members.push((name, value));
            Some(())
        })
    })?;
    Some(members)
}

/// A place in a text. Each of its steps goes over one thing, or gives up.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    /// At the beginning of a text.
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Goes over the whole text: one value, and space around it.
    pub(super) fn document(&mut self, value: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        self.skip_space();
        value(self)?;
        self.skip_space();
        (self.at == self.text.len()).then_some(())
    }

    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Goes over this very byte.
    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then(|| self.at += 1)
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.next() {
            self.at += 1;
        }
    }

    /// Goes over an object; `value` has to go over the value of the name that it
    /// is given.
    pub(super) fn object(
        &mut self,
        mut value: impl FnMut(&mut Self, &'a str) -> Option<()>,
    ) -> Option<()> {
        self.expect(b'{')?;
        self.skip_space();
        if self.expect(b'}').is_some() {
            return Some(());
        }
        loop {
            let name = self.name()?;
            self.skip_space();
            self.expect(b':')?;
            self.skip_space();
            value(self, name)?;
            self.skip_space();
            if self.expect(b'}').is_some() {
                return Some(());
            }
            self.expect(b',')?;
            self.skip_space();
        }
    }

    /// What `step` goes over.
    pub(super) fn text_of(
        &mut self,
        step: impl FnOnce(&mut Self) -> Option<()>,
    ) -> Option<&'a str> {
        let from = self.at;
        step(self)?;
        Some(&self.text[from..self.at])
    }

    /// Goes over any value.
    pub(super) fn value(&mut self) -> Option<()> {
        self.value_at(0)
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        self.expect(b'[')?;
        self.skip_space();
        if self.expect(b']').is_some() {
            return Some(());
        }
        loop {
            self.value_at(depth)?;
            self.skip_space();
            if self.expect(b']').is_some() {
                return Some(());
            }
            self.expect(b',')?;
            self.skip_space();
        }
    }

    fn value_at(&mut self, depth: usize) -> Option<()> {
        match self.next()? {
            b'"' => self.string().map(|_| ()),
            b'{' if depth < DEEPEST => self.object(|scanner, _| scanner.value_at(depth + 1)),
            b'[' if depth < DEEPEST => self.array(depth + 1),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => None,
        }
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.text[self.at..].starts_with(word).then(|| {
            self.at += word.len();
        })
    }

    /// Goes over a name. One with an escape may be equal to one without.
    fn name(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let from = self.at;
        self.at += run_length(&self.text.as_bytes()[self.at..])?;
        self.expect(b'"')?;
        Some(&self.text[from..self.at - 1])
    }

    /// Goes over a string and gives what stands between its quotes.
    fn string(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let from = self.at;
        loop {
            self.at += run_length(&self.text.as_bytes()[self.at..])?;
            match self.next()? {
                b'"' => break,
                b'\\' => self.escape()?,
                _ => return None,
            }
        }
        self.at += 1;
        Some(&self.text[from..self.at - 1])
    }

    fn escape(&mut self) -> Option<()> {
        let length = match self.text.as_bytes().get(self.at + 1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
            b'u' => 6,
            _ => return None,
        };
        let digits = self.text.as_bytes().get(self.at + 2..self.at + length)?;
        self.at += length;
        digits.iter().all(u8::is_ascii_hexdigit).then_some(())
    }

    fn number(&mut self) -> Option<()> {
        let _ = self.expect(b'-');
        if self.expect(b'0').is_none() {
            self.digits()?;
        }
        if self.expect(b'.').is_some() {
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.next() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.next() {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    /// Goes over one digit or more.
    fn digits(&mut self) -> Option<()> {
        let from = self.at;
        while let Some(b'0'..=b'9') = self.next() {
            self.at += 1;
        }
        (self.at > from).then_some(())
    }
}

/// Writes what stands between the quotes of a JSON string.
pub(crate) fn push_text(text: &str, out: &mut Vec<u8>) {
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if text.bytes().all(is_plain) {
        out.extend_from_slice(text.as_bytes());
    } else {
        let quoted = serde_json::to_vec(text).expect("every text is a JSON string");
        out.extend_from_slice(&quoted[1..quoted.len() - 1]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::object;
    use super::*;

    /// Texts that are JSON often enough, and nearly JSON otherwise.
    fn text() -> impl Strategy<Value = String> {
        let token = prop_oneof![
            prop::sample::select(vec![
                "{",
                "}",
                "[",
                "]",
                ",",
                ":",
                " ",
                "\n",
                "\u{a0}",
                "\"a\"",
                "\"b\"",
                "\"\"",
                "\"\\u0061\"",
                "\"\\ud800\"",
                "\"\\u12\"",
                "\"\\x\"",
                "\"\\\"\"",
                "\"\t\"",
                "\"é\"",
                "\"",
                "null",
                "true",
                "false",
                "nul",
                "0",
                "-0",
                "01",
                "-",
                "12",
                "1.5",
                "1.",
                ".5",
                "1e9",
                "1E+",
                "1e999",
                "100000000000000000000000",
            ])
            .prop_map(str::to_owned),
            "\\PC{0,2}",
        ];
        prop::collection::vec(token, 0..12).prop_map(|tokens| tokens.concat())
    }

    /// Objects, so that what is taken is tested as much as what is not.
    fn object() -> impl Strategy<Value = String> {
        let value = prop_oneof![
            Just("null".to_owned()),
            "-?[0-9]{1,3}(\\.[0-9]{1,2})?(e[0-9])?",
            "\"[a-zé/]{0,3}\"",
            text(),
        ]
        .prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3)
                    .prop_map(|values| format!("[{}]", values.join(", "))),
                prop::collection::vec(("[ab]", inner), 0..3).prop_map(of),
            ]
        });
        prop::collection::vec(("[a-c\\\\]", value), 0..10).prop_map(of)
    }

    fn of(members: Vec<(String, String)>) -> String {
        let members: Vec<String> = members
            .iter()
            .map(|(name, value)| format!("\"{name}\" : {value}"))
            .collect();
        format!("{{{}}}", members.join(","))
    }

    proptest! {
        #[test]
        fn what_is_taken_has_the_members_that_the_parser_finds(
            text in prop_oneof![text(), object()]
        ) {
            if let Some(members) = members(&text) {
                let parsed = object::members(&text).expect("it is an object");
                prop_assert_eq!(members.len(), parsed.len());
                for ((name, value), (other_name, other_value)) in members.iter().zip(&parsed) {
                    prop_assert_eq!(*name, other_name.as_ref());
                    prop_assert_eq!(*value, *other_value);
                }
            }
        }
    }

    #[test]
    fn a_message_of_the_protocol_is_plain() {
        let text = r#" {"header" : {"a":"\/"},"body":{"n":-1.5e3,"l":[true,null]} ,"x":""} "#;
        let members = members(text).expect("plain");
        assert_eq!(members[0], ("header", r#"{"a":"\/"}"#));
        assert_eq!(members[2], ("x", "\"\""));
    }

    #[test]
    fn what_has_escaped_names_or_goes_deep_is_left_to_the_parser() {
        assert_eq!(members(r#"{"\u0061":1}"#), None);
        assert_eq!(members(r#"{"a":{"\u0061":1}}"#), None);
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(20), "]".repeat(20));
        assert_eq!(members(&deep), None);
    }
}
