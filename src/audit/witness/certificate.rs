//! The proof of a violation, in records and sums that a checker finds again in
//! the raw history. `src/bin/recoup-verify.rs` is one, and shares nothing with
//! this.

use crate::audit::history::{History, OrderHistory, QueryRead, RefundAttempt, RefundOutcome};
use crate::audit::judge::capacity::{Explained, Sweep};
use crate::audit::judge::reduce::{Class, Reduction, Refusal, Source};
use crate::protocol::profile::Duplicates;
use crate::verdict::{
    CERTIFICATE_SCHEMA, Certificate, CertifiedRecord, CertifiedTerms, Claim, Inequality, Relation,
    Role, Sums, Violation, WitnessStep,
};

/// What certificates of one order are made from.
pub struct Certifier<'a> {
    /// The whole history.
    pub history: &'a History,
    /// The order that the violation is filed under.
    pub order: &'a OrderHistory,
    /// Its attempts, reduced.
    pub reduction: &'a Reduction,
}

/// What proves a claim.
#[derive(Default)]
struct Proof {
    records: Vec<CertifiedRecord>,
    sums: Option<Sums>,
    inequality: Option<Inequality>,
}

impl Certifier<'_> {
    /// The certificate of one violation of the order.
    pub fn certify(&self, violation: &Violation) -> Certificate {
        let proof = match violation.claim {
            Claim::OverRefund | Claim::SingleAmount => self.too_much(violation),
            Claim::UnjustifiedRefusal | Claim::RefusalsTogether => self.refused(violation),
            Claim::RefusedAfterEffect
            | Claim::AcceptedTwice
            | Claim::ChangedAmount
            | Claim::ChangedOrder => self.contradiction(violation),
            Claim::SpuriousDuplicate => Proof {
                records: self.refuted(violation).into_iter().collect(),
                ..Proof::default()
            },
            Claim::StaleRead => self.stale(violation),
        };
        let duplicates = match self.history.terms.duplicates {
            Duplicates::Replay => "replay",
            Duplicates::Refuse => "refuse",
            Duplicates::Either => "either",
        };
        Certificate {
            schema: CERTIFICATE_SCHEMA,
            invariant: violation.invariant.clone(),
            claim: violation.claim,
            terms: CertifiedTerms {
                duplicates: duplicates.to_owned(),
                late_failure: self.history.terms.late_failure,
            },
            history: String::new(),
            order: violation.order.clone(),
            paid: violation.paid,
            timing: violation.timing.to_string(),
            records: proof.records,
            sums: proof.sums,
            inequality: proof.inequality,
        }
    }

    /// The refusal that an answer is, if the violation is about one.
    pub fn refusal(&self, violation: &Violation) -> Option<(usize, &Refusal)> {
        let place = violation.witness.first()?.sent;
        let mut refusals = self.reduction.refusals.iter().enumerate();
        refusals.find(|(_, refusal)| refusal.sent == place)
    }

    /// The refusal that a stale read rests on, and what was accepted after it:
    /// what is used is the more the later it is counted from, or the earlier.
    pub fn base_of_stale_read(&self, read: &WitnessStep) -> (Option<&Refusal>, i128) {
        let accepted_after = |place: Option<u64>| {
            self.reduction.sum(|effect| {
                Some(effect.earliest) > place
                    && effect.latest.is_some_and(|latest| latest < read.sent)
            })
        };
        let before = self
            .reduction
            .refusals
            .iter()
            .filter(|refusal| refusal.latest < read.sent);
        before.fold((None, accepted_after(None)), |best, refusal| {
            let after = accepted_after(Some(refusal.latest));
            let best_sum = best.1 + best.0.map_or(0, |base| self.proved_by(base));
            if after + self.proved_by(refusal) > best_sum {
                (Some(refusal), after)
            } else {
                best
            }
        })
    }

    /// How much a refusal proves to have been used.
    pub fn proved_by(&self, refusal: &Refusal) -> i128 {
        let wanted = i128::from(refusal.wanted.minor_units());
        i128::from(self.order.paid.minor_units()) - wanted + 1
    }

    fn too_much(&self, violation: &Violation) -> Proof {
        let records = violation
            .witness
            .iter()
            .flat_map(|step| self.effect(step))
            .collect();
        let amounts: Vec<i64> = violation.witness.iter().map(|step| step.amount).collect();
        let is_negative = amounts.iter().any(|&amount| amount < 0);
        let (relation, bound) = if is_negative {
            (Relation::Below, 1)
        } else {
            (Relation::Above, violation.paid)
        };
        Proof {
            records,
            sums: None,
            inequality: Some(Inequality {
                sum: amounts,
                relation,
                bound,
            }),
        }
    }

    fn refused(&self, violation: &Violation) -> Proof {
        let mut records = Vec::new();
        records.extend(self.refuted(violation));
        let Some((index, refusal)) = self.refusal(violation) else {
            return Proof {
                records,
                ..Proof::default()
            };
        };
        let paid = i128::from(self.order.paid.minor_units());
        let sweep = Sweep::new(self.reduction, paid);
        let is_released = self.history.terms.late_failure;
        let (accepted, unknown) = match violation.claim {
            Claim::RefusalsTogether => match sweep.explain() {
                Explained::NotTogether { used, most, .. } => (used, most),
                _ => sweep.usable(index, is_released),
            },
            _ => sweep.usable(index, is_released),
        };
        let sums = Sums {
            accepted: whole(accepted),
            unknown: whole(unknown),
            wanted: refusal.wanted.minor_units(),
        };
        Proof {
            records,
            sums: Some(sums),
            inequality: Some(Inequality {
                sum: vec![sums.accepted, sums.unknown, sums.wanted],
                relation: Relation::AtMost,
                bound: violation.paid,
            }),
        }
    }

    /// Two answers about one number.
    fn contradiction(&self, violation: &Violation) -> Proof {
        let [first, second] = &violation.witness[..] else {
            return Proof::default();
        };
        let mut records = self.effect(first);
        records.extend(self.record(second, Role::Refuted));
        let inequality = (violation.claim == Claim::ChangedAmount).then(|| Inequality {
            sum: vec![first.amount],
            relation: Relation::Unequal,
            bound: second.amount,
        });
        Proof {
            records,
            sums: None,
            inequality,
        }
    }

    fn stale(&self, violation: &Violation) -> Proof {
        let mut records = Vec::new();
        records.extend(self.refuted(violation));
        let Some(read) = violation.witness.first() else {
            return Proof::default();
        };
        let (base, accepted) = self.base_of_stale_read(read);
        records.extend(base.map(|base| match base.source {
            Source::Attempt(index) => {
                certified(self.order, &self.order.attempts[index], Role::Base)
            }
            Source::Query(index) => {
                certified_query(self.order, &self.order.queries[index], Role::Base)
            }
        }));
        let sums = Sums {
            accepted: whole(accepted),
            unknown: 0,
            wanted: base.map_or(0, |base| whole(self.proved_by(base))),
        };
        Proof {
            records,
            sums: Some(sums),
            inequality: Some(Inequality {
                sum: vec![sums.wanted, sums.accepted],
                relation: Relation::AtLeast,
                bound: violation.paid,
            }),
        }
    }

    fn refuted(&self, violation: &Violation) -> Option<CertifiedRecord> {
        self.record(violation.witness.first()?, Role::Refuted)
    }

    /// The record that a step of the witness shows: its places are unique.
    fn record(&self, step: &WitnessStep, role: Role) -> Option<CertifiedRecord> {
        let query = |read: &&QueryRead| read.sent == step.sent;
        if let Some(read) = self.order.queries.iter().find(query) {
            return Some(certified_query(self.order, read, role));
        }
        let attempt = |attempt: &&RefundAttempt| attempt.sent == step.sent;
        if let Some(found) = self.order.attempts.iter().find(attempt) {
            return Some(certified(self.order, found, role));
        }
        // Only a number of two orders has a record elsewhere.
        self.history.orders.iter().find_map(|order| {
            let found = order.attempts.iter().find(attempt)?;
            Some(certified(order, found, role))
        })
    }

    /// The record of a refund that took effect, and where its own answer does
    /// not say so, the answer that does.
    fn effect(&self, step: &WitnessStep) -> Vec<CertifiedRecord> {
        let mut records: Vec<CertifiedRecord> =
            self.record(step, Role::Counted).into_iter().collect();
        let attempts = &self.order.attempts;
        let confirmed = self.reduction.effects.iter().find(|effect| {
            let attempt = &attempts[effect.attempt];
            attempt.sent == step.sent
                && attempt.outcome == RefundOutcome::Unknown
                && effect.class == Class::Accepted
        });
        if let Some(effect) = confirmed
            && let Some(answer) = attempts
                .iter()
                .find(|attempt| attempt.answered == effect.latest)
        {
            records.push(certified(self.order, answer, Role::Confirms));
        }
        records
    }
}

fn certified(order: &OrderHistory, attempt: &RefundAttempt, role: Role) -> CertifiedRecord {
    CertifiedRecord {
        role,
        order: order.order.to_string(),
        refund: Some(order.name(attempt.number).to_string()),
        amount: Some(attempt.amount.minor_units()),
        sent: attempt.sent,
        answered: attempt.answered,
        outcome: attempt.outcome.word().to_owned(),
    }
}

fn certified_query(order: &OrderHistory, query: &QueryRead, role: Role) -> CertifiedRecord {
    CertifiedRecord {
        role,
        order: order.order.to_string(),
        refund: None,
        amount: None,
        sent: query.sent,
        answered: Some(query.answered),
        outcome: query.outcome.word().to_owned(),
    }
}

/// Every sum of a claim is within what was paid, and so within 64 bits.
fn whole(units: i128) -> i64 {
    i64::try_from(units).unwrap_or(i64::MAX)
}
