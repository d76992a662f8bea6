//! The verdict on a compact history, and on the parts of one together.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;
use std::thread;

use super::common::Scratch;
use super::compact::Compact;
use super::uses::{Key, KnownStems, Uses};
use crate::audit::history::binary::{Packed, Stem};
use crate::audit::history::{History, OrderHistory, Record, Terms};
use crate::audit::judge::judge_order;
use crate::audit::judge::shared::Shared;
use crate::audit::judge::whole::Tally;
use crate::audit::witness::exhibit;
use crate::verdict::AuditSummary;

/// Judges a history that is in memory, with one thread.
#[must_use]
pub fn judge_compact(compact: &Compact) -> AuditSummary {
    let mut sum = Sum::default();
    sum.add_with_threads(compact, 1);
    if sum.must_look_again() {
        sum = sum.again();
        sum.add_with_threads(compact, 1);
    }
    sum.up(compact.terms)
}

/// What was found in the parts so far.
#[derive(Debug, Default)]
pub struct Sum {
    tally: Tally,
    uses: Uses,
    known: KnownStems,
    /// Orders with violations, which their exhibits are made from.
    kept: Vec<OrderHistory>,
    /// Orders that share a number with others: to be judged with them.
    put_aside: Vec<OrderHistory>,
    is_second: bool,
}

impl Sum {
    /// These stems stand in the parts to come, in some of them as names alone.
    pub fn know(&mut self, stems: &[Stem]) {
        self.known.add_all(stems);
    }

    /// Adds the orders of a part, with so many threads.
    pub fn add_with_threads(&mut self, compact: &Compact, threads: usize) {
        let mut known = std::mem::take(&mut self.known);
        let part = Part {
            compact,
            stems: known.add_all(compact.stems()),
            known: &known,
            by_order: compact.by_order(),
        };
        let (count, threads) = (compact.orders.len(), threads.max(1));
        let step = count.div_ceil(threads).max(1);
        let mut sums: Vec<Self> = (1..threads).map(|_| self.like()).collect();
        thread::scope(|scope| {
            for (sum, first) in sums.iter_mut().zip((step..).step_by(step)) {
                let (part, orders) = (&part, first.min(count)..(first + step).min(count));
                scope.spawn(move || sum.add_orders(part, orders));
            }
            self.add_orders(&part, 0..step.min(count));
        });
        for sum in sums {
            self.merge(sum);
        }
        self.known = known;
    }

    fn add_orders(&mut self, part: &Part<'_>, orders: Range<usize>) {
        let mut scratch = Scratch::default();
        let mut records: Vec<Packed> = Vec::new();
        let (begins, sorted) = &part.by_order;
        for index in orders {
            let own = &sorted[begins[index] as usize..begins[index + 1] as usize];
            records.clear();
            records.extend(own.iter().map(|&at| part.compact.records[at as usize]));
            self.add_order(part, index, (own, &records), &mut scratch);
        }
    }

    fn add_order(
        &mut self,
        part: &Part<'_>,
        index: usize,
        (own, records): (&[u32], &[Packed]),
        scratch: &mut Scratch,
    ) {
        let (compact, order) = (part.compact, &part.compact.orders[index]);
        let number = u32::try_from(index).expect("an order's index is 32 bits");
        let is_common = scratch.take_up(records);
        if self.is_second {
            let mut is_shared = false;
            let conflicts = &self.uses.conflicts;
            part.each_key(number, records, scratch, |key| {
                is_shared |= conflicts.contains(&key);
            });
            if is_shared {
                self.put_aside.push(compact.history_of(number, own));
                return;
            }
        } else {
            part.each_key(number, records, scratch, |key| self.uses.add(key));
        }
        if is_common && let Some(verdict) = scratch.prove(order, records, compact.terms) {
            self.tally.add(verdict);
            return;
        }
        let history = compact.history_of(number, own);
        let verdict = judge_order(&history, compact.terms, &BTreeSet::new());
        if !verdict.violations.is_empty() {
            self.kept.push(history);
        }
        self.tally.add(verdict);
    }

    /// Whether orders share numbers, so that all parts are to be added once
    /// more, to [`again`](Self::again).
    pub fn must_look_again(&self) -> bool {
        !self.is_second && !self.uses.conflicts.is_empty()
    }

    /// A sum that puts orders aside which share numbers.
    #[must_use]
    pub fn again(self) -> Self {
        Self {
            uses: Uses::knowing(self.uses.conflicts),
            known: self.known,
            is_second: true,
            ..Self::default()
        }
    }

    /// An empty sum that looks at orders as this one does.
    fn like(&self) -> Self {
        let conflicts = if self.is_second {
            self.uses.conflicts.clone()
        } else {
            HashSet::new()
        };
        Self {
            uses: Uses::knowing(conflicts),
            is_second: self.is_second,
            ..Self::default()
        }
    }

    fn merge(&mut self, other: Self) {
        self.tally.merge(other.tally);
        self.uses.merge(other.uses);
        self.kept.extend(other.kept);
        self.put_aside.extend(other.put_aside);
    }

    /// Judges what was put aside, and sums up.
    #[must_use]
    pub fn up(self, terms: Terms) -> AuditSummary {
        let Self {
            mut tally,
            kept,
            put_aside,
            ..
        } = self;
        let mut orders: Vec<(OrderHistory, bool)> = kept.into_iter().map(|o| (o, true)).collect();
        orders.extend(put_aside.into_iter().map(|order| (order, false)));
        orders.sort_unstable_by(|(a, _), (b, _)| a.order.cmp(&b.order));
        let is_judged: Vec<bool> = orders.iter().map(|(_, is_judged)| *is_judged).collect();
        let history = History {
            terms,
            orders: orders.into_iter().map(|(order, _)| order).collect(),
        };
        let shared = Shared::find(&history);
        for (index, order) in history.orders.iter().enumerate() {
            if !is_judged[index] {
                tally.add(judge_order(order, history.terms, shared.of(index)));
            }
        }
        let mut summary = tally.sum_up(&shared);
        exhibit::attach(&history, &shared, &mut summary.violations);
        summary
    }
}

/// Some orders of a history, and what is needed to know them by.
struct Part<'a> {
    compact: &'a Compact,
    known: &'a KnownStems,
    /// What each of its stems is called among the known ones.
    stems: Vec<Option<u32>>,
    by_order: (Vec<u32>, Vec<u32>),
}

impl Part<'_> {
    /// Hands on the key of each refund number of an order, once.
    fn each_key(
        &self,
        order: u32,
        records: &[Packed],
        scratch: &Scratch,
        mut take: impl FnMut(Key),
    ) {
        let key = |packed: &Packed| {
            let stem = self.stems[packed.stem as usize];
            let by_name = || self.known.key(&self.compact.name(packed));
            Key::of(stem, packed.count(), by_name)
        };
        if !self.compact.orders[order as usize].has_long {
            for record in scratch.numbers() {
                take(key(&records[record]));
            }
            return;
        }
        let refunds = records.iter().filter(|packed| packed.is_refund());
        let mut keys: HashSet<Key> = refunds.map(key).collect();
        for record in self.compact.long_of(order) {
            if let Record::Refund(record) = record {
                keys.insert(self.known.key(record.refund.as_str()));
            }
        }
        keys.into_iter().for_each(take);
    }
}
