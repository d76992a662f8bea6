//! Refund numbers as a declared stem and a count: a load's numbers differ in
//! their last digits only.

use std::collections::HashMap;

/// Digits of a name that count, at most.
pub const MOST_DIGITS: usize = 15;
/// Stems that a writer keeps in mind. Names with further ones are declared
/// whole.
const MOST_STEMS: usize = 65_536;
/// Stems that are tried before the others are looked through.
const LAST: usize = 4;

/// What names have in common: they are `text` and `width` digits more.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Stem {
    /// How they begin.
    pub text: Box<str>,
    /// How many digits follow; 0 where `text` is the whole name.
    pub width: u8,
}

impl Stem {
    /// Splits a name into its stem and the count after it. A name has one such
    /// stem, whoever splits it: all digits at its end, up to fifteen.
    pub fn split(name: &str) -> (&str, u8, u64) {
        let bytes = name.as_bytes();
        let digits = bytes
            .iter()
            .rev()
            .take(MOST_DIGITS)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let (text, count) = name.split_at(name.len() - digits);
        let count = number_of(count.as_bytes()).unwrap_or_default();
        (text, u8::try_from(digits).expect("at most 15"), count)
    }

    /// Whether a stem is one that [`split`](Self::split) gives.
    pub fn is_canonical(&self) -> bool {
        let ends_in_digit = self.text.bytes().last().is_some_and(|b| b.is_ascii_digit());
        let width = usize::from(self.width);
        (1..=MOST_DIGITS).contains(&width) && (width == MOST_DIGITS || !ends_in_digit)
    }

    /// Whether a whole name could be spelled with a stem as well, one that
    /// `is_known`.
    pub fn is_twofold(&self, is_known: impl Fn(&Self) -> bool) -> bool {
        let (text, width, _) = Self::split(&self.text);
        let stem = Self {
            text: text.into(),
            width,
        };
        width > 0 && is_known(&stem)
    }

    /// Whether a name of this stem can have this count.
    pub const fn has(&self, count: u64) -> bool {
        match self.width {
            0 => count == 0,
            width => count < 10_u64.pow(width as u32),
        }
    }

    /// The name with this count; `None` where the count has too many digits.
    pub fn name(&self, count: u64) -> Option<String> {
        let width = usize::from(self.width);
        let name = if width == 0 {
            return (count == 0).then(|| self.text.to_string());
        } else {
            format!("{}{count:0width$}", self.text)
        };
        (name.len() == self.text.len() + width).then_some(name)
    }

    /// The count of a name of this stem.
    fn count_of(&self, name: &[u8]) -> Option<u64> {
        let text = self.text.as_bytes();
        if name.len() != text.len() + usize::from(self.width) || !name.starts_with(text) {
            return None;
        }
        number_of(&name[text.len()..])
    }
}

fn number_of(digits: &[u8]) -> Option<u64> {
    let mut number = 0;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    Some(number)
}

/// The stems that were met last, which the next name has nearly always.
#[derive(Debug, Default)]
pub struct LastStems(Vec<(Stem, u32)>);

impl LastStems {
    /// Index and count of a name whose stem is among them.
    pub fn find(&self, name: &str) -> Option<(u32, u64)> {
        let name = name.as_bytes();
        self.0
            .iter()
            .find_map(|(stem, index)| Some((*index, stem.count_of(name)?)))
    }

    /// Puts one in the place of the oldest.
    pub fn keep(&mut self, stem: Stem, index: u32) {
        if stem.width > 0 {
            self.0.truncate(LAST - 1);
            self.0.insert(0, (stem, index));
        }
    }
}

/// The stems of a whole file, by the index of their declaration.
#[derive(Debug, Default)]
pub struct Stems {
    known: HashMap<Stem, u32>,
    declared: u32,
}

/// Where a name's stem stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its index.
    pub index: u32,
    /// The count of the name.
    pub count: u64,
    /// The stem.
    pub stem: Stem,
    /// Whether it has to be declared now.
    pub is_new: bool,
}

impl Stems {
    /// Finds the stem of a name, or gives it the next index.
    pub fn find(&mut self, name: &str) -> Found {
        let (text, width, count) = Stem::split(name);
        let stem = Stem {
            text: text.into(),
            width,
        };
        if let Some(&index) = self.known.get(&stem) {
            return Found {
                index,
                count,
                stem,
                is_new: false,
            };
        }
        let index = self.declared;
        self.declared += 1;
        let (stem, count) = if width > 0 && self.known.len() < MOST_STEMS {
            self.known.insert(stem.clone(), index);
            (stem, count)
        } else {
            let whole = Stem {
                text: name.into(),
                width: 0,
            };
            (whole, 0)
        };
        Found {
            index,
            count,
            stem,
            is_new: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_name_comes_back_from_its_stem_and_its_count(name in "[ -~é]{1,20}[0-9]{0,12}") {
            let mut stems = Stems::default();
            let mut last = LastStems::default();
            let found = stems.find(&name);
            prop_assert_eq!(found.stem.name(found.count), Some(name.clone()));
            last.keep(found.stem.clone(), found.index);
            if found.stem.width > 0 {
                prop_assert!(found.stem.is_canonical());
                prop_assert_eq!(last.find(&name), Some((found.index, found.count)));
                prop_assert!(!stems.find(&name).is_new);
            }
        }
    }

    #[test]
    fn a_stem_takes_no_name_of_another() {
        let mut last = LastStems::default();
        let mut stems = Stems::default();
        let found = stems.find("r-07");
        last.keep(found.stem, found.index);
        for other in ["r-7", "r-007", "r-0a", "s-07", "r-"] {
            assert_eq!(last.find(other), None, "{other}");
        }
        assert_eq!(last.find("r-99"), Some((0, 99)));
    }

    #[test]
    fn a_count_that_is_too_large_names_nothing() {
        let stem = Stem {
            text: "r".into(),
            width: 2,
        };
        assert_eq!(stem.name(99).as_deref(), Some("r99"));
        assert_eq!(stem.name(100), None);
    }
}
