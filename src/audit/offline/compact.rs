//! A history in memory as the binary form has it: 48 bytes a record.

use std::collections::HashMap;
use std::io::{BufRead, Read};

use crate::audit::history::binary::block::Kind;
use crate::audit::history::binary::declare::{take_order, take_stem};
use crate::audit::history::binary::packed::Outcome;
use crate::audit::history::binary::reader::{take_line, unpack};
use crate::audit::history::binary::stem::{LastStems, Stems};
use crate::audit::history::binary::{Blocks, Packed, RECORD, Stem};
use crate::audit::history::error::Problem;
use crate::audit::history::integrity::{Places, check_answer};
use crate::audit::history::{HistoryError, OrderHistory, OrderRecord, Record, Terms, TextReader};
use crate::protocol::{Amount, OrderNo, RefundNo};

/// An order, as it was declared.
#[derive(Debug)]
pub struct Order {
    /// The merchant's number of it.
    pub number: OrderNo,
    /// What was paid for it.
    pub paid: Amount,
    /// In which currency, as an index.
    currency: u32,
    /// Whether other machines refund it as well.
    pub is_shared: bool,
    /// Whether records of it do not fit the compact form.
    pub has_long: bool,
}

/// A record that does not fit.
#[derive(Debug)]
struct Long {
    /// Which of the records that fit it stands before.
    before: usize,
    record: Record<'static>,
}

/// A history, or the part of one that some orders are.
#[derive(Debug, Default)]
pub struct Compact {
    /// The open points that it was recorded under.
    pub terms: Terms,
    /// Its orders, by their indices.
    pub orders: Vec<Order>,
    /// Its records, in the order of the file.
    pub records: Vec<Packed>,
    /// Records that do not fit, by order.
    long: HashMap<u32, Vec<Long>>,
    by_number: HashMap<OrderNo, u32>,
    currencies: Vec<String>,
    stems: Vec<Stem>,
    /// The stem that stands for each: the first that is the same.
    same_as: Vec<u32>,
    first: HashMap<Stem, u32>,
}

impl Compact {
    /// Reads a binary history of about so many records. `places` are checked
    /// where they were not yet.
    ///
    /// # Errors
    /// [`HistoryError`] where it is not whole.
    pub fn read(
        blocks: &mut Blocks<impl Read>,
        mut places: Option<&mut Places>,
        expected: usize,
    ) -> Result<Self, HistoryError> {
        let mut compact = Self {
            terms: blocks.terms(),
            records: Vec::with_capacity(expected),
            ..Self::default()
        };
        while let Some((kind, count)) = blocks.next_block()? {
            compact
                .add_block(kind, count, blocks.payload(), places.as_deref_mut())
                .map_err(|problem| blocks.wrong(problem))?;
        }
        compact
            .check_spelling()
            .map_err(|problem| blocks.wrong(problem))?;
        Ok(compact)
    }

    /// Reads a history of text.
    ///
    /// # Errors
    /// [`HistoryError`] where it is not whole.
    pub fn read_text(reader: TextReader<impl BufRead>) -> Result<Self, HistoryError> {
        let terms = reader.terms();
        Self::collect(terms, reader)
    }

    /// Collects records that were checked.
    ///
    /// # Errors
    /// The first that comes.
    pub fn collect(
        terms: Terms,
        records: impl Iterator<Item = Result<Record<'static>, HistoryError>>,
    ) -> Result<Self, HistoryError> {
        let mut compact = Self {
            terms,
            ..Self::default()
        };
        let mut names = Names::default();
        // A record may stand before the one that declares its order.
        let mut early = Vec::new();
        for record in records {
            if let Some(record) = compact.add(record?, &mut names) {
                early.push(record);
            }
        }
        for record in early {
            compact.add(record, &mut names);
        }
        Ok(compact)
    }

    fn add_block(
        &mut self,
        kind: Kind,
        count: u32,
        mut payload: &[u8],
        mut places: Option<&mut Places>,
    ) -> Result<(), Problem> {
        if kind == Kind::Records {
            return self.add_records(count, payload, places);
        }
        for _ in 0..count {
            match kind {
                Kind::Orders => {
                    let order = take_order(&mut payload).ok_or(Problem::NoEntry)?;
                    self.add_order(order)?;
                }
                Kind::Stems => {
                    let stem = take_stem(&mut payload).ok_or(Problem::NoEntry)?;
                    self.add_stem(stem);
                }
                _ => {
                    let record = take_line(&mut payload).ok_or(Problem::NoEntry)?;
                    let (order, sent, answered) = match &record {
                        Record::Refund(record) => {
                            check_answer(record.outcome, record.answered)?;
                            (&record.order, record.sent, record.answered)
                        }
                        Record::Query(record) => {
                            (&record.order, record.sent, Some(record.answered))
                        }
                        Record::Order(_) => return Err(Problem::NoEntry),
                    };
                    let index = self.by_number.get(order.as_ref()).copied();
                    let index =
                        index.ok_or_else(|| Problem::UnknownOrder(order.as_ref().clone()))?;
                    if let Some(places) = &mut places {
                        places.take_both(sent, answered)?;
                    }
                    self.add_long(index, record);
                }
            }
        }
        if payload.is_empty() {
            Ok(())
        } else {
            Err(Problem::NoEntry)
        }
    }

    fn add_records(
        &mut self,
        count: u32,
        payload: &[u8],
        mut places: Option<&mut Places>,
    ) -> Result<(), Problem> {
        let (records, rest) = payload.as_chunks::<RECORD>();
        if records.len() != count as usize || !rest.is_empty() {
            return Err(Problem::NoEntry);
        }
        self.records.reserve(records.len());
        for bytes in records {
            let packed = Packed::from_bytes(bytes);
            checked(&packed, self.orders.len(), &self.stems)?;
            let packed = if packed.is_refund() {
                packed.renamed(self.same_as[packed.stem as usize], packed.count())
            } else {
                packed
            };
            if let Some(places) = &mut places {
                places.take_both(packed.sent(), packed.answered())?;
            }
            self.records.push(packed);
        }
        Ok(())
    }

    /// A name has one spelling: either a stem and a count, or itself.
    fn check_spelling(&self) -> Result<(), Problem> {
        let mut whole = self.stems.iter().filter(|stem| stem.width == 0);
        let is_stem = |stem: &Stem| self.first.contains_key(stem);
        if whole.any(|stem| stem.is_twofold(is_stem)) {
            return Err(Problem::NoEntry);
        }
        Ok(())
    }

    fn add_order(&mut self, record: OrderRecord<'_>) -> Result<(), Problem> {
        let number = record.order.into_owned();
        if record.paid < Amount::ZERO {
            return Err(Problem::NegativePayment(number));
        }
        let index = u32::try_from(self.orders.len()).map_err(|_| Problem::NoEntry)?;
        if self.by_number.insert(number.clone(), index).is_some() {
            return Err(Problem::OrderTwice(number));
        }
        let currency = self.currency(&record.currency);
        self.orders.push(Order {
            number,
            paid: record.paid,
            currency,
            is_shared: record.shared,
            has_long: false,
        });
        Ok(())
    }

    /// Currencies are few, and the last one is nearly always it.
    fn currency(&mut self, name: &str) -> u32 {
        let found = self.currencies.iter().rposition(|known| known == name);
        let index = found.unwrap_or_else(|| {
            self.currencies.push(name.to_owned());
            self.currencies.len() - 1
        });
        u32::try_from(index).expect("there are no more currencies than orders")
    }

    fn add_stem(&mut self, stem: Stem) {
        let index = u32::try_from(self.stems.len()).expect("memory ends before 2^32 stems");
        let same = *self.first.entry(stem.clone()).or_insert(index);
        self.same_as.push(same);
        self.stems.push(stem);
    }

    /// Adds a record, or gives it back where its order is not declared yet.
    fn add(&mut self, record: Record<'static>, names: &mut Names) -> Option<Record<'static>> {
        let packed = match &record {
            Record::Order(order) => {
                // What is declared twice was refused before.
                let _ = self.add_order(order.clone());
                return None;
            }
            Record::Refund(refund) => {
                let Some(&order) = self.by_number.get(refund.order.as_ref()) else {
                    return Some(record);
                };
                let name = names.find(refund.refund.as_str(), |stem| self.add_stem(stem));
                let name = (self.same_as[name.0 as usize], name.1);
                (order, Packed::refund(order, name, refund))
            }
            Record::Query(query) => {
                let Some(&order) = self.by_number.get(query.order.as_ref()) else {
                    return Some(record);
                };
                (order, Packed::query(order, query))
            }
        };
        match packed {
            (_, Some(packed)) => self.records.push(packed),
            (order, None) => self.add_long(order, record),
        }
        None
    }

    fn add_long(&mut self, order: u32, record: Record<'static>) {
        self.orders[order as usize].has_long = true;
        self.long.entry(order).or_default().push(Long {
            before: self.records.len(),
            record,
        });
    }

    /// The stems of its refund numbers.
    pub fn stems(&self) -> &[Stem] {
        &self.stems
    }

    /// The refund number of a record.
    pub fn name(&self, packed: &Packed) -> String {
        let name = self.stems[packed.stem as usize].name(packed.count());
        name.expect("the count was looked at when the record was read")
    }

    /// The records of an order that do not fit.
    pub fn long_of(&self, order: u32) -> impl Iterator<Item = &Record<'static>> {
        self.longs_of(order).iter().map(|long| &long.record)
    }

    fn longs_of(&self, order: u32) -> &[Long] {
        self.long.get(&order).map_or(&[], Vec::as_slice)
    }

    /// All of an order, in the order of the file, as the judge reads it;
    /// `records` says which of the records are of it.
    pub fn history_of(&self, order: u32, records: &[u32]) -> OrderHistory {
        let head = &self.orders[order as usize];
        let currency = self.currencies[head.currency as usize].clone();
        let mut history =
            OrderHistory::new(head.number.clone(), head.paid, currency).of_several(head.is_shared);
        let mut longs = self.longs_of(order).iter().peekable();
        for &at in records {
            while let Some(long) = longs.next_if(|long| long.before <= at as usize) {
                history.add(&long.record);
            }
            let named = |packed: &Packed| RefundNo::new(self.name(packed)).ok();
            if let Some(record) = unpack(&self.records[at as usize], &head.number, named) {
                history.add(&record);
            }
        }
        longs.for_each(|long| history.add(&long.record));
        history
    }

    /// The records by order: where each order's begin, and which they are.
    pub fn by_order(&self) -> (Vec<u32>, Vec<u32>) {
        let mut begins = vec![0_u32; self.orders.len() + 1];
        for record in &self.records {
            begins[record.order as usize + 1] += 1;
        }
        let mut sum = 0;
        for begin in &mut begins {
            sum += *begin;
            *begin = sum;
        }
        let mut next = begins.clone();
        let mut sorted = vec![0_u32; self.records.len()];
        for (index, record) in (0_u32..).zip(&self.records) {
            let place = &mut next[record.order as usize];
            sorted[*place as usize] = index;
            *place += 1;
        }
        (begins, sorted)
    }
}

/// Whether a packed record is one: of orders and stems that were declared, and
/// with an answer where its outcome needs one.
///
/// # Errors
/// The [`Problem`] where it is not.
pub fn checked(packed: &Packed, orders: usize, stems: &[Stem]) -> Result<(), Problem> {
    let outcome = packed.outcome().ok_or(Problem::NoEntry)?;
    let is_named = match outcome {
        Outcome::Refund(outcome) => {
            check_answer(outcome, packed.answered())?;
            let stem = stems.get(packed.stem as usize);
            stem.is_some_and(|stem| stem.has(packed.count()))
        }
        Outcome::Query(_) => packed.answered().is_some(),
    };
    if is_named && (packed.order as usize) < orders {
        Ok(())
    } else {
        Err(Problem::NoEntry)
    }
}

/// The stems of names that come as text.
#[derive(Debug, Default)]
struct Names {
    stems: Stems,
    last: LastStems,
}

impl Names {
    fn find(&mut self, name: &str, declare: impl FnOnce(Stem)) -> (u32, u64) {
        if let Some(found) = self.last.find(name) {
            return found;
        }
        let found = self.stems.find(name);
        if found.is_new {
            declare(found.stem.clone());
        }
        self.last.keep(found.stem, found.index);
        (found.index, found.count)
    }
}
