//! Where a recording is written: nowhere, as text, or in the binary form.

use std::io::{self, Write};

use super::blocks::Blocks;
use super::lines::Lines;
use super::sink::Sink;
use crate::audit::history::{Form, OrderRecord, QueryRecord, Record, RefundRecord, Terms};

/// What becomes of what is recorded.
pub(super) enum Writing {
    /// It stays in memory.
    Nowhere,
    /// Lines of text.
    Lines(Lines),
    /// Blocks.
    Blocks(Box<Blocks>),
}

impl Writing {
    /// Writes to `target` in this form, if there is one.
    pub(super) fn new(target: Option<(Form, Box<dyn Write + Send>)>, terms: Terms) -> Self {
        match target {
            None => Self::Nowhere,
            Some((Form::Text, target)) => Self::Lines(Lines::new(target, terms)),
            Some((Form::Binary, target)) => Self::Blocks(Box::new(Blocks::new(target, terms))),
        }
    }

    /// Declares an order. Gives the index by which its records name it, which
    /// means nothing where they don't.
    pub(super) fn declare(&self, record: OrderRecord<'_>) -> u32 {
        match self {
            Self::Nowhere => 0,
            Self::Lines(lines) => {
                lines.push(&Record::Order(record));
                0
            }
            Self::Blocks(blocks) => blocks.declare(&record),
        }
    }

    /// Writes a refund of the order with this index.
    pub(super) fn refund(&self, order: u32, record: RefundRecord<'_>) {
        match self {
            Self::Nowhere => {}
            Self::Lines(lines) => lines.push(&Record::Refund(record)),
            Self::Blocks(blocks) => blocks.refund(order, &record),
        }
    }

    /// Writes a query of the order with this index.
    pub(super) fn query(&self, order: u32, record: QueryRecord<'_>) {
        match self {
            Self::Nowhere => {}
            Self::Lines(lines) => lines.push(&Record::Query(record)),
            Self::Blocks(blocks) => blocks.query(order, &record),
        }
    }

    /// Whether writing has failed.
    pub(super) fn has_failed(&self) -> bool {
        let sink = match self {
            Self::Nowhere => return false,
            Self::Lines(lines) => lines.sink(),
            Self::Blocks(blocks) => blocks.sink(),
        };
        sink.has_failed()
    }

    /// Hands on what is left and waits until all of it is written.
    ///
    /// # Errors
    /// What writing failed with.
    pub(super) fn finish(&self) -> io::Result<()> {
        let sink: &Sink = match self {
            Self::Nowhere => return Ok(()),
            Self::Lines(lines) => lines.end(),
            Self::Blocks(blocks) => blocks.end(),
        };
        sink.finish()
    }
}
