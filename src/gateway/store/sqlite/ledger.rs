//! What is read and written inside a transaction.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, Statement, params};

use crate::gateway::order::{Decline, Order, OrderId, OrderName, Payment, Receipt, Refund};
use crate::gateway::refunding::{Decision, Earlier, Standing, decide};
use crate::protocol::{Amount, PartnerNo, RefundStatus, Timestamp};

/// The prepared statements of one connection. None of its methods begins or
/// ends a transaction.
pub(super) struct Ledger<'c> {
    connection: &'c Connection,
    order_by_number: Statement<'c>,
    order_by_id: Statement<'c>,
    add_order: Statement<'c>,
    standing: Statement<'c>,
    earlier_refund: Statement<'c>,
    take: Statement<'c>,
    add_refund: Statement<'c>,
}

impl<'c> Ledger<'c> {
    /// Prepares the statements.
    pub(super) fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        const ORDER: &str = "SELECT id, partner, number, store, barcode, amount, currency,
                             paid_at, refunded FROM orders";
        Ok(Self {
            connection,
            order_by_number: connection
                .prepare(&format!("{ORDER} WHERE partner = ?1 AND number = ?2"))?,
            order_by_id: connection.prepare(&format!("{ORDER} WHERE partner = ?1 AND id = ?2"))?,
            add_order: connection.prepare(
                "INSERT INTO orders (partner, number, store, barcode, amount, currency, paid_at, paid)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?,
            standing: connection.prepare(
                "SELECT id, paid_at IS NOT NULL, paid, refunded, currency FROM orders
                 WHERE partner = ?1 AND number = ?2",
            )?,
            earlier_refund: connection.prepare(
                "SELECT order_id, amount FROM refunds WHERE partner = ?1 AND refund_no = ?2",
            )?,
            take: connection.prepare(
                "UPDATE orders SET refunded = refunded + ?2
                 WHERE id = ?1 AND ?2 >= 1 AND ?2 <= paid - refunded",
            )?,
            add_refund: connection.prepare(
                "INSERT INTO refunds (partner, refund_no, order_id, amount)
                 VALUES (?1, ?2, ?3, ?4)",
            )?,
        })
    }

    /// Makes a payment, or finds it already made.
    pub(super) fn pay(&mut self, payment: Payment) -> rusqlite::Result<Result<Order, Decline>> {
        let number = OrderName::Number(payment.number.clone());
        if let Some(order) = self.find(&payment.partner, &number)? {
            return Ok(if order.is_made_by(&payment) {
                Ok(order)
            } else {
                Err(Decline::NumberTaken)
            });
        }
        let amount = payment.amount.minor_units();
        self.add_order.execute(params![
            payment.partner.as_str(),
            payment.number.as_str(),
            payment.store.as_str(),
            payment.barcode.as_str(),
            amount,
            payment.currency,
            payment.paid_at.map(|time| time.to_string()),
            payment.paid_at.map_or(0, |_| amount),
        ])?;
        let id = OrderId(self.connection.last_insert_rowid());
        Ok(Ok(Order::new(id, payment)))
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
                Ok(Earlier {
                    same_order: row.get::<_, i64>(0)? == id,
                    amount: Amount::new(row.get(1)?),
                })
            })
            .optional()?;
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
            status: RefundStatus::Cancelled,
            repeated: decision == Decision::Repeat,
        }))
    }

    /// Writes an accepted refund. The statement asks once more whether there
    /// is enough left: where it finds otherwise, the transaction fails.
    fn book(&mut self, id: i64, refund: &Refund) -> rusqlite::Result<()> {
        let amount = refund.amount.minor_units();
        match self.take.execute(params![id, amount])? {
            1 => {}
            changed => return Err(rusqlite::Error::StatementChangedRows(changed)),
        }
        self.add_refund.execute(params![
            refund.partner.as_str(),
            refund.number.as_str(),
            id,
            amount
        ])?;
        Ok(())
    }

    /// Finds an order of `partner`.
    pub(super) fn find(
        &mut self,
        partner: &PartnerNo,
        name: &OrderName,
    ) -> rusqlite::Result<Option<Order>> {
        let partner = partner.as_str();
        match name {
            OrderName::Number(number) => self
                .order_by_number
                .query_row(params![partner, number.as_str()], read_order),
            OrderName::Id(id) => self
                .order_by_id
                .query_row(params![partner, id.0], read_order),
        }
        .optional()
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

fn read_order(row: &Row<'_>) -> rusqlite::Result<Order> {
    let paid_at: Option<String> = row.get(7)?;
    Ok(Order {
        id: OrderId(row.get(0)?),
        partner: identifier(row, 1)?,
        number: identifier(row, 2)?,
        store: identifier(row, 3)?,
        barcode: identifier(row, 4)?,
        amount: Amount::new(row.get(5)?),
        currency: row.get(6)?,
        paid_at: paid_at
            .map(|text| Timestamp::parse(&text).map_err(|error| broken(7, error)))
            .transpose()?,
        refunded: Amount::new(row.get(8)?),
    })
}

fn identifier<T: crate::protocol::Identifier>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    T::parse(&row.get::<_, String>(column)?).map_err(|error| broken(column, error))
}

/// A value that this gateway can't have written.
fn broken(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}
