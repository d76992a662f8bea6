//! Finding orders, which the writer and the readers do alike.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, Statement, params};

use crate::gateway::order::{Order, OrderId, OrderName};
use crate::protocol::{Amount, Identifier, PartnerNo, Timestamp};

/// The prepared statements that find an order.
pub(super) struct Finder<'c> {
    by_number: Statement<'c>,
    by_id: Statement<'c>,
}

impl<'c> Finder<'c> {
    /// Prepares the statements.
    pub(super) fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        const ORDER: &str = "SELECT id, partner, number, store, barcode, amount, currency,
                             paid_at, refunded FROM orders";
        Ok(Self {
            by_number: connection
                .prepare(&format!("{ORDER} WHERE partner = ?1 AND number = ?2"))?,
            by_id: connection.prepare(&format!("{ORDER} WHERE partner = ?1 AND id = ?2"))?,
        })
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
                .by_number
                .query_row(params![partner, number.as_str()], read_order),
            OrderName::Id(id) => self.by_id.query_row(params![partner, id.0], read_order),
        }
        .optional()
    }
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

fn identifier<T: Identifier>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    T::parse(&row.get::<_, String>(column)?).map_err(|error| broken(column, error))
}

/// A value that this gateway can't have written.
fn broken(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}
