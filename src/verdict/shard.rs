//! Which part of a load that runs on several machines a machine runs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One of several machines that run one load together: `0/3` is the first of
/// three, as Kubernetes counts the pods of an indexed job.
///
/// A scenario describes the whole load. What is counted in it (users, orders,
/// arrivals) is numbered from 0, and shard I of N has every Nth, from the Ith
/// on; so the shards together have each once, whatever the remainder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Shard {
    index: u32,
    count: u32,
}

/// Why a text names no shard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// It has another form.
    #[error(
        "{0:?} is no shard: write I/N, the machine's number from 0 and how many there are, such as 0/3"
    )]
    Form(String),
    /// There is no such machine.
    #[error(
        "there is no shard {index} of {count}: shards are counted from 0, so the last one is {last}/{count}",
        last = count.saturating_sub(1)
    )]
    Beyond {
        /// The machine's number.
        index: u32,
        /// How many there are.
        count: u32,
    },
    /// So many machines are none, or too many.
    #[error("a load runs on 1 to {most} machines, not on {0}", most = Shard::MOST)]
    Count(u32),
}

impl Shard {
    /// The most machines of one load: their numbers have to fit into those of
    /// refunds and messages.
    pub const MOST: u32 = 1_000;

    /// A load on one machine.
    pub const WHOLE: Self = Self { index: 0, count: 1 };

    /// The shard of this number, from 0, of so many.
    ///
    /// # Errors
    /// [`ShardError`] where there is no such shard.
    pub const fn new(index: u32, count: u32) -> Result<Self, ShardError> {
        if count == 0 || count > Self::MOST {
            return Err(ShardError::Count(count));
        }
        if index >= count {
            return Err(ShardError::Beyond { index, count });
        }
        Ok(Self { index, count })
    }

    /// Its number, from 0.
    pub const fn index(self) -> u32 {
        self.index
    }

    /// How many shards there are.
    pub const fn count(self) -> u32 {
        self.count
    }

    /// How many of `total` things are this shard's.
    pub const fn share(self, total: usize) -> usize {
        let (index, count) = (self.index as usize, self.count as usize);
        total / count + (index < total % count) as usize
    }

    /// Whether the thing of this number, among all of the load, is this shard's.
    pub const fn has(self, number: usize) -> bool {
        number % self.count as usize == self.index as usize
    }

    /// The number, among all things of the load, of the one that this shard
    /// counts as `own`.
    pub const fn number(self, own: usize) -> usize {
        self.index as usize + own * self.count as usize
    }

    /// What this shard counts a thing of its own as that has this number among
    /// all.
    pub const fn own(self, number: usize) -> usize {
        number / self.count as usize
    }

    /// This shard's part of a rate.
    pub fn part_of(self, rate: f64) -> f64 {
        rate / f64::from(self.count)
    }
}

impl Default for Shard {
    fn default() -> Self {
        Self::WHOLE
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let number = |digits: &str| {
            // `parse` would take a plus sign.
            let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse::<u32>().ok().filter(|_| is_plain)
        };
        let (index, count) = text
            .split_once('/')
            .and_then(|(index, count)| number(index).zip(number(count)))
            .ok_or_else(|| ShardError::Form(text.to_owned()))?;
        Self::new(index, count)
    }
}

impl TryFrom<String> for Shard {
    type Error = ShardError;

    fn try_from(text: String) -> Result<Self, ShardError> {
        text.parse()
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_shards_of_a_load_have_each_thing_once() {
        for count in 1..=7 {
            for total in 0..=23 {
                let shards = (0..count).map(|index| Shard::new(index, count).unwrap());
                let numbers: Vec<usize> = shards
                    .flat_map(|shard| (0..shard.share(total)).map(move |own| shard.number(own)))
                    .collect();
                assert_eq!(numbers.len(), total);
                let numbers: BTreeSet<usize> = numbers.into_iter().collect();
                assert_eq!(numbers, (0..total).collect());
            }
        }
        let shard = Shard::new(2, 5).unwrap();
        assert_eq!(shard.own(shard.number(11)), 11);
    }

    #[test]
    fn a_shard_is_written_as_it_is_read() {
        for text in ["0/1", "2/3", "999/1000"] {
            assert_eq!(text.parse::<Shard>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_shard_is_told_with_the_cure() {
        for text in ["", "1", "/3", "1/", "a/3", "-1/3", "+1/3", "1/3/5", "1 / 3"] {
            let error = text.parse::<Shard>().unwrap_err().to_string();
            assert!(error.contains("such as 0/3"), "{error}");
        }
        let error = "3/3".parse::<Shard>().unwrap_err().to_string();
        assert!(error.contains("the last one is 2/3"), "{error}");
        for text in ["0/0", "0/1001"] {
            let error = text.parse::<Shard>().unwrap_err().to_string();
            assert!(error.contains("1 to 1000 machines"), "{error}");
        }
    }
}
