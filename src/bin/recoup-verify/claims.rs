//! What each claim needs, computed from the history alone.

use std::collections::{BTreeMap, BTreeSet};

use super::effects::{Effect, Refusal};
use super::history::{Entry, History};
use super::{Check, ensure};

/// What the history makes of a claim: to be compared with the certificate.
pub(crate) struct Finding {
    pub(crate) invariant: &'static str,
    /// Whether it needs concurrency to show.
    pub(crate) is_concurrent: bool,
    /// Accepted, unknown, wanted.
    pub(crate) sums: Option<[i128; 3]>,
    /// Sum, relation, bound.
    pub(crate) inequality: Option<(Vec<i128>, &'static str, i128)>,
}

/// A record that a certificate cites, with its role there.
pub(crate) type Cited<'h> = (String, &'h Entry);

/// A certificate's records, found in the history, beside what the order's
/// whole history shows.
pub(crate) struct Case<'h> {
    pub(crate) history: &'h History,
    pub(crate) order: &'h str,
    pub(crate) paid: i128,
    pub(crate) effects: Vec<Effect<'h>>,
    pub(crate) records: Vec<Cited<'h>>,
}

impl<'h> Case<'h> {
    pub(crate) fn judge(&self, claim: &str) -> Check<Finding> {
        let rests_on_all = ["unjustified-refusal", "refusals-together", "stale-read"];
        ensure(
            !(self.history.shared.contains(self.order) && rests_on_all.contains(&claim)),
            "other machines refunded the order too, and their refunds are not in this history",
        )?;
        match claim {
            "over-refund" => self.over_refund(),
            "single-amount" => self.single_amount(),
            "unjustified-refusal" => self.refusal(false),
            "refusals-together" => self.refusal(true),
            "refused-after-effect" => self.refused_after_effect(),
            "accepted-twice" | "changed-amount" | "changed-order" => self.acceptances(claim),
            "spurious-duplicate" => self.spurious_duplicate(),
            "stale-read" => self.stale_read(),
            _ => Err(format!("no claim is called {claim}")),
        }
    }

    /// The effects that the first records cite, and the records after them.
    fn counted(&self) -> Check<(Vec<&Effect<'h>>, &[Cited<'h>])> {
        let mut rest = &self.records[..];
        let mut counted: Vec<&Effect<'h>> = Vec::new();
        while let [(role, entry), more @ ..] = rest
            && role == "counted"
        {
            let shown = |effect: &&Effect<'_>| effect.is_certain() && effect.shown_by == entry.sent;
            let effect = self.effects.iter().find(shown);
            let effect = effect.ok_or("a record that is counted proves no effect")?;
            rest = more;
            if let Some(place) = effect.confirmed_by {
                let [(role, confirms), more @ ..] = rest else {
                    return Err("what confirms an unknown outcome is not cited".to_owned());
                };
                ensure(
                    role == "confirms" && confirms.sent == place,
                    "another record confirms it",
                )?;
                rest = more;
            }
            counted.push(effect);
        }
        Ok((counted, rest))
    }

    /// Effects that are certain: of a number with several amounts the least.
    fn certain(&self) -> Vec<&Effect<'h>> {
        let mut least: BTreeMap<&str, &Effect<'h>> = BTreeMap::new();
        for effect in self.effects.iter().filter(|effect| effect.is_certain()) {
            let least = least.entry(effect.number).or_insert(effect);
            if effect.amount < least.amount {
                *least = effect;
            }
        }
        least.into_values().collect()
    }

    fn over_refund(&self) -> Check<Finding> {
        ensure(
            !self.history.may_fail_later,
            "refunds may have been released",
        )?;
        let (counted, rest) = self.counted()?;
        ensure(rest.is_empty(), "a record has no place here")?;
        let certain = self.certain();
        let shown: BTreeSet<u64> = certain.iter().map(|effect| effect.shown_by).collect();
        ensure(
            counted.iter().all(|e| shown.contains(&e.shown_by)),
            "a number was accepted for less as well",
        )?;
        let sum: Vec<i128> = counted.iter().map(|effect| effect.amount).collect();
        ensure(
            sum.iter().sum::<i128>() > self.paid,
            "it is no more than was paid",
        )?;
        let is_alone = |effect: &&Effect<'_>| {
            let before = certain
                .iter()
                .filter(|other| other.done < Some(effect.start));
            before.map(|other| other.amount).sum::<i128>() + effect.amount > self.paid
        };
        Ok(Finding {
            invariant: "I1",
            is_concurrent: !counted.iter().any(is_alone),
            sums: None,
            inequality: Some((sum, ">", self.paid)),
        })
    }

    fn single_amount(&self) -> Check<Finding> {
        let (_, entry) = self.records.first().ok_or("no record is cited")?;
        let inequality = if entry.amount < 0 {
            let is_proof = self.records.len() == 1 && self.records[0].0 == "counted";
            ensure(
                is_proof && entry.order == self.order,
                "a record has no place here",
            )?;
            ensure(entry.is("accepted"), "it was not accepted")?;
            (vec![entry.amount], "<", 1)
        } else {
            let (counted, rest) = self.counted()?;
            ensure(
                counted.len() == 1 && rest.is_empty(),
                "a record has no place here",
            )?;
            ensure(entry.amount > self.paid, "it is no more than was paid")?;
            (vec![entry.amount], ">", self.paid)
        };
        Ok(Finding {
            invariant: "I2",
            is_concurrent: false,
            sums: None,
            inequality: Some(inequality),
        })
    }

    /// The record of a role that stands at an index.
    fn cited(&self, index: usize, role: &str) -> Check<&'h Entry> {
        let found = self.records.get(index).filter(|(found, _)| found == role);
        let (_, entry) = found.ok_or_else(|| format!("record {index} should be {role}"))?;
        ensure(entry.order == self.order, "a record is another order's")?;
        Ok(entry)
    }

    fn refusal(&self, is_together: bool) -> Check<Finding> {
        let entry = self.cited(0, "refuted")?;
        ensure(self.records.len() == 1, "a record has no place here")?;
        let refusal = self.history.refusal(entry, &self.effects);
        let refusal = refusal.ok_or("it is no refusal for want of money")?;
        let accepted: i128 = self
            .effects
            .iter()
            .filter(|e| e.is_certain())
            .map(|e| e.amount)
            .sum();
        let room = if self.history.may_fail_later {
            ensure(!is_together, "refunds may have been released")?;
            i128::MAX
        } else {
            self.paid - accepted
        };
        ensure(room >= 0, "more was accepted than was paid")?;
        let accepted = self.usable(&refusal, true);
        let unknown = if is_together {
            self.largest_sum(&refusal, room)?
        } else {
            self.usable(&refusal, false).min(room)
        };
        let sums = [accepted, unknown, refusal.wanted];
        ensure(
            sums.iter().sum::<i128>() <= self.paid,
            "it would not have fitted",
        )?;
        let invariant = match (is_together, &entry.refund) {
            (true, _) => "I4",
            (false, Some(_)) => "I3",
            (false, None) => "I13",
        };
        Ok(Finding {
            invariant,
            is_concurrent: self.history.overlaps(entry),
            sums: Some(sums),
            inequality: Some((sums.to_vec(), "<=", self.paid)),
        })
    }

    /// What other refunds can have used by the time of a refusal.
    fn usable(&self, refusal: &Refusal<'_>, is_certain: bool) -> i128 {
        let others = self
            .effects
            .iter()
            .filter(|effect| !effect.is_of(refusal.entry));
        let by_then = others.filter(|effect| effect.start <= refusal.at);
        let counted = by_then.filter(|effect| effect.is_certain() == is_certain);
        counted.map(|effect| effect.amount).sum()
    }

    /// The largest sum of unknown effects within `room` that explains every
    /// refusal before `last`.
    fn largest_sum(&self, last: &Refusal<'_>, room: i128) -> Check<i128> {
        let unknown = self.effects.iter().filter(|effect| !effect.is_certain());
        let adds = unknown.map(|effect| (effect.start, effect.amount, None));
        let entries = self.history.sent_for(self.order);
        let refusals = entries.filter_map(|entry| self.history.refusal(entry, &self.effects));
        let needs = refusals.map(|refusal| {
            let need = self.paid + 1 - refusal.wanted - self.usable(&refusal, true);
            (refusal.at, 0, Some(need))
        });
        let mut events: Vec<(u64, i128, Option<i128>)> = adds.chain(needs).collect();
        events.retain(|event| event.0 < last.at);
        events.sort_unstable();
        let mut sums = BTreeSet::from([0]);
        for (_, amount, need) in events {
            let with: Vec<i128> = sums.iter().map(|sum| sum + amount).collect();
            sums.extend(with.into_iter().filter(|sum| *sum <= room));
            sums.retain(|sum| need.is_none_or(|need| *sum >= need));
        }
        sums.last()
            .copied()
            .ok_or_else(|| "an earlier refusal has no explanation".to_owned())
    }

    fn refused_after_effect(&self) -> Check<Finding> {
        ensure(
            !self.history.may_fail_later,
            "refunds may have been released",
        )?;
        let (counted, rest) = self.counted()?;
        let ([effect], [_]) = (&counted[..], rest) else {
            return Err("it takes one effect and one refusal".to_owned());
        };
        let refused = self.cited(self.records.len() - 1, "refuted")?;
        ensure(refused.is("exceeds"), "it is no refusal for want of money")?;
        ensure(effect.is_of(refused), "they are two refunds")?;
        ensure(
            effect.done < Some(refused.sent),
            "the refusal was sent before the effect was sure",
        )?;
        Ok(Finding::of_records("I5", false))
    }

    /// Two acceptances that can't both be right.
    fn acceptances(&self, claim: &str) -> Check<Finding> {
        let second = self.cited(1, "refuted")?;
        let (role, first) = &self.records[0];
        ensure(
            self.records.len() == 2 && role == "counted",
            "a record has no place here",
        )?;
        ensure(
            first.is("accepted") && second.is("accepted"),
            "they were not both accepted",
        )?;
        let is_one = first.refund.is_some() && first.refund == second.refund;
        ensure(is_one, "they have two numbers")?;
        let is_here = first.order == self.order;
        ensure(
            is_here == (claim != "changed-order"),
            "a record is another order's",
        )?;
        let is_concurrent = first
            .answered
            .is_none_or(|answered| answered >= second.sent);
        let mut finding = Finding::of_records("I6", is_concurrent);
        if claim == "accepted-twice" {
            let refuses = self.history.duplicates == "refuse" && !self.history.may_fail_later;
            ensure(
                refuses && first.amount == second.amount,
                "it may be answered alike",
            )?;
            finding.invariant = "I5";
        } else if claim == "changed-amount" {
            let are_amounts = first.amount > 0 && second.amount > 0;
            ensure(
                are_amounts && first.amount != second.amount,
                "the amounts agree",
            )?;
            finding.inequality = Some((vec![first.amount], "!=", second.amount));
        }
        Ok(finding)
    }

    fn spurious_duplicate(&self) -> Check<Finding> {
        let entry = self.cited(0, "refuted")?;
        ensure(self.records.len() == 1, "a record has no place here")?;
        ensure(entry.is("duplicate"), "it was not called a duplicate")?;
        let number = entry.refund.as_deref().ok_or("it is a query")?;
        let others = self.history.sent_as(number);
        let mut others = others.filter(|other| other.sent != entry.sent);
        let is_first = others.all(|other| Some(other.sent) > entry.answered);
        ensure(is_first, "the number had been used")?;
        Ok(Finding::of_records("I7", self.history.overlaps(entry)))
    }

    fn stale_read(&self) -> Check<Finding> {
        ensure(
            !self.history.may_fail_later,
            "refunds may have been released",
        )?;
        ensure(
            !self.history.dealing.contains(self.order),
            "a refund was still dealt with",
        )?;
        let read = self.cited(0, "refuted")?;
        ensure(
            read.is("not-refunded"),
            "the query did not show something left",
        )?;
        let (mut since, mut proved) = (None, 0);
        if self.records.len() > 1 {
            let base = self.history.refusal(self.cited(1, "base")?, &self.effects);
            let base = base.filter(|base| base.at < read.sent && self.records.len() == 2);
            let base = base.ok_or("the query does not follow a refusal for want of money")?;
            (since, proved) = (Some(base.at), self.paid + 1 - base.wanted);
        }
        let before = |effect: &&Effect<'_>| effect.done.is_some_and(|done| done < read.sent);
        let counted = self.effects.iter().filter(before);
        let accepted = counted
            .filter(|e| Some(e.start) > since)
            .map(|e| e.amount)
            .sum();
        ensure(
            proved + accepted >= self.paid,
            "something may have been left",
        )?;
        Ok(Finding {
            invariant: "I13",
            is_concurrent: false,
            sums: Some([accepted, 0, proved]),
            inequality: Some((vec![proved, accepted], ">=", self.paid)),
        })
    }
}

impl Finding {
    /// A claim that the records prove without arithmetic.
    const fn of_records(invariant: &'static str, is_concurrent: bool) -> Self {
        Self {
            invariant,
            is_concurrent,
            sums: None,
            inequality: None,
        }
    }
}
