//! Random histories: whatever the judge raises, the checker finds again.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::{audited, certificate, check, history};

const HISTORIES: u64 = 4_000;

/// Up to seven operations of two orders, at any places, with any answers.
pub(crate) fn draw_operations(random: &mut StdRng) -> Vec<String> {
    let operations = random.random_range(1..=7_usize);
    let mut places: Vec<u64> = (1..=2 * operations as u64).collect();
    for index in (1..places.len()).rev() {
        places.swap(index, random.random_range(0..=index));
    }
    let outcomes = [
        "accepted",
        "accepted",
        "accepted",
        "exceeds",
        "exceeds",
        "state",
        "duplicate",
        "refused",
        "unknown",
        "unknown",
        "not-sent",
        "accepted-0",
    ];
    (0..operations)
        .map(|index| {
            let (a, b) = (places[2 * index], places[2 * index + 1]);
            let (sent, answered) = (a.min(b), a.max(b));
            let order = if random.random_range(0..10) == 0 {
                "o2"
            } else {
                "o1"
            };
            if random.random_range(0..8) == 0 {
                let outcome = ["refunded", "not-refunded"][random.random_range(0..2)];
                return format!("{order} query {sent}-{answered} {outcome}");
            }
            let number = random.random_range(1..=5);
            let amount = random.random_range(-1..=9);
            let outcome = outcomes[random.random_range(0..outcomes.len())];
            let is_open = outcome == "not-sent" || outcome == "unknown" && random.random();
            let answered = if is_open {
                String::new()
            } else {
                answered.to_string()
            };
            format!("{order} r{number} {amount} {sent}-{answered} {outcome}")
        })
        .collect()
}

fn draw(random: &mut StdRng) -> String {
    let lines = draw_operations(random);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let duplicates = ["replay", "refuse", "either"][random.random_range(0..3)];
    let paid = [random.random_range(1..=14), random.random_range(1..=14)];
    history(duplicates, random.random_range(0..5) == 0, &paid, &lines)
}

#[test]
fn every_violation_of_random_histories_is_proved() {
    let mut random = StdRng::seed_from_u64(20_180_725);
    let mut claims: BTreeMap<String, u64> = BTreeMap::new();
    for _ in 0..HISTORIES {
        let history = draw(&mut random);
        for violation in audited(&history).violations {
            let certificate = certificate(&violation);
            if let Err(reason) = check(&history, &certificate) {
                panic!("{reason}\n{history}\n{certificate:#}");
            }
            let claim = certificate["claim"].as_str().expect("a claim");
            *claims.entry(claim.to_owned()).or_default() += 1;
        }
    }
    assert_eq!(claims.len(), 10, "every claim was made: {claims:?}");
}
