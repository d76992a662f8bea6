//! The one who does all the work, and what can become of it.

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard, watch};

use crate::gateway::fault::{Fault, Faults};
use crate::gateway::nesting;

/// For how long a long number keeps its request busy.
const HANGS: Duration = Duration::from_secs(60);
/// The longest number that does not, in digits.
const LONGEST_NUMBER: usize = 256;

/// What all connections share.
#[derive(Debug)]
pub(super) struct Worker {
    dead: watch::Sender<bool>,
    turn: Mutex<()>,
}

impl Default for Worker {
    fn default() -> Self {
        Self {
            dead: watch::Sender::new(false),
            turn: Mutex::new(()),
        }
    }
}

impl Worker {
    /// Waits until it is dead; it may be for ever.
    pub(super) async fn death(&self) {
        // The sender is ours, so the channel can't be closed.
        let _ = self.dead.subscribe().wait_for(|dead| *dead).await;
    }

    /// Whether it is dead.
    pub(super) fn is_dead(&self) -> bool {
        *self.dead.borrow()
    }

    /// Dies: nothing is answered any more.
    pub(super) fn die(&self) {
        self.dead.send_replace(true);
    }

    /// Whether reading this body kills it.
    pub(super) fn dies_of(faults: &Faults, body: &[u8]) -> bool {
        faults.has(Fault::JsonNestingCrashes) && nesting::is_too_deep(body)
    }

    /// Its turn, where requests are served one after the other from their
    /// heads on; `None` where they are not.
    pub(super) async fn turn(&self, faults: &Faults) -> Option<MutexGuard<'_, ()>> {
        if faults.has(Fault::SlowSenderBlocks) {
            Some(self.turn.lock().await)
        } else {
            None
        }
    }

    /// Whether reading this body took for ever, which has passed.
    pub(super) async fn hangs_on(faults: &Faults, body: &[u8]) -> bool {
        let hangs = faults.has(Fault::JsonNumberHangs) && has_long_number(body);
        if hangs {
            tokio::time::sleep(HANGS).await;
        }
        hangs
    }
}

/// Whether there is a long row of digits outside of texts.
fn has_long_number(body: &[u8]) -> bool {
    let (mut digits, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'0'..=b'9' => {
                digits += 1;
                if digits > LONGEST_NUMBER {
                    return true;
                }
                continue;
            }
            _ => {}
        }
        digits = 0;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_counts_as_one() {
        let digits = "1".repeat(LONGEST_NUMBER + 1);
        assert!(has_long_number(format!("{{\"a\":{digits}}}").as_bytes()));
        assert!(!has_long_number(
            format!("{{\"a\":\"\\\"{digits}\"}}").as_bytes()
        ));
        assert!(!has_long_number(
            format!("[{}]", "12,".repeat(999)).as_bytes()
        ));
    }
}
