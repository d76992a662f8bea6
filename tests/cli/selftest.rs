//! The harness against the faults of the reference gateway.

use crate::support::Workplace;

#[test]
fn the_harness_catches_every_fault_and_accuses_no_clean_gateway() {
    let workplace = Workplace::new();
    let run = workplace.run(&["selftest", "--cases", "8"]).expect(0);
    for fault in [
        "check-then-act",
        "signature-reserialised",
        "refusal-consumes",
    ] {
        let lines = run
            .stdout
            .lines()
            .filter(|line| line.starts_with(&format!("{fault} ")));
        assert_eq!(
            lines.count(),
            2,
            "{fault}, in two dialects:\n{}",
            run.stdout
        );
    }
}
