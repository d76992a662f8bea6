//! Shrinking a case that fails, against the live target and within bounds.
//!
//! The simplest case that still fails tells more than the one that was drawn.
//! Every step costs a request, so their number is bounded. This only decides
//! what to try next; sending is the rule's own affair.

use proptest::strategy::ValueTree;

use super::rule::Stop;

/// How many simpler cases are tried at most.
const MOST_TRIES: usize = 48;

/// A search for a simpler case that fails as well.
#[derive(Debug)]
pub struct Shrinking<T> {
    tree: T,
    failure: Stop,
    is_open: bool,
    tries: usize,
}

impl<T: ValueTree> Shrinking<T> {
    /// Starts from what `tree` holds now, which failed like this.
    pub fn from(mut tree: T, failure: Stop) -> Self {
        let is_open = tree.simplify();
        Self {
            tree,
            failure,
            is_open,
            tries: 0,
        }
    }

    /// The next case to try; `None` where there is none, or enough were tried.
    pub fn candidate(&mut self) -> Option<T::Value> {
        if !self.is_open || self.tries == MOST_TRIES {
            return None;
        }
        self.tries += 1;
        Some(self.tree.current())
    }

    /// What became of the last candidate. Only a failure counts as one: what
    /// held, or could not be decided, is not simpler but another thing.
    pub fn tell(&mut self, result: Result<(), Stop>) {
        self.is_open = match result {
            Err(failure @ Stop::Failed(_)) => {
                self.failure = failure;
                self.tree.simplify()
            }
            Ok(()) | Err(_) => self.tree.complicate(),
        };
    }

    /// The simplest failure that was found.
    pub fn end(self) -> Stop {
        self.failure
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::Failure;
    use super::*;
    use proptest::strategy::Strategy;
    use proptest::test_runner::TestRunner;

    fn failure(message: String) -> Stop {
        Stop::Failed(Box::new(Failure {
            message,
            evidence: Vec::new(),
            ..Failure::default()
        }))
    }

    /// Shrinks a number of which everything from 10 on fails.
    fn shrunk(draw: std::ops::Range<u32>, undecided: Option<u32>) -> (Stop, usize) {
        let mut runner = TestRunner::deterministic();
        let tree = draw.new_tree(&mut runner).unwrap();
        let first = tree.current();
        let mut shrinking = Shrinking::from(tree, failure(first.to_string()));
        let mut tries = 0;
        while let Some(number) = shrinking.candidate() {
            tries += 1;
            shrinking.tell(match number {
                number if Some(number) == undecided => Err(Stop::Inconclusive(String::new())),
                10.. => Err(failure(number.to_string())),
                _ => Ok(()),
            });
        }
        (shrinking.end(), tries)
    }

    #[test]
    fn the_simplest_failure_is_found_and_the_tries_are_bounded() {
        let (stop, tries) = shrunk(500..1_000_000, None);
        assert!(matches!(stop, Stop::Failed(failure) if failure.message == "500"));
        assert!(tries <= MOST_TRIES);
        let (stop, _) = shrunk(0..1_000_000, None);
        assert!(matches!(stop, Stop::Failed(failure) if failure.message == "10"));
    }

    #[test]
    fn what_could_not_be_decided_is_never_the_failure() {
        let (stop, _) = shrunk(0..1_000_000, Some(10));
        assert!(matches!(stop, Stop::Failed(failure) if failure.message == "11"));
    }
}
