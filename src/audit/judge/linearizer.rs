//! The judge and the monitor against a search that shares nothing with them:
//! every order of events, every set of unknown refunds, every release.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseResult};

use super::order::{OrderVerdict, judge_order};
use crate::audit::history::{
    OrderHistory, QueryOutcome, QueryRead, RefundAttempt, RefundOutcome, Terms,
};
use crate::audit::monitor::OrderMonitor;
use crate::protocol::profile::Duplicates;
use crate::protocol::{Amount, OrderNo, RefundNo};

pub(super) const FOR_EVER: u64 = u64::MAX;

/// One operation of a small history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) number: usize,
    pub(super) amount: i64,
    pub(super) sent: u64,
    /// [`FOR_EVER`] where no answer came.
    pub(super) answered: u64,
    pub(super) answer: Answer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Refund(RefundOutcome),
    /// An unknown refund that is required to have taken effect, some time.
    ForcedEffect,
    Query(QueryOutcome),
}

pub(super) const UNKNOWN: Answer = Answer::Refund(RefundOutcome::Unknown);

/// More refund numbers than any history here has. The ledger is copied at
/// every step of the search, so it is an array.
const MOST_NUMBERS: usize = 8;

/// A conforming gateway's ledger of one order.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ledger {
    /// By number: amount, and whether it is held (or was released).
    refunds: [Option<(i64, bool)>; MOST_NUMBERS],
    /// Numbers that were refused. A gateway may remember them as used, unless
    /// its profile says that a 31 means a refund which took effect.
    refused: [bool; MOST_NUMBERS],
}

impl Ledger {
    fn used(&self) -> i64 {
        let held = self.refunds.iter().flatten().filter(|refund| refund.1);
        held.map(|refund| refund.0).sum()
    }

    /// Whether a conforming gateway can give this answer now; what it does to
    /// the ledger is done.
    pub(super) fn answer(
        &mut self,
        paid: i64,
        terms: Terms,
        operation: &Operation,
        others: bool,
    ) -> bool {
        let Operation { number, amount, .. } = *operation;
        let used = self.used();
        let held = self.refunds[number];
        let is_same = held.is_some_and(|(before, _)| before == amount);
        let is_free = held.is_none_or(|(before, is_held)| before == amount && !is_held);
        match operation.answer {
            Answer::Query(QueryOutcome::Refunded) => used == paid,
            Answer::Query(QueryOutcome::NotRefunded) => used < paid,
            Answer::Refund(RefundOutcome::Accepted) => {
                if is_free && used + amount <= paid {
                    self.refunds[number] = Some((amount, true));
                    true
                } else {
                    is_same && terms.duplicates != Duplicates::Refuse
                }
            }
            UNKNOWN | Answer::ForcedEffect => {
                let fits = is_free && used + amount <= paid;
                if fits {
                    self.refunds[number] = Some((amount, true));
                }
                fits
            }
            Answer::Refund(outcome @ (RefundOutcome::Exceeds | RefundOutcome::State)) => {
                let wanted = if outcome == RefundOutcome::State {
                    1
                } else {
                    amount
                };
                self.refused[number] = true;
                (is_free || !is_same) && used + wanted > paid
            }
            Answer::Refund(RefundOutcome::Duplicate) => {
                let is_remembered = others || self.refused[number];
                held.is_some() || (is_remembered && terms.duplicates != Duplicates::Refuse)
            }
            Answer::Refund(RefundOutcome::Refused) => {
                self.refused[number] = true;
                true
            }
            Answer::Refund(RefundOutcome::NotSent) => true,
        }
    }
}

/// Whether some order of events explains the history.
pub(super) fn is_linearizable(paid: i64, terms: Terms, operations: &[Operation]) -> bool {
    search(paid, terms, operations, 0, &Ledger::default())
}

fn search(paid: i64, terms: Terms, operations: &[Operation], done: u32, ledger: &Ledger) -> bool {
    let is_open = |index: usize| done & (1 << index) == 0;
    let must = |index: usize| is_open(index) && operations[index].answer != UNKNOWN;
    if !(0..operations.len()).any(must) {
        return true;
    }
    for (index, operation) in operations.iter().enumerate() {
        let is_next = is_open(index)
            && (0..operations.len())
                .all(|other| !must(other) || operations[other].answered > operation.sent);
        if !is_next {
            continue;
        }
        let others = operations.iter().enumerate().any(|(other, that)| {
            other != index
                && that.number == operation.number
                && matches!(that.answer, Answer::Refund(_))
                && that.sent < operation.answered
        });
        let mut next = *ledger;
        if next.answer(paid, terms, operation, others)
            && search(paid, terms, operations, done | 1 << index, &next)
        {
            return true;
        }
    }
    if terms.late_failure {
        for (number, refund) in ledger.refunds.iter().enumerate() {
            let Some((amount, true)) = *refund else {
                continue;
            };
            let mut next = *ledger;
            next.refunds[number] = Some((amount, false));
            if search(paid, terms, operations, done, &next) {
                return true;
            }
        }
    }
    false
}

pub(super) fn history(paid: i64, operations: &[Operation]) -> OrderHistory {
    let mut order = OrderHistory::new(OrderNo::new("o1").unwrap(), Amount::new(paid), "JPY");
    for operation in operations {
        match operation.answer {
            Answer::Refund(outcome) => {
                let name = RefundNo::new(format!("r{}", operation.number)).unwrap();
                let number = order.number(&name);
                order.attempts.push(RefundAttempt {
                    number,
                    amount: Amount::new(operation.amount),
                    sent: operation.sent,
                    answered: (operation.answered != FOR_EVER).then_some(operation.answered),
                    outcome,
                    is_dealt_with_later: false,
                    sent_ns: None,
                    answered_ns: None,
                });
            }
            Answer::Query(outcome) => order.queries.push(QueryRead {
                sent: operation.sent,
                answered: operation.answered,
                outcome,
            }),
            Answer::ForcedEffect => {}
        }
    }
    order
}

pub(super) fn verdict_on(paid: i64, terms: Terms, operations: &[Operation]) -> OrderVerdict {
    judge_order(&history(paid, operations), terms, &BTreeSet::new())
}

/// Whether the monitor alarms anywhere on the way.
pub(super) fn alarms(paid: i64, terms: Terms, operations: &[Operation]) -> bool {
    let mut order = history(paid, &[]);
    let mut monitor = OrderMonitor::new(Amount::new(paid), terms);
    let mut events: Vec<(u64, usize)> = Vec::new();
    for (index, operation) in operations.iter().enumerate() {
        events.extend([(operation.sent, index), (operation.answered, index)]);
    }
    events.sort_unstable();
    let mut attempts = vec![0; operations.len()];
    for (at, index) in events {
        let Operation {
            number,
            amount,
            sent,
            answer,
            ..
        } = operations[index];
        let Answer::Refund(outcome) = answer else {
            continue;
        };
        let number = order.number(&RefundNo::new(format!("r{number}")).unwrap());
        let amount = Amount::new(amount);
        if at == sent {
            monitor.sent(number, amount, &order.attempts);
            attempts[index] = order.attempts.len();
            order.attempts.push(RefundAttempt {
                number,
                amount,
                sent,
                answered: None,
                outcome: RefundOutcome::Unknown,
                is_dealt_with_later: false,
                sent_ns: None,
                answered_ns: None,
            });
        } else if at != FOR_EVER {
            order.attempts[attempts[index]].outcome = outcome;
            monitor.answered(number, amount, outcome);
        }
    }
    monitor.is_alarmed()
}

pub(super) fn terms() -> impl Strategy<Value = Terms> {
    let duplicates = prop_oneof![
        Just(Duplicates::Replay),
        Just(Duplicates::Refuse),
        Just(Duplicates::Either),
    ];
    (duplicates, prop::bool::weighted(0.3)).prop_map(|(duplicates, late_failure)| Terms {
        duplicates,
        late_failure,
    })
}

fn outcome() -> impl Strategy<Value = RefundOutcome> {
    prop_oneof![
        4 => Just(RefundOutcome::Accepted),
        3 => Just(RefundOutcome::Exceeds),
        1 => Just(RefundOutcome::State),
        1 => Just(RefundOutcome::Duplicate),
        1 => Just(RefundOutcome::Refused),
        3 => Just(RefundOutcome::Unknown),
    ]
}

fn query() -> impl Strategy<Value = Answer> {
    prop_oneof![
        Just(Answer::Query(QueryOutcome::Refunded)),
        Just(Answer::Query(QueryOutcome::NotRefunded)),
    ]
}

/// What anything may be answered.
pub(super) fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        3 => outcome().prop_map(Answer::Refund),
        1 => query(),
    ]
}

/// Histories with any answers at any places: most of them are wrong somewhere.
pub(super) fn any_history(
    most: usize,
    answer: impl Strategy<Value = Answer>,
) -> impl Strategy<Value = Vec<Operation>> {
    vec((0..3_usize, 1..7_i64, answer), 1..=most)
        .prop_flat_map(|drafts| {
            let places: Vec<u64> = (1..=2 * drafts.len() as u64).collect();
            (Just(drafts), Just(places).prop_shuffle(), any::<u32>())
        })
        .prop_map(|(drafts, places, lost)| {
            let operation = |(index, (number, amount, answer)): (usize, (usize, i64, Answer))| {
                let (a, b) = (places[2 * index], places[2 * index + 1]);
                // An unknown attempt may have had an answer that proved nothing.
                let is_lost = answer == UNKNOWN && lost & (1 << index) == 0;
                Operation {
                    number,
                    amount,
                    sent: a.min(b),
                    answered: if is_lost { FOR_EVER } else { a.max(b) },
                    answer,
                }
            };
            drafts.into_iter().enumerate().map(operation).collect()
        })
}

/// Histories that a conforming gateway produced: right by construction, and
/// so they can be long. Each draft is an operation, how long it took, and
/// whether its answer was lost.
pub(super) fn simulated(most: usize) -> impl Strategy<Value = (i64, Terms, Vec<Operation>)> {
    let draft = (
        0..8_usize,
        1..40_i64,
        (0..4_u64, 0..4_u64),
        prop::bool::weighted(0.2),
        0..12_u8,
    );
    (1..150_i64, terms(), vec(draft, 1..most)).prop_map(|(paid, terms, drafts)| {
        let mut ledger = Ledger::default();
        let mut operations = Vec::new();
        for (index, (number, amount, (before, after), is_lost, kind)) in
            drafts.into_iter().enumerate()
        {
            let point = index as u64 + 4;
            // Unique places: the operation's index decides within one tick.
            let mut operation = Operation {
                number,
                amount,
                sent: (point - before) * 1000 + index as u64,
                answered: (point + after) * 1000 + 500 + index as u64,
                answer: UNKNOWN,
            };
            let possible = match kind {
                0 => [
                    Answer::Query(QueryOutcome::Refunded),
                    Answer::Query(QueryOutcome::NotRefunded),
                    UNKNOWN,
                ],
                1 => [Answer::Refund(RefundOutcome::Refused), UNKNOWN, UNKNOWN],
                _ => [
                    Answer::Refund(RefundOutcome::Accepted),
                    Answer::Refund(RefundOutcome::Duplicate),
                    Answer::Refund(RefundOutcome::Exceeds),
                ],
            };
            for answer in possible {
                let mut next = ledger;
                operation.answer = answer;
                if next.answer(paid, terms, &operation, false) {
                    ledger = next;
                    break;
                }
                operation.answer = UNKNOWN;
            }
            if is_lost && matches!(operation.answer, Answer::Refund(_)) {
                operation.answer = UNKNOWN;
                operation.answered = FOR_EVER;
            }
            operations.push(operation);
        }
        (paid, terms, operations)
    })
}

fn assert_silent(paid: i64, terms: Terms, operations: &[Operation]) -> TestCaseResult {
    let verdict = verdict_on(paid, terms, operations);
    prop_assert!(verdict.violations.is_empty(), "{:#?}", verdict.violations);
    prop_assert!(!alarms(paid, terms, operations));
    Ok(())
}

/// Gives every operation a number of its own.
fn without_retries(mut operations: Vec<Operation>) -> Vec<Operation> {
    for (index, operation) in operations.iter_mut().enumerate() {
        operation.number = index;
    }
    operations
}

fn single_outcome() -> impl Strategy<Value = Answer> {
    prop_oneof![
        8 => outcome().prop_map(|outcome| Answer::Refund(match outcome {
            RefundOutcome::Duplicate => RefundOutcome::Refused,
            other => other,
        })),
        1 => Just(Answer::Query(QueryOutcome::Refunded)),
    ]
}

proptest! {
    #![proptest_config(Config { cases: 4000, ..Config::default() })]

    #[test]
    fn a_history_that_can_be_explained_is_never_accused(
        paid in 1..12_i64,
        terms in terms(),
        operations in any_history(5, answer()),
    ) {
        if is_linearizable(paid, terms, &operations) {
            assert_silent(paid, terms, &operations)?;
        }
    }

    #[test]
    fn what_a_conforming_gateway_answers_is_never_accused(
        (paid, terms, operations) in simulated(40),
    ) {
        assert_silent(paid, terms, &operations)?;
    }

    #[test]
    fn without_retries_the_judge_is_exact(
        paid in 1..16_i64,
        operations in any_history(6, single_outcome()),
    ) {
        let operations = without_retries(operations);
        let terms = Terms::default();
        let verdict = verdict_on(paid, terms, &operations);
        prop_assert_eq!(
            verdict.violations.is_empty(),
            is_linearizable(paid, terms, &operations),
            "{:#?}", verdict.violations
        );
    }

    #[test]
    fn an_order_is_cleared_only_if_it_holds_whatever_the_unknown_refunds_did(
        paid in 1..16_i64,
        operations in any_history(6, single_outcome()),
    ) {
        let operations = without_retries(operations);
        let terms = Terms::default();
        let verdict = verdict_on(paid, terms, &operations);
        if verdict.violations.is_empty() {
            let is_cleared = verdict.doubt.is_none();
            let holds_always = sets_of_unknown(&operations)
                .all(|operations| is_linearizable(paid, terms, &operations));
            prop_assert_eq!(is_cleared, holds_always);
        }
    }

    #[test]
    fn the_same_attempts_in_another_order_of_lines_get_the_same_verdict(
        (paid, terms, operations, shuffled) in simulated(20).prop_flat_map(
            |(paid, terms, operations)| {
                (Just(paid), Just(terms), Just(operations.clone()), Just(operations).prop_shuffle())
            },
        ),
    ) {
        let one = verdict_on(paid, terms, &operations);
        let other = verdict_on(paid, terms, &shuffled);
        prop_assert_eq!(one.violations, other.violations);
        prop_assert_eq!(one.doubt, other.doubt);
        prop_assert_eq!(one.exposure, other.exposure);
    }
}

/// The history once for each set of its unknown refunds, which took effect
/// while the others did not.
fn sets_of_unknown(operations: &[Operation]) -> impl Iterator<Item = Vec<Operation>> {
    let unknown: Vec<usize> = (0..operations.len())
        .filter(|&index| operations[index].answer == UNKNOWN)
        .collect();
    (0..1_u32 << unknown.len()).map(move |set| {
        let mut forced = operations.to_vec();
        for (bit, &index) in unknown.iter().enumerate() {
            forced[index].answered = FOR_EVER;
            forced[index].answer = if set & (1 << bit) == 0 {
                Answer::Refund(RefundOutcome::NotSent)
            } else {
                Answer::ForcedEffect
            };
        }
        forced
    })
}
