//! Saying why a store did not answer.

use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::dispatcher::has_been_set;

/// How long the same trouble is not told again: under load it would be told
/// thousands of times a second.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells whoever runs the gateway what keeps its store from answering; callers
/// learn no more than code 9.
#[derive(Debug)]
pub(super) struct Trouble {
    /// The store, as a person knows it; holds no secret.
    store: String,
    /// What comes of it.
    consequence: &'static str,
    told: Mutex<Option<(Instant, String)>>,
}

impl Trouble {
    /// The trouble with `store`.
    pub(super) fn with(store: impl fmt::Display) -> Self {
        Self {
            store: store.to_string(),
            consequence: "callers got code 9",
            told: Mutex::default(),
        }
    }

    /// The trouble with `store` of who is no caller: what settles refunds and
    /// sends notifications.
    pub(super) fn behind(store: impl fmt::Display) -> Self {
        Self {
            consequence: "what was due will be tried again",
            ..Self::with(store)
        }
    }

    /// Tells of `reason`, unless that was done within the last second.
    pub(super) fn tell(&self, reason: impl fmt::Display) {
        let reason = reason.to_string();
        if self.is_news(&reason, Instant::now()) {
            let (store, consequence) = (&self.store, self.consequence);
            if has_been_set() {
                tracing::error!(store, reason, "the store did not answer, and {consequence}");
                return;
            }
            // Nobody has said how to log: this is worth a line all the same.
            // Who closed stderr does not want to know.
            let _ = writeln!(
                std::io::stderr(),
                "recoup: the store {store} did not answer, and {consequence}: {reason}"
            );
        }
    }

    fn is_news(&self, reason: &str, now: Instant) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = told
            .as_ref()
            .is_none_or(|(when, what)| what != reason || now.duration_since(*when) >= PAUSE);
        if is_news {
            *told = Some((now, reason.to_owned()));
        }
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_told_once_a_second_and_other_trouble_at_once() {
        let trouble = Trouble::with("memory");
        let start = Instant::now();
        assert!(trouble.is_news("the disk is full", start));
        assert!(!trouble.is_news("the disk is full", start + PAUSE / 2));
        assert!(trouble.is_news("the disk is gone", start + PAUSE / 2));
        assert!(!trouble.is_news("the disk is gone", start + PAUSE));
        assert!(trouble.is_news("the disk is gone", start + PAUSE * 2));
    }
}
