//! The recogniser: one pass over the bytes, with a stack of its own.

use std::collections::BTreeSet;

use super::class::{JsonClass, Liberty};

/// The deepest nesting that every reader takes.
pub const DEEPEST: usize = 64;
/// The most digits that every reader keeps exactly.
const MOST_DIGITS: usize = 15;
/// The largest exponent, either way, that every reader takes.
const LARGEST_EXPONENT: u32 = 300;

/// What `document` is.
pub fn class_of(document: &[u8]) -> JsonClass {
    let mut recogniser = Recogniser {
        bytes: document,
        at: 0,
        open: Vec::new(),
        liberty: None,
    };
    match (recogniser.document(), recogniser.liberty) {
        (Err(Flaw { at, reason }), _) => JsonClass::Invalid { at, reason },
        (Ok(()), Some(liberty)) => JsonClass::ImplementationDefined(liberty),
        (Ok(()), None) => JsonClass::Valid,
    }
}

struct Flaw {
    at: usize,
    reason: &'static str,
}

type Step<T = ()> = Result<T, Flaw>;

/// An object or an array that is not closed yet.
enum Container {
    Object(BTreeSet<Vec<u32>>),
    Array,
}

struct Recogniser<'a> {
    bytes: &'a [u8],
    at: usize,
    open: Vec<Container>,
    liberty: Option<Liberty>,
}

impl Recogniser<'_> {
    fn document(&mut self) -> Step {
        if self.bytes.starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
            self.note(Liberty::ByteOrderMark);
        }
        self.value()?;
        self.space();
        match self.peek() {
            None => Ok(()),
            Some(_) => self.flaw("something stands behind the document"),
        }
    }

    /// One value and all that is within it.
    fn value(&mut self) -> Step {
        loop {
            self.space();
            let has_ended = match self.peek() {
                Some(b'{') => self.begin(b'}', Container::Object(BTreeSet::new()))?,
                Some(b'[') => self.begin(b']', Container::Array)?,
                Some(b'"') => self.text().map(|_| true)?,
                Some(b'-' | b'0'..=b'9') => self.number().map(|()| true)?,
                Some(b't') => self.word(b"true")?,
                Some(b'f') => self.word(b"false")?,
                Some(b'n') => self.word(b"null")?,
                Some(_) => return self.flaw("no value starts like this"),
                None => return self.flaw("a value is missing"),
            };
            if has_ended && !self.another()? {
                return Ok(());
            }
        }
    }

    /// Opens a container; whether it is empty, and so a whole value.
    fn begin(&mut self, end: u8, container: Container) -> Step<bool> {
        self.at += 1;
        if self.open.len() >= DEEPEST {
            self.note(Liberty::DeepNesting);
        }
        self.space();
        if self.take(end) {
            return Ok(true);
        }
        let is_object = matches!(container, Container::Object(_));
        self.open.push(container);
        if is_object {
            self.name()?;
        }
        Ok(false)
    }

    /// Behind a value: closes what ends here; whether another value follows.
    fn another(&mut self) -> Step<bool> {
        loop {
            self.space();
            let is_object = match self.open.last() {
                None => return Ok(false),
                Some(Container::Object(_)) => true,
                Some(Container::Array) => false,
            };
            if self.take(b',') {
                if is_object {
                    self.space();
                    self.name()?;
                }
                return Ok(true);
            }
            if !self.take(if is_object { b'}' } else { b']' }) {
                return self.flaw("a comma or the end of the object or array is missing");
            }
            self.open.pop();
        }
    }

    /// A member's name and its colon.
    fn name(&mut self) -> Step {
        if self.peek() != Some(b'"') {
            return self.flaw("a member's name is missing");
        }
        let name = self.text()?;
        if let Some(Container::Object(names)) = self.open.last_mut()
            && !names.insert(name)
        {
            self.note(Liberty::DuplicateMembers);
        }
        self.space();
        if self.take(b':') {
            Ok(())
        } else {
            self.flaw("a colon is missing")
        }
    }

    fn word(&mut self, word: &[u8]) -> Step<bool> {
        if !self.bytes[self.at..].starts_with(word) {
            return self.flaw("no value starts like this");
        }
        self.at += word.len();
        Ok(true)
    }

    fn number(&mut self) -> Step {
        self.take(b'-');
        let mut digits = 0;
        if self.take(b'0') {
            if matches!(self.peek(), Some(b'0'..=b'9')) {
                return self.flaw("a number has a leading zero");
            }
        } else {
            digits = self.digits()?.len();
        }
        if self.take(b'.') {
            digits += self.digits()?.len();
        }
        let mut exponent = 0;
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            exponent = self.digits()?.iter().fold(0_u32, |sum, digit| {
                sum.saturating_mul(10)
                    .saturating_add(u32::from(digit - b'0'))
            });
        }
        if digits > MOST_DIGITS || exponent > LARGEST_EXPONENT {
            self.note(Liberty::HugeNumber);
        }
        Ok(())
    }

    /// One digit or more.
    fn digits(&mut self) -> Step<&[u8]> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            return self.flaw("a digit is missing");
        }
        Ok(&self.bytes[start..self.at])
    }

    /// A string, decoded to code points; half a pair stays as it is.
    fn text(&mut self) -> Step<Vec<u32>> {
        self.at += 1;
        let mut decoded = Vec::new();
        loop {
            match self.peek() {
                None => return self.flaw("a string does not end"),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(decoded);
                }
                Some(b'\\') => {
                    let point = self.escape()?;
                    decoded.push(point);
                }
                Some(0..0x20) => return self.flaw("a control character stands in a string"),
                Some(_) => {
                    let point = self.character()?;
                    decoded.push(point);
                }
            }
        }
    }

    fn escape(&mut self) -> Step<u32> {
        self.at += 1;
        let point = match self.peek() {
            Some(letter @ (b'"' | b'\\' | b'/')) => u32::from(letter),
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => 0x0a,
            Some(b'r') => 0x0d,
            Some(b't') => 0x09,
            Some(b'u') => return self.escaped_unit(),
            _ => return self.flaw("an escape is none"),
        };
        self.at += 1;
        Ok(point)
    }

    /// `uXXXX`, and the other half where this is the first of a pair.
    fn escaped_unit(&mut self) -> Step<u32> {
        self.at += 1;
        let unit = self.four_digits()?;
        if !(0xd800..0xe000).contains(&unit) {
            self.look_at(unit);
            return Ok(unit);
        }
        let before = self.at;
        if unit < 0xdc00 && self.bytes[self.at..].starts_with(b"\\u") {
            self.at += 2;
            let second = self.four_digits()?;
            if (0xdc00..0xe000).contains(&second) {
                let point = 0x1_0000 + ((unit - 0xd800) << 10) + (second - 0xdc00);
                self.look_at(point);
                return Ok(point);
            }
            // What follows is a unit of its own, and is read as such.
            self.at = before;
        }
        self.note(Liberty::LoneSurrogate);
        Ok(unit)
    }

    fn four_digits(&mut self) -> Step<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = match self.peek() {
                Some(digit @ b'0'..=b'9') => digit - b'0',
                Some(digit @ b'a'..=b'f') => digit - b'a' + 10,
                Some(digit @ b'A'..=b'F') => digit - b'A' + 10,
                _ => return self.flaw("a \\u escape has fewer than four digits"),
            };
            unit = unit << 4 | u32::from(digit);
            self.at += 1;
        }
        Ok(unit)
    }

    /// A character as UTF-8 writes it: shortest form, no surrogates, at most
    /// U+10FFFF.
    fn character(&mut self) -> Step<u32> {
        let rest = &self.bytes[self.at..];
        let (length, smallest, first) = match rest[0] {
            byte @ 0..0x80 => (1, 0, byte),
            byte @ 0xc0..0xe0 => (2, 0x80, byte & 0x1f),
            byte @ 0xe0..0xf0 => (3, 0x800, byte & 0x0f),
            byte @ 0xf0..0xf8 => (4, 0x1_0000, byte & 0x07),
            _ => return self.flaw("a byte is no UTF-8"),
        };
        let Some(tail) = rest.get(1..length) else {
            return self.flaw("a UTF-8 sequence is cut short");
        };
        if tail.iter().any(|byte| byte & 0xc0 != 0x80) {
            return self.flaw("a UTF-8 sequence is cut short");
        }
        let point = tail.iter().fold(u32::from(first), |point, byte| {
            point << 6 | u32::from(byte & 0x3f)
        });
        if point < smallest || point > 0x10_ffff || (0xd800..0xe000).contains(&point) {
            return self.flaw("a UTF-8 sequence is of no character");
        }
        self.at += length;
        self.look_at(point);
        Ok(point)
    }

    fn look_at(&mut self, point: u32) {
        if point == 0 {
            self.note(Liberty::Nul);
        } else if point & 0xfffe == 0xfffe || (0xfdd0..0xfdf0).contains(&point) {
            self.note(Liberty::Noncharacter);
        }
    }

    const fn note(&mut self, liberty: Liberty) {
        if self.liberty.is_none() {
            self.liberty = Some(liberty);
        }
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    const fn flaw<T>(&self, reason: &'static str) -> Step<T> {
        Err(Flaw {
            at: self.at,
            reason,
        })
    }
}
