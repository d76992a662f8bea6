//! Whether some set of the unknown refunds explains every refusal: the
//! theorem of this room, with its short cuts.

use super::reduce::{Class, Effect, Reduction, Refusal, Settled};
use super::subset_sum::{ReachableSums, TooManySums};

/// Whether an order's refusals can be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Explained {
    /// They can.
    Yes,
    /// One of them can't, by anything.
    Never {
        /// The refusal, as an index.
        refusal: usize,
        /// The most that can have been used when it was decided, in minor units.
        used: i128,
    },
    /// Each of them can, but not together within what was paid; the refusal
    /// is the first one, as an index, at which no set is left.
    NotTogether {
        /// The refusal, as an index.
        refusal: usize,
        /// What accepted refunds had used by then, in minor units.
        used: i128,
        /// The largest sum of unknown refunds that explains all earlier
        /// refusals within what was paid.
        most: i128,
    },
    /// There are too many sums of unknowns to tell.
    Undecided,
}

/// Effects and refusals in the order in which the theorem puts them: effects
/// at their earliest, refusals at their latest.
pub struct Sweep<'a> {
    reduction: &'a Reduction,
    paid: i128,
    events: Vec<(u64, Event)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Effect(usize),
    Refusal(usize),
}

impl<'a> Sweep<'a> {
    /// What can have been used when the refusal, an index, was decided: by
    /// accepted refunds for certain, and by unknown ones at most.
    pub fn usable(&self, refusal: usize, is_released: bool) -> (i128, i128) {
        let at = self.reduction.refusals[refusal].latest;
        let refusal = &self.reduction.refusals[refusal];
        let by_then = |counts: &dyn Fn(&Effect) -> bool| {
            let sum = self
                .reduction
                .sum(|effect| effect.earliest <= at && counts(effect));
            sum - self.own(refusal, at, counts)
        };
        let unknown = by_then(&|effect| !is_accepted(effect));
        let room = if is_released {
            i128::MAX
        } else {
            self.paid - self.reduction.sum(is_accepted)
        };
        (by_then(&is_accepted), unknown.min(room))
    }

    /// Orders the events of a reduction.
    pub fn new(reduction: &'a Reduction, paid: i128) -> Self {
        let effects = reduction.effects.iter().enumerate();
        let refusals = reduction.refusals.iter().enumerate();
        let mut events: Vec<(u64, Event)> = effects
            .map(|(index, effect)| (effect.earliest, Event::Effect(index)))
            .chain(refusals.map(|(index, refusal)| (refusal.latest, Event::Refusal(index))))
            .collect();
        events.sort_unstable();
        Self {
            reduction,
            paid,
            events,
        }
    }

    /// The theorem, where no accepted refund can be released: exact, up to
    /// refusals of a number that is itself unknown, where it is lenient.
    pub fn explain(&self) -> Explained {
        let accepted = self.reduction.sum(|effect| effect.class == Class::Accepted);
        let room = self.paid - accepted;
        let needs = match self.worst_need(room) {
            Ok(needs) => needs,
            Err(never) => return never,
        };
        // Unknowns added one by one, only when a refusal needs more, overshoot
        // by less than the largest of them.
        if needs.worst == 0 || needs.worst + needs.largest_unknown - 1 <= room {
            return Explained::Yes;
        }
        self.search(room).unwrap_or(Explained::Undecided)
    }

    /// What stays certain where accepted refunds may be released: a refusal
    /// that nothing sent before its answer can explain.
    pub fn explain_with_releases(&self) -> Explained {
        match self.worst_need(i128::MAX) {
            Ok(_) => Explained::Yes,
            Err(never) => never,
        }
    }

    /// Whether the refusals hold whatever becomes of the refunds that are
    /// still open: no unknown but those that a later answer confirmed is
    /// needed to explain them.
    pub fn holds_without_open(&self) -> bool {
        let confirmed = |effect: &Effect| {
            matches!(
                effect.class,
                Class::Accepted | Class::Unknown(Settled::Taken)
            )
        };
        let mut used = 0;
        self.events.iter().all(|&(at, event)| match event {
            Event::Effect(index) => {
                let effect = &self.reduction.effects[index];
                used += if confirmed(effect) { effect.units() } else { 0 };
                true
            }
            Event::Refusal(index) => {
                let refusal = &self.reduction.refusals[index];
                self.need(refusal, used - self.own(refusal, at, confirmed)) <= 0
            }
        })
    }

    /// The largest need of any refusal for unknowns, or the refusal whose need
    /// neither the room nor the unknowns before it can fill.
    fn worst_need(&self, room: i128) -> Result<Needs, Explained> {
        let mut used = 0;
        let mut unknown = 0;
        let mut needs = Needs::default();
        for &(at, event) in &self.events {
            match event {
                Event::Effect(index) => {
                    let effect = &self.reduction.effects[index];
                    if effect.class == Class::Accepted {
                        used += effect.units();
                    } else {
                        unknown += effect.units();
                        needs.largest_unknown = needs.largest_unknown.max(effect.units());
                    }
                }
                Event::Refusal(index) => {
                    let refusal = &self.reduction.refusals[index];
                    let used = used - self.own(refusal, at, is_accepted);
                    let unknown = unknown - self.own(refusal, at, |effect| !is_accepted(effect));
                    let need = self.need(refusal, used);
                    let available = unknown.min(room);
                    if need > 0 && need > available {
                        return Err(Explained::Never {
                            refusal: index,
                            used: used + available,
                        });
                    }
                    needs.worst = needs.worst.max(need);
                }
            }
        }
        Ok(needs)
    }

    /// Keeps the sums that the unknowns can make, and drops at each refusal
    /// those that would not explain it. Exact, because sums only grow.
    fn search(&self, room: i128) -> Result<Explained, TooManySums> {
        let unit = self
            .reduction
            .effects
            .iter()
            .filter(|effect| !is_accepted(effect))
            .map(Effect::units)
            .fold(0, greatest_common_divisor)
            .max(1);
        let scaled = |amount: i128| u64::try_from(amount).unwrap_or(u64::MAX);
        let mut sums = ReachableSums::up_to(scaled(room / unit));
        let mut used = 0;
        for &(at, event) in &self.events {
            match event {
                Event::Effect(index) => {
                    let effect = &self.reduction.effects[index];
                    if is_accepted(effect) {
                        used += effect.units();
                    } else {
                        sums.add(scaled(effect.units() / unit))?;
                    }
                }
                Event::Refusal(index) => {
                    let refusal = &self.reduction.refusals[index];
                    let used = used - self.own(refusal, at, is_accepted);
                    let need = self.need(refusal, used);
                    let most = i128::from(sums.largest()) * unit;
                    // Rounded up: no sum lies between two multiples.
                    let least = (need.max(0) + unit - 1) / unit;
                    if least > 0 && !sums.keep_from(scaled(least)) {
                        return Ok(Explained::NotTogether {
                            refusal: index,
                            used,
                            most,
                        });
                    }
                }
            }
        }
        Ok(Explained::Yes)
    }

    /// How much the unknowns must have used for a refusal to be right, where
    /// the accepted refunds had used `used`; nothing if it is not positive.
    fn need(&self, refusal: &Refusal, used: i128) -> i128 {
        self.paid - i128::from(refusal.wanted.minor_units()) + 1 - used
    }

    /// What the refund's own effect adds by `at`, if `counts` picks it.
    fn own(&self, refusal: &Refusal, at: u64, counts: impl Fn(&Effect) -> bool) -> i128 {
        refusal
            .own
            .map(|index| &self.reduction.effects[index])
            .filter(|effect| effect.earliest <= at && counts(effect))
            .map_or(0, Effect::units)
    }
}

#[derive(Default)]
struct Needs {
    worst: i128,
    largest_unknown: i128,
}

fn is_accepted(effect: &Effect) -> bool {
    effect.class == Class::Accepted
}

const fn greatest_common_divisor(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
