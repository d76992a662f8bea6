//! Reading orders.

use tokio_postgres::Row;
use tokio_postgres::types::FromSqlOwned;

use crate::gateway::order::{Checkout, Means, Order, OrderId};
use crate::gateway::web_url::WebUrl;
use crate::protocol::{Amount, Identifier, Timestamp};

/// The columns of an order, in the order that [`read_order`] reads them.
macro_rules! order_columns {
    () => {
        "id, partner, number, store, barcode, amount, currency, paid_at, refunded,
         dealing, declined, notify_url, page, wallet, title, return_url"
    };
}
pub(super) use order_columns;

/// A row that no gateway has written.
#[derive(Debug, thiserror::Error)]
#[error("a row has an unusable value in column {column}: {reason}")]
pub(super) struct BrokenRow {
    column: usize,
    reason: String,
}

/// Reads an order.
pub(super) fn read_order(row: &Row) -> Result<Order, BrokenRow> {
    let paid_at: Option<String> = value(row, 7)?;
    Ok(Order {
        id: OrderId(value(row, 0)?),
        partner: identifier(row, 1)?,
        number: identifier(row, 2)?,
        store: identifier(row, 3)?,
        means: read_means(row)?,
        amount: Amount::new(value(row, 5)?),
        currency: value(row, 6)?,
        paid_at: paid_at
            .map(|text| Timestamp::parse(&text).map_err(|error| broken(7, error)))
            .transpose()?,
        declined: value(row, 10)?,
        notify_url: web_url(row, 11)?,
        refunded: Amount::new(value(row, 8)?),
        dealing: Amount::new(value(row, 9)?),
    })
}

fn read_means(row: &Row) -> Result<Means, BrokenRow> {
    let Some(key) = value(row, 12)? else {
        return Ok(Means::Barcode(identifier(row, 4)?));
    };
    Ok(Means::Page(Box::new(Checkout {
        key,
        wallet: value(row, 13)?,
        title: value(row, 14)?,
        return_url: web_url(row, 15)?,
    })))
}

/// A URL that may be absent.
fn web_url(row: &Row, column: usize) -> Result<Option<WebUrl>, BrokenRow> {
    let text: Option<String> = value(row, column)?;
    text.map(|text| text.parse().map_err(|error| broken(column, error)))
        .transpose()
}

/// Reads one column.
pub(super) fn value<T: FromSqlOwned>(row: &Row, column: usize) -> Result<T, BrokenRow> {
    row.try_get(column).map_err(|error| broken(column, error))
}

fn identifier<T: Identifier>(row: &Row, column: usize) -> Result<T, BrokenRow> {
    T::parse(&value::<String>(row, column)?).map_err(|error| broken(column, error))
}

/// A value that no gateway has written.
pub(super) fn broken(column: usize, reason: impl std::fmt::Display) -> BrokenRow {
    BrokenRow {
        column,
        reason: reason.to_string(),
    }
}
