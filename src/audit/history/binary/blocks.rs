//! The blocks of a binary history, none of which is believed before its
//! checksum holds.

use std::io::{ErrorKind, Read};

use super::super::error::{HistoryError, Problem};
use super::super::record::Terms;
use super::block::{
    BLOCK_HEAD, BlockHead, HEAD, Kind, LONGEST_PAYLOAD, Totals, WrongHead, read_head,
};

/// Reads a binary history block by block.
#[derive(Debug)]
pub struct Blocks<R> {
    source: R,
    terms: Terms,
    sequence: u32,
    totals: Totals,
    payload: Vec<u8>,
    ended: bool,
}

impl<R: Read> Blocks<R> {
    /// Reads the head.
    ///
    /// # Errors
    /// [`HistoryError`] where the source fails or is no binary history.
    pub fn open(mut source: R) -> Result<Self, HistoryError> {
        let mut head = [0; HEAD];
        let at_head = |problem| HistoryError::Block { block: 0, problem };
        if fill(&mut source, &mut head)? < HEAD {
            return Err(at_head(Problem::CutOff));
        }
        let terms = read_head(&head).map_err(|wrong| {
            at_head(match wrong {
                WrongHead::Schema(name) => Problem::OtherBinarySchema(name),
                WrongHead::Changed => Problem::Changed,
            })
        })?;
        Ok(Self {
            source,
            terms,
            sequence: 0,
            totals: Totals::default(),
            payload: Vec::new(),
            ended: false,
        })
    }

    /// The open points that the history was recorded under.
    pub const fn terms(&self) -> Terms {
        self.terms
    }

    /// The payload of the block that was read last.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The number of the block that was read last, from 1.
    pub const fn number(&self) -> u64 {
        self.sequence as u64
    }

    /// An error about the block that was read last.
    pub const fn wrong(&self, problem: Problem) -> HistoryError {
        HistoryError::Block {
            block: self.number(),
            problem,
        }
    }

    /// Reads the next block: what it holds, and how many. `None` after the end
    /// mark.
    ///
    /// # Errors
    /// [`HistoryError`] where a block is not what was written, or is missing.
    pub fn next_block(&mut self) -> Result<Option<(Kind, u32)>, HistoryError> {
        if self.ended {
            return Ok(None);
        }
        let mut bytes = [0; BLOCK_HEAD];
        let read = fill(&mut self.source, &mut bytes)?;
        let expected = self.sequence;
        self.sequence = expected.saturating_add(1);
        match read {
            BLOCK_HEAD => {}
            0 => return Err(self.wrong(Problem::NoEnd)),
            _ => return Err(self.wrong(Problem::CutOff)),
        }
        let head = BlockHead::read(&bytes);
        let Some(kind) = head.kind.filter(|_| head.length <= LONGEST_PAYLOAD) else {
            return Err(self.wrong(Problem::Changed));
        };
        self.payload.resize(head.length, 0);
        if fill(&mut self.source, &mut self.payload)? < head.length {
            return Err(self.wrong(Problem::CutOff));
        }
        if !head.holds(&bytes, &self.payload) {
            return Err(self.wrong(Problem::Changed));
        }
        if head.sequence != expected {
            return Err(self.wrong(Problem::OutOfSequence {
                found: u64::from(head.sequence) + 1,
            }));
        }
        if kind == Kind::End {
            self.end()?;
            return Ok(None);
        }
        self.totals.add(kind, head.count);
        Ok(Some((kind, head.count)))
    }

    fn end(&mut self) -> Result<(), HistoryError> {
        self.ended = true;
        if self.payload != self.totals.to_bytes() {
            return Err(self.wrong(Problem::OtherTotals));
        }
        if fill(&mut self.source, &mut [0])? > 0 {
            return Err(self.wrong(Problem::AfterEnd));
        }
        Ok(())
    }
}

/// Fills `buffer` as far as the source goes.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> Result<usize, HistoryError> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(filled)
}
