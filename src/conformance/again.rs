//! A rule that failed is tried again: does it fail each time, and with how
//! little traffic?

use std::time::Duration;

use tokio::time::timeout;

use crate::audit::history::TextReader;
use crate::verdict::{Proof, Reproduced};

use super::probe::{Probe, Setting};
use super::reproduce::{self as reproducer, Limits};
use super::rule::{Rule, Stop};
use super::trial::attempt;

/// How long trying again may take in all. What is not done by then is not
/// counted.
const WITHIN: Duration = Duration::from_secs(20);
/// How much longer than its time shrinking may take: to open connections, to end
/// the round that is under way, and to say how often the least traffic fails.
const BEYOND: Duration = Duration::from_secs(18);

/// Tries a rule that has failed once up to `times` more, with the same
/// randomness and under new numbers.
pub(super) async fn reproduce(rule: &'static Rule, setting: Setting, times: u32) -> Reproduced {
    let mut reproduced = Reproduced {
        failed: 1,
        attempts: 1,
    };
    let trying = async {
        for time in 1..=times {
            let scope = scope(rule.id, time);
            let mut probe = Probe::in_scope(setting.clone(), rule.id, &scope);
            let result = attempt(rule, &mut probe).await;
            reproduced.attempts += 1;
            reproduced.failed += u32::from(matches!(result, Err(Stop::Failed(_))));
        }
    };
    // How far it came is counted as it goes.
    let _ = timeout(WITHIN, trying).await;
    reproduced
}

/// Tries a violation that a rule proved again on fresh orders, and makes its
/// reproducer small.
pub(super) async fn shrink(setting: &Setting, proof: &mut Proof, limits: Limits) {
    let recorded = proof.recorded.as_slice();
    let Ok(history) = TextReader::new(recorded).and_then(TextReader::read_all) else {
        return;
    };
    let shrinking = reproducer::reproduce(setting, &history, &mut proof.violation, limits);
    let _ = timeout(limits.time + BEYOND, shrinking).await;
}

/// The name of the numbers of a further attempt.
fn scope(rule: &str, time: u32) -> String {
    format!("{rule} again {time}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::catalogue;
    use crate::conformance::trial::earlier_scope;
    use crate::target::Numbers;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_attempts_of_a_run_share_their_numbers() {
        let run = Numbers::new(1, "");
        let mut scopes = vec![String::new(), "load".to_owned()];
        for rule in catalogue() {
            scopes.push(rule.id.to_owned());
            scopes.extend((1..=2).map(|time| scope(rule.id, time)));
            scopes.extend((1..=3).map(|place| earlier_scope(rule.id, place)));
        }
        let numbers: BTreeSet<_> = scopes
            .iter()
            .map(|scope| run.scoped(scope).refund())
            .collect();
        assert_eq!(numbers.len(), scopes.len());
    }
}
