//! Which sums a growing set of amounts can make, up to a limit.

/// Above this limit the sums are listed instead of marked in a bit set.
const LARGEST_BITSET: u64 = 1 << 20;
/// More sums than this are not listed.
const MOST_SUMS: usize = 1 << 16;

/// There are too many different sums to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManySums;

/// The sums of the subsets of what was added, as far as they are no greater
/// than a limit and were not ruled out.
#[derive(Debug, Clone)]
pub struct ReachableSums {
    limit: u64,
    sums: Sums,
}

#[derive(Debug, Clone)]
enum Sums {
    /// One bit for each sum.
    Bits(Vec<u64>),
    /// The sums in ascending order.
    Listed(Vec<u64>),
}

impl ReachableSums {
    /// Nothing added yet: 0 is the only sum. Sums above `limit` are dropped.
    pub fn up_to(limit: u64) -> Self {
        let sums = if limit <= LARGEST_BITSET {
            let words = usize::try_from(limit / 64 + 1).expect("a bit set's size fits into memory");
            let mut bits = vec![0; words];
            bits[0] = 1;
            Sums::Bits(bits)
        } else {
            Sums::Listed(vec![0])
        };
        Self { limit, sums }
    }

    /// Adds one amount: each sum stays, and is there once more with it.
    ///
    /// # Errors
    /// [`TooManySums`] where they can't be listed; nothing is decided then.
    pub fn add(&mut self, amount: u64) -> Result<(), TooManySums> {
        if amount > self.limit {
            return Ok(());
        }
        match &mut self.sums {
            Sums::Bits(bits) => {
                shift_into(bits, amount);
                clear_above(bits, self.limit);
            }
            Sums::Listed(sums) => {
                let room = self.limit - amount;
                let with = sums
                    .iter()
                    .filter(|&&sum| sum <= room)
                    .map(|sum| sum + amount);
                let mut all: Vec<u64> = sums.iter().copied().chain(with).collect();
                all.sort_unstable();
                all.dedup();
                if all.len() > MOST_SUMS {
                    return Err(TooManySums);
                }
                *sums = all;
            }
        }
        Ok(())
    }

    /// The largest sum that is left; 0 where none is.
    pub fn largest(&self) -> u64 {
        match &self.sums {
            Sums::Bits(bits) => bits
                .iter()
                .rposition(|&word| word != 0)
                .map_or(0, |word| word as u64 * 64 + u64::from(bits[word].ilog2())),
            Sums::Listed(sums) => sums.last().copied().unwrap_or_default(),
        }
    }

    /// Rules out every sum below `least`. Whether any is left.
    pub fn keep_from(&mut self, least: u64) -> bool {
        match &mut self.sums {
            Sums::Bits(bits) => {
                let word = usize::try_from(least / 64).unwrap_or(usize::MAX);
                let whole = word.min(bits.len());
                bits[..whole].fill(0);
                if let Some(part) = bits.get_mut(word) {
                    *part &= u64::MAX << (least % 64);
                }
                bits[whole..].iter().any(|&word| word != 0)
            }
            Sums::Listed(sums) => {
                sums.drain(..sums.partition_point(|&sum| sum < least));
                !sums.is_empty()
            }
        }
    }
}

/// `bits |= bits << amount`.
fn shift_into(bits: &mut [u64], amount: u64) {
    let words = usize::try_from(amount / 64).expect("an amount within the bit set");
    let rest = amount % 64;
    // From the top, so that each word is read before it is written.
    for target in (words..bits.len()).rev() {
        let low = bits[target - words] << rest;
        let carried = if rest > 0 && target > words {
            bits[target - words - 1] >> (64 - rest)
        } else {
            0
        };
        bits[target] |= low | carried;
    }
}

fn clear_above(bits: &mut [u64], limit: u64) {
    if let Some(last) = bits.last_mut() {
        *last &= u64::MAX >> (63 - limit % 64);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Add(u64),
        KeepFrom(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        vec(
            prop_oneof![
                3 => (1..120_u64).prop_map(Step::Add),
                1 => (0..400_u64).prop_map(Step::KeepFrom),
            ],
            0..12,
        )
    }

    proptest! {
        #[test]
        fn both_forms_agree_with_a_plain_set_of_sums(limit in 0..400_u64, steps in steps()) {
            let mut plain = BTreeSet::from([0]);
            let mut bits = ReachableSums::up_to(limit);
            let mut listed = ReachableSums { limit, sums: Sums::Listed(vec![0]) };
            for step in steps {
                match step {
                    Step::Add(amount) => {
                        let with: Vec<u64> = plain.iter().map(|sum| sum + amount).collect();
                        plain.extend(with.into_iter().filter(|&sum| sum <= limit));
                        bits.add(amount).unwrap();
                        listed.add(amount).unwrap();
                    }
                    Step::KeepFrom(least) => {
                        plain.retain(|&sum| sum >= least);
                        prop_assert_eq!(bits.keep_from(least), !plain.is_empty());
                        prop_assert_eq!(listed.keep_from(least), !plain.is_empty());
                    }
                }
                let largest = plain.last().copied().unwrap_or_default();
                prop_assert_eq!([bits.largest(), listed.largest()], [largest; 2]);
            }
        }
    }

    #[test]
    fn too_many_sums_are_admitted_and_not_guessed() {
        let mut sums = ReachableSums::up_to(u64::MAX);
        let outcome = (0..40).try_for_each(|power| sums.add(1 << power));
        assert_eq!(outcome, Err(TooManySums));
    }
}
