//! What happens later, inside a transaction.

use rusqlite::{Connection, OptionalExtension, params};

use super::find::{Finder, ORDER, read_order, web_url};
use super::ledger::Ledger;
use crate::gateway::moment::Moment;
use crate::gateway::order::{Choice, Notice, Order};
use crate::gateway::store::contract::{Claimed, Delivery, Settled};

/// How many refunds are settled in one transaction.
const LARGEST_GROUP: i64 = 512;

impl Finder<'_> {
    /// The order that is paid on this page.
    pub(super) fn checkout(&self, key: &str) -> rusqlite::Result<Option<Order>> {
        find_by_page(self.connection, key)
    }
}

impl Ledger<'_> {
    /// Settles refunds that are due.
    pub(super) fn settle(&mut self, now: Moment) -> rusqlite::Result<Settled> {
        let due: Vec<(i64, i64, i64, bool)> = self
            .connection
            .prepare(
                "SELECT rowid, order_id, amount, fails FROM refunds
                 WHERE due <= ?1 ORDER BY due LIMIT ?2",
            )?
            .query_map(params![now.0, LARGEST_GROUP], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?
            .collect::<rusqlite::Result<_>>()?;
        let mut end = self
            .connection
            .prepare("UPDATE refunds SET due = NULL WHERE rowid = ?1")?;
        let mut count = self.connection.prepare(
            "UPDATE orders SET dealing = dealing - ?2, refunded = refunded - ?3 WHERE id = ?1",
        )?;
        for &(refund, order, amount, fails) in &due {
            let released = if fails { amount } else { 0 };
            end.execute([refund])?;
            count.execute([order, amount, released])?;
        }
        let next = self
            .connection
            .prepare("SELECT min(due) FROM refunds WHERE due IS NOT NULL")?
            .query_row([], |row| row.get::<_, Option<i64>>(0))?;
        Ok(Settled {
            count: due.len(),
            next: next.map(Moment),
        })
    }

    /// Does what the customer chose on a page, unless it is over.
    pub(super) fn close(
        &mut self,
        key: &str,
        choice: Choice,
        now: Moment,
    ) -> rusqlite::Result<Option<Order>> {
        let changed = match choice {
            Choice::Pay(at) => self
                .connection
                .prepare(
                    "UPDATE orders SET paid_at = ?2, paid = amount
                     WHERE page = ?1 AND paid_at IS NULL AND declined = 0",
                )?
                .execute(params![key, at.to_string()])?,
            Choice::Decline => self
                .connection
                .prepare(
                    "UPDATE orders SET declined = 1
                     WHERE page = ?1 AND paid_at IS NULL AND declined = 0",
                )?
                .execute([key])?,
        };
        let order = find_by_page(self.connection, key)?;
        if let (1, Choice::Pay(_), Some(order)) = (changed, choice, &order) {
            note(self.connection, order, now)?;
        }
        Ok(order)
    }

    /// Takes a notification that is due.
    pub(super) fn claim(
        &mut self,
        now: Moment,
        until: Moment,
        except: &str,
    ) -> rusqlite::Result<Claimed> {
        let mut waiting: Vec<(i64, i64)> = self
            .connection
            .prepare(
                "SELECT id, due FROM notices WHERE due IS NOT NULL
                   AND receiver NOT IN (SELECT value FROM json_each(?1))
                 ORDER BY due LIMIT 2",
            )?
            .query_map([except], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let is_due = waiting.first().is_some_and(|&(_, due)| due <= now.0);
        let notice = if is_due {
            let (id, _) = waiting.remove(0);
            self.take(id, until)?
        } else {
            None
        };
        let next = waiting.first().map(|&(_, due)| Moment(due));
        Ok(Claimed { notice, next })
    }

    fn take(&mut self, id: i64, until: Moment) -> rusqlite::Result<Option<Notice>> {
        let (url, tries, order) = self
            .connection
            .prepare(
                "UPDATE notices SET due = ?2, tries = tries + 1 WHERE id = ?1
                 RETURNING url, tries, order_id",
            )?
            .query_row(params![id, until.0], |row| {
                Ok((web_url(row, 0)?, row.get(1)?, row.get::<_, i64>(2)?))
            })?;
        let order = self
            .connection
            .prepare(&format!("{ORDER} WHERE id = ?1"))?
            .query_row([order], read_order)?;
        Ok(url.map(|url| Notice {
            id,
            url,
            tries,
            order,
        }))
    }

    /// Says what became of a notification.
    pub(super) fn finish(&mut self, id: i64, delivery: Delivery) -> rusqlite::Result<()> {
        let due = match delivery {
            Delivery::Done => {
                self.connection
                    .prepare("DELETE FROM notices WHERE id = ?1")?
                    .execute([id])?;
                return Ok(());
            }
            Delivery::Again(due) => Some(due.0),
            Delivery::GivenUp => None,
        };
        self.connection
            .prepare("UPDATE notices SET due = ?2 WHERE id = ?1")?
            .execute(params![id, due])?;
        Ok(())
    }
}

/// Notes that an order's partner is to be told of it, where it wants to be.
pub(super) fn note(connection: &Connection, order: &Order, due: Moment) -> rusqlite::Result<()> {
    let Some(url) = &order.notify_url else {
        return Ok(());
    };
    connection
        .prepare("INSERT INTO notices (order_id, url, receiver, due) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![order.id.0, url.as_str(), url.receiver(), due.0])?;
    Ok(())
}

fn find_by_page(connection: &Connection, key: &str) -> rusqlite::Result<Option<Order>> {
    connection
        .prepare(&format!("{ORDER} WHERE page = ?1"))?
        .query_row([key], read_order)
        .optional()
}
