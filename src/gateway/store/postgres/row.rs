//! Reading orders.

use tokio_postgres::Row;
use tokio_postgres::types::FromSqlOwned;

use crate::gateway::order::{Order, OrderId};
use crate::protocol::{Amount, Identifier, Timestamp};

/// The columns of an order, in the order that [`read_order`] reads them.
macro_rules! order_columns {
    () => {
        "id, partner, number, store, barcode, amount, currency, paid_at, refunded"
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
        barcode: identifier(row, 4)?,
        amount: Amount::new(value(row, 5)?),
        currency: value(row, 6)?,
        paid_at: paid_at
            .map(|text| Timestamp::parse(&text).map_err(|error| broken(7, error)))
            .transpose()?,
        refunded: Amount::new(value(row, 8)?),
    })
}

/// Reads one column.
pub(super) fn value<T: FromSqlOwned>(row: &Row, column: usize) -> Result<T, BrokenRow> {
    row.try_get(column).map_err(|error| broken(column, error))
}

fn identifier<T: Identifier>(row: &Row, column: usize) -> Result<T, BrokenRow> {
    T::parse(&value::<String>(row, column)?).map_err(|error| broken(column, error))
}

fn broken(column: usize, reason: impl std::fmt::Display) -> BrokenRow {
    BrokenRow {
        column,
        reason: reason.to_string(),
    }
}
