//! The blocks of a binary history between traffic and its file.
//!
//! An order, and a stem of refund numbers, stands in the file before the first
//! record that names it: whoever hands on records hands on all declarations
//! first, and nobody hands on records while another hands on declarations.

use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::part::{PARTS, own_part};
use super::sink::{Batch, Sink};
use crate::audit::history::binary::block::{BLOCK_HEAD, FULL, Framing, Kind, head};
use crate::audit::history::binary::declare::{push_order, push_stem};
use crate::audit::history::binary::packed::Packed;
use crate::audit::history::binary::stem::{LastStems, Stems};
use crate::audit::history::text::write_record;
use crate::audit::history::{OrderRecord, QueryRecord, Record, RefundRecord, Terms};

/// A binary history.
pub(super) struct Blocks {
    sink: Sink,
    parts: Vec<Mutex<Part>>,
    declared: Mutex<Declared>,
}

/// Records of some threads.
#[derive(Default)]
struct Part {
    records: Block,
    /// Those that are too large for a record.
    lines: Block,
    stems: LastStems,
}

/// Orders and stems that were not handed on yet.
#[derive(Default)]
struct Declared {
    orders: Block,
    known_orders: u32,
    stems: Block,
    known_stems: Stems,
}

/// A block that fills.
struct Block {
    bytes: Vec<u8>,
    count: u32,
}

impl Default for Block {
    fn default() -> Self {
        Self {
            bytes: Framing::empty_block(),
            count: 0,
        }
    }
}

impl Block {
    const fn is_full(&self) -> bool {
        self.bytes.len() >= BLOCK_HEAD + FULL
    }

    fn hand_on(&mut self, kind: Kind, sink: &Sink) {
        if self.count > 0 {
            let Self { bytes, count } = std::mem::take(self);
            sink.write(Batch::Block { kind, count, bytes });
        }
    }
}

impl Declared {
    fn hand_on(&mut self, sink: &Sink) {
        self.orders.hand_on(Kind::Orders, sink);
        self.stems.hand_on(Kind::Stems, sink);
    }
}

impl Blocks {
    /// Blocks that go to `target`, after the head.
    pub(super) fn new(target: Box<dyn Write + Send>, terms: Terms) -> Self {
        let sink = Sink::start(target);
        sink.write(Batch::Bytes(head(terms).to_vec()));
        Self {
            sink,
            parts: (0..PARTS).map(|_| Mutex::default()).collect(),
            declared: Mutex::default(),
        }
    }

    /// Declares an order; its index.
    pub(super) fn declare(&self, record: &OrderRecord<'_>) -> u32 {
        let mut declared = self.declared();
        push_order(record, &mut declared.orders.bytes);
        declared.orders.count += 1;
        let index = declared.known_orders;
        declared.known_orders += 1;
        if declared.orders.is_full() {
            declared.hand_on(&self.sink);
        }
        index
    }

    /// Writes a refund of the order that was declared with this index.
    pub(super) fn refund(&self, order: u32, record: &RefundRecord<'_>) {
        let mut part = self.part();
        let name = record.refund.as_str();
        let found = part.stems.find(name);
        let number = found.unwrap_or_else(|| self.declare_stem(name, &mut part));
        match Packed::refund(order, number, record) {
            Some(packed) => self.push(&mut part, packed),
            None => self.push_line(&mut part, &Record::Refund(record.clone())),
        }
    }

    /// Writes a query of the order that was declared with this index.
    pub(super) fn query(&self, order: u32, record: &QueryRecord<'_>) {
        let mut part = self.part();
        match Packed::query(order, record) {
            Some(packed) => self.push(&mut part, packed),
            None => self.push_line(&mut part, &Record::Query(record.clone())),
        }
    }

    fn push(&self, part: &mut Part, packed: Packed) {
        part.records.bytes.extend_from_slice(&packed.to_bytes());
        part.records.count += 1;
        if part.records.is_full() {
            self.declared().hand_on(&self.sink);
            part.records.hand_on(Kind::Records, &self.sink);
        }
    }

    fn push_line(&self, part: &mut Part, record: &Record<'_>) {
        write_record(record, &mut part.lines.bytes);
        part.lines.count += 1;
        if part.lines.is_full() {
            self.declared().hand_on(&self.sink);
            part.lines.hand_on(Kind::Lines, &self.sink);
        }
    }

    fn declare_stem(&self, name: &str, part: &mut Part) -> (u32, u64) {
        let mut declared = self.declared();
        let found = declared.known_stems.find(name);
        if found.is_new {
            push_stem(&found.stem, &mut declared.stems.bytes);
            declared.stems.count += 1;
            if declared.stems.is_full() {
                declared.hand_on(&self.sink);
            }
        }
        part.stems.keep(found.stem, found.index);
        (found.index, found.count)
    }

    /// Hands on what is left, and the end mark after it.
    pub(super) fn end(&self) -> &Sink {
        for part in &self.parts {
            let mut part = part.lock().unwrap_or_else(PoisonError::into_inner);
            self.declared().hand_on(&self.sink);
            part.records.hand_on(Kind::Records, &self.sink);
            part.lines.hand_on(Kind::Lines, &self.sink);
        }
        self.declared().hand_on(&self.sink);
        self.sink.write(Batch::EndMark);
        &self.sink
    }

    pub(super) const fn sink(&self) -> &Sink {
        &self.sink
    }

    fn part(&self) -> MutexGuard<'_, Part> {
        self.parts[own_part()]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn declared(&self) -> MutexGuard<'_, Declared> {
        self.declared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
