//! A violation that a rule proved, with the history that bears it out.

use serde::Serialize;

use super::audit::Violation;

/// A violation that a rule proved from a history of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// What is broken.
    pub violation: Violation,
    /// The file of that history within the run's folder, once it is there.
    pub history: Option<String>,
    /// The history, in its text form.
    #[serde(skip)]
    pub recorded: Vec<u8>,
}

impl Proof {
    /// Whether it showed again when it was tried.
    pub fn has_failed_again(&self) -> bool {
        let exhibit = self.violation.exhibit.as_ref();
        let reproducer = exhibit.and_then(|exhibit| exhibit.reproducer.as_ref());
        reproducer.is_some_and(|reproducer| reproducer.failed > 0)
    }

    /// Notes the seed of its run in the reproducer, where it has one.
    pub fn set_seed(&mut self, seed: u64) {
        let exhibit = self.violation.exhibit.as_mut();
        if let Some(reproducer) = exhibit.and_then(|exhibit| exhibit.reproducer.as_mut()) {
            reproducer.seed = seed;
        }
    }
}
