//! A history in memory, grouped by order, as the judge reads it.

use std::collections::{BTreeMap, HashMap};

use super::error::HistoryError;
use super::outcome::{QueryOutcome, RefundOutcome};
use super::record::{QueryRecord, Record, RefundRecord, Terms};
use crate::protocol::{Amount, OrderNo, RefundNo};
use crate::verdict::WitnessStep;

/// A whole history.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The open points that it was recorded under.
    pub terms: Terms,
    /// Its orders, by number.
    pub orders: Vec<OrderHistory>,
}

impl History {
    /// Groups records by order. Those of an order that is never declared are
    /// left out: a [`TextReader`](super::TextReader) refuses such a history.
    pub fn collect<'a>(terms: Terms, records: impl IntoIterator<Item = Record<'a>>) -> Self {
        let mut orders: BTreeMap<OrderNo, OrderHistory> = BTreeMap::new();
        let mut early = Vec::new();
        for record in records {
            if let Some(record) = place(&mut orders, record) {
                early.push(record);
            }
        }
        // A record may stand before the one that declares its order.
        for record in early {
            place(&mut orders, record);
        }
        Self {
            terms,
            orders: orders.into_values().collect(),
        }
    }
}

impl History {
    /// The same of records that are still being read.
    ///
    /// # Errors
    /// The first [`HistoryError`] among them.
    pub(super) fn try_collect(
        terms: Terms,
        records: impl Iterator<Item = Result<Record<'static>, HistoryError>>,
    ) -> Result<Self, HistoryError> {
        let mut failure = None;
        let read = records.map_while(|record| match record {
            Ok(record) => Some(record),
            Err(error) => {
                failure = Some(error);
                None
            }
        });
        let history = Self::collect(terms, read);
        match failure {
            Some(error) => Err(error),
            None => Ok(history),
        }
    }
}

/// Puts a record where it belongs, or gives it back where its order is not
/// declared yet.
fn place<'a>(
    orders: &mut BTreeMap<OrderNo, OrderHistory>,
    record: Record<'a>,
) -> Option<Record<'a>> {
    match record {
        Record::Order(record) => {
            let order = record.order.into_owned();
            orders.entry(order.clone()).or_insert_with(|| {
                OrderHistory::new(order, record.paid, record.currency).of_several(record.shared)
            });
        }
        Record::Refund(record) => match orders.get_mut(&*record.order) {
            Some(order) => order.add_refund(&record),
            None => return Some(Record::Refund(record)),
        },
        Record::Query(record) => match orders.get_mut(&*record.order) {
            Some(order) => order.add_query(&record),
            None => return Some(Record::Query(record)),
        },
    }
    None
}

/// The status of a refund that is accepted and not done yet.
pub(in crate::audit) const DEALING: i64 = 0;

/// A refund number within its order: an index, because a number is long and
/// an attempt should be small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(u32);

impl Number {
    /// The index, counted from 0 without gaps.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One attempt to refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundAttempt {
    /// The refund's number.
    pub number: Number,
    /// The amount that was asked for.
    pub amount: Amount,
    /// Its place in the order of events when it was sent.
    pub sent: u64,
    /// Its place when it was answered; `None` where no answer came.
    pub answered: Option<u64>,
    /// What it came to.
    pub outcome: RefundOutcome,
    /// Whether it was accepted as one that is dealt with later (status 0): what
    /// is left is spoken for, and a query need not show it yet.
    pub is_dealt_with_later: bool,
    /// When it was sent, in nanoseconds since the recording began.
    pub sent_ns: Option<u64>,
    /// When it was answered, likewise.
    pub answered_ns: Option<u64>,
}

/// One query that showed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryRead {
    /// Its place in the order of events when it was sent.
    pub sent: u64,
    /// Its place when it was answered.
    pub answered: u64,
    /// What it showed.
    pub outcome: QueryOutcome,
}

/// All that was recorded of one order.
#[derive(Debug, Clone)]
pub struct OrderHistory {
    /// The merchant's number of it.
    pub order: OrderNo,
    /// What was paid for it.
    pub paid: Amount,
    /// In which currency.
    pub currency: String,
    /// Whether other machines refund it as well, whose refunds are not here:
    /// then what is refused, or shown as refunded, may be their doing.
    pub is_shared: bool,
    /// Attempts to refund, in no particular order.
    pub attempts: Vec<RefundAttempt>,
    /// Queries that showed something, in no particular order.
    pub queries: Vec<QueryRead>,
    names: Vec<RefundNo>,
    /// Where each name stands; made once somebody looks one up.
    numbers: Option<HashMap<RefundNo, Number>>,
}

impl OrderHistory {
    /// An order without any attempts.
    pub fn new(order: OrderNo, paid: Amount, currency: impl Into<String>) -> Self {
        Self {
            order,
            paid,
            currency: currency.into(),
            is_shared: false,
            attempts: Vec::new(),
            queries: Vec::new(),
            names: Vec::new(),
            numbers: None,
        }
    }

    /// The same for an order that other machines refund as well, or not.
    #[must_use]
    pub fn of_several(self, is_shared: bool) -> Self {
        Self { is_shared, ..self }
    }

    /// The index of a refund number, given to it on first use.
    pub fn number(&mut self, refund: &RefundNo) -> Number {
        let numbers = self.numbers.get_or_insert_with(|| {
            let indices = (0..).map(Number);
            self.names.iter().cloned().zip(indices).collect()
        });
        match numbers.get(refund) {
            Some(&number) => number,
            None => self.new_number(refund),
        }
    }

    /// The same for a number that was not used before, which need not be looked
    /// for: most of a load are such.
    pub fn new_number(&mut self, refund: &RefundNo) -> Number {
        let index = u32::try_from(self.names.len()).expect("memory ends before 2^32 numbers");
        let number = Number(index);
        self.names.push(refund.clone());
        if let Some(numbers) = &mut self.numbers {
            numbers.insert(refund.clone(), number);
        }
        number
    }

    /// The refund number of an index.
    ///
    /// # Panics
    /// Where the index comes from another order.
    pub fn name(&self, number: Number) -> &RefundNo {
        &self.names[number.index()]
    }

    /// How many refund numbers of the order were used so far.
    pub const fn numbers_used(&self) -> usize {
        self.names.len()
    }

    /// Every refund number of the order, in the order of first use.
    pub fn names(&self) -> impl Iterator<Item = (Number, &RefundNo)> {
        (0..).map(Number).zip(&self.names)
    }

    /// Adds all of another history of the same order. Its places stay what they
    /// are: what they mean beside those that are here is the caller's to know.
    pub fn append(&mut self, other: &Self) {
        for attempt in &other.attempts {
            let number = self.number(other.name(attempt.number));
            self.attempts.push(RefundAttempt { number, ..*attempt });
        }
        self.queries.extend_from_slice(&other.queries);
    }

    /// An attempt as a report shows it.
    pub fn step(&self, attempt: &RefundAttempt) -> WitnessStep {
        WitnessStep {
            refund: self.name(attempt.number).to_string(),
            amount: attempt.amount.minor_units(),
            sent: attempt.sent,
            answered: attempt.answered,
            outcome: attempt.outcome.word().to_owned(),
        }
    }

    /// Adds a record of the order; one that declares it adds nothing.
    pub(in crate::audit) fn add(&mut self, record: &Record<'_>) {
        match record {
            Record::Order(_) => {}
            Record::Refund(record) => self.add_refund(record),
            Record::Query(record) => self.add_query(record),
        }
    }

    fn add_refund(&mut self, record: &RefundRecord<'_>) {
        let number = self.number(&record.refund);
        self.attempts.push(RefundAttempt {
            number,
            amount: record.amount,
            sent: record.sent,
            answered: record.answered,
            outcome: record.outcome,
            is_dealt_with_later: record.status == Some(DEALING),
            sent_ns: record.sent_ns,
            answered_ns: record.answered_ns,
        });
    }

    fn add_query(&mut self, record: &QueryRecord<'_>) {
        self.queries.push(QueryRead {
            sent: record.sent,
            answered: record.answered,
            outcome: record.outcome,
        });
    }
}

impl QueryRead {
    /// The query as a report shows it.
    pub fn step(&self) -> WitnessStep {
        WitnessStep {
            refund: "query".to_owned(),
            amount: 0,
            sent: self.sent,
            answered: Some(self.answered),
            outcome: self.outcome.word().to_owned(),
        }
    }
}
