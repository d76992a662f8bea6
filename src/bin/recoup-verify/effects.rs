//! What of an order took effect or may have, and which answers say that money
//! was wanting: the reading of the history that all claims rest on.

use std::collections::BTreeSet;

use super::history::{Entry, History};

/// A refund that took effect, or may have: one number with one amount.
pub(crate) struct Effect<'h> {
    pub(crate) number: &'h str,
    pub(crate) amount: i128,
    /// The earliest place at which it can have taken effect.
    pub(crate) start: u64,
    /// The place by which it certainly had; `None` where it may never have.
    pub(crate) done: Option<u64>,
    /// Where the attempt was sent that shows it.
    pub(crate) shown_by: u64,
    /// Where the attempt was sent whose answer confirms it, where its own does not.
    pub(crate) confirmed_by: Option<u64>,
}

/// An answer that says that money was wanting.
pub(crate) struct Refusal<'h> {
    pub(crate) entry: &'h Entry,
    /// The place by which it was decided.
    pub(crate) at: u64,
    /// What did not fit.
    pub(crate) wanted: i128,
}

impl Effect<'_> {
    pub(crate) const fn is_certain(&self) -> bool {
        self.done.is_some()
    }

    /// Whether the attempt is one of this very refund.
    pub(crate) fn is_of(&self, entry: &Entry) -> bool {
        Some(self.number) == entry.refund.as_deref() && self.amount == entry.amount
    }
}

impl History {
    pub(crate) fn effects<'h>(&'h self, order: &'h str) -> Vec<Effect<'h>> {
        let contents: BTreeSet<(&str, i128)> = self
            .sent_for(order)
            .filter_map(|entry| Some((entry.refund.as_deref()?, entry.amount)))
            .filter(|(_, amount)| *amount > 0)
            .collect();
        let effect = |(number, amount)| self.effect(order, number, amount);
        contents.into_iter().filter_map(effect).collect()
    }

    fn effect<'h>(&'h self, order: &'h str, number: &'h str, amount: i128) -> Option<Effect<'h>> {
        let tries = || self.sent_as(number).filter(move |e| e.order == order);
        let mine = || tries().filter(move |entry| entry.amount == amount);
        let accepted = mine()
            .filter(|e| e.is("accepted"))
            .min_by_key(|e| e.answered);
        let unknown = mine().filter(|e| e.is("unknown")).min_by_key(|e| e.sent);
        let refuses = self.duplicates == "refuse" && !self.may_fail_later;
        let shown = accepted.or(unknown)?;
        // Where repeats are refused the accepted attempt is the effect itself;
        // elsewhere it may tell of an earlier one.
        let earlier = unknown
            .filter(|_| !refuses)
            .map_or(u64::MAX, |entry| entry.sent);
        let first = mine().filter(|e| e.is("accepted")).map(|e| e.sent).min();
        let first = if refuses { None } else { first };
        let mut start = shown.sent.min(earlier).min(first.unwrap_or(u64::MAX));
        let mut done = accepted.and_then(|entry| entry.answered);
        let mut confirmed_by = None;
        if accepted.is_none() && refuses {
            // A 31 proves the attempt that stayed open if nothing else of that
            // number, here or elsewhere, can have made the gateway say it.
            let taken = mine()
                .filter(|e| e.is("duplicate"))
                .min_by_key(|e| e.answered);
            confirmed_by = taken.filter(|taken| {
                let before = |entry: &Entry| Some(entry.sent) < taken.answered;
                let refused = |e: &Entry| e.is("exceeds") || e.is("state") || e.is("refused");
                before(shown)
                    && tries().all(|entry| entry.amount == amount)
                    && !mine().any(|entry| refused(entry) && before(entry))
                    && !self.named(number).any(|entry| entry.order != order)
            });
            done = confirmed_by.and_then(|taken| taken.answered);
        }
        // A refusal of its own, before it was done, came before its effect.
        let is_lone = tries().count() == 1;
        for own in mine().filter(|e| e.is("exceeds") || e.is("state") && is_lone) {
            if !self.may_fail_later && done.is_none_or(|done| own.sent <= done) {
                start = start.max(own.sent);
            }
        }
        Some(Effect {
            number,
            amount,
            start,
            done,
            shown_by: shown.sent,
            confirmed_by: confirmed_by.map(|taken| taken.sent),
        })
    }

    /// The refusal that an entry is. Of a number that was tried more than once
    /// `state` may be meant of the number, and after its own effect a refusal
    /// is a breach of another kind.
    pub(crate) fn refusal<'h>(
        &self,
        entry: &'h Entry,
        effects: &[Effect<'_>],
    ) -> Option<Refusal<'h>> {
        let tries = entry.refund.iter().flat_map(|number| self.sent_as(number));
        let tries = tries.filter(|other| other.order == entry.order);
        let wanted = match entry.outcome.as_str() {
            "exceeds" => entry.amount,
            "state" if entry.amount > 0 && tries.count() == 1 => 1,
            "refunded" => 1,
            _ => 0,
        };
        let late = |e: &Effect<'_>| e.is_of(entry) && e.done.is_some_and(|done| entry.sent > done);
        let is_late = !self.may_fail_later && effects.iter().any(late);
        let at = entry.answered?;
        (wanted > 0 && !is_late).then_some(Refusal { entry, at, wanted })
    }
}
