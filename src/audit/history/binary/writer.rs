//! Writes the binary form record by record, from one thread.

use std::collections::HashMap;
use std::io::{self, Write};

use super::super::record::{Record, Terms};
use super::super::text::write_record;
use super::block::{BLOCK_HEAD, FULL, Framing, Kind, head};
use super::declare::{push_order, push_stem};
use super::packed::Packed;
use super::stem::{LastStems, Stem, Stems};
use crate::protocol::{OrderNo, RefundNo};

/// Writes a binary history. It is whole once [`finish`](Self::finish) was
/// called.
#[derive(Debug)]
pub struct BinaryWriter<W> {
    out: BlockWriter<W>,
    orders: HashMap<OrderNo, u32>,
    stems: Stems,
    last: LastStems,
}

impl<W: Write> BinaryWriter<W> {
    /// Writes the head.
    ///
    /// # Errors
    /// The sink's own.
    pub fn new(sink: W, terms: Terms) -> io::Result<Self> {
        Ok(Self {
            out: BlockWriter::new(sink, terms)?,
            orders: HashMap::new(),
            stems: Stems::default(),
            last: LastStems::default(),
        })
    }

    /// Whether an order was declared.
    pub fn knows(&self, order: &OrderNo) -> bool {
        self.orders.contains_key(order)
    }

    /// Writes one record. Whether it fits the others is not asked here.
    ///
    /// # Errors
    /// The sink's own, and [`io::ErrorKind::InvalidInput`] for a record of an
    /// order that was not declared before it.
    pub fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        let packed = match record {
            Record::Order(record) => {
                let index = u32::try_from(self.orders.len()).map_err(io::Error::other)?;
                self.orders.insert(record.order.as_ref().clone(), index);
                return self
                    .out
                    .push(Kind::Orders, |block| push_order(record, block));
            }
            Record::Refund(record) => {
                let order = self.order(&record.order)?;
                let name = self.name(&record.refund)?;
                Packed::refund(order, name, record)
            }
            Record::Query(record) => Packed::query(self.order(&record.order)?, record),
        };
        match packed {
            Some(packed) => self.out.record(packed),
            None => self
                .out
                .push(Kind::Lines, |block| write_record(record, block)),
        }
    }

    /// Writes the end mark, flushes, and gives the sink back.
    ///
    /// # Errors
    /// The sink's own.
    pub fn finish(self) -> io::Result<W> {
        self.out.finish()
    }

    fn order(&self, order: &OrderNo) -> io::Result<u32> {
        self.orders.get(order).copied().ok_or_else(|| {
            let reason = format!("the order {order} is used before it is declared");
            io::Error::new(io::ErrorKind::InvalidInput, reason)
        })
    }

    fn name(&mut self, refund: &RefundNo) -> io::Result<(u32, u64)> {
        let name = refund.as_str();
        if let Some(found) = self.last.find(name) {
            return Ok(found);
        }
        let found = self.stems.find(name);
        if found.is_new {
            self.out.stem(&found.stem)?;
        }
        self.last.keep(found.stem, found.index);
        Ok((found.index, found.count))
    }
}

/// Writes entries that are there already, block by block: a block ends where
/// another kind of entry comes.
#[derive(Debug)]
pub struct BlockWriter<W> {
    sink: W,
    framing: Framing,
    kind: Kind,
    count: u32,
    block: Vec<u8>,
}

impl<W: Write> BlockWriter<W> {
    /// Writes the head.
    ///
    /// # Errors
    /// The sink's own.
    pub fn new(mut sink: W, terms: Terms) -> io::Result<Self> {
        sink.write_all(&head(terms))?;
        Ok(Self {
            sink,
            framing: Framing::default(),
            kind: Kind::Records,
            count: 0,
            block: Framing::empty_block(),
        })
    }

    /// Writes a packed record, whose order and stem were declared.
    ///
    /// # Errors
    /// The sink's own.
    pub fn record(&mut self, packed: Packed) -> io::Result<()> {
        self.push(Kind::Records, |block| {
            block.extend_from_slice(&packed.to_bytes());
        })
    }

    /// Declares a stem, whose index is how many were declared before.
    ///
    /// # Errors
    /// The sink's own.
    pub fn stem(&mut self, stem: &Stem) -> io::Result<()> {
        self.push(Kind::Stems, |block| push_stem(stem, block))
    }

    /// Writes one entry of a kind.
    ///
    /// # Errors
    /// The sink's own.
    pub fn push(&mut self, kind: Kind, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        if kind != self.kind || self.block.len() - BLOCK_HEAD >= FULL {
            self.seal()?;
            self.kind = kind;
        }
        write(&mut self.block);
        self.count += 1;
        Ok(())
    }

    /// Writes the end mark, flushes, and gives the sink back.
    ///
    /// # Errors
    /// The sink's own.
    pub fn finish(mut self) -> io::Result<W> {
        self.seal()?;
        self.sink.write_all(&self.framing.end())?;
        self.sink.flush()?;
        Ok(self.sink)
    }

    fn seal(&mut self) -> io::Result<()> {
        if self.count > 0 {
            self.framing.seal(self.kind, self.count, &mut self.block);
            self.sink.write_all(&self.block)?;
            self.block.truncate(BLOCK_HEAD);
            self.count = 0;
        }
        Ok(())
    }
}
