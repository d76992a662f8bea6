//! What others at the same time do to a refund: windows, locks that lock the
//! wrong thing, and what happens to those who meet.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

use super::books::{Asked, Present};
use super::numbers::Key;
use super::steps::{Ledger, Refused};
use crate::gateway::fault::Fault;
use crate::gateway::order::OrderId;

/// A window of this length or longer is slept through; the system's timer is
/// too coarse for a shorter one.
const SLEPT: Duration = Duration::from_millis(5);
/// How long it takes from one lock to the next, for those who take two.
const BETWEEN_LOCKS: Duration = Duration::from_micros(200);
/// How many instances there are, where there are several.
const INSTANCES: u64 = 2;

/// Lets others run for as long as the window is open.
pub(super) async fn stay_open(window: Duration) {
    if window >= SLEPT {
        return tokio::time::sleep(window).await;
    }
    let opened = Instant::now();
    loop {
        tokio::task::yield_now().await;
        if opened.elapsed() >= window {
            return;
        }
    }
}

/// Whom a refund met that was under way for the same order.
#[derive(Debug, Default)]
pub(super) struct Met {
    /// `None` where nobody looks who is there.
    ticket: Option<u64>,
    /// Who was there before it.
    pub(super) before: Vec<Present>,
    /// All of them.
    pub(super) others: Vec<Present>,
}

impl Ledger {
    /// Comes to an order and stays for the window of the faults that are about
    /// who else is there. Without such a fault nobody is met.
    pub(super) async fn meet(&self, asked: &Asked) -> Met {
        const SOCIABLE: &[Fault] = &[
            Fault::AnswerOfAnother,
            Fault::ContentionAsExceeds,
            Fault::RetryDoubles,
        ];
        let Some(window) = self.faults.longest_window(SOCIABLE) else {
            return Met::default();
        };
        let mut books = self.books().await;
        let ticket = books.ticket();
        let present = &mut books.account(asked.order).present;
        let before = present.clone();
        present.push(Present {
            ticket,
            key: asked.key.clone(),
            amount: asked.amount,
        });
        let mut books = self.leave_open(books, window).await;
        let mut others = before.clone();
        for present in &books.account(asked.order).present {
            let is_known = others.iter().any(|other| other.ticket == present.ticket);
            if present.ticket != ticket && !is_known {
                others.push(present.clone());
            }
        }
        Met {
            ticket: Some(ticket),
            before,
            others,
        }
    }

    /// Goes.
    pub(super) async fn part(&self, asked: &Asked, met: Met) {
        if met.ticket.is_some() {
            let mut books = self.books().await;
            let present = &mut books.account(asked.order).present;
            present.retain(|present| Some(present.ticket) != met.ticket);
        }
    }

    /// Takes the locks that a fault takes, which are the wrong ones.
    pub(super) async fn lock(&self, asked: &Asked) -> Result<Held, Refused> {
        let mut held = Held::default();
        if self.faults.has(Fault::LockByNumber) {
            let name = Name::Number(asked.key.clone());
            held.locks.push(self.locks.take(name).await);
        }
        if self.faults.has(Fault::TwoInstances) {
            let name = Name::OrderWithin {
                instance: self.books().await.ticket() % INSTANCES,
                order: asked.order,
            };
            held.locks.push(self.locks.take(name).await);
        }
        if let Some(window) = self.faults.window(Fault::LockExpires) {
            held.leased_until = Some(self.lease(asked.order, window).await);
        }
        if let Some(patience) = self.faults.window(Fault::DeadlockByOrder) {
            self.lock_two(asked, patience, &mut held).await?;
        }
        Ok(held)
    }

    /// Gives back what does not give itself back.
    pub(super) async fn unlock(&self, asked: &Asked, held: Held) {
        if held.leased_until.is_some() {
            let mut books = self.books().await;
            let account = books.account(asked.order);
            if account.leased_until == held.leased_until {
                account.leased_until = None;
            }
        }
    }

    /// Locks the order, and then the one that the partner refunded before.
    async fn lock_two(
        &self,
        asked: &Asked,
        patience: Duration,
        held: &mut Held,
    ) -> Result<(), Refused> {
        let mut books = self.books().await;
        let before = books.latest.insert(asked.partner.clone(), asked.order);
        drop(books);
        held.locks
            .push(self.locks.take(Name::Order(asked.order)).await);
        if let Some(before) = before.filter(|before| *before != asked.order) {
            stay_open(BETWEEN_LOCKS).await;
            let second = timeout(patience, self.locks.take(Name::Order(before))).await;
            held.locks.push(second.map_err(|_| Refused::Unanswered)?);
        }
        Ok(())
    }

    /// Locks an order for a time; says until when.
    async fn lease(&self, order: OrderId, window: Duration) -> Instant {
        loop {
            let now = Instant::now();
            let mut books = self.books().await;
            let account = books.account(order);
            match account.leased_until.filter(|until| *until > now) {
                None => return *account.leased_until.insert(now + window),
                Some(until) => {
                    drop(books);
                    // It may be given back early.
                    stay_open((until - now).min(Duration::from_micros(50))).await;
                }
            }
        }
    }
}

/// What a refund holds while it is checked and booked.
#[derive(Debug, Default)]
pub(super) struct Held {
    locks: Vec<OwnedMutexGuard<()>>,
    leased_until: Option<Instant>,
}

/// What can be locked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Name {
    Order(OrderId),
    OrderWithin { instance: u64, order: OrderId },
    Number(Key),
}

/// Locks by name.
#[derive(Debug, Default)]
pub(super) struct Locks(Mutex<HashMap<Name, Arc<Mutex<()>>>>);

impl Locks {
    async fn take(&self, name: Name) -> OwnedMutexGuard<()> {
        let lock = Arc::clone(self.0.lock().await.entry(name).or_default());
        lock.lock_owned().await
    }
}
