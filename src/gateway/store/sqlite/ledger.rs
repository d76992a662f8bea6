//! What is read and written inside a transaction.

use rusqlite::{Connection, OptionalExtension, Row, Statement, params};

use super::find::Finder;
use super::later;
use crate::gateway::moment::Moment;
use crate::gateway::order::{
    Decline, Means, Order, OrderId, OrderName, Payment, Receipt, Refund, Settlement,
};
use crate::gateway::refunding::{Decision, Earlier, Standing, decide};
use crate::gateway::web_url::WebUrl;
use crate::protocol::{Amount, RefundStatus};

/// The prepared statements of one connection. None of its methods begins or
/// ends a transaction.
pub(super) struct Ledger<'c> {
    pub(super) connection: &'c Connection,
    finder: Finder<'c>,
    add_order: Statement<'c>,
    standing: Statement<'c>,
    earlier_refund: Statement<'c>,
    take: Statement<'c>,
    add_refund: Statement<'c>,
}

impl<'c> Ledger<'c> {
    /// Prepares the statements.
    pub(super) fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            connection,
            finder: Finder::new(connection)?,
            add_order: connection.prepare(
                "INSERT INTO orders (partner, number, store, barcode, amount, currency, paid_at, paid,
                                     notify_url, page, wallet, title, return_url)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?,
            standing: connection.prepare(
                "SELECT id, paid_at IS NOT NULL, paid, refunded, currency FROM orders
                 WHERE partner = ?1 AND number = ?2",
            )?,
            earlier_refund: connection.prepare(
                "SELECT order_id, amount, due, fails FROM refunds
                 WHERE partner = ?1 AND refund_no = ?2",
            )?,
            take: connection.prepare(
                "UPDATE orders SET refunded = refunded + ?2, dealing = dealing + ?3
                 WHERE id = ?1 AND ?2 >= 1 AND ?2 <= paid - refunded",
            )?,
            add_refund: connection.prepare(
                "INSERT INTO refunds (partner, refund_no, order_id, amount, due, fails)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?,
        })
    }

    /// Makes a payment, or finds it already made.
    pub(super) fn pay(&mut self, payment: Payment) -> rusqlite::Result<Result<Order, Decline>> {
        let number = OrderName::Number(payment.number.clone());
        if let Some(order) = self.finder.find(&payment.partner, &number)? {
            return Ok(if order.is_made_by(&payment) {
                Ok(order)
            } else {
                Err(Decline::NumberTaken)
            });
        }
        let amount = payment.amount.minor_units();
        let (barcode, page) = match &payment.means {
            Means::Barcode(barcode) => (barcode.as_str(), None),
            Means::Page(checkout) => ("", Some(checkout)),
        };
        self.add_order.execute(params![
            payment.partner.as_str(),
            payment.number.as_str(),
            payment.store.as_str(),
            barcode,
            amount,
            payment.currency,
            payment.paid_at.map(|time| time.to_string()),
            payment.paid_at.map_or(0, |_| amount),
            payment.notify_url.as_ref().map(WebUrl::as_str),
            page.map(|page| page.key.as_str()),
            page.map(|page| page.wallet.as_str()),
            page.and_then(|page| page.title.as_deref()),
            page.and_then(|page| page.return_url.as_ref()?.as_str().into()),
        ])?;
        let id = OrderId(self.connection.last_insert_rowid());
        let order = Order::new(id, payment);
        if order.paid().is_some() {
            later::note(self.connection, &order, Moment::now())?;
        }
        Ok(Ok(order))
    }

    /// Makes a refund, or finds it already made.
    pub(super) fn refund(&mut self, refund: &Refund) -> rusqlite::Result<Result<Receipt, Decline>> {
        let partner = refund.partner.as_str();
        let Some((id, standing, currency)) = self
            .standing
            .query_row(params![partner, refund.order.as_str()], read_standing)
            .optional()?
        else {
            return Ok(Err(Decline::OrderUnknown));
        };
        let earlier = self
            .earlier_refund
            .query_row(params![partner, refund.number.as_str()], |row| {
                let earlier = Earlier {
                    same_order: row.get::<_, i64>(0)? == id,
                    amount: Amount::new(row.get(1)?),
                };
                let due: Option<i64> = row.get(2)?;
                Ok((earlier, Settlement::status(due.map(Moment), row.get(3)?)))
            })
            .optional()?;
        let (earlier, status) = earlier.unzip();
        let decision = match decide(Some(standing), earlier, refund.amount) {
            Ok(decision) => decision,
            Err(decline) => return Ok(Err(decline)),
        };
        if matches!(decision, Decision::Accept { .. }) {
            self.book(id, refund)?;
        }
        Ok(Ok(Receipt {
            amount: refund.amount,
            currency,
            status: status.unwrap_or(match refund.settlement {
                Some(_) => RefundStatus::Dealing,
                None => RefundStatus::Cancelled,
            }),
            repeated: decision == Decision::Repeat,
        }))
    }

    /// Writes an accepted refund. The statement asks once more whether there
    /// is enough left: where it finds otherwise, the transaction fails.
    fn book(&mut self, id: i64, refund: &Refund) -> rusqlite::Result<()> {
        let amount = refund.amount.minor_units();
        let dealing = refund.settlement.map_or(0, |_| amount);
        match self.take.execute(params![id, amount, dealing])? {
            1 => {}
            changed => return Err(rusqlite::Error::StatementChangedRows(changed)),
        }
        self.add_refund.execute(params![
            refund.partner.as_str(),
            refund.number.as_str(),
            id,
            amount,
            refund.settlement.map(|settlement| settlement.due.0),
            refund.settlement.is_some_and(|settlement| settlement.fails),
        ])?;
        Ok(())
    }
}

fn read_standing(row: &Row<'_>) -> rusqlite::Result<(i64, Standing, String)> {
    let is_paid: bool = row.get(1)?;
    let paid = Amount::new(row.get(2)?);
    let standing = Standing {
        paid: is_paid.then_some(paid),
        refunded: Amount::new(row.get(3)?),
    };
    Ok((row.get(0)?, standing, row.get(4)?))
}
