//! Finding orders, which the writer and the readers do alike.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, Statement, params};

use crate::gateway::moment::Moment;
use crate::gateway::order::{Checkout, Means, Order, OrderId, OrderName};
use crate::gateway::web_url::WebUrl;
use crate::protocol::{Amount, Identifier, PartnerNo, Timestamp};

/// What [`read_order`] reads, before the condition.
pub(super) const ORDER: &str = "SELECT id, partner, number, store, barcode, amount, currency,
    paid_at, refunded, dealing, declined, notify_url, page, wallet, title, return_url FROM orders";

/// The prepared statements that find an order.
pub(super) struct Finder<'c> {
    pub(super) connection: &'c Connection,
    by_number: Statement<'c>,
    by_id: Statement<'c>,
}

impl<'c> Finder<'c> {
    /// Prepares the statements.
    pub(super) fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            connection,
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

    /// When the first refund is to be settled; `None` where none is.
    pub(super) fn next_settlement(&self) -> rusqlite::Result<Option<Moment>> {
        self.connection
            .prepare("SELECT min(due) FROM refunds WHERE due IS NOT NULL")?
            .query_row([], |row| Ok(row.get::<_, Option<i64>>(0)?.map(Moment)))
    }

    /// When the first notification is to be sent to a receiver that is not in
    /// `except`, a JSON list; `None` where none is.
    pub(super) fn next_notice(&self, except: &str) -> rusqlite::Result<Option<Moment>> {
        self.connection
            .prepare(
                "SELECT due FROM notices WHERE due IS NOT NULL
                   AND receiver NOT IN (SELECT value FROM json_each(?1))
                 ORDER BY due LIMIT 1",
            )?
            .query_row([except], |row| Ok(Moment(row.get(0)?)))
            .optional()
    }
}

/// Reads an order.
pub(super) fn read_order(row: &Row<'_>) -> rusqlite::Result<Order> {
    let paid_at: Option<String> = row.get(7)?;
    Ok(Order {
        id: OrderId(row.get(0)?),
        partner: identifier(row, 1)?,
        number: identifier(row, 2)?,
        store: identifier(row, 3)?,
        means: read_means(row)?,
        amount: Amount::new(row.get(5)?),
        currency: row.get(6)?,
        paid_at: paid_at
            .map(|text| Timestamp::parse(&text).map_err(|error| broken(7, error)))
            .transpose()?,
        declined: row.get(10)?,
        notify_url: web_url(row, 11)?,
        refunded: Amount::new(row.get(8)?),
        dealing: Amount::new(row.get(9)?),
    })
}

fn read_means(row: &Row<'_>) -> rusqlite::Result<Means> {
    let Some(key) = row.get(12)? else {
        return Ok(Means::Barcode(identifier(row, 4)?));
    };
    Ok(Means::Page(Box::new(Checkout {
        key,
        wallet: row.get(13)?,
        title: row.get(14)?,
        return_url: web_url(row, 15)?,
    })))
}

/// A URL that may be absent.
pub(super) fn web_url(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<WebUrl>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| text.parse().map_err(|error| broken(column, error)))
        .transpose()
}

fn identifier<T: Identifier>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    T::parse(&row.get::<_, String>(column)?).map_err(|error| broken(column, error))
}

/// A value that this gateway can't have written.
fn broken(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}
