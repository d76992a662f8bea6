//! Certificates of what several machines' histories show together: what one of
//! them proves has one that it bears out, what takes several has none.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use recoup::audit::judge_together;
use recoup::verdict::AuditSummary;

use crate::random::draw_operations;
use crate::{certificate, check, history, read};

const CASES: u64 = 3_000;

/// The history of a machine that refunds `o1` as others do, and `own` alone.
fn machine(own: &str, duplicates: &str, paid: &[i64], operations: &[&str]) -> String {
    history(duplicates, false, paid, operations)
        .replace("\"order\":\"o2\"", &format!("\"order\":\"{own}\""))
        .replace(
            "\"type\":\"order\",\"order\":\"o1\"",
            "\"type\":\"order\",\"shared\":true,\"order\":\"o1\"",
        )
}

fn together(machines: &[String]) -> AuditSummary {
    let histories: Vec<_> = machines.iter().map(|text| read(text)).collect();
    judge_together(&histories).expect("histories of one gateway")
}

/// How many violations the machines prove alone, and how many together.
#[track_caller]
fn proved(machines: &[String]) -> (usize, usize) {
    let (mut alone, mut joined) = (0, 0);
    for violation in together(machines).violations {
        let machine = violation
            .exhibit
            .as_ref()
            .and_then(|exhibit| exhibit.history);
        if let Some(machine) = machine {
            let certificate = certificate(&violation);
            if let Err(reason) = check(&machines[machine], &certificate) {
                panic!("{reason}\n{machines:#?}\n{certificate:#}");
            }
            alone += 1;
        } else {
            joined += 1;
        }
    }
    (alone, joined)
}

#[test]
fn what_one_machine_proves_is_borne_out_by_its_history_and_by_its_places() {
    let one = machine("a", "either", &[1000, 50], &["o1 a1 5 1-2 accepted"]);
    let raced = [
        "o1 b1 600 1-3 accepted",
        "o1 b2 600 2-4 accepted",
        "o2 b3 51 5-6 accepted",
        "o2 b4 5 7-8 accepted",
    ];
    let other = machine("b", "either", &[1000, 50], &raced);
    let machines = [one, other];
    assert_eq!(proved(&machines), (3, 0));
    let over = together(&machines).violations.remove(0);
    assert_eq!(over.order, "b");
    let places = |order: &str| -> Vec<u64> {
        let violations = together(&machines).violations;
        let found = violations.iter().find(|found| found.order == order);
        let witness = &found.expect("a violation").witness;
        witness.iter().map(|step| step.sent).collect()
    };
    assert_eq!(places("o1"), [1, 2], "those of the machine's own history");
}

#[test]
fn what_takes_several_machines_has_a_picture_and_no_certificate() {
    let one = machine("a", "either", &[1000, 50], &["o1 a1 600 1-2 accepted"]);
    let other = machine("b", "either", &[1000, 50], &["o1 b1 600 1-2 accepted"]);
    let machines = [one, other];
    assert_eq!(proved(&machines), (0, 1));
    let violation = together(&machines).violations.remove(0);
    let exhibit = violation.exhibit.expect("an exhibit");
    let scene = exhibit.scene.expect("a picture");
    assert_eq!(scene.lanes.len(), 2);
    assert!(
        scene.note.contains("as one machine saw it"),
        "{}",
        scene.note
    );
    assert!(scene.lanes.iter().all(|lane| lane.is_witness));
}

#[test]
fn every_certificate_of_random_machines_is_borne_out() {
    let mut random = StdRng::seed_from_u64(11);
    let (mut alone, mut joined) = (0, 0);
    for _ in 0..CASES {
        let duplicates = ["replay", "refuse", "either"][random.random_range(0..3)];
        let paid = [random.random_range(1..=14), random.random_range(1..=14)];
        let machines = ["a", "b"].map(|own| {
            let lines = draw_operations(&mut random);
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            machine(own, duplicates, &paid, &lines)
        });
        let (more_alone, more_joined) = proved(&machines);
        alone += more_alone;
        joined += more_joined;
    }
    assert!(alone > 1_000 && joined > 500, "{alone} {joined}");
}
