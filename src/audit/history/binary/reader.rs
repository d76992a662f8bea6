//! Reads the binary form record by record.

use std::borrow::Cow;
use std::io::Read;

use super::super::error::{HistoryError, Problem};
use super::super::integrity::Integrity;
use super::super::record::{OrderRecord, QueryRecord, Record, RefundRecord, Terms};
use super::block::Kind;
use super::blocks::Blocks;
use super::declare::{take_order, take_stem};
use super::packed::{Outcome, Packed, RECORD};
use super::stem::Stem;
use crate::protocol::{OrderNo, RefundNo};

/// Reads a binary history, and trusts none of it: an error ends it, and what
/// came before must not be judged as a whole history.
#[derive(Debug)]
pub struct BinaryReader<R> {
    blocks: Blocks<R>,
    integrity: Integrity,
    orders: Vec<OrderNo>,
    stems: Vec<Stem>,
    /// What the block holds that is read now, where in it that is, and how many
    /// entries of it are left.
    now: (Kind, usize, u32),
    ended: bool,
}

impl<R: Read> BinaryReader<R> {
    /// Reads the head.
    ///
    /// # Errors
    /// [`HistoryError`] where the source fails or is no binary history.
    pub fn new(source: R) -> Result<Self, HistoryError> {
        Ok(Self {
            blocks: Blocks::open(source)?,
            integrity: Integrity::default(),
            orders: Vec::new(),
            stems: Vec::new(),
            now: (Kind::Records, 0, 0),
            ended: false,
        })
    }

    /// The open points that the history was recorded under.
    pub const fn terms(&self) -> Terms {
        self.blocks.terms()
    }

    fn next_record(&mut self) -> Result<Option<Record<'static>>, HistoryError> {
        loop {
            let (kind, at, left) = self.now;
            let mut rest = &self.blocks.payload()[at..];
            if left == 0 {
                if !rest.is_empty() {
                    return Err(self.blocks.wrong(Problem::NoEntry));
                }
                match self.blocks.next_block()? {
                    Some((kind, count)) => self.now = (kind, 0, count),
                    None => return Ok(None),
                }
                continue;
            }
            let before = rest.len();
            let record = match kind {
                Kind::Orders => take_order(&mut rest).map(Record::Order),
                Kind::Stems => {
                    let stem = take_stem(&mut rest);
                    let taken = before - rest.len();
                    let stem = stem.ok_or_else(|| self.blocks.wrong(Problem::NoEntry))?;
                    self.stems.push(stem);
                    self.now = (kind, at + taken, left - 1);
                    continue;
                }
                Kind::Records => self.take_packed(&mut rest),
                Kind::Lines => take_line(&mut rest),
                Kind::End => None,
            };
            let taken = before - rest.len();
            let record = record.ok_or_else(|| self.blocks.wrong(Problem::NoEntry))?;
            self.now = (kind, at + taken, left - 1);
            let checked = self.integrity.check(&record, self.blocks.number());
            checked.map_err(|problem| self.blocks.wrong(problem))?;
            if let Record::Order(record) = &record {
                self.orders.push(record.order.as_ref().clone());
            } else if let Some((_, order)) = self.integrity.undeclared() {
                let problem = Problem::UnknownOrder(order.clone());
                return Err(self.blocks.wrong(problem));
            }
            return Ok(Some(record));
        }
    }

    fn take_packed(&self, rest: &mut &[u8]) -> Option<Record<'static>> {
        let (bytes, after) = rest.split_first_chunk::<RECORD>()?;
        *rest = after;
        let packed = Packed::from_bytes(bytes);
        let order = self.orders.get(packed.order as usize)?;
        unpack(&packed, order, |packed| {
            self.stems
                .get(packed.stem as usize)?
                .name(packed.count())
                .and_then(|name| RefundNo::new(name).ok())
        })
    }
}

/// The record that was packed; `named` finds the name of a refund.
pub fn unpack(
    packed: &Packed,
    order: &OrderNo,
    named: impl FnOnce(&Packed) -> Option<RefundNo>,
) -> Option<Record<'static>> {
    let order = Cow::Owned(order.clone());
    Some(match packed.outcome()? {
        Outcome::Refund(outcome) => Record::Refund(RefundRecord {
            order,
            refund: Cow::Owned(named(packed)?),
            amount: packed.money(),
            sent: packed.sent(),
            answered: packed.answered(),
            outcome,
            sent_ns: packed.sent_ns(),
            answered_ns: packed.answered_ns(),
            code: packed.code(),
            status: packed.status(),
            signature: packed.signature(),
        }),
        Outcome::Query(outcome) => Record::Query(QueryRecord {
            order,
            sent: packed.sent(),
            answered: packed.answered()?,
            outcome,
            sent_ns: packed.sent_ns(),
            answered_ns: packed.answered_ns(),
        }),
    })
}

/// Takes a line of the text form off `rest`: a refund or a query.
pub fn take_line(rest: &mut &[u8]) -> Option<Record<'static>> {
    let end = rest.iter().position(|&byte| byte == b'\n')?;
    let record: Record<'static> = serde_json::from_slice(&rest[..end]).ok()?;
    *rest = &rest[end + 1..];
    (!matches!(record, Record::Order(OrderRecord { .. }))).then_some(record)
}

impl<R: Read> Iterator for BinaryReader<R> {
    type Item = Result<Record<'static>, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.next_record().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
