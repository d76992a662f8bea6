//! A refund, step by step.

use std::time::{Duration, Instant};

use tokio::sync::{Mutex, MutexGuard};

use super::books::{Asked, Books};
use super::cap;
use super::contention::{Locks, Met, stay_open};
use super::numbers::{Found, Key};
use super::settlement::{answer_again, first_answer, receipt};
use crate::gateway::fault::{Fault, Faults};
use crate::gateway::order::{Decline, Order, OrderName, Payment, Receipt, Refund};
use crate::gateway::store::StoreError;
use crate::protocol::{OrderNo, PartnerNo, RefundStatus};

/// The faults that check and book apart from each other, with others let in
/// between.
const CHECK_THEN_BOOK: &[Fault] = &[
    Fault::CheckThenAct,
    Fault::LostUpdate,
    Fault::TwoInstances,
    Fault::LockByNumber,
    Fault::RowsOverwritten,
];

/// Why a refund is not answered as accepted.
#[derive(Debug)]
pub(super) enum Refused {
    /// It is refused.
    Declined(Decline),
    /// It is left open what became of it.
    Unanswered,
}

impl From<Decline> for Refused {
    fn from(decline: Decline) -> Self {
        Self::Declined(decline)
    }
}

/// The books, held. Nobody else sees them until they are let go.
type Open<'a> = MutexGuard<'a, Books>;

/// The ledger and what it gets wrong.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) faults: Faults,
    pub(super) locks: Locks,
    /// Held across a step and let go while a window is open.
    books: Mutex<Books>,
}

impl Ledger {
    pub(super) fn new(faults: Faults) -> Self {
        Self {
            faults,
            locks: Locks::default(),
            books: Mutex::default(),
        }
    }

    /// Makes a payment, or finds it already made.
    pub(super) async fn pay(&self, payment: Payment) -> Result<Order, Decline> {
        let mut books = self.books().await;
        let order = books.orders.pay(payment)?;
        Ok(books.show(order))
    }

    /// Finds an order of `partner`.
    pub(super) async fn find(&self, partner: PartnerNo, name: OrderName) -> Option<Order> {
        let mut books = self.books().await;
        let order = books.orders.find(partner, name).cloned()?;
        Some(books.show(order))
    }

    /// Makes a refund, or finds it already made.
    pub(super) async fn refund(
        &self,
        refund: Refund,
    ) -> Result<Result<Receipt, Decline>, StoreError> {
        match self.refund_in_steps(&refund).await {
            Ok(receipt) => Ok(Ok(receipt)),
            Err(Refused::Declined(decline)) => Ok(Err(decline)),
            Err(Refused::Unanswered) => Err(StoreError),
        }
    }

    /// The books, up to date.
    pub(super) async fn books(&self) -> Open<'_> {
        let mut books = self.books.lock().await;
        books.catch_up(&self.faults, Instant::now());
        books
    }

    /// Lets the books go, and others in, for as long as the window is open.
    pub(super) async fn leave_open<'a>(&'a self, books: Open<'a>, window: Duration) -> Open<'a> {
        drop(books);
        stay_open(window).await;
        self.books().await
    }

    async fn refund_in_steps(&self, refund: &Refund) -> Result<Receipt, Refused> {
        let asked = self.locate(refund).await?;
        let met = self.meet(&asked).await;
        let answer = match self.lock(&asked).await {
            Ok(held) => {
                let answer = self.decide(&asked, &met).await;
                self.unlock(&asked, held).await;
                answer
            }
            Err(refused) => Err(refused),
        };
        self.part(&asked, met).await;
        answer
    }

    /// First: the order that is named.
    async fn locate(&self, refund: &Refund) -> Result<Asked, Decline> {
        let mut books = self.books().await;
        let own: (PartnerNo, OrderNo) = (refund.partner.clone(), refund.order.clone());
        let order = match books.orders.by_number(&own) {
            Some(order) => order.clone(),
            None => self.locate_foreign(&books, refund)?,
        };
        Ok(Asked {
            partner: refund.partner.clone(),
            order: order.id,
            whole: order.amount.minor_units(),
            is_paid: order.paid().is_some(),
            currency: order.currency,
            key: Key::of(refund, &self.faults),
            amount: refund.amount.minor_units(),
        })
    }

    /// An order of this number that is another partner's.
    fn locate_foreign(&self, books: &Books, refund: &Refund) -> Result<Order, Decline> {
        let foreign = books
            .orders
            .iter()
            .find(|order| order.number == refund.order)
            .ok_or(Decline::OrderUnknown)?;
        if self.faults.has(Fault::ForeignOrder) {
            return Ok(foreign.clone());
        }
        Err(match foreign.paid() {
            _ if !self.faults.has(Fault::ExistenceTold) => Decline::OrderUnknown,
            Some(_) => Decline::Exceeds,
            None => Decline::NotPaid,
        })
    }

    /// Second: the number. Then what is left, and the booking.
    async fn decide(&self, asked: &Asked, met: &Met) -> Result<Receipt, Refused> {
        let mut books = self.books().await;
        let now = Instant::now();
        if self.faults.has(Fault::ExceedsBeforeDuplicate) {
            let used = books.account(asked.order).used;
            if !cap::is_covered(&self.faults, asked.whole, used, asked.amount) {
                return Err(Decline::Exceeds.into());
            }
        }
        match books.numbers.look_up(asked, &self.faults, now) {
            Found::Fresh => {}
            Found::Same(known) => {
                return answer_again(asked, &known, &met.others, &self.faults, now);
            }
            Found::Taken => return Err(Decline::NumberTaken.into()),
        }
        if self.faults.has(Fault::DedupeByAmount)
            && books.account(asked.order).has_row_of(asked.amount)
        {
            return Ok(receipt(asked, RefundStatus::Cancelled, true));
        }
        if let Some(window) = self.faults.window(Fault::DuplicateRace) {
            books = self.leave_open(books, window).await;
        }
        if self.faults.has(Fault::ContentionAsExceeds) && !met.before.is_empty() {
            return Err(Decline::Exceeds.into());
        }
        let (books, before) = self.check(books, asked).await?;
        self.book(books, asked, before, met).await
    }

    /// Third: the state of the order and what is left of it. Comes back with
    /// what was read as taken.
    async fn check<'a>(
        &'a self,
        mut books: Open<'a>,
        asked: &Asked,
    ) -> Result<(Open<'a>, i64), Refused> {
        let faults = &self.faults;
        if !asked.is_paid && !faults.has(Fault::UnpaidOrder) {
            return Err(Decline::NotPaid.into());
        }
        if let Some(window) = faults.window(Fault::RefundedEarly) {
            let account = books.account(asked.order);
            if account.closing > 0 {
                return Err(Decline::Closed.into());
            }
            if cap::sum(faults, account.used, asked.amount) >= asked.whole {
                account.closing += 1;
                books = self.leave_open(books, window).await;
                books.account(asked.order).closing -= 1;
            }
        }
        let account = books.account(asked.order);
        if cap::is_counted_out(faults, account) {
            return Err(Decline::Exceeds.into());
        }
        let before = cap::balance(faults, account, Instant::now());
        let held = cap::sum(faults, before, account.reserved);
        if cap::is_covered(faults, asked.whole, held, asked.amount) {
            return Ok((books, before));
        }
        if faults.has(Fault::RefusalConsumes) {
            account.used = asked.whole;
        }
        if let Some(window) = faults.window(Fault::TransientReservation) {
            account.reserved = account.reserved.saturating_add(asked.amount);
            books = self.leave_open(books, window).await;
            let account = books.account(asked.order);
            account.reserved = account.reserved.saturating_sub(asked.amount);
        }
        Err(Decline::Exceeds.into())
    }

    /// Fourth: the number is recorded and the money taken.
    async fn book<'a>(
        &'a self,
        mut books: Open<'a>,
        asked: &Asked,
        before: i64,
        met: &Met,
    ) -> Result<Receipt, Refused> {
        let faults = &self.faults;
        if let Some(window) = faults.window(Fault::SumUnserialised) {
            // The row that is added later is what holds the number, and there
            // is one of a number: who comes second finds the first.
            books = self.leave_open(books, window).await;
            let now = Instant::now();
            match books.numbers.look_up(asked, faults, now) {
                Found::Fresh => {}
                Found::Same(known) => return answer_again(asked, &known, &[], faults, now),
                Found::Taken => return Err(Decline::NumberTaken.into()),
            }
        }
        // The number is recorded before the window opens: these races are
        // about the sum, and equal numbers at once stay one refund.
        let row = books.account(asked.order).rows.len();
        let end = books.record(asked, faults, Instant::now());
        let booking = [
            faults.longest_window(CHECK_THEN_BOOK),
            // Longer than the lock holds.
            faults.window(Fault::LockExpires).map(|lease| lease * 2),
        ];
        if let Some(window) = booking.into_iter().flatten().max() {
            books = self.leave_open(books, window).await;
        }
        books.write_row(asked, row, faults);
        let account = books.account(asked.order);
        cap::take(faults, account, asked.amount, before);
        if faults.has(Fault::RetryDoubles)
            && !met.others.is_empty()
            && cap::is_covered(faults, asked.whole, account.used, asked.amount)
        {
            account.used = cap::sum(faults, account.used, asked.amount);
        }
        first_answer(asked, end)
    }
}
