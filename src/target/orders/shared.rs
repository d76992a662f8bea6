//! Paid orders that several machines refund at the same time.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::pool::{self, PoolError};
use super::source::{OrderError, PaidOrder};
use crate::verdict::Shard;

/// The orders of a file that every shard of a load has, in the file's order.
///
/// Nothing may have been refunded of them before the load: what is judged in
/// the end is that all refunds together explain every refusal. So a shard
/// records in `FILE.used-I-of-N` which orders it has begun with, and never
/// begins with them again, nor with those that a pool has handed out.
#[derive(Debug)]
pub struct SharedOrders {
    orders: Vec<PaidOrder>,
    record: File,
    record_path: PathBuf,
}

impl SharedOrders {
    /// Reads the orders of `path` that `shard` has not used before.
    ///
    /// # Errors
    /// [`PoolError`] where a file can't be read or written, a line is no order,
    /// or all of them were used.
    pub fn open(path: &Path, shard: Shard) -> Result<Self, PoolError> {
        let mut orders = pool::read(path)?;
        let record_path = beside(
            path,
            &format!(".used-{}-of-{}", shard.index(), shard.count()),
        );
        let mut used: HashSet<String> = HashSet::new();
        for record in [&pool::used_path(path), &record_path] {
            used.extend(pool::recorded(record)?);
        }
        orders.retain(|order| !used.contains(order.number.as_str()));
        if orders.is_empty() {
            return Err(PoolError::AllUsed {
                path: path.to_owned(),
                record: record_path,
            });
        }
        let record = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&record_path)
            .map_err(|error| PoolError::File {
                path: record_path.clone(),
                error,
            })?;
        Ok(Self {
            orders,
            record,
            record_path,
        })
    }

    /// Records all of them as used, before anything is refunded, and hands them
    /// out.
    ///
    /// # Errors
    /// [`OrderError::Record`] where that can't be written.
    pub fn begin(mut self) -> Result<Vec<PaidOrder>, OrderError> {
        let mut lines = String::new();
        for order in &self.orders {
            lines.push_str(order.number.as_str());
            lines.push('\n');
        }
        self.record
            .write_all(lines.as_bytes())
            .map_err(|error| OrderError::Record {
                file: self.record_path.display().to_string(),
                reason: error.to_string(),
            })?;
        Ok(self.orders)
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shard_begins_with_the_same_orders_and_each_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shared.csv");
        std::fs::write(
            &path,
            "partnerOrderNo,orderAmount,currency\np1,1000,JPY\np2,500,JPY\n",
        )
        .unwrap();
        let shard = |index| Shard::new(index, 2).unwrap();
        let begun = |index| {
            let orders = SharedOrders::open(&path, shard(index)).unwrap();
            orders.begin().unwrap()
        };
        // One that never began has used none.
        drop(SharedOrders::open(&path, shard(0)).unwrap());
        let (first, second) = (begun(0), begun(1));
        assert_eq!(first, second);
        let numbers: Vec<&str> = first.iter().map(|o| o.number.as_str()).collect();
        assert_eq!(numbers, ["p1", "p2"], "in the file's order");
        let again = SharedOrders::open(&path, shard(1)).unwrap_err().to_string();
        assert!(again.contains("shared.csv.used-1-of-2"), "{again}");
    }

    #[test]
    fn what_a_pool_has_handed_out_is_not_shared() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shared.csv");
        std::fs::write(&path, "partnerOrderNo,orderAmount\np1,10\np2,20\n").unwrap();
        std::fs::write(folder.path().join("shared.csv.used"), "p1\n").unwrap();
        let shared = SharedOrders::open(&path, Shard::WHOLE).unwrap();
        assert_eq!(shared.begin().unwrap().len(), 1);
    }
}
