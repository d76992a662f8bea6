//! What a picture says in words.

use crate::report::{figures, shown};
use crate::verdict::{Claim, Lane, LaneKind, Role, Scene, Violation};

/// Amounts that are named one by one.
const MOST_AMOUNTS: usize = 6;
/// Operations that the text alternative names.
const MOST_DESCRIBED: usize = 20;

/// The claim, as an inequality where it is one.
pub(super) fn claim(violation: &Violation) -> String {
    let witness = &violation.witness;
    let paid = violation.paid;
    let first = witness.first();
    let name = shown::line(first.map_or("", |step| &step.refund));
    let amount = first.map_or(0, |step| step.amount);
    let sums = violation.exhibit.as_ref().and_then(|e| e.certificate.sums);
    let (accepted, unknown, wanted) = sums.map_or((0, 0, 0), |sums| {
        let wide = i128::from;
        (wide(sums.accepted), wide(sums.unknown), wide(sums.wanted))
    });
    let used = accepted + unknown;
    match violation.claim {
        Claim::OverRefund => {
            let sum: i128 = witness.iter().map(|step| i128::from(step.amount)).sum();
            let amounts = witness.iter().take(MOST_AMOUNTS);
            let mut words: Vec<String> = amounts.map(|step| step.amount.to_string()).collect();
            if witness.len() > MOST_AMOUNTS {
                words.push(format!("… ({} refunds)", witness.len()));
            }
            format!("{} = {sum} > {paid} paid", words.join(" + "))
        }
        Claim::SingleAmount if amount < 0 => format!("{amount} accepted: {amount} < 1"),
        Claim::SingleAmount => format!("{amount} accepted: {amount} > {paid} paid"),
        Claim::UnjustifiedRefusal if name == "query" => {
            format!("shown as refunded, with no more than {used} used of {paid} paid")
        }
        Claim::UnjustifiedRefusal => {
            format!("refused, though {used} used + {wanted} wanted <= {paid} paid")
        }
        Claim::RefusalsTogether => format!(
            "no sum of the unknown refunds explains every refusal: at most {used} used + {wanted} wanted <= {paid} paid"
        ),
        Claim::RefusedAfterEffect => {
            format!("{name} had taken effect, and was then refused for want of money")
        }
        Claim::AcceptedTwice => format!("{name} was accepted twice"),
        Claim::ChangedAmount => {
            let other = witness.get(1).map_or(0, |step| step.amount);
            format!("{name} was accepted for {amount} and for {other}")
        }
        Claim::ChangedOrder => format!("{name} was accepted for two orders"),
        Claim::SpuriousDuplicate => format!("{name} was called a duplicate on its first use"),
        Claim::StaleRead => {
            let used = accepted + wanted;
            format!("shown as not refunded, with {used} used of {paid} paid")
        }
    }
}

/// Where the answer was asked for that is wrong, where it is one.
pub(super) fn refuted(violation: &Violation) -> Option<u64> {
    let records = &violation.exhibit.as_ref()?.certificate.records;
    let refuted = records.iter().find(|record| record.role == Role::Refuted);
    refuted.map(|record| record.sent)
}

/// The sign that tells a bar's kind without its colour.
pub(super) const fn sign(kind: LaneKind) -> &'static str {
    match kind {
        LaneKind::Accepted => "✓",
        LaneKind::Refused => "✗",
        LaneKind::Unknown => "?",
        LaneKind::Query => "◇",
    }
}

/// One operation in a sentence, with its times where they are known; `start`
/// is what they are counted from.
pub(super) fn lane(lane: &Lane, start: Option<u64>) -> String {
    let name = super::axis::name(lane);
    let what = match lane.amount {
        None => name,
        Some(amount) => format!("refund {name} of {amount}"),
    };
    let at = |nanos: Option<u64>| {
        let since = start.zip(nanos).map(|(start, at)| at.saturating_sub(start));
        since.map_or_else(String::new, |since| {
            format!(" (+{}.{:03} µs)", since / 1_000, since % 1_000)
        })
    };
    let answered = match lane.answered {
        None => "never answered".to_owned(),
        Some(place) => format!("answered at event {place}{}", at(lane.answered_ns)),
    };
    let outcome = shown::line(&lane.outcome);
    let sent = at(lane.sent_ns);
    format!(
        "{what}: sent at event {}{sent}, {answered}: {outcome}",
        lane.sent
    )
}

/// The whole picture in text, for those who don't see it.
pub(super) fn description(violation: &Violation, scene: &Scene) -> String {
    let mut words = vec![violation.message.clone()];
    let witness: Vec<&Lane> = scene.lanes.iter().filter(|lane| lane.is_witness).collect();
    let start = start(scene);
    let described = witness.iter().take(MOST_DESCRIBED);
    words.extend(described.map(|shown| lane(shown, start)));
    let more = witness.len().saturating_sub(MOST_DESCRIBED);
    if more > 0 {
        words.push(format!("and {more} more"));
    }
    words.extend(beside(scene));
    if let Some(last) = scene.money.last() {
        let paid = violation.paid;
        words.push(match last.at_least {
            Some(least) => format!(
                "in the end at least {least} and at most {} was used of {paid} paid",
                last.at_most
            ),
            None => format!(
                "in the end at most {} was used of {paid} paid",
                last.at_most
            ),
        });
    }
    if let Some(mark) = &scene.mark {
        words.push(format!("at event {}: {}", mark.place, mark.words));
    }
    words.join("; ")
}

/// The order's other traffic, counted; `None` where there was none.
fn beside(scene: &Scene) -> Option<String> {
    const KINDS: [(LaneKind, &str); 4] = [
        (LaneKind::Accepted, "accepted"),
        (LaneKind::Refused, "refused"),
        (LaneKind::Unknown, "without a certain answer"),
        (LaneKind::Query, "asked by a query"),
    ];
    let count = |kind| {
        let others = scene.lanes.iter().filter(|lane| !lane.is_witness);
        others.filter(|lane| lane.kind == kind).count() as u64
    };
    let mut parts: Vec<String> = KINDS
        .into_iter()
        .map(|(kind, word)| (count(kind), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", figures::count(count)))
        .collect();
    if scene.hidden > 0 {
        parts.push(format!("{} not drawn", figures::count(scene.hidden)));
    }
    (!parts.is_empty()).then(|| format!("beside these: {}", parts.join(", ")))
}

/// The first time of all that is drawn.
pub(super) fn start(scene: &Scene) -> Option<u64> {
    scene.lanes.iter().filter_map(|lane| lane.sent_ns).min()
}
