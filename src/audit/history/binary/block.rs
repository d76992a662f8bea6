//! The frame of the binary form: its head, its blocks and its end mark.

use super::super::record::Terms;
use crate::protocol::profile::Duplicates;

/// The only binary schema there is.
pub const SCHEMA: &str = "recoup.history.binary/1";
/// The file's first byte, which no text begins with.
pub const FIRST: u8 = 0x89;
/// Bytes of the head.
pub const HEAD: usize = 32;
/// Bytes before a block's payload.
pub const BLOCK_HEAD: usize = 20;
/// A block is full when its payload has so many bytes.
pub const FULL: usize = 32 * 1024;
/// No payload is longer: more is asked for by no writer.
pub const LONGEST_PAYLOAD: usize = 16 * 1024 * 1024;

const SCHEMA_END: usize = 1 + SCHEMA.len();
const SUMMED: usize = 16;

/// What a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Orders, each declared once, before its first record.
    Orders,
    /// Stems of refund numbers, likewise.
    Stems,
    /// Records of a fixed size.
    Records,
    /// Records that do not fit that size, as lines of the text form.
    Lines,
    /// Nothing but the totals: the end mark.
    End,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::Orders,
        Self::Stems,
        Self::Records,
        Self::Lines,
        Self::End,
    ];

    const fn tag(self) -> [u8; 4] {
        match self {
            Self::Orders => *b"ORDR",
            Self::Stems => *b"STEM",
            Self::Records => *b"RECS",
            Self::Lines => *b"LINE",
            Self::End => *b"ENDS",
        }
    }
}

/// How many of each a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals([u64; 4]);

impl Totals {
    /// Counts one more block.
    pub const fn add(&mut self, kind: Kind, count: u32) {
        if !matches!(kind, Kind::End) {
            self.0[kind as usize] += count as u64;
        }
    }

    /// The end mark's payload.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (place, total) in bytes.chunks_exact_mut(8).zip(self.0) {
            place.copy_from_slice(&total.to_le_bytes());
        }
        bytes
    }
}

/// Numbers blocks and seals them, in the order in which they are written.
#[derive(Debug, Default)]
pub struct Framing {
    sequence: u32,
    totals: Totals,
}

impl Framing {
    /// An empty block: room for its head.
    pub fn empty_block() -> Vec<u8> {
        let mut block = Vec::with_capacity(BLOCK_HEAD + FULL + 1024);
        block.resize(BLOCK_HEAD, 0);
        block
    }

    /// Fills in the head of `block`, whose payload holds `count` entries.
    pub fn seal(&mut self, kind: Kind, count: u32, block: &mut [u8]) {
        let length = u32::try_from(block.len() - BLOCK_HEAD).expect("a block is small");
        block[..4].copy_from_slice(&kind.tag());
        for (at, number) in [(4, self.sequence), (8, count), (12, length)] {
            block[at..at + 4].copy_from_slice(&number.to_le_bytes());
        }
        let sum = checksum(&block[..SUMMED], &block[BLOCK_HEAD..]);
        block[SUMMED..BLOCK_HEAD].copy_from_slice(&sum.to_le_bytes());
        self.sequence += 1;
        self.totals.add(kind, count);
    }

    /// The end mark of what was sealed.
    pub fn end(&mut self) -> Vec<u8> {
        let mut block = vec![0; BLOCK_HEAD];
        block.extend_from_slice(&self.totals.to_bytes());
        self.seal(Kind::End, 0, &mut block);
        block
    }
}

/// A block's head, as read.
#[derive(Debug, Clone, Copy)]
pub struct BlockHead {
    /// `None` where nothing is called so.
    pub kind: Option<Kind>,
    /// Its place among the blocks, from 0.
    pub sequence: u32,
    /// How many entries it holds.
    pub count: u32,
    /// The bytes of its payload.
    pub length: usize,
    sum: u32,
}

impl BlockHead {
    /// Reads one. Nothing in it can be believed yet.
    pub fn read(bytes: &[u8; BLOCK_HEAD]) -> Self {
        let number = |at: usize| {
            let bytes = bytes[at..at + 4].try_into().expect("four bytes");
            u32::from_le_bytes(bytes)
        };
        Self {
            kind: Kind::ALL.into_iter().find(|kind| kind.tag() == bytes[..4]),
            sequence: number(4),
            count: number(8),
            length: number(12) as usize,
            sum: number(SUMMED),
        }
    }

    /// Whether head and payload are what was written.
    pub fn holds(&self, bytes: &[u8; BLOCK_HEAD], payload: &[u8]) -> bool {
        checksum(&bytes[..SUMMED], payload) == self.sum
    }
}

/// The head of a file.
pub fn head(terms: Terms) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[0] = FIRST;
    head[1..SCHEMA_END].copy_from_slice(SCHEMA.as_bytes());
    head[SCHEMA_END] = match terms.duplicates {
        Duplicates::Replay => 0,
        Duplicates::Refuse => 1,
        Duplicates::Either => 2,
    };
    head[SCHEMA_END + 1] = u8::from(terms.late_failure);
    let sum = checksum(&head[..HEAD - 4], &[]);
    head[HEAD - 4..].copy_from_slice(&sum.to_le_bytes());
    head
}

/// Why a head is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrongHead {
    /// It names another schema, which is the payload.
    Schema(String),
    /// Its bytes are not those that were written.
    Changed,
}

/// Reads a head.
///
/// # Errors
/// [`WrongHead`] says why it is none.
pub fn read_head(head: &[u8; HEAD]) -> Result<Terms, WrongHead> {
    if head[0] != FIRST || head[1..SCHEMA_END] != *SCHEMA.as_bytes() {
        let name = String::from_utf8_lossy(&head[1..SCHEMA_END]).into_owned();
        return Err(WrongHead::Schema(name));
    }
    let sum = checksum(&head[..HEAD - 4], &[]);
    if head[HEAD - 4..] != sum.to_le_bytes() {
        return Err(WrongHead::Changed);
    }
    let duplicates = match head[SCHEMA_END] {
        0 => Duplicates::Replay,
        1 => Duplicates::Refuse,
        2 => Duplicates::Either,
        _ => return Err(WrongHead::Changed),
    };
    Ok(Terms {
        duplicates,
        late_failure: head[SCHEMA_END + 1] != 0,
    })
}

fn checksum(head: &[u8], payload: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(head);
    sum.update(payload);
    sum.finalize()
}
