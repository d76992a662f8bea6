//! Refunds that are answered as dealing and settled later.
//!
//! Which of them fail is drawn from the refund's number alone, so that it stays
//! the same over a retry, a restart and another gateway.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::sleep;

use super::connection::Stop;
use super::moment::Moment;
use super::order::Settlement;
use super::settings::DealingSettings;
use super::store::Deferred;
use crate::protocol::RefundNo;

/// How long to wait at most before looking for what another gateway left over.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long to wait at least, so that what falls due together is settled
/// together.
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);

impl DealingSettings {
    /// What becomes of a refund that is accepted now.
    pub(super) fn settlement(self, refund: &RefundNo) -> Settlement {
        Settlement {
            due: Moment::now().later_by(self.delay),
            fails: draw(refund) < u32::from(self.failing_percent),
        }
    }
}

/// A number below 100 that a refund's number always has: the first eight digits
/// of its SHA-256, taken modulo 100.
fn draw(refund: &RefundNo) -> u32 {
    let digest = Sha256::digest(refund.as_str());
    let first = digest.first_chunk().expect("a digest of 32 bytes has four");
    u32::from_be_bytes(*first) % 100
}

/// Settles what falls due until the gateway stops: what it was asked for
/// itself, what it was asked for before it was stopped or killed, and what other
/// gateways over the same store left over.
pub(super) async fn settle_all(
    deferred: Arc<dyn Deferred>,
    dealing: Option<DealingSettings>,
    mut stop: Stop,
) {
    let longest = dealing.map_or(LONGEST_PAUSE, |dealing| {
        dealing.delay.clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
    });
    loop {
        let pause = match deferred.settle(Moment::now()).await {
            // There may be more that is due already.
            Ok(settled) if settled.count > 0 => Duration::ZERO,
            Ok(settled) => settled
                .next
                .map_or(longest, |due| due.since(Moment::now()))
                .clamp(SHORTEST_PAUSE, longest),
            // The store has said why; there is no haste.
            Err(_) => LONGEST_PAUSE,
        };
        tokio::select! {
            () = stop.requested() => return,
            () = sleep(pause) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_refund_fails_follows_from_its_number_as_documented() {
        // printf refund-1 | sha256sum
        let draws = |text: &str| draw(&RefundNo::new(text).unwrap());
        assert_eq!(draws("refund-1"), 0x04f3_320a % 100);
        assert_eq!(draws("refund-2"), 0xb3e2_e607 % 100);
        let all = DealingSettings {
            delay: Duration::ZERO,
            failing_percent: 100,
        };
        let none = DealingSettings {
            failing_percent: 0,
            ..all
        };
        for number in 0..200 {
            let refund = RefundNo::new(number.to_string()).unwrap();
            assert!(all.settlement(&refund).fails);
            assert!(!none.settlement(&refund).fails);
        }
    }
}
