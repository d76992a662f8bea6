//! What keeps a run from moving money where it must not, or too much of it.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::protocol::Amount;

use super::endpoint::Endpoint;

/// Why a run may not go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuardError {
    /// The target is some other machine.
    #[error(
        "use {0}: it is not a loopback address, and a run moves money \
         (say --staging if that is what you want, and cap it with --max-total-refund)"
    )]
    NotLoopback(String),
    /// The cap is reached.
    #[error("take another order: it would pass --max-total-refund {cap}, of which {used} is used")]
    BudgetSpent {
        /// The cap.
        cap: Amount,
        /// What was handed out.
        used: Amount,
    },
}

/// Refuses a target that is not loopback unless the caller said that it is a
/// staging system.
///
/// # Errors
/// [`GuardError::NotLoopback`].
pub fn check_target(endpoint: &Endpoint, is_staging: bool) -> Result<(), GuardError> {
    if endpoint.is_loopback() || is_staging {
        Ok(())
    } else {
        Err(GuardError::NotLoopback(endpoint.url().to_owned()))
    }
}

/// How much a run may make a gateway pay back in all.
///
/// What counts is what was paid for the orders that are handed out: no right
/// gateway can pay back more, whatever is sent to it, and the drain takes all
/// of it.
#[derive(Debug)]
pub struct Budget {
    cap: Option<Amount>,
    used: AtomicI64,
}

impl Budget {
    /// At most `cap` in all; `None` sets no bound.
    pub const fn new(cap: Option<Amount>) -> Self {
        Self {
            cap,
            used: AtomicI64::new(0),
        }
    }

    /// Whether there is no bound.
    pub const fn is_unlimited(&self) -> bool {
        self.cap.is_none()
    }

    /// Takes `amount` of what is left.
    ///
    /// # Errors
    /// [`GuardError::BudgetSpent`] where less is left; then nothing is taken.
    pub fn take(&self, amount: Amount) -> Result<(), GuardError> {
        let Some(cap) = self.cap else {
            return Ok(());
        };
        self.used
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                Amount::new(used)
                    .checked_add(amount)
                    .filter(|total| *total <= cap)
                    .map(Amount::minor_units)
            })
            .map(|_| ())
            .map_err(|used| GuardError::BudgetSpent {
                cap,
                used: Amount::new(used),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cap_is_never_passed() {
        let budget = Budget::new(Some(Amount::new(100)));
        assert!(budget.take(Amount::new(60)).is_ok());
        assert!(budget.take(Amount::new(41)).is_err());
        assert!(budget.take(Amount::new(40)).is_ok());
        assert!(budget.take(Amount::MAX).is_err());
    }
}
