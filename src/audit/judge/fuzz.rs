//! Small random histories by the hundred thousand: the judge and the monitor
//! against the search that knows every order of events.
//!
//! `RECOUP_FUZZ_HISTORIES` says how many; what has to pass before a change
//! lands runs a million. A history follows from its number alone, so that a
//! failure names all it takes to see it again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::linearizer::{
    Answer, FOR_EVER, Ledger, Operation, UNKNOWN, alarms, is_linearizable, verdict_on,
};
use crate::audit::history::{QueryOutcome, RefundOutcome, Terms};
use crate::protocol::profile::Duplicates;

const COUNT: &str = "RECOUP_FUZZ_HISTORIES";
/// Some ten seconds of one processor, unoptimised.
const DEFAULT_COUNT: u64 = 250_000;

/// What is drawn: a counter through a mixing function (splitmix64), which is
/// fast also where nothing is optimised.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one_of<T: Copy>(&mut self, choice: &[T]) -> T {
        let index = usize::try_from(self.below(choice.len() as u64)).expect("a short list");
        choice[index]
    }

    fn amount(&mut self, end: u64) -> i64 {
        i64::try_from(1 + self.below(end)).expect("a small amount")
    }

    fn is_one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }
}

/// Where a history comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Any answers at any places.
    Wild,
    /// A conforming gateway's answers, half of the time with one changed.
    Near,
    /// No number twice and no late failure: there the theorem is exact.
    Exact,
}

#[derive(Debug)]
struct Drawn {
    kind: Kind,
    paid: i64,
    terms: Terms,
    operations: Vec<Operation>,
}

fn draw(number: u64) -> Drawn {
    let mut draw = Draw(number.wrapping_mul(0xd134_2543_de82_ef95));
    let kind = draw.one_of(&[Kind::Wild, Kind::Near, Kind::Near, Kind::Exact, Kind::Exact]);
    let terms = Terms {
        duplicates: draw.one_of(&[Duplicates::Replay, Duplicates::Refuse, Duplicates::Either]),
        late_failure: kind != Kind::Exact && draw.is_one_in(6),
    };
    let paid = draw.amount(14);
    let count = match kind {
        Kind::Wild => 2 + draw.below(4),
        Kind::Near | Kind::Exact => 3 + draw.below(4),
    };
    let is_simulated = kind == Kind::Near || draw.is_one_in(2);
    let mut operations = if is_simulated && kind != Kind::Wild {
        simulated(&mut draw, kind, paid, terms, count)
    } else {
        wild(&mut draw, kind, count)
    };
    if is_simulated && draw.is_one_in(2) {
        let changed = draw.below(operations.len() as u64);
        let changed = usize::try_from(changed).expect("a short list");
        let operation = &mut operations[changed];
        if operation.answered != FOR_EVER {
            operation.answer = any_answer(&mut draw, kind);
        }
    }
    Drawn {
        kind,
        paid,
        terms,
        operations,
    }
}

fn number_of(draw: &mut Draw, kind: Kind, index: u64) -> usize {
    let number = if kind == Kind::Exact {
        index
    } else {
        draw.below(3)
    };
    usize::try_from(number).expect("a small number")
}

fn any_answer(draw: &mut Draw, kind: Kind) -> Answer {
    let refund = [
        RefundOutcome::Accepted,
        RefundOutcome::Accepted,
        RefundOutcome::Accepted,
        RefundOutcome::Exceeds,
        RefundOutcome::Exceeds,
        RefundOutcome::Exceeds,
        RefundOutcome::State,
        RefundOutcome::Duplicate,
        RefundOutcome::Refused,
        RefundOutcome::Unknown,
        RefundOutcome::Unknown,
    ];
    if !draw.is_one_in(6) {
        return Answer::Refund(draw.one_of(&refund));
    }
    // Of queries that showed something left the judge is not complete.
    if kind == Kind::Exact || draw.is_one_in(2) {
        Answer::Query(QueryOutcome::Refunded)
    } else {
        Answer::Query(QueryOutcome::NotRefunded)
    }
}

/// Any answers, at places that are shuffled.
fn wild(draw: &mut Draw, kind: Kind, count: u64) -> Vec<Operation> {
    let mut places: Vec<u64> = (1..=2 * count).collect();
    for index in (1..places.len()).rev() {
        let other = usize::try_from(draw.below(index as u64 + 1)).expect("a short list");
        places.swap(index, other);
    }
    let pairs = places.chunks_exact(2).zip(0..);
    let operations = pairs.map(|(pair, index)| {
        let answer = any_answer(draw, kind);
        let is_lost = answer == UNKNOWN && draw.is_one_in(2);
        Operation {
            number: number_of(draw, kind, index),
            amount: draw.amount(7),
            sent: pair[0].min(pair[1]),
            answered: if is_lost {
                FOR_EVER
            } else {
                pair[0].max(pair[1])
            },
            answer,
        }
    });
    operations.collect()
}

/// What a conforming gateway answers, each operation at one point within
/// bounds that overlap with its neighbours'.
fn simulated(draw: &mut Draw, kind: Kind, paid: i64, terms: Terms, count: u64) -> Vec<Operation> {
    let mut ledger = Ledger::default();
    let mut operations = Vec::new();
    for index in 0..count {
        let point = index + 4;
        let mut operation = Operation {
            number: number_of(draw, kind, index),
            amount: draw.amount(7),
            // Unique places: the index decides within one tick.
            sent: (point - draw.below(4)) * 1_000 + index,
            answered: (point + draw.below(4)) * 1_000 + 500 + index,
            answer: UNKNOWN,
        };
        let mut possible = [
            Answer::Refund(RefundOutcome::Accepted),
            Answer::Refund(RefundOutcome::Duplicate),
            Answer::Refund(RefundOutcome::Exceeds),
            UNKNOWN,
        ];
        if draw.is_one_in(6) {
            possible[0] = Answer::Query(QueryOutcome::Refunded);
            possible[1] = Answer::Query(QueryOutcome::NotRefunded);
        }
        for answer in possible {
            let mut next = ledger;
            operation.answer = answer;
            if next.answer(paid, terms, &operation, false) {
                ledger = next;
                break;
            }
        }
        let is_query = matches!(operation.answer, Answer::Query(_));
        if !is_query && draw.is_one_in(5) {
            operation.answer = UNKNOWN;
            operation.answered = FOR_EVER;
        }
        operations.push(operation);
    }
    // The judge is complete without queries that showed something left.
    let is_left = Answer::Query(QueryOutcome::NotRefunded);
    operations.retain(|operation| kind != Kind::Exact || operation.answer != is_left);
    operations.extend((operations.is_empty()).then_some(Operation {
        number: 0,
        amount: 1,
        sent: 1,
        answered: 2,
        answer: Answer::Refund(RefundOutcome::Refused),
    }));
    operations
}

/// Histories that can be explained, and ones that the judge accused.
#[derive(Default)]
struct Seen {
    explained: AtomicU64,
    accused: AtomicU64,
    exact: AtomicU64,
}

fn check(number: u64, seen: &Seen) {
    let drawn = draw(number);
    let (paid, terms, operations) = (drawn.paid, drawn.terms, &drawn.operations);
    let is_explained = is_linearizable(paid, terms, operations);
    let verdict = verdict_on(paid, terms, operations);
    let is_accused = !verdict.violations.is_empty();
    if is_explained {
        let is_alarmed = alarms(paid, terms, operations);
        assert!(
            !is_accused && !is_alarmed,
            "history {number} is accused wrongly (monitor: {is_alarmed}): {:#?}\n{drawn:#?}",
            verdict.violations
        );
    } else if drawn.kind == Kind::Exact {
        assert!(is_accused, "history {number} is not accused: {drawn:#?}");
    }
    for (counter, counts) in [
        (&seen.explained, is_explained),
        (&seen.accused, is_accused),
        (&seen.exact, drawn.kind == Kind::Exact),
    ] {
        counter.fetch_add(u64::from(counts), Ordering::Relaxed);
    }
}

#[test]
fn of_a_great_many_histories_none_is_accused_wrongly_and_none_missed_where_that_is_exact() {
    let count = std::env::var(COUNT).map_or(DEFAULT_COUNT, |count| {
        count.parse().expect("RECOUP_FUZZ_HISTORIES is a count")
    });
    let threads = thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    let seen = Seen::default();
    thread::scope(|scope| {
        for first in 0..threads {
            let seen = &seen;
            scope.spawn(move || {
                let step = usize::try_from(threads).expect("there are few threads");
                (first..count)
                    .step_by(step)
                    .for_each(|number| check(number, seen));
            });
        }
    });
    let [explained, accused, exact] =
        [seen.explained, seen.accused, seen.exact].map(AtomicU64::into_inner);
    println!("{count} histories: {explained} explained, {accused} accused, {exact} exact");
    // Neither side is so rare that nothing would be tried.
    if count >= 10_000 {
        assert!(explained > count / 4 && accused > count / 4 && exact > count / 4);
    }
}
