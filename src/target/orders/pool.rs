//! Orders that someone has paid before, from a CSV file.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::Deserialize;

use crate::protocol::{Amount, OrderNo};

use super::source::{OrderError, PaidOrder};
use crate::target::guard::Budget;
use crate::verdict::Shard;

/// The largest amount of an order: what lies beyond is a slip, and rules ask
/// for multiples of it.
const LARGEST: Amount = Amount::new(1 << 53);

/// Why a pool can't be used.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// A file can't be read or written.
    #[error("open {}: {error} (--orders and --shared-orders take a CSV file, and record beside it which orders were used)", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        error: io::Error,
    },
    /// A line that is no order.
    #[error(
        "read {}: {reason} (the columns are partnerOrderNo,orderAmount,currency, with these names in the first line)",
        path.display()
    )]
    Line {
        /// The file.
        path: PathBuf,
        /// The parser's reason, with the line.
        reason: String,
    },
    /// Orders that earlier runs have used, all of them.
    #[error(
        "find an order in {} that no earlier run has used (pay for new ones; {} lists those that this shard has used)",
        path.display(),
        record.display()
    )]
    AllUsed {
        /// The file.
        path: PathBuf,
        /// The record of those that were used.
        record: PathBuf,
    },
}

/// A pool of paid orders, each handed out once, over all runs.
///
/// An order that was handed out is recorded in `FILE.used` before it is used,
/// so that a run that is cut short does not leave an order that looks fresh.
#[derive(Debug)]
pub struct Pool {
    /// Each with its place in the file.
    orders: Mutex<Vec<(usize, PaidOrder)>>,
    used: Mutex<File>,
    used_path: PathBuf,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    partner_order_no: OrderNo,
    order_amount: Amount,
    currency: Option<String>,
}

impl Pool {
    /// Reads the pool of `path`, less what earlier runs have used.
    ///
    /// # Errors
    /// [`PoolError`] names the file and the line.
    pub fn open(path: &Path) -> Result<Self, PoolError> {
        let file = |path: &Path, error| PoolError::File {
            path: path.to_owned(),
            error,
        };
        let used_path = used_path(path);
        let known = recorded(&used_path)?;
        let mut orders: Vec<(usize, PaidOrder)> = read(path)?.into_iter().enumerate().collect();
        orders.retain(|(_, order)| !known.contains(order.number.as_str()));
        // Smallest last, so that the smallest that will do is found first from
        // the end and large orders are kept for those who need them.
        orders.sort_by_key(|(_, order)| std::cmp::Reverse(order.paid));
        let used = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&used_path)
            .map_err(|error| file(&used_path, error))?;
        Ok(Self {
            orders: Mutex::new(orders),
            used: Mutex::new(used),
            used_path,
        })
    }

    /// Leaves the orders to other shards that are theirs: of a file that all of
    /// them have, each takes every Nth line.
    pub(super) fn keep(&self, shard: Shard) {
        let mut orders = self.orders.lock().expect("no holder panics");
        orders.retain(|(place, _)| shard.has(*place));
    }

    /// How many orders are left.
    pub fn len(&self) -> usize {
        self.orders.lock().expect("no holder panics").len()
    }

    /// Whether none is left.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Hands out the smallest order of at least this amount, if the budget
    /// allows it: an order that is not used is not recorded as used.
    pub(super) fn next(&self, at_least: Amount, budget: &Budget) -> Result<PaidOrder, OrderError> {
        let order = {
            let mut orders = self.orders.lock().expect("no holder panics");
            let at = orders
                .iter()
                .rposition(|(_, order)| order.paid >= at_least)
                .ok_or(OrderError::PoolEmpty(at_least))?;
            budget.take(orders[at].1.paid)?;
            orders.remove(at).1
        };
        writeln!(
            self.used.lock().expect("no holder panics"),
            "{}",
            order.number
        )
        .map_err(|error| OrderError::Record {
            file: self.used_path.display().to_string(),
            reason: error.to_string(),
        })?;
        Ok(order)
    }
}

/// The orders that a record of used ones lists; none where there is no record.
pub(super) fn recorded(path: &Path) -> Result<HashSet<String>, PoolError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(HashSet::new()),
        Err(error) => Err(PoolError::File {
            path: path.to_owned(),
            error,
        }),
    }
}

/// The orders of a file, in its order.
pub(super) fn read(path: &Path) -> Result<Vec<PaidOrder>, PoolError> {
    let line = |reason: String| PoolError::Line {
        path: path.to_owned(),
        reason,
    };
    let text = std::fs::read(path).map_err(|error| PoolError::File {
        path: path.to_owned(),
        error,
    })?;
    let mut numbers = HashSet::new();
    csv::ReaderBuilder::new()
        .trim(csv::Trim::Headers)
        .from_reader(text.as_slice())
        .deserialize::<Line>()
        .map(|record| {
            let record = record.map_err(|error| line(error.to_string()))?;
            if !record.order_amount.is_positive() || record.order_amount > LARGEST {
                return Err(line(format!(
                    "order {} has the amount {}, which is not within 1 and {LARGEST}",
                    record.partner_order_no, record.order_amount
                )));
            }
            if !numbers.insert(record.partner_order_no.clone()) {
                return Err(line(format!(
                    "order {} stands twice",
                    record.partner_order_no
                )));
            }
            Ok(PaidOrder {
                number: record.partner_order_no,
                paid: record.order_amount,
                currency: record.currency.filter(|text| !text.is_empty()),
            })
        })
        .collect()
}

/// Where it is recorded which orders of a pool were handed out.
pub(super) fn used_path(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".used");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(text: &str) -> (tempfile::TempDir, Result<Pool, PoolError>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.csv");
        std::fs::write(&path, text).unwrap();
        let pool = Pool::open(&path);
        (folder, pool)
    }

    #[test]
    fn an_order_is_handed_out_once_over_all_runs() {
        let (folder, pool) = pool("partnerOrderNo,orderAmount,currency\np1,1000,JPY\np2,500,JPY\n");
        let free = Budget::new(None);
        let first = pool.unwrap().next(Amount::new(100), &free).unwrap();
        assert_eq!(first.number.as_str(), "p2", "the smallest that will do");
        let again = Pool::open(&folder.path().join("orders.csv")).unwrap();
        assert_eq!(again.len(), 1);
        let spent = Budget::new(Some(Amount::new(999)));
        assert!(matches!(
            again.next(Amount::new(100), &spent),
            Err(OrderError::Guard(_))
        ));
        assert_eq!(again.len(), 1, "what the budget refuses is not used");
        assert_eq!(
            again.next(Amount::new(100), &free).unwrap().number.as_str(),
            "p1"
        );
        assert!(matches!(
            again.next(Amount::new(1), &free),
            Err(OrderError::PoolEmpty(_))
        ));
    }

    #[test]
    fn shards_with_the_same_file_take_different_orders() {
        let lines: String = (0..7).map(|n| format!("p{n},{}\n", 900 - n)).collect();
        let text = format!("partnerOrderNo,orderAmount\n{lines}");
        let free = Budget::new(None);
        let mut taken = HashSet::new();
        for index in 0..3 {
            // Each machine has the file to itself.
            let (_folder, pool) = pool(&text);
            let pool = pool.unwrap();
            pool.keep(Shard::new(index, 3).unwrap());
            while let Ok(order) = pool.next(Amount::new(1), &free) {
                assert!(taken.insert(order.number));
            }
        }
        assert_eq!(taken.len(), 7);
    }

    #[test]
    fn a_broken_line_is_named_with_the_file() {
        for text in [
            "partnerOrderNo,orderAmount\np1,ten\n",
            "partnerOrderNo,orderAmount\np1,0\n",
            "partnerOrderNo,orderAmount\np1,1\np1,2\n",
            "order,amount\np1,1\n",
        ] {
            let (_folder, pool) = pool(text);
            let error = pool.unwrap_err().to_string();
            assert!(error.contains("orders.csv"), "{error}");
        }
    }
}
