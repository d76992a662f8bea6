//! Whether a file can be trusted with money.

use rusqlite::{Connection, OptionalExtension};

use super::open::OpenProblem;

/// Sees that every page, index and constraint of the file holds. Reads all of
/// it and changes nothing.
pub(super) fn check_pages(connection: &Connection) -> Result<(), OpenProblem> {
    let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found == "ok" {
        Ok(())
    } else {
        // The first line names the database, the next what is wrong with it.
        Err(OpenProblem::Damaged(found.replace('\n', " ")))
    }
}

/// An order whose refunds come to another sum than it says.
const AT_FIRST: &str = "SELECT orders.id FROM orders
    LEFT JOIN (SELECT order_id, sum(amount) AS total FROM refunds GROUP BY order_id)
        ON order_id = orders.id
    WHERE refunded <> coalesce(total, 0)
    LIMIT 1";

/// The same where refunds are settled later: those that failed come to nothing.
const LATER: &str = "SELECT orders.id FROM orders
    LEFT JOIN (
        SELECT order_id,
               sum(amount) FILTER (WHERE due IS NOT NULL OR NOT fails) AS total,
               sum(amount) FILTER (WHERE due IS NOT NULL) AS unsettled
        FROM refunds GROUP BY order_id
    ) ON order_id = orders.id
    WHERE refunded <> coalesce(total, 0) OR dealing <> coalesce(unsettled, 0)
    LIMIT 1";

/// Sees that every refund has its order, and that what each order counts as
/// refunded, and as not settled yet, is the sum of its refunds. `version` is the
/// tables'.
pub(super) fn check_books(connection: &Connection, version: usize) -> Result<(), OpenProblem> {
    let orphan = connection
        .query_row("PRAGMA foreign_key_check", [], |_| Ok(()))
        .optional()?;
    if orphan.is_some() {
        return Err(OpenProblem::Damaged("a refund has no order".to_owned()));
    }
    let sums = if version < 2 { AT_FIRST } else { LATER };
    let order: Option<i64> = connection
        .query_row(sums, [], |row| row.get(0))
        .optional()?;
    match order {
        None => Ok(()),
        Some(id) => Err(OpenProblem::Damaged(format!(
            "order {id} counts another sum as refunded than its refunds have"
        ))),
    }
}
