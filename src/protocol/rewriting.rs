//! A JSON text written anew: what a program makes of it that parses it and
//! serialises the value again, as the usual serialisers do.
//!
//! Nothing is signed or verified by this. It tells what a signature that does
//! not hold for the raw text is over instead.

use std::fmt::Write;

use serde_json::value::RawValue;

use super::object::Object;

/// One way in which serialisers write a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rewriting {
    /// Its stable name: `compact-escaped`.
    pub word: &'static str,
    /// The same in words that complete "the value written anew: …".
    pub description: &'static str,
    is_sorted: bool,
    layout: Layout,
    escapes: Escapes,
}

/// What stands between the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Nothing.
    Compact,
    /// A space behind each comma and colon.
    Spaced,
    /// Lines, indented by so many spaces a level.
    Indented(usize),
}

/// What strings escape beyond what they must.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escapes {
    /// Nothing.
    Needed,
    /// `/` as `\/`.
    Slashes,
    /// Everything outside ASCII as `\uXXXX`.
    NonAscii,
    /// Both.
    Both,
}

const fn rewriting(
    word: &'static str,
    description: &'static str,
    is_sorted: bool,
    layout: Layout,
    escapes: Escapes,
) -> Rewriting {
    Rewriting {
        word,
        description,
        is_sorted,
        layout,
        escapes,
    }
}

#[rustfmt::skip]
const ALL: [Rewriting; 13] = [
    rewriting("compact", "compact, members in order", false, Layout::Compact, Escapes::Needed),
    rewriting("sorted", "compact, members sorted", true, Layout::Compact, Escapes::Needed),
    rewriting("compact-escaped", "compact, with / as \\/ and other than ASCII as \\uXXXX, as PHP writes it", false, Layout::Compact, Escapes::Both),
    rewriting("spaced", "a space behind each comma and colon, other than ASCII as \\uXXXX, as Python writes it", false, Layout::Spaced, Escapes::NonAscii),
    rewriting("indented", "indented by two spaces", false, Layout::Indented(2), Escapes::Needed),
    rewriting("compact-slashes", "compact, with / as \\/", false, Layout::Compact, Escapes::Slashes),
    rewriting("compact-ascii", "compact, with other than ASCII as \\uXXXX", false, Layout::Compact, Escapes::NonAscii),
    rewriting("indented-escaped", "indented by four spaces, with / as \\/ and other than ASCII as \\uXXXX, as PHP writes it", false, Layout::Indented(4), Escapes::Both),
    rewriting("sorted-escaped", "compact, members sorted, with / as \\/ and other than ASCII as \\uXXXX", true, Layout::Compact, Escapes::Both),
    rewriting("sorted-slashes", "compact, members sorted, with / as \\/", true, Layout::Compact, Escapes::Slashes),
    rewriting("sorted-ascii", "compact, members sorted, with other than ASCII as \\uXXXX", true, Layout::Compact, Escapes::NonAscii),
    rewriting("sorted-spaced", "members sorted, a space behind each comma and colon, other than ASCII as \\uXXXX", true, Layout::Spaced, Escapes::NonAscii),
    rewriting("sorted-indented", "members sorted, indented by two spaces", true, Layout::Indented(2), Escapes::Needed),
];

/// No message nests as deep; what a hostile side sends may.
const DEEPEST: usize = 32;

impl Rewriting {
    /// Every rewriting, the usual ones first.
    pub const ALL: &'static [Self] = &ALL;
    /// The usual ones.
    pub const USUAL: &'static [Self] = ALL.split_at(5).0;

    /// What it makes of `raw`; `None` where that is no JSON, or has a member
    /// twice, so that nobody can say which of them a parser kept.
    pub fn of(&self, raw: &str) -> Option<String> {
        let mut out = String::with_capacity(raw.len() * 2);
        self.value(raw.trim(), 0, &mut out)?;
        Some(out)
    }

    fn value(&self, raw: &str, depth: usize, out: &mut String) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match raw.as_bytes().first()? {
            b'{' => {
                let object = Object::parse(raw).ok()?;
                let mut names: Vec<&str> = object.names().collect();
                if self.is_sorted {
                    names.sort_unstable();
                }
                self.sequence(['{', '}'], names, depth, out, |name, out| {
                    self.string(name, out);
                    out.push(':');
                    if self.layout != Layout::Compact {
                        out.push(' ');
                    }
                    self.value(object.get(name)?, depth + 1, out)
                })
            }
            b'[' => {
                let items: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
                self.sequence(['[', ']'], items, depth, out, |item, out| {
                    self.value(item.get(), depth + 1, out)
                })
            }
            b'"' => {
                let text: String = serde_json::from_str(raw).ok()?;
                self.string(&text, out);
                Some(())
            }
            _ => {
                serde_json::from_str::<&RawValue>(raw).ok()?;
                out.push_str(raw);
                Some(())
            }
        }
    }

    fn sequence<T>(
        &self,
        [open, close]: [char; 2],
        items: Vec<T>,
        depth: usize,
        out: &mut String,
        mut write: impl FnMut(T, &mut String) -> Option<()>,
    ) -> Option<()> {
        let is_empty = items.is_empty();
        out.push(open);
        for (place, item) in items.into_iter().enumerate() {
            if place > 0 {
                out.push(',');
                if self.layout == Layout::Spaced {
                    out.push(' ');
                }
            }
            self.line(depth + 1, out);
            write(item, out)?;
        }
        if !is_empty {
            self.line(depth, out);
        }
        out.push(close);
        Some(())
    }

    fn line(&self, depth: usize, out: &mut String) {
        if let Layout::Indented(width) = self.layout {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', width * depth));
        }
    }

    fn string(&self, text: &str, out: &mut String) {
        let needed = serde_json::Value::from(text).to_string();
        for character in needed.chars() {
            match (character, self.escapes) {
                ('/', Escapes::Slashes | Escapes::Both) => out.push_str("\\/"),
                (_, Escapes::NonAscii | Escapes::Both) if !character.is_ascii() => {
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        write!(out, "\\u{unit:04x}").expect("a string takes every character");
                    }
                }
                _ => out.push(character),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: &str = "{ \"b\": \"a\\/\u{e9}\",\t\"a\" : [1, {}, 1.0e2] }";

    fn rewritten(word: &str, raw: &str) -> String {
        let rewriting = Rewriting::ALL.iter().find(|one| one.word == word).unwrap();
        rewriting.of(raw).unwrap()
    }

    #[test]
    fn each_serialiser_writes_the_value_its_own_way_and_numbers_as_they_were() {
        for (word, text) in [
            ("compact", r#"{"b":"a/é","a":[1,{},1.0e2]}"#),
            ("sorted", r#"{"a":[1,{},1.0e2],"b":"a/é"}"#),
            ("compact-escaped", r#"{"b":"a\/\u00e9","a":[1,{},1.0e2]}"#),
            ("spaced", r#"{"b": "a/\u00e9", "a": [1, {}, 1.0e2]}"#),
            (
                "indented",
                "{\n  \"b\": \"a/é\",\n  \"a\": [\n    1,\n    {},\n    1.0e2\n  ]\n}",
            ),
        ] {
            assert_eq!(rewritten(word, RAW), text, "{word}");
        }
    }

    #[test]
    fn no_two_rewritings_write_alike_and_each_is_the_same_value() {
        let mut texts: Vec<String> = Vec::new();
        for rewriting in Rewriting::ALL {
            let text = rewriting.of(RAW).unwrap();
            assert!(!texts.contains(&text), "{}", rewriting.word);
            assert_eq!(
                rewriting.of(&text),
                Some(text.clone()),
                "{}",
                rewriting.word
            );
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&text).unwrap(),
                serde_json::from_str::<serde_json::Value>(RAW).unwrap()
            );
            texts.push(text);
        }
    }

    #[test]
    fn a_text_that_a_parser_would_not_read_or_would_mend_has_no_rewriting() {
        for raw in ["", "{", "{\"a\":1,\"a\":2}", "[01]", "nul"] {
            assert_eq!(Rewriting::ALL[0].of(raw), None, "{raw}");
        }
    }
}
