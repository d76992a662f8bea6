//! From the history of an order to traffic that may show its violation again:
//! what overlapped is sent at once, what did not, one after the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::history::{OrderHistory, RefundOutcome};
use crate::verdict::{
    Certificate, Claim, Inequality, REPRODUCER_SCHEMA, ReleaseForm, Reproducer, Severity, Traffic,
    Violation, Volley, VolleyRequest,
};

/// Requests of an order that are sent again at most: the last before the
/// violation showed.
const MOST_REQUESTS: usize = 64;

/// An operation of the history.
#[derive(Debug, Clone, Copy)]
struct Operation {
    sent: u64,
    /// `None` where no answer came.
    answered: Option<u64>,
    sent_ns: Option<u64>,
    /// The index of the refund's number, the amount, and what was accepted of
    /// it; `None` for a query.
    refund: Option<(usize, i64, i64)>,
}

/// What may show a violation again, not tried yet: `None` where no money is
/// concerned, and where it takes more than one order.
pub fn reproducer(
    order: &OrderHistory,
    violation: &Violation,
    certificate: &Certificate,
) -> Option<Reproducer> {
    let traffic = starts(order, violation).into_iter().next_back()?;
    Some(Reproducer {
        schema: REPRODUCER_SCHEMA.to_owned(),
        invariant: violation.invariant.clone(),
        claim: violation.claim,
        timing: violation.timing,
        traffic,
        failed: 0,
        rounds: 0,
        shows: shows(violation, certificate.inequality.as_ref()),
        found_with: violation.order.clone(),
        seed: 0,
    })
}

/// What a violation shows: its arithmetic, or its message where it has none.
pub fn shows(violation: &Violation, inequality: Option<&Inequality>) -> String {
    /// Terms of a sum that are written out.
    const MOST_TERMS: usize = 12;
    let Some(inequality) = inequality.filter(|i| i.sum.len() <= MOST_TERMS) else {
        return violation.message.clone();
    };
    let terms: Vec<String> = inequality.sum.iter().map(ToString::to_string).collect();
    let sign = inequality.relation.sign();
    format!("{} {sign} {}", terms.join(" + "), inequality.bound)
}

/// Traffic to start from, simplest first: the operations of the witness alone,
/// then all of the order's; these also as far apart as they were.
///
/// Nothing where no money is concerned, and where it takes more than one order.
pub fn starts(order: &OrderHistory, violation: &Violation) -> Vec<Traffic> {
    if violation.severity == Severity::Protocol
        || violation.claim == Claim::ChangedOrder
        || order.is_shared
    {
        return Vec::new();
    }
    let all = operations(order);
    let places: BTreeSet<u64> = violation.witness.iter().map(|step| step.sent).collect();
    let witness: Vec<Operation> = all
        .iter()
        .filter(|operation| places.contains(&operation.sent))
        .copied()
        .collect();
    let paid = order.paid.minor_units();
    let end = violation.witness.iter().filter_map(|step| step.answered);
    let end = end.max().unwrap_or(u64::MAX);
    let (left, last) = nearest(&all, end, paid);
    let mut starts = Vec::new();
    for (paid, operations, is_apart) in [
        (paid, &witness, false),
        (left, &last, false),
        (left, &last, true),
    ] {
        let volleys = volleys(operations, is_apart);
        let traffic = Traffic { paid, volleys };
        if !traffic.is_empty() && traffic.len() <= MOST_REQUESTS && !starts.contains(&traffic) {
            starts.push(traffic);
        }
    }
    starts
}

/// Every operation that was sent, in that order.
fn operations(order: &OrderHistory) -> Vec<Operation> {
    let attempts = order
        .attempts
        .iter()
        .filter(|attempt| attempt.outcome != RefundOutcome::NotSent)
        .map(|attempt| {
            let amount = attempt.amount.minor_units();
            let is_accepted = attempt.outcome == RefundOutcome::Accepted;
            Operation {
                sent: attempt.sent,
                answered: attempt.answered,
                sent_ns: attempt.sent_ns,
                refund: Some((
                    attempt.number.index(),
                    amount,
                    if is_accepted { amount } else { 0 },
                )),
            }
        });
    let queries = order.queries.iter().map(|query| Operation {
        sent: query.sent,
        answered: Some(query.answered),
        sent_ns: None,
        refund: None,
    });
    let mut all: Vec<Operation> = attempts.chain(queries).collect();
    all.sort_unstable_by_key(|operation| operation.sent);
    all
}

/// The last operations that were sent before the place `end`, and what was left
/// of the order before them.
fn nearest(all: &[Operation], end: u64, paid: i64) -> (i64, Vec<Operation>) {
    let count = all.partition_point(|operation| operation.sent <= end);
    let before = count.saturating_sub(MOST_REQUESTS);
    let mut used: BTreeMap<usize, i64> = BTreeMap::new();
    for (number, _, accepted) in all[..before].iter().filter_map(|one| one.refund) {
        // A number counts once.
        let most = used.entry(number).or_default();
        *most = accepted.max(*most);
    }
    let used = used
        .values()
        .fold(0, |sum: i64, one| sum.saturating_add(*one));
    (
        paid.saturating_sub(used).clamp(1, paid.max(1)),
        all[before..count].to_vec(),
    )
}

/// Groups operations, any two of which overlapped: a new volley begins with the
/// first that was sent after one of its volley was answered.
fn volleys(operations: &[Operation], is_apart: bool) -> Vec<Volley> {
    let mut groups: Vec<(u64, Vec<Operation>)> = Vec::new();
    for operation in operations {
        let answered = operation.answered.unwrap_or(u64::MAX);
        match groups.last_mut() {
            Some((first_answer, group)) if operation.sent < *first_answer => {
                *first_answer = answered.min(*first_answer);
                group.push(*operation);
            }
            _ => groups.push((answered, vec![*operation])),
        }
    }
    let mut numbers: BTreeMap<usize, u32> = BTreeMap::new();
    groups
        .into_iter()
        .map(|(_, group)| Volley {
            release: ReleaseForm::Whole,
            requests: group
                .iter()
                .map(|one| request(one, &group, is_apart, &mut numbers))
                .collect(),
        })
        .collect()
}

/// An operation as a request. Numbers are counted from 1, in the order of first
/// use.
fn request(
    operation: &Operation,
    group: &[Operation],
    is_apart: bool,
    numbers: &mut BTreeMap<usize, u32>,
) -> VolleyRequest {
    let first = group.iter().filter_map(|one| one.sent_ns).min();
    let after_micros = match (is_apart, first, operation.sent_ns) {
        (true, Some(first), Some(sent)) => (sent - first) / 1_000,
        _ => 0,
    };
    let Some((index, amount, _)) = operation.refund else {
        return VolleyRequest::Query { after_micros };
    };
    let next = u32::try_from(numbers.len() + 1).expect("a volley has few numbers");
    VolleyRequest::Refund {
        number: *numbers.entry(index).or_insert(next),
        amount,
        after_micros,
        abandoned: operation.answered.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::audit::history::{History, TextReader};
    use crate::audit::judge;

    /// The gravest violation of a history, and its order's.
    fn judged(lines: &str) -> (History, Violation) {
        let text = format!(
            "{}\n{lines}",
            r#"{"schema":"recoup.history/1","duplicates":"either","lateFailure":false}"#
        );
        let history = TextReader::new(text.as_bytes())
            .unwrap()
            .read_all()
            .unwrap();
        let violation = judge(&history).violations.remove(0);
        (history, violation)
    }

    const DUEL: &str = r#"{"type":"order","order":"o1","paid":1000,"currency":"JPY"}
{"type":"refund","order":"o1","refund":"a","amount":10,"sent":1,"answered":2,"outcome":"accepted"}
{"type":"refund","order":"o1","refund":"b","amount":600,"sent":3,"answered":7,"outcome":"accepted","sentNs":1000}
{"type":"refund","order":"o1","refund":"c","amount":700,"sent":4,"answered":6,"outcome":"accepted","sentNs":41000}
{"type":"refund","order":"o1","refund":"b","amount":600,"sent":5,"answered":null,"outcome":"unknown","sentNs":51000}
{"type":"refund","order":"o1","refund":"d","amount":20,"sent":8,"answered":9,"outcome":"exceeds"}"#;

    #[test]
    fn what_overlapped_is_sent_at_once_and_the_witness_is_tried_first() {
        let (history, violation) = judged(DUEL);
        let starts = starts(&history.orders[0], &violation);
        let texts: Vec<String> = starts.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "2 requests at once (refund 600 as number 1, refund 700 as number 2) \
                 on an order of 1000",
                "refund 10 as number 1, then 3 requests at once (refund 600 as number 2, \
                 refund 700 as number 3, refund 600 as number 2) on an order of 1000",
                "refund 10 as number 1, then 3 requests at once (refund 600 as number 2, \
                 refund 700 as number 3 after 40 µs, refund 600 as number 2 after 50 µs) \
                 on an order of 1000",
            ]
        );
        let abandoned = starts[1].volleys[1].requests[2];
        assert!(matches!(
            abandoned,
            VolleyRequest::Refund {
                abandoned: true,
                ..
            }
        ));
    }

    #[test]
    fn every_violation_about_money_is_shown_with_traffic_and_arithmetic() {
        let (_, violation) = judged(DUEL);
        let exhibit = violation.exhibit.unwrap();
        let reproducer = exhibit.reproducer.unwrap();
        assert_eq!(reproducer.shows, "700 + 600 > 1000");
        assert_eq!((reproducer.failed, reproducer.rounds), (0, 0));
        assert_eq!(reproducer.traffic.len(), 4);
    }

    #[test]
    fn a_long_history_is_cut_and_what_was_refunded_before_is_not_paid() {
        let mut lines = r#"{"type":"order","order":"o1","paid":1000,"currency":"JPY"}"#.to_owned();
        for place in 0..100 {
            let (sent, answered) = (2 * place + 1, 2 * place + 2);
            let amount = if place == 99 { 999 } else { 1 };
            write!(
                lines,
                "\n{{\"type\":\"refund\",\"order\":\"o1\",\"refund\":\"r{place}\",\"amount\":{amount},\"sent\":{sent},\"answered\":{answered},\"outcome\":\"accepted\"}}"
            )
            .unwrap();
        }
        let (history, violation) = judged(&lines);
        let starts = starts(&history.orders[0], &violation);
        let last = starts.last().unwrap();
        assert_eq!((last.paid, last.len()), (1000 - 36, MOST_REQUESTS));
        assert!(last.volleys.iter().all(|volley| volley.requests.len() == 1));
    }

    #[test]
    fn what_is_not_about_the_money_of_one_order_has_no_traffic() {
        let (history, violation) = judged(DUEL);
        let order = &history.orders[0];
        let protocol = Violation {
            severity: Severity::Protocol,
            ..violation.clone()
        };
        assert!(starts(order, &protocol).is_empty());
        let two_orders = Violation {
            claim: Claim::ChangedOrder,
            ..violation.clone()
        };
        assert!(starts(order, &two_orders).is_empty());
        let shared = order.clone().of_several(true);
        assert!(starts(&shared, &violation).is_empty());
    }
}
