//! What the picture of a violation shows.

use std::collections::BTreeSet;

use super::amounts::crossing;
use super::certificate::Certifier;
use crate::audit::history::{OrderHistory, QueryRead, RefundAttempt, RefundOutcome};
use crate::audit::judge::reduce::{Class, Effect};
use crate::verdict::{
    Certificate, Claim, Lane, LaneKind, Mark, MoneyPoint, Scene, Sums, Violation,
};

/// Lanes that are drawn.
const MOST_LANES: usize = 200;

/// The scene of one violation, which its certificate proves.
pub fn draw(certifier: &Certifier<'_>, violation: &Violation, certificate: &Certificate) -> Scene {
    let (lanes, hidden) = lanes(certifier, violation, certificate);
    let own = own_effect(certifier, violation);
    let note = own.map_or_else(String::new, |own| {
        format!(
            "without {}, which can't have used up its own room",
            certifier.order.name(own.number)
        )
    });
    Scene {
        currency: certifier.order.currency.clone(),
        lanes,
        hidden,
        money: money(certifier, violation, own),
        mark: mark(certifier, violation, certificate.sums.as_ref()),
        note,
    }
}

/// The effect of the refused refund itself.
fn own_effect<'a>(certifier: &'a Certifier<'_>, violation: &Violation) -> Option<&'a Effect> {
    if violation.claim != Claim::UnjustifiedRefusal {
        return None;
    }
    let (_, refusal) = certifier.refusal(violation)?;
    Some(&certifier.reduction.effects[refusal.own?])
}

/// The witness and the records that prove it, then others, and how many there
/// was no room for.
fn lanes(
    certifier: &Certifier<'_>,
    violation: &Violation,
    certificate: &Certificate,
) -> (Vec<Lane>, u64) {
    let cited = certificate.records.iter().map(|record| record.sent);
    let shown = violation.witness.iter().map(|step| step.sent);
    let witness: BTreeSet<u64> = shown.chain(cited).collect();
    let order = certifier.order;
    let attempts = order.attempts.iter().map(|attempt| lane(order, attempt));
    let queries = order.queries.iter().map(query_lane);
    let (mut chosen, mut others): (Vec<Lane>, Vec<Lane>) = attempts
        .chain(queries)
        .partition(|lane| witness.contains(&lane.sent));
    if violation.claim == Claim::ChangedOrder {
        chosen.extend(elsewhere(certifier, &witness));
    }
    for lane in &mut chosen {
        lane.is_witness = true;
    }
    let all = chosen.len() + others.len();
    chosen.sort_unstable_by_key(|lane| lane.sent);
    chosen.truncate(MOST_LANES);
    // What is near to the witness tells more than what is far.
    let end = |lane: &Lane| lane.answered.unwrap_or(u64::MAX);
    let first = chosen.iter().map(|lane| lane.sent).min().unwrap_or(0);
    let last = chosen.iter().map(end).max().unwrap_or(u64::MAX);
    others.sort_unstable_by_key(|lane| {
        let before = first.saturating_sub(end(lane));
        (before + lane.sent.saturating_sub(last), lane.sent)
    });
    others.truncate(MOST_LANES - chosen.len());
    others.sort_unstable_by_key(|lane| lane.sent);
    chosen.append(&mut others);
    let hidden = (all - chosen.len()) as u64;
    (chosen, hidden)
}

/// The lanes of a witness that are another order's.
fn elsewhere(certifier: &Certifier<'_>, witness: &BTreeSet<u64>) -> Vec<Lane> {
    let others = certifier
        .history
        .orders
        .iter()
        .filter(|order| order.order != certifier.order.order);
    others
        .flat_map(|order| order.attempts.iter().map(move |attempt| (order, attempt)))
        .filter(|(_, attempt)| witness.contains(&attempt.sent))
        .map(|(order, attempt)| Lane {
            order: Some(order.order.to_string()),
            ..lane(order, attempt)
        })
        .collect()
}

fn lane(order: &OrderHistory, attempt: &RefundAttempt) -> Lane {
    Lane {
        order: None,
        refund: order.name(attempt.number).to_string(),
        amount: Some(attempt.amount.minor_units()),
        sent: attempt.sent,
        answered: attempt.answered,
        sent_ns: attempt.sent_ns,
        answered_ns: attempt.answered_ns,
        kind: match attempt.outcome {
            RefundOutcome::Accepted => LaneKind::Accepted,
            RefundOutcome::Unknown => LaneKind::Unknown,
            _ => LaneKind::Refused,
        },
        outcome: attempt.outcome.word().to_owned(),
        is_witness: false,
    }
}

fn query_lane(query: &QueryRead) -> Lane {
    Lane {
        order: None,
        refund: "query".to_owned(),
        amount: None,
        sent: query.sent,
        answered: Some(query.answered),
        sent_ns: None,
        answered_ns: None,
        kind: LaneKind::Query,
        outcome: query.outcome.word().to_owned(),
        is_witness: false,
    }
}

/// What was used, at every place where a bound moves. `without` is an effect
/// that counts for neither.
fn money(
    certifier: &Certifier<'_>,
    violation: &Violation,
    without: Option<&Effect>,
) -> Vec<MoneyPoint> {
    let is_released = certifier.history.terms.late_failure;
    let mut moves: Vec<(u64, [i128; 3])> = Vec::new();
    let is_counted = |effect: &&Effect| Some(*effect) != without;
    for effect in certifier.reduction.effects.iter().filter(is_counted) {
        let units = effect.units();
        if effect.class == Class::Accepted {
            moves.push((effect.earliest, [0, units, 0]));
        } else {
            moves.push((effect.earliest, [0, 0, units]));
        }
    }
    let mut total = 0;
    for effect in certifier.reduction.accepted() {
        if Some(effect) != without
            && let Some(latest) = effect.latest
        {
            moves.push((latest, [effect.units(), 0, 0]));
            total += effect.units();
        }
    }
    moves.sort_unstable();
    // Unknown refunds fill no more than the room that accepted ones leave.
    let room = i128::from(violation.paid) - total;
    let room = if is_released || room < 0 {
        i128::MAX
    } else {
        room
    };
    let mut sums = [0; 3];
    let base = base(certifier, violation);
    let mut points: Vec<MoneyPoint> = Vec::new();
    for (place, by) in moves {
        for (sum, by) in sums.iter_mut().zip(by) {
            *sum += by;
        }
        let [certain, accepted, unknown] = sums;
        points.push(MoneyPoint {
            place,
            at_least: (!is_released).then_some(certain),
            at_most: accepted + unknown.min(room),
        });
    }
    if let Some((place, proved)) = base {
        prove(certifier, &mut points, place, proved);
    }
    points
}

/// The refusal that a stale read rests on: its place, and what it proves.
fn base(certifier: &Certifier<'_>, violation: &Violation) -> Option<(u64, i128)> {
    if violation.claim != Claim::StaleRead {
        return None;
    }
    let (base, _) = certifier.base_of_stale_read(violation.witness.first()?);
    base.map(|base| (base.latest, certifier.proved_by(base)))
}

/// Raises the lower bound to what a refusal proves, and to what was accepted
/// after it.
fn prove(certifier: &Certifier<'_>, points: &mut Vec<MoneyPoint>, place: u64, proved: i128) {
    let before = points.iter().rfind(|point| point.place < place).copied();
    points.push(MoneyPoint {
        place,
        at_least: before.map_or(Some(0), |point| point.at_least),
        at_most: before.map_or(proved, |point| point.at_most.max(proved)),
    });
    points.sort_unstable_by_key(|point| point.place);
    for point in points.iter_mut().filter(|point| point.place >= place) {
        let after = certifier.reduction.sum(|effect| {
            effect.earliest > place && effect.latest.is_some_and(|latest| latest <= point.place)
        });
        point.at_least = point.at_least.map(|sum| sum.max(proved + after));
    }
}

fn mark(certifier: &Certifier<'_>, violation: &Violation, sums: Option<&Sums>) -> Option<Mark> {
    let paid = i128::from(violation.paid);
    let first = violation.witness.first()?;
    match violation.claim {
        Claim::OverRefund => {
            let accepted = certifier.reduction.accepted();
            let crossing = crossing(&accepted, paid)?;
            let by_then = accepted.iter().filter(|e| e.latest <= crossing.latest);
            let sum: i128 = by_then.map(|effect| effect.units()).sum();
            Some(Mark {
                place: crossing.latest?,
                low: paid,
                high: sum,
                words: format!("{sum} > {paid} paid"),
            })
        }
        Claim::SingleAmount if first.amount > 0 => Some(Mark {
            place: first.answered?,
            low: paid,
            high: i128::from(first.amount),
            words: format!("{} > {paid} paid", first.amount),
        }),
        Claim::UnjustifiedRefusal | Claim::RefusalsTogether => {
            let sums = sums?;
            let low = i128::from(sums.accepted) + i128::from(sums.unknown);
            let wanted = i128::from(sums.wanted);
            let words = if violation.claim == Claim::RefusalsTogether {
                format!(
                    "unknown ones make at most {} here: {low} + {wanted} <= {paid}",
                    sums.unknown
                )
            } else if first.refund == "query" {
                format!("shown as refunded at {low} < {paid} paid")
            } else {
                format!("would have fitted: {low} + {wanted} <= {paid}")
            };
            Some(Mark {
                place: first.answered?,
                low,
                high: low + wanted,
                words,
            })
        }
        Claim::StaleRead => {
            let sums = sums?;
            let used = i128::from(sums.accepted) + i128::from(sums.wanted);
            Some(Mark {
                place: first.sent,
                low: used,
                high: used,
                words: format!("{used} of {paid} used before the query was sent"),
            })
        }
        _ => None,
    }
}
