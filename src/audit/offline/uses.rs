//! Which refund numbers more than one order uses.
//!
//! Numbers of a load are dense: a stem, and a count that goes up. So a bit for
//! each is set, in pages that exist where they are needed. A number whose stem
//! nothing else has is known by its hash; two names of one hash are looked at
//! as if they were one number, which the judge then finds they are not.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hash, Hasher};

use crate::audit::history::binary::Stem;

/// Bits of a count within its page.
const IN_PAGE: u32 = 9;
/// Bits of a count before those.
const PAGE_BITS: u32 = 56 - IN_PAGE;
/// Stems that have pages; the numbers of further ones go by their hashes.
const MOST_STEMS: usize = 65_536;

type Page = [u64; 8];

/// A refund number, whichever order uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// A stem that has pages, and a count.
    Counted(u32, u64),
    /// The hash of a name.
    Hashed(u64),
}

/// The stems of a history that have pages.
#[derive(Debug, Default)]
pub struct KnownStems(HashMap<Stem, u32>);

impl KnownStems {
    /// Takes note of stems; the number of each that has one.
    ///
    /// A name is spelled whole only where its writer knew too many stems to
    /// take its own in, and so many are known here as well by then: a name has
    /// one key, however late another part's stems come.
    pub fn add_all(&mut self, stems: &[Stem]) -> Vec<Option<u32>> {
        stems.iter().map(|stem| self.add(stem)).collect()
    }

    fn add(&mut self, stem: &Stem) -> Option<u32> {
        if stem.width == 0 {
            return None;
        }
        if let Some(&known) = self.0.get(stem) {
            return Some(known);
        }
        let next = u32::try_from(self.0.len()).ok()?;
        (self.0.len() < MOST_STEMS).then(|| {
            self.0.insert(stem.clone(), next);
            next
        })
    }

    /// The key of a name.
    pub fn key(&self, name: &str) -> Key {
        let (text, width, count) = Stem::split(name);
        let stem = Stem {
            text: text.into(),
            width,
        };
        match self.0.get(&stem) {
            Some(&stem) if width > 0 => Key::Counted(stem, count),
            _ => Key::hashed(name),
        }
    }
}

impl Key {
    /// The key of a refund number of this stem, by the stem's number and name.
    pub fn of(stem: Option<u32>, count: u64, name: impl FnOnce() -> Self) -> Self {
        stem.map_or_else(name, |stem| Self::Counted(stem, count))
    }

    /// The key of a name that has no stem with pages.
    pub fn hashed(name: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        Self::Hashed(hasher.finish())
    }
}

/// The numbers that were used so far, each by one order.
#[derive(Debug, Default)]
pub struct Uses {
    pages: HashMap<u64, Page, BuildHasherDefault<PageHasher>>,
    hashes: HashSet<u64>,
    /// Those that another order used as well.
    pub conflicts: HashSet<Key>,
}

impl Uses {
    /// None so far, where these are known to be used by several orders.
    pub fn knowing(conflicts: HashSet<Key>) -> Self {
        Self {
            conflicts,
            ..Self::default()
        }
    }

    /// An order uses a number; to be said once by each order.
    pub fn add(&mut self, key: Key) {
        let is_free = match key {
            Key::Counted(stem, count) => {
                let page = self.pages.entry(page_of(stem, count)).or_default();
                let (word, bit) = place_in_page(count);
                let is_free = page[word] & bit == 0;
                page[word] |= bit;
                is_free
            }
            Key::Hashed(hash) => self.hashes.insert(hash),
        };
        if !is_free {
            self.conflicts.insert(key);
        }
    }

    /// Adds what other orders used.
    pub fn merge(&mut self, other: Self) {
        for (at, more) in other.pages {
            let page = self.pages.entry(at).or_default();
            for (word, (own, more)) in page.iter_mut().zip(more).enumerate() {
                let mut both = *own & more;
                *own |= more;
                while both != 0 {
                    let bit = both.trailing_zeros();
                    both &= both - 1;
                    let stem = u32::try_from(at >> PAGE_BITS).expect("stems are few");
                    let page = at & ((1 << PAGE_BITS) - 1);
                    let count = (page << IN_PAGE) | (word as u64 * 64) | u64::from(bit);
                    self.conflicts.insert(Key::Counted(stem, count));
                }
            }
        }
        for hash in other.hashes {
            if !self.hashes.insert(hash) {
                self.conflicts.insert(Key::Hashed(hash));
            }
        }
        self.conflicts.extend(other.conflicts);
    }
}

const fn page_of(stem: u32, count: u64) -> u64 {
    ((stem as u64) << PAGE_BITS) | (count >> IN_PAGE)
}

const fn place_in_page(count: u64) -> (usize, u64) {
    let at = count & ((1 << IN_PAGE) - 1);
    ((at / 64) as usize, 1 << (at % 64))
}

/// Mixes the bits of a page's number, which is all that a table of them needs.
#[derive(Debug, Default)]
pub struct PageHasher(u64);

impl Hasher for PageHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        let mixed = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}
