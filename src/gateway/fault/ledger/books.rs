//! What the faulty ledger knows.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use super::numbers::{Entry, Key, Numbers};
use super::settlement::{End, Later};
use crate::gateway::fault::{Fault, Faults};
use crate::gateway::order::{Order, OrderId};
use crate::gateway::store::OrderBook;
use crate::protocol::{Amount, PartnerNo};

/// All that is kept.
#[derive(Debug)]
pub(super) struct Books {
    /// The payments. What was refunded of them is in the accounts.
    pub(super) orders: OrderBook,
    /// The refund numbers that were used.
    pub(super) numbers: Numbers,
    /// What happens later, by the time when it is due.
    pub(super) later: BTreeMap<(Instant, u64), Later>,
    /// The order that each partner refunded last.
    pub(super) latest: HashMap<PartnerNo, OrderId>,
    /// How many refunds were booked.
    pub(super) booked: u64,
    accounts: HashMap<OrderId, Account>,
    tickets: u64,
}

impl Default for Books {
    fn default() -> Self {
        Self {
            orders: OrderBook::new(0, 1),
            numbers: Numbers::default(),
            later: BTreeMap::new(),
            latest: HashMap::new(),
            booked: 0,
            accounts: HashMap::new(),
            tickets: 0,
        }
    }
}

impl Books {
    /// The account of an order.
    pub(super) fn account(&mut self, order: OrderId) -> &mut Account {
        self.accounts.entry(order).or_default()
    }

    /// An order as it is shown: refunded where its account says so.
    pub(super) fn show(&mut self, order: Order) -> Order {
        let account = self.account(order.id);
        let refunded = if account.closing > 0 {
            order.amount
        } else {
            Amount::new(account.used)
        };
        Order { refunded, ..order }
    }

    /// Records an accepted refund under its number; what it takes is not taken
    /// yet. Says what becomes of it.
    pub(super) fn record(&mut self, asked: &Asked, faults: &Faults, now: Instant) -> End {
        self.account(asked.order).accepted += 1;
        let end = self.settle(asked, faults, now);
        let delay = faults.window(Fault::NumberRecordedLate);
        let entry = Entry {
            order: asked.order,
            amount: asked.amount,
            known_from: now + delay.unwrap_or_default(),
            end,
        };
        self.numbers.record(asked.key.clone(), entry, faults);
        end
    }

    /// Writes a refund to row `place` of its order, over what stands there: its
    /// money is given back, and its number forgotten.
    pub(super) fn write_row(&mut self, asked: &Asked, place: usize, faults: &Faults) {
        let row = Row {
            key: asked.key.clone(),
            amount: asked.amount,
        };
        let account = self.account(asked.order);
        match account.rows.get_mut(place) {
            Some(taken) if faults.has(Fault::RowsOverwritten) => {
                let overwritten = std::mem::replace(taken, row);
                account.used -= overwritten.amount;
                self.numbers.forget(&overwritten.key);
            }
            _ => account.rows.push(row),
        }
    }

    /// A number that nothing else has.
    pub(super) const fn ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }
}

/// The money of one order, in minor units.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// What its refunds have taken.
    pub(super) used: i64,
    /// What refunds hold that will be refused.
    pub(super) reserved: i64,
    /// Its refunds, by their internal number.
    pub(super) rows: Vec<Row>,
    /// How many refunds were accepted.
    pub(super) accepted: usize,
    /// How many refunds have marked it as refunded and are not yet decided.
    pub(super) closing: usize,
    /// A copy of what was taken, and when it was made.
    pub(super) copy: Option<(i64, Instant)>,
    /// Until when it is locked, where its lock expires.
    pub(super) leased_until: Option<Instant>,
    /// Who is at work on it.
    pub(super) present: Vec<Present>,
}

impl Account {
    /// Whether one of its refunds was of this amount.
    pub(super) fn has_row_of(&self, amount: i64) -> bool {
        self.rows.iter().any(|row| row.amount == amount)
    }
}

/// A refund, as a row of a table.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) key: Key,
    pub(super) amount: i64,
}

/// A request that is under way.
#[derive(Debug, Clone)]
pub(super) struct Present {
    pub(super) ticket: u64,
    pub(super) key: Key,
    pub(super) amount: i64,
}

/// A refund that is asked for, of an order that was found.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) partner: PartnerNo,
    pub(super) order: OrderId,
    /// What the order is about, whether it is paid or not.
    pub(super) whole: i64,
    pub(super) is_paid: bool,
    pub(super) currency: String,
    pub(super) key: Key,
    pub(super) amount: i64,
}
